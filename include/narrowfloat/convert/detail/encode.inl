// Floats times their factors to elements. No include guard: it is included once in each instruction set's region and
// namespace, where it sees the loops of convert.inl and factors.inl.

/// 4 * lanes floats times their factors.
NF_INLINE void multiply_group(const float* in, std::size_t i, int shift, const float* factors,
                              bool above_zero, words (&products)[4]) {
  NF_UNROLL
  for (std::size_t k = 0; k < 4; ++k) {
    const words x = words::load(in + k * lanes);
    const words factor = factors_at(factors, i + k * lanes, shift);
    products[k] = above_zero ? block_product_above_zero{}(x, factor) : block_product{}(x, factor);
  }
}

/// Whether elements are the last bits of a sum.
template <class Code, class R>
inline constexpr bool rounds_by_sum =
    Code::is_fixed&& R::rule == rule::half_even&& R::random_bits == 0;

/// Fixed-point codes nearest to floats: the last bits of a sum whose unit in the last place is that of the codes.
template <class Code>
struct nearest_fixed {
  using floats = vector<lanes, float>;
  static constexpr std::uint32_t range = std::uint32_t{1} << Code::width;
  static constexpr float unit = fixed_unit<Code>, zero = 0x1.8p23f * unit;
  static constexpr std::uint32_t zero_bits = __builtin_bit_cast(std::uint32_t, zero);
  words least;  ///< the sum for the least code

  NF_INLINE explicit nearest_fixed(std::uint32_t most_negative)
      : least(splat<words>(zero_bits - most_negative)) {}

  // opaque: no product may become a part of the sum, nor two sums one
  static NF_INLINE words sum(const words& x) {
    return opaque((words::words)((floats)opaque(x).lanes + zero));
  }
  /// NaN with a sign is the least code, else the largest.
  NF_INLINE words code(const words& x) const {
    const words limited = larger(smaller(sum(x), words(zero_bits + range / 2 - 1)), least);
    return limited & words(range - 1);
  }
  /// As beyond_nearest() of the halves between two codes, from both sides.
  static NF_INLINE words beyond(const words& quotient) {
    constexpr std::uint32_t half = __builtin_bit_cast(std::uint32_t, unit / 2),
                            first = half - (near_quotients << Code::width);
    const words whole = opaque((words::words)((floats)sum(quotient).lanes - zero));
    const words rest = (words::words)((floats)quotient.lanes - (floats)whole.lanes);
    return words(first + 2 * near_quotients + 1) - (rest & words(binary32::sign_mask - 1));
  }
};

/// NaN without its sign.
NF_INLINE words positive_nan(const words& x) {
  const words mask(binary32::sign_mask - 1), infinity(binary32::infinity_code);
  return select_less(infinity, x & mask, x & mask, x);
}

/// `lanes` quotients for a rounding that sees them all. A call, since it is rare: within a loop it would keep the floats
/// of every round in memory.
__attribute__((noinline, cold)) inline words exact_quotients(const float* in, std::size_t i,
                                                             int shift, const double* inverses) {
  float exact[lanes];
  long_products(in, i, shift, inverses, narrowing::odd, exact);
  return words::load(exact);
}

/// 4 * lanes floats divided, as good as exactly for a rounding to elements that sees no more than the bits above the mask.
template <class Code, class R>
NF_INLINE void divide_group(const float* in, std::size_t i, int shift, const float* factors,
                            const element_encoding& how, const words& mask, words (&quotients)[4]) {
  multiply_group(in, i, shift, factors, false, quotients);
  words beyond[4];
  NF_UNROLL
  for (std::size_t k = 0; k < 4; ++k) {
    if constexpr (rounds_by_sum<Code, R>) {
      beyond[k] = nearest_fixed<Code>::beyond(quotients[k]);
    } else {
      beyond[k] = beyond_nearest(quotients[k], mask);
    }
  }
  if (!has_near(smaller(smaller(beyond[0], beyond[1]), smaller(beyond[2], beyond[3])))) return;
  NF_UNROLL
  for (std::size_t k = 0; k < 4; ++k) {
    if (has_near(beyond[k]))
      quotients[k] = exact_quotients(in + k * lanes, i + k * lanes, shift, how.inverses);
  }
}

