// Conversion to codes of one or two bytes that counts what becomes of the elements as it goes. No
// include guard: it is included once in each instruction set's region and namespace, where it sees
// the loops of convert.inl.

/// Converts floats and counts; Arithmetic and Words are parameters so that functions need not be
/// there where nothing instantiates them.
template <class To, class R, class Arithmetic = nearest_arithmetic, class Words = words>
struct counted_conversion {
  using source = scaled_source<Arithmetic>;  // x * 1 is x: one loop serves
  using step = conversion<binary32, To, R, source>;
  static constexpr std::uint32_t largest = value_bits<To, std::uint32_t>(To::max_code);
  static constexpr bool to_halves = counts_halves<To, R>;
  static constexpr int below = step::below;
  // as code_bytes(): that of NaN may be a bit longer than others, where there is room for it
  static constexpr std::uint32_t code_mask =
      below > 8 || to_halves ? std::uint32_t{To::magnitude_mask} : 0xff;

  step convert;
  /// The largest magnitude that neither is Inf or NaN nor becomes one; to half-words, nor the
  /// largest finite value.
  words last_plain;

  NF_INLINE counted_conversion(saturates policy, float factor)
      : convert({policy, source(factor)}),
        last_plain(splat<words>(to_halves         ? value_bits<To, std::uint32_t>(To::max_code - 1)
                                : policy.overflow ? binary32::infinity_code - 1
                                                  : largest)) {}

  /// Of a part: a lane for each element of a group. No more than 255 groups are a part.
  struct part_counters {
    words amax = words(0);
    bytes saturated = bytes(0), attained = bytes(0);
    std::conditional_t<to_halves, halves, bytes> flushed{0};
    doubles squares[2] = {};

    // In a constructor that GCC 12 writes itself the region's instructions are missing at -O0.
    NF_INLINE part_counters() {}
  };
  /// Of fewer than 2^30 groups.
  struct counters {
    words amax = words(0), saturated = words(0), attained = words(0), flushed = words(0),
          nan = words(0), infinite = words(0);

    NF_INLINE counters() {}  // as above

    NF_INLINE void add(const part_counters& part) {
      amax = larger(amax, part.amax);
      saturated = saturated + sums_of_fours(part.saturated);
      attained = attained + sums_of_fours(part.attained);
      if constexpr (to_halves) {
        flushed = flushed + sums_of_pairs(part.flushed);
      } else {
        flushed = flushed + sums_of_fours(part.flushed);
      }
    }
    static NF_INLINE words sums_of_fours(const bytes& counter) {
      return sums_of_pairs(byte_products(counter, bytes(1)));
    }
    static NF_INLINE words sums_of_pairs(const halves& counter) {
      return pair_products(counter.template as<std::uint32_t>(),
                           halves(1).template as<std::uint32_t>());
    }
    static NF_INLINE std::uint64_t total(const words& counter) {
      std::uint64_t result = 0;
      for (std::size_t i = 0; i < lanes; ++i) result += counter.lanes[i];
      return result;
    }
    NF_INLINE void add_to(error_counts& counts) const {
      counts.amax = larger<std::uint32_t>(counts.amax, largest_lane(amax));
      counts.saturated += total(saturated);
      counts.attained += total(attained);
      counts.flushed += total(flushed);
      counts.nan += total(nan);
      counts.infinite += total(infinite);
    }
  };

