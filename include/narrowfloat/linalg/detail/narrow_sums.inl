// Sums of products in narrow formats, one output a lane. No include guard: included once in each
// instruction set's region and namespace, with `lanes`, packs, philox4x32() and detail/codec.

/// Operations of floats in bits, each by itself: -ffast-math would take a sum and its error apart.
NF_INLINE words add_floats(const words& a, const words& b) {
  using floats = vector<lanes, float>;
  return opaque(words::words(floats(a.lanes) + floats(b.lanes)));
}
NF_INLINE words subtract_floats(const words& a, const words& b) {
  using floats = vector<lanes, float>;
  return opaque(words::words(floats(a.lanes) - floats(b.lanes)));
}

/// Floats with -0 made +0, as their sum with +0; opaque, as -ffast-math has no -0.
NF_INLINE words without_negative_zero(const words& x) { return add_floats(x, opaque(words(0))); }

/// a + b rounded to odd, to 24 bits: the nearest sum and its exact error (Knuth's TwoSum), which
/// says on which side the exact sum lies. Inf and NaN stay, or are above the largest float but one.
NF_INLINE words odd_sum(const words& a, const words& b) {
  const words s = add_floats(a, b), b_part = subtract_floats(s, a);
  const words e =
      add_floats(subtract_floats(a, subtract_floats(s, b_part)), subtract_floats(b, b_part));
  const words truncated = s - ((e ^ s) >> 31);  // one less where the sum went beyond
  return select_equal(e << 1, words(0), s, truncated | words(1));
}

/// The bits of the float that a magnitude code stands for.
template <class Layout>
NF_INLINE words float_of_magnitude(const words& code) {
  const words bits = decode_magnitude<Layout>(code), infinity(binary32::infinity_code);
  words top(binary32::nan_code);
  if constexpr (Layout::has_infinity)
    top = select_equal(code, words(Layout::infinity_code), infinity, top);
  return select_less(words(Layout::max_code), code, top, bits);
}

/// A layout whose numbers are those of another times 2^-Shift.
template <class Layout, int Shift>
using shifted_layout =
    layout<Layout::exponent_bits, Layout::mantissa_bits, Layout::bias + Shift, Layout::specials,
           Layout::is_signed ? Signedness::is_signed : Signedness::is_unsigned>;

/// Sums of one Kind, a sum_kind: the float of each, times 2^-Shift, stands in a lane.
template <class Kind, int Shift>
struct narrow_sum {
  using layout = shifted_layout<layout_of<typename Kind::number>, Shift>;
  using R = typename Kind::rounding;
  bounds<words> bound;
  words least;  ///< magnitude codes below it are flushed to zero

  NF_INLINE explicit narrow_sum(const narrow_policy& of)
      : bound(splat_bounds(bounds_for<layout, R::rule, R::random_bits, std::uint32_t>(
            saturates{of.saturates, of.saturates_infinity}))),
        least(splat<words>(of.flush ? 1u << layout::mantissa_bits : 0)) {}

  static NF_INLINE bounds<words> splat_bounds(const bounds<std::uint32_t>& of) {
    return {splat<words>(of.positive),
            splat<words>(of.negative),
            splat<words>(of.infinity),
            splat<words>(of.last_number),
            splat<words>(of.below_zero),
            of.infinity_is_apart,
            of.zero_is_nan};
  }
  /// The next sum, rounded; `random` has its bits at the bottom.
  NF_INLINE words step(const words& sum, const words& addend, const words& random) const {
    words s = add_floats(addend, sum);
    if constexpr (Kind::first != first_rounding::plain) {
      const words infinity(binary32::infinity_code);
      s = select_less(s & words(binary32::sign_mask - 1), infinity, odd_sum(addend, sum), s);
    }
    s = without_negative_zero(s);  // of two zeros too
    const unsigned_code<words> x = encode<layout, R::rule, R::random_bits>(s, random, bound);
    const words code = select_less(x.magnitude, least, words(0), x.magnitude);
    // What was NaN before is the positive one; an overflow to NaN keeps its sign.
    const words sign_mask(binary32::sign_mask), infinity(binary32::infinity_code);
    const words sign =
        select_less(infinity, s & (sign_mask - words(1)), words(0), x.sign & sign_mask);
    return float_of_magnitude<layout>(code) | sign;
  }
  /// The code of a sum.
  NF_INLINE words code(const words& sum) const {
    const unsigned_code<words> x = encode<layout, R::rule, R::random_bits>(sum, words(0), bound);
    return join_sign<layout>(x.magnitude, x.sign);
  }
};

NF_INLINE words smallest(const words& a, const words& b) { return least(a, b); }

