// The loops of array conversion. No include guard: it is included once in each instruction set's region and namespace,
// where it sees the edge operations, run_groups(), draw() and the loops of widen.inl.

template <class W>
NF_INLINE bounds<W> splat(const bounds<lane<W>>& of) {
  return {splat<W>(of.positive),    splat<W>(of.negative),   splat<W>(of.infinity),
          splat<W>(of.last_number), splat<W>(of.below_zero), of.zero_is_nan};
}

/// Codes of From to codes of To, 4 * lanes a step, through the formulas.
template <class From, class To, class R>
struct conversion {
  static constexpr std::size_t in_bytes = sizeof(code_for<From>), out_bytes = sizeof(code_for<To>);
  static constexpr bool is_random = R::random_bits != 0;
  static constexpr std::size_t random_bytes = is_random ? sizeof(random_element<R>) : 0;
  static constexpr int unused_bits = 8 * static_cast<int>(random_bytes) - R::random_bits;
  static constexpr bool from_double = std::is_same_v<From, binary64>;
  static constexpr bool to_double = std::is_same_v<To, binary64>;
  // Words of 64 bits take in double sources; to double, the loops convert to float first.
  using source_words = std::conditional_t<from_double, long_words, words>;
  using target = std::conditional_t<to_double, binary32, To>;
  static constexpr std::size_t packs =
      4 * lanes * sizeof(lane<source_words>) / sizeof(source_words);

  bounds<source_words> bound;

  NF_INLINE explicit conversion(saturates policy)
      : bound(splat<source_words>(
            bounds_for<target, R::rule, R::random_bits, lane<source_words>>(policy))) {}

  /// The random bits of elements k * lanes ... (k + 1) * lanes - 1 of the step.
  NF_INLINE words random_part(const unsigned char* random, std::size_t k) const {
    if constexpr (!is_random) return words(0);
    const words bits = load_widen<random_element<R>>(random + k * lanes * random_bytes);
    return is_keyed<R> ? bits >> unused_bits : bits & words(~0u >> unused_bits);
  }

  NF_INLINE unsigned_code<source_words> transcoded(const source_words& code,
                                                   const source_words& random) const {
    return transcode<From, target, R::rule, R::random_bits>(code, random, bound);
  }

  /// The codes of those elements.
  NF_INLINE unsigned_code<words> part(const unsigned char* in, const unsigned char* random,
                                      std::size_t k) const {
    const words bits = random_part(random, k);
    in += k * lanes * in_bytes;
    if constexpr (from_double) {
      long_words first_bits(0), last_bits(0);
      if constexpr (is_random) widen_words(bits, first_bits, last_bits);
      const auto first = transcoded(long_words::load(in), first_bits);
      const auto last = transcoded(long_words::load(in + sizeof(long_words)), last_bits);
      return {every_second_word(first.magnitude, last.magnitude, false),
              every_second_word(first.sign, last.sign, true)};
    } else if constexpr (to_double) {
      return {to_float<From>(load_widen<code_for<From>>(in)), words(0)};
    } else {
      return transcoded(load_widen<code_for<From>>(in), bits);
    }
  }

  NF_INLINE void operator()(const unsigned char* in, unsigned char* out,
                            const unsigned char* random, bool stream) const {
    const unsigned_code<words> x[4] = {part(in, random, 0), part(in, random, 1),
                                       part(in, random, 2), part(in, random, 3)};
    store_all(out, x, stream);
  }

  static NF_INLINE void store_all(unsigned char* out, const unsigned_code<words> (&x)[4],
                                  bool stream) {
    if constexpr (out_bytes == 1) {
      const bytes codes =
          pack_codes(x[0].magnitude, x[1].magnitude, x[2].magnitude, x[3].magnitude);
      const bytes signs = pack_signs(x[0].sign, x[1].sign, x[2].sign, x[3].sign);
      store(out, in_order(join_sign<To>(codes, signs)), stream);
    } else if constexpr (out_bytes == 2) {
      NF_UNROLL
      for (std::size_t k = 0; k < 4; k += 2) {
        const halves codes = pack_codes(x[k].magnitude, x[k + 1].magnitude);
        const halves signs = pack_signs(x[k].sign, x[k + 1].sign);
        store(out + k * sizeof(words) / 2, in_order(join_sign<To>(codes, signs)), stream);
      }
    } else {
      NF_UNROLL
      for (std::size_t k = 0; k < 4; ++k) {
        unsigned char* const to = out + k * lanes * out_bytes;
        if constexpr (to_double) {
          store_doubles(to, x[k].magnitude);
        } else if constexpr (keeps_sign<From, To, std::uint32_t> && !from_double) {
          store(to, x[k].magnitude, stream);
        } else {
          store(to, join_sign<To>(x[k].magnitude, x[k].sign), stream);
        }
      }
    }
  }
};