/// The same for each of n elements by the scalar formula.
template <class Code, class R>
void encode_each(const float* in, std::size_t n, const R& rounding, const element_encoding& how,
                 unsigned char* out) {
  using to = typename Code::rounded;
  using W = word_for<binary32, to, R::random_bits>;
  const bounds<W> bound = bounds_for<to, R::rule, R::random_bits, W>(how.policy);
  for (std::size_t i = 0; i < n; ++i) {
    const auto bits = __builtin_bit_cast(std::uint32_t, in[i]);
    const auto rounded =
        transcode<binary32, to, R::rule, R::random_bits, W>(bits, rounding.word(i), bound);
    const auto x = element_code<Code, W>(rounded, how.most_negative);
    const auto code = static_cast<code_for<typename Code::stored>>(
        join_sign<typename Code::stored>(x.magnitude, x.sign));
    __builtin_memcpy(out + i * sizeof code, &code, sizeof code);
  }
}

/// The products or quotients of n floats, at most a part, in a buffer.
NF_INLINE void scale_part(const float* in, std::size_t n, std::size_t first, int shift,
                          const float* factors, const element_encoding& how, float* out) {
  if (how.inverses != nullptr) {
    multiply_blocks_long(in, n, first, shift, how.inverses, narrowing::odd, out);
  } else {
    multiply_blocks(in, n, first, shift, factors, how.above_zero, out);
  }
}

/// Rounds the products of n floats, at most a part, to elements, each in a code of whole bytes; element i takes the
/// random bits i of `rounding`.
template <class Code, class R>
void encode_blocks(const float* in, std::size_t n, std::size_t first, int shift,
                   const float* factors, const R& rounding, const element_encoding& how,
                   void* out) {
  auto* const target = static_cast<unsigned char*>(out);
  if constexpr (!has_vector_formula<binary32, typename Code::rounded, R::random_bits>()) {
    float products[part_elements];
    scale_part(in, n, first, shift, factors, how, products);
    encode_each<Code>(products, n, rounding, how, target);
  } else {
    using rounding_step = conversion<binary32, typename Code::rounded, R>;
    using storing_step = conversion<binary32, typename Code::stored, R>;
    constexpr std::size_t random_bytes = rounding_step::random_bytes,
                          out_bytes = storing_step::out_bytes;
    const rounding_step step(how.policy);
    const words most_negative = splat<words>(how.most_negative), mask = splat<words>(how.mask);
    std::uint32_t buffer[random_bytes == 0 ? 1 : part_elements + 8 * lanes];
    const unsigned char* random = nullptr;
    if constexpr (random_bytes != 0) random = draw(rounding, 0, n, buffer);

    for (std::size_t i = 0; i < n; i += group) {
      words y[4];
      unsigned_code<words> x[4];
      if (n - i >= group) {
        if (how.reads_ahead) {
          NF_UNROLL
          for (std::size_t byte = 0; byte < 4 * group; byte += 64)
            prefetch(reinterpret_cast<const unsigned char*>(in + i) + tile_bytes + byte);
        }
        if (how.inverses != nullptr) {
          divide_group<Code, R>(in + i, first + i, shift, factors, how, mask, y);
        } else {
          multiply_group(in + i, first + i, shift, factors, how.above_zero, y);
        }
      } else {
        float rest[group] = {};
        scale_part(in + i, n - i, first + i, shift, factors, how, rest);
        NF_UNROLL
        for (std::size_t k = 0; k < 4; ++k) y[k] = words::load(rest + k * lanes);
      }
      NF_UNROLL
      for (std::size_t k = 0; k < 4; ++k) {
        if constexpr (rounds_by_sum<Code, R>) {
          const words number = how.inverses == nullptr ? positive_nan(y[k]) : y[k];
          x[k] = {nearest_fixed<Code>(how.most_negative).code(number), words(0)};
        } else {
          const words bits = step.random_part(random + i * random_bytes, k);
          x[k] = element_code<Code>(step.transcoded(y[k], bits), most_negative);
        }
      }
      if (n - i >= group) {
        storing_step::store_all(target + i * out_bytes, x, false);
      } else {
        unsigned char codes[group * out_bytes];
        storing_step::store_all(codes, x, false);
        __builtin_memcpy(target + i * out_bytes, codes, (n - i) * out_bytes);
      }
    }
  }
}