/// The steps of most sums: as narrow_sum's where the sum before its rounding is zero or not below
/// the least normal number, after it not above the largest; else `is_valid` asks for them again.
template <class Kind>
struct quick_sum {
  using R = typename Kind::rounding;
  using layout = shifted_layout<layout_of<typename Kind::number>, sum_shift<typename Kind::number>>;
  static constexpr int N = R::random_bits;
  static constexpr int dropped = binary32::mantissa_bits - layout::mantissa_bits;
  static constexpr std::uint32_t last = 1u << dropped;  ///< of the result, in the bits of a float
  static constexpr std::uint32_t largest = value_bits<layout, std::uint32_t>(layout::max_code);
  static constexpr std::uint32_t least = static_cast<std::uint32_t>(layout::min_exponent + 127)
                                         << 23;
  /// Whether what is beyond the largest number is 2 and more: bit 30 tells.
  static constexpr bool has_full_top = largest + last == 0x40000000u;
  words highest = words(0), lowest = words(~0u), absorbed = words(0);
  // In a constructor that GCC 12 writes itself the region's instructions are missing at -O0.
  NF_INLINE quick_sum() {}

  /// The next sum, sum + a * b; `random` has its bits below the last one of the result.
  NF_INLINE words step(const words& sum, const vector<lanes, float>& a,
                       const vector<lanes, float>& b, const words& random) {
    using floats = vector<lanes, float>;
    words s(0);
    if constexpr (Kind::first == first_rounding::plain) {
      s = opaque(words::words(a * b + floats(sum.lanes)));  // fused or not: the product is exact
    } else {
      const words addend = opaque(words::words(a * b));
      if constexpr (Kind::first == first_rounding::odd) {
        s = odd_sum(addend, sum);
      } else {
        s = add_floats(addend, sum);
        absorbed = absorbed | select_equal(s, addend, sum, words(0));
      }
    }
    words t = s;
    if constexpr (R::rule == rule::half_even)  // to N bits below the last
      t = t + words((last >> (N + 1)) - 1) + ((s >> (dropped - N)) & words(1));
    if constexpr (R::rule == rule::half_up) t = t + words(last >> (N + 1));
    if constexpr (N != 0) t = t + random;
    t = t & words(0 - last);
    if constexpr (has_full_top) {
      highest = highest | t;
    } else {
      highest = greatest(highest, t & words(binary32::sign_mask - 1));
    }
    if constexpr (Kind::may_underflow)  // zero is above all numbers here
      lowest = smallest(lowest, (s & words(binary32::sign_mask - 1)) - words(1));
    return t;
  }
  NF_INLINE bool is_valid() const {
    words bad = select_below(lowest, words(least - 1), words(1), words(0));
    if constexpr (has_full_top) {
      bad = bad | ((highest >> 30) & words(1));
    } else {
      bad = bad | select_below(words(largest), highest, words(1), words(0));
    }
    return largest_lane(bad | select_equal(absorbed, words(0), words(0), words(1))) == 0;
  }
};

/// What all blocks of Philox under a key have in common.
template <int Rounds>
struct draw_key {
  long_words stream_low, stream_high;
  round_keys<Rounds, long_words> keys;

  NF_INLINE explicit draw_key(const narrow_key& key)
      : stream_low(splat<long_words>(key.stream & 0xffffffffu)),
        stream_high(splat<long_words>(key.stream >> 32)) {
    keys.low[0] = splat<long_words>(key.seed & 0xffffffffu);
    keys.high[0] = splat<long_words>(key.seed >> 32);
    NF_UNROLL
    for (int round = 1; round < Rounds; ++round) {
      keys.low[round] = keys.low[round - 1] + long_words(philox_low_step);
      keys.high[round] = keys.high[round - 1] + long_words(philox_high_step);
    }
  }
  NF_INLINE word_quad<long_words> block(const long_words& number) const {
    // in brackets: this region's text, not the scalar one
    return (philox4x32<Rounds, long_words>)(word_quad<long_words>{{number, number >> 32, stream_low,
                                                                   stream_high}},
                                            keys);
  }
};

/// The random bits of `lanes` outputs, eight steps at a time: lane j begins at first + j * apart.
template <class R, bool IsRandom = R::random_bits != 0>
class column_draws {
 public:
  using key_type = draw_key<R::generator::rounds>;