// Words is a parameter so that to_half() need not be there where nothing instantiates it.

/// float to binary16 by the instruction, which overflows to Inf as IEEE 754 has it and keeps NaN payloads.
template <class Words = words>
struct float_to_half {
  static constexpr std::size_t in_bytes = 4, out_bytes = 2, random_bytes = 0;

  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
    NF_UNROLL
    for (std::size_t k = 0; k < 2; ++k, in += 2 * sizeof(Words), out += sizeof(halves)) {
      const halves code = to_half(Words::load(in), Words::load(in + sizeof(Words)));
      store(out, with_canonical_nan<binary16>(code), stream);
    }
  }
};

/// float to the format of its upper half, overflowing to Inf as IEEE 754 has it: the half-words of the floats
/// in lanes of 16 bits, where the lower half only decides whether the upper one goes up.
template <rule Rule>
struct float_to_upper_half {
  static constexpr std::size_t in_bytes = 4, out_bytes = 2, random_bytes = 0;

  /// The upper half, or the next one where the magnitude goes up.
  static NF_INLINE halves rounded(const halves& high, const halves& low) {
    const halves zero(0), one(1), middle(0x8000), next = high + one;
    if constexpr (Rule == rule::floor) return high;
    if constexpr (Rule == rule::odd) return select_equal(low, zero, high, high | one);
    if constexpr (Rule == rule::half_up) return high + (low >> 15);
    if constexpr (Rule ==
                  rule::half_even) {  // above the middle, or on it and the upper half is odd
      return select_below(middle, low | (high & one), next, high);
    }
    const halves negative = high >> 15;
    const halves away = high + (Rule == rule::up_if_negative ? negative : negative ^ one);
    return select_equal(low, zero, high, away);
  }

  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
    NF_UNROLL
    for (std::size_t k = 0; k < 2; ++k, in += 2 * sizeof(words), out += sizeof(halves)) {
      halves high(0), low(0);
      split_halves(words::load(in), words::load(in + sizeof(words)), high, low);
      // A NaN is above Inf; its payload may lie in the lower half alone.
      const halves value = high & halves(bfloat::sign_mask - 1), infinity(bfloat::infinity_code);
      const halves last_number = select_equal(low, halves(0), infinity, infinity - halves(1));
      const halves nan = (high & halves(bfloat::sign_mask)) | halves(bfloat::nan_code);
      const halves code = select_less(last_number, value, nan, rounded(high, low));
      store(out, in_split_order(code), stream);
    }
  }
};

/// Converts n codes of From to codes of To; element i of the call takes the random bits i of `rounding`.
/// The two arrays are apart, or the same where their elements have the same size.
template <class From, class To, class R>
void convert_array(const void* in, void* out, std::size_t n, const R& rounding, saturates policy,
                   bool stream) {
  using step = conversion<From, To, R>;
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<unsigned char*>(out);
  if constexpr (!has_vector_formula<From, To, R::random_bits>()) {
    convert_elements<From, To>(in, out, n, rounding, policy);
  } else if constexpr (R::random_bits != 0) {
    constexpr std::size_t most = (step::random_bytes == 4 ? 2 : 4) * part_elements;
    std::uint32_t buffer[most * step::random_bytes / sizeof(std::uint32_t) + 8 * lanes];
    for (std::size_t done = 0; done < n;) {
      // streaming, the first part ends where the next ones begin on a cache line
      const std::size_t misaligned =
          stream ? reinterpret_cast<std::uintptr_t>(target + done * step::out_bytes) % 64 /
                       step::out_bytes
                 : 0;
      const std::size_t part = n - done < most - misaligned ? n - done : most - misaligned;
      const unsigned char* const random = draw(rounding, done, part, buffer);
      run_groups(step(policy), source + done * step::in_bytes, target + done * step::out_bytes,
                 part, random, stream);
      done += part;
    }
  } else {
    if constexpr (std::is_same_v<To, binary64> && From::has_infinity) {
      if (policy.infinity) {  // the largest double is no float
        convert_elements<From, To>(in, out, n, rounding, policy);
        return;
      }
    }
    if constexpr (std::is_same_v<From, binary32> && is_upper_half<To>) {
      if (!policy.overflow) {
        run_groups(float_to_upper_half<R::rule>{}, source, target, n, nullptr, stream);
        return;
      }
    }
    if constexpr (std::is_same_v<From, binary32> && converts_half &&
                  is_hardware_half<To, R::rule>) {
      if (!policy.overflow) {
        run_groups(float_to_half<>{}, source, target, n, nullptr, stream);
        return;
      }
    }
    run_groups(step(policy), source, target, n, nullptr, stream);
  }
}