  /// A group of numbers of which none is or becomes Inf or NaN. Otherwise false, and nothing is
  /// done.
  NF_INLINE bool count_plain(const unsigned char* in, unsigned char* out,
                             const unsigned char* random, bool stream, part_counters& part) const {
    const words mask(binary32::sign_mask - 1);
    words x[4], most(0);
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      x[k] = convert.parameters.source.load(in + k * sizeof(words));
      most = k == 0 ? x[k] & mask : larger(most, x[k] & mask);
    }
    if (has_signs(last_plain - most)) return false;
    part.amax = larger(part.amax, most);
    if constexpr (to_halves) {
      count_halves(x, out, stream, part);
    } else {
      count_bytes(x, out, random, stream, part);
    }
    return true;
  }

  /// Those of a group that become bytes, none of them Inf or NaN.
  NF_INLINE void count_bytes(const words (&x)[4], unsigned char* out, const unsigned char* random,
                             bool stream, part_counters& part) const {
    const words mask(binary32::sign_mask - 1);
    words error[4];
    unsigned_code<words> codes[4];
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      words t(0);
      const words code =
          convert.addends.encoded_finite(x[k], convert.random_part(random, k), convert.bound, t);
      error[k] = Arithmetic::difference(x[k] & mask, convert.addends.value(code, t));
      codes[k] = {code, x[k]};
      Arithmetic::add_squares(error[k], part.squares);
    }
    const bytes all = code_bytes<To, below>(codes);
    store(out, all, stream);
    const bytes zero(0), one(1), code = all & bytes(To::magnitude_mask);
    // saturated packs keep the sign of an error and whether it is 0
    const bytes errors = in_order(pack_signs(error[0], error[1], error[2], error[3]));
    const bytes at_most = select_equal(code, bytes(To::max_code), one, zero);
    part.attained = part.attained + at_most;
    part.saturated = part.saturated + select_less(zero, errors, at_most, zero);
    part.flushed = part.flushed + least(select_equal(code, zero, errors, zero), one);
  }

  /// Those of a group that become half-words below the largest finite value.
  NF_INLINE void count_halves(const words (&x)[4], unsigned char* out, bool stream,
                              part_counters& part) const {
    const words mask(binary32::sign_mask - 1);
    NF_UNROLL
    for (std::size_t k = 0; k < 4; k += 2) {
      halves code(0);
      if constexpr (std::is_same_v<To, binary16>) {
        code = to_half(Words(x[k]), Words(x[k + 1]));
      } else {
        halves high(0), low(0);
        split_halves(x[k], x[k + 1], high, low);
        code = in_split_order(float_to_upper_half<R::rule, source>::rounded(high, low));
      }
      store(out + k * sizeof(halves) / 2, code, stream);
      Words result[2] = {words(0), words(0)}, error[2] = {words(0), words(0)};
      half_to_float<To>::floats(code & halves(To::magnitude_mask), result[0], result[1]);
      NF_UNROLL
      for (std::size_t j = 0; j < 2; ++j) {
        error[j] = Arithmetic::difference(x[k + j] & mask, result[j]);
        Arithmetic::add_squares(error[j], part.squares);
      }
      Arithmetic::count_lost(result, error, part.flushed);
    }
  }

  /// Any group. A call, since it is rare: within the loop it would keep the counters of a part in
  /// memory.
  __attribute__((noinline)) void count_any(const unsigned char* in, unsigned char* out,
                                           const unsigned char* random, counters& all,
                                           doubles (&squares)[2]) const {
    const words zero(0), mask(binary32::sign_mask - 1), infinity(binary32::infinity_code);
    const words one(1);
    unsigned_code<words> x[4];
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      const words number = convert.parameters.source.load(in + k * sizeof(words)),
                  value = number & mask;
      x[k] = convert.transcoded(number, convert.random_part(random, k));
      const words code = (x[k].magnitude >> below) & words(code_mask);
      // each comparison has one use: GCC 12 makes scalars of one that has two
      const words finite = opaque(select_less(value, infinity, words(~0u), zero)),
                  counted_value = finite & value;
      all.amax = larger(all.amax, value);
      all.nan = all.nan + select_less(infinity, value, one, zero);
      all.infinite = all.infinite + select_equal(value, infinity, one, zero);
      all.saturated = all.saturated + select_less(words(largest), counted_value, one, zero);
      all.attained = all.attained + select_less(words(To::max_code - 1), code & finite, one, zero);
      all.flushed = all.flushed + smaller(select_equal(code, zero, counted_value, zero), one);
      const words error = Arithmetic::difference(value, decode_magnitude<To>(code));
      const words counted = select_less(words(To::max_code), code, zero, error);
      Arithmetic::add_squares(counted & finite, squares);
    }
    step::store_all(out, x, false);
  }

  static NF_INLINE void add_to_sums(const doubles (&squares)[2],
                                    double (&sums)[error_counts::sums]) {
    NF_UNROLL
    for (std::size_t k = 0; k < 2; ++k) {
      doubles sum;
      __builtin_memcpy(&sum, sums + k * lanes / 2, sizeof sum);
      sum = Arithmetic::sum(sum, squares[k]);
      __builtin_memcpy(sums + k * lanes / 2, &sum, sizeof sum);
    }
  }
};