  NF_INLINE void start(const narrow_key& of, const key_type& key, std::uint64_t first,
                       std::uint64_t apart) {
    constexpr std::size_t half = lanes / 2;
    std::uint64_t even[half], odd[half];
    std::uint32_t two[lanes], one[lanes], upper[lanes], odd_byte[lanes];
    std::uint64_t any = 0;
    for (std::size_t j = 0; j < lanes; ++j) {
      const std::uint64_t index = of.offset + first + j * apart,
                          place = index % per_block * field_bytes;
      (j % 2 == 0 ? even : odd)[j / 2] = index / per_block;
      two[j] = (place & 8) != 0 ? ~0u : 0;
      one[j] = (place & 4) != 0 ? ~0u : 0;
      upper[j] = (place & 2) != 0 ? ~0u : 0;
      odd_byte[j] = (place & 1) != 0 ? ~0u : 0;
      any |= place;
    }
    even_ = long_words::load(even);
    odd_ = long_words::load(odd);
    two_ = words::load(two);
    one_ = words::load(one);
    upper_ = words::load(upper);
    odd_byte_ = words::load(odd_byte);
    is_shifted_ = any != 0;
    NF_UNROLL
    for (words& next : next_) next = words(0);
    if (is_shifted_) next_block(key, next_);
  }

  /// Goes on to the next eight steps.
  NF_INLINE void advance(const key_type& key) {
    if constexpr (per_block == 16) {
      has_rest_ = !has_rest_;
      if (!has_rest_) {
        fields_[0] = fields_[2];
        fields_[1] = fields_[3];
        return;
      }
    }
    if (!is_shifted_) {
      next_block(key, fields_);
      return;
    }
    words x[8], y[6], z[5];
    NF_UNROLL
    for (int i = 0; i < 4; ++i) x[i] = next_[i];
    next_block(key, next_);
    NF_UNROLL
    for (int i = 0; i < 4; ++i) x[4 + i] = next_[i];
    // Each lane moves by its own number of bytes: by two words, by one, by a half, by a byte.
    NF_UNROLL
    for (int i = 0; i < 6; ++i) y[i] = x[i] ^ ((x[i] ^ x[i + 2]) & two_);
    NF_UNROLL
    for (int i = 0; i < 5; ++i) z[i] = y[i] ^ ((y[i] ^ y[i + 1]) & one_);
    NF_UNROLL
    for (int i = 0; i < 4; ++i) {
      const words moved = (z[i] >> 16) | (z[i + 1] << 16);
      fields_[i] = z[i] ^ ((z[i] ^ moved) & upper_);
    }
    if constexpr (field_bytes == 1) {
      const words last = z[4] ^ ((z[4] ^ (z[4] >> 16)) & upper_);
      NF_UNROLL
      for (int i = 0; i < 4; ++i) {
        const words moved = (fields_[i] >> 8) | ((i < 3 ? fields_[i + 1] : last) << 24);
        fields_[i] = fields_[i] ^ ((fields_[i] ^ moved) & odd_byte_);
      }
    }
  }
  /// The bits of step s of the eight.
  NF_INLINE words bits(std::size_t s) const {
    return (fields_[s / in_word] << (32 - end_of(s))) >> (32 - N);
  }
  /// The same below bit Top.
  template <int Top>
  NF_INLINE words bits_below(std::size_t s) const {
    const words field = fields_[s / in_word], mask(((1u << N) - 1) << (Top - N));
    const int down = end_of(s) - Top;
    return (down < 0 ? field << -down : field >> down) & mask;
  }

 private:
  static constexpr int N = R::random_bits;
  static constexpr std::size_t field_bytes = sizeof(random_element<R>), in_word = 4 / field_bytes;
  static constexpr std::uint64_t per_block = elements_per_block<N>;

  /// Where the field of step s ends in its word.
  static constexpr NF_INLINE int end_of(std::size_t s) {
    return static_cast<int>(8 * field_bytes * (s % in_word + 1));
  }
  NF_INLINE void next_block(const key_type& key, words (&to)[4]) {
    const long_words low(0xffffffffu), mask = splat<long_words>(~std::uint64_t{0} / per_block);
    const word_quad<long_words> a = key.block(even_), b = key.block(odd_);
    NF_UNROLL
    for (int i = 0; i < 4; ++i)
      to[i] = ((a.word[i] & low) | (b.word[i] << 32)).template as<std::uint32_t>();
    even_ = (even_ + long_words(1)) & mask;
    odd_ = (odd_ + long_words(1)) & mask;
  }

  long_words even_, odd_;
  words two_, one_, upper_, odd_byte_, next_[4], fields_[4];
  bool is_shifted_ = false, has_rest_ = false;
};
/// No random bits.
template <class R>
class column_draws<R, false> {
 public:
  struct key_type {
    NF_INLINE explicit key_type(const narrow_key&) {}
  };
  NF_INLINE void start(const narrow_key&, const key_type&, std::uint64_t, std::uint64_t) {}
  NF_INLINE void advance(const key_type&) {}
  NF_INLINE words bits(std::size_t) const { return words(0); }
  template <int>
  NF_INLINE words bits_below(std::size_t) const {
    return words(0);
  }
};