/// The loop of count_conversion().
template <class To, class R>
NF_INLINE void count_parts(const float* in, unsigned char* out, std::size_t n, const R& rounding,
                           saturates policy, bool stream, float factor, error_counts& counts) {
  using counting = counted_conversion<To, R>;
  constexpr std::size_t random_bytes = counting::step::random_bytes,
                        out_bytes = counting::step::out_bytes;
  constexpr std::uint64_t most_counted = std::uint64_t{1} << 35;  // elements
  const counting step(policy, factor);
  std::uint32_t buffer[random_bytes == 0 ? 1 : part_elements + 8 * lanes];
  // past the caches from the start, or not at all: parts are of one length, wherever `out` lies
  const bool streams = stream && reinterpret_cast<std::uintptr_t>(out) % (4 * lanes) == 0;
  typename counting::counters all;
  for (std::size_t done = 0, count = 0; done < n; done += count) {
    count = n - done < part_elements ? n - done : part_elements;
    const unsigned char* random = nullptr;
    if constexpr (random_bytes != 0) random = draw(rounding, done, count, buffer);
    typename counting::part_counters part;
    const auto* source = reinterpret_cast<const unsigned char*>(in + done);
    unsigned char* const target = out + done * out_bytes;
    std::size_t i = 0;
    while (count - i >= group) {
      typename counting::part_counters so_far = part;  // in registers
      for (; count - i >= group; i += group) {
        if (streams) prefetch_group<4>(source + 4 * i);
        if (!step.count_plain(source + 4 * i, target + i * out_bytes, random + i * random_bytes,
                              streams, so_far))
          break;
      }
      part = so_far;
      if (count - i < group) break;
      step.count_any(source + 4 * i, target + i * out_bytes, random + i * random_bytes, all,
                     part.squares);
      i += group;
    }
    if (i != count) {  // zeros fill the last group: they count for nothing
      unsigned char x[4 * group] = {}, codes[group * out_bytes];
      __builtin_memcpy(x, source + 4 * i, 4 * (count - i));
      step.count_any(x, codes, random + i * random_bytes, all, part.squares);
      __builtin_memcpy(target + i * out_bytes, codes, (count - i) * out_bytes);
    }
    all.add(part);
    counting::add_to_sums(part.squares, counts.squares);
    if ((done + count) % most_counted == 0) {
      all.add_to(counts);
      all = {};
    }
  }
  all.add_to(counts);
  if (streams) finish_streaming();
}

/// Converts n floats times a factor to codes of To and counts, on AVX-512.
template <class To, class R>
void count_conversion(const float* in, void* out, std::size_t n, const R& rounding,
                      saturates policy, bool stream, float factor, error_counts& counts) {
  if constexpr (looks_addends_up<binary32, To, R> ||
                (counts_halves<To, R> && !std::is_same_v<nearest_arithmetic, no_values>)) {
    count_parts<To>(in, static_cast<unsigned char*>(out), n, rounding, policy, stream, factor,
                    counts);
  }
}