/// The random bits of the sum of chunk c of `lanes` outputs.
template <class R>
NF_INLINE words bits_of_chunk(const narrow_key& key, std::uint64_t first, std::uint64_t apart) {
  constexpr int N = R::random_bits;
  if constexpr (N == 0) return words(0);
  std::uint32_t word[lanes];
  for (std::size_t j = 0; j < lanes; ++j) {
    if constexpr (N != 0)
      word[j] = element_word<N, R::generator::rounds>(key.seed, key.stream,
                                                      key.offset + first + j * apart);
  }
  return words::load(word);
}

/// Some rows of `lanes` outputs, whose sums go on side by side.
template <class Inner, class Outer>
NF_INLINE void sum_rows(const narrow_task& task, std::size_t row) {
  using floats = vector<lanes, float>;
  constexpr std::size_t Rows = rows_together;
  constexpr bool has_chunks = !std::is_same_v<Outer, no_chunks>;
  using outer_kind = std::conditional_t<has_chunks, Outer, Inner>;
  using draws_type = column_draws<typename Inner::rounding>;
  constexpr int shift = sum_shift<typename Inner::number>;
  const narrow_sum<Inner, shift> inner(task.inner);
  const narrow_sum<outer_kind, shift> outer(task.outer);
  const std::uint64_t first = task.first + row * task.row_step;
  const typename draws_type::key_type key(task.inner.key);
  draws_type draws[Rows];
  words sum[Rows], total[Rows];
  NF_UNROLL
  for (std::size_t r = 0; r < Rows; ++r) {
    draws[r].start(task.inner.key, key, first + r * task.row_step, task.k);
    sum[r] = total[r] = words(0);
  }
  // a chunk's sum that is subnormal in its format counts as zero where the outer sums flush
  const words least_part = splat<words>(task.outer.flush ? quick_sum<Inner>::least : 0);
  std::size_t filled = 0;
  std::uint64_t chunk = 0;
  const auto end_chunk = [&]() __attribute__((always_inline)) {
    NF_UNROLL
    for (std::size_t r = 0; r < Rows; ++r) {
      const words random = bits_of_chunk<typename outer_kind::rounding>(
          task.outer.key, first + r * task.row_step + chunk, task.k);
      const words magnitude = sum[r] & words(binary32::sign_mask - 1);
      total[r] = outer.step(total[r], select_less(magnitude, least_part, words(0), sum[r]), random);
      sum[r] = words(0);
    }
    filled = 0;
    ++chunk;
  };
  const auto factor = [&](std::size_t r, std::size_t l) __attribute__((always_inline)) {
    return splat_float(task.a[(row + r) * task.k + l]);
  };
  for (std::size_t l = 0; l < task.k; l += 8) {
    NF_UNROLL
    for (std::size_t r = 0; r < Rows; ++r) draws[r].advance(key);
    if (task.k - l >= 8 && (!has_chunks || task.chunk - filled >= 8)) {
      words next[Rows];
      quick_sum<Inner> quick;
      NF_UNROLL
      for (std::size_t r = 0; r < Rows; ++r) next[r] = without_negative_zero(sum[r]);
      NF_UNROLL
      for (std::size_t s = 0; s < 8; ++s) {
        const floats b = floats(words::load(task.b + (l + s) * lanes).lanes);
        NF_UNROLL
        for (std::size_t r = 0; r < Rows; ++r) {
          next[r] = quick.step(next[r], factor(r, l + s), b,
                               draws[r].template bits_below<quick_sum<Inner>::dropped>(s));
        }
      }
      if (quick.is_valid()) {
        NF_UNROLL
        for (std::size_t r = 0; r < Rows; ++r) sum[r] = next[r];
        filled += 8;
        if (has_chunks && filled == task.chunk) end_chunk();
        continue;
      }
    }
    for (std::size_t s = 0; s < 8 && l + s < task.k; ++s) {
      const floats b = floats(words::load(task.b + (l + s) * lanes).lanes);
      NF_UNROLL
      for (std::size_t r = 0; r < Rows; ++r) {
        const words product = opaque(words::words(factor(r, l + s) * b));
        sum[r] = inner.step(sum[r], product, draws[r].bits(s));
      }
      if (has_chunks && ++filled == task.chunk) end_chunk();
    }
  }
  if (has_chunks && filled != 0) end_chunk();
  NF_UNROLL
  for (std::size_t r = 0; r < Rows; ++r) {
    const words code = has_chunks ? outer.code(total[r]) : inner.code(sum[r]);
    code.store(task.codes + (row + r) * lanes);
  }
}

/// The sums of a task, some rows at a time.
template <class Inner, class Outer>
void narrow_sums(const narrow_task& task) {
  for (std::size_t row = 0; row < task.rows; row += rows_together)
    sum_rows<Inner, Outer>(task, row);
}
