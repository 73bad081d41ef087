// Floats times their factors to elements. No include guard: it is included once in each instruction
// set's region and namespace, where it sees the loops of convert.inl and factors.inl.

/// 4 * lanes floats times their factors.
template <class Product>
NF_INLINE void multiply_group(const float* in, std::size_t i, int shift, const float* factors,
                              words (&products)[4]) {
  NF_UNROLL
  for (std::size_t k = 0; k < 4; ++k) {
    const words x = words::load(in + k * lanes);
    products[k] = Product{}(x, factors_at(factors, i + k * lanes, shift));
  }
}

/// What multiplies by factors for a rounding.
template <class R>
using product_for = std::conditional_t<looks_below<R>, block_product_above_zero, block_product>;

/// Whether codes are fixed-point numbers rounded to nearest even, which nearest_fixed makes by one
/// sum.
template <class Code, class R>
inline constexpr bool rounds_by_sum =
    Code::is_fixed&& R::rule == rule::half_even&& R::random_bits == 0;

/// Fixed-point codes nearest to floats: the last bits of a sum whose unit in the last place is that
/// of the codes.
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
    return opaque(words::words(floats(opaque(x).lanes) + zero));
  }
  /// NaN with a sign is the least code, else the largest.
  NF_INLINE words code(const words& x) const {
    const words limited = larger(smaller(sum(x), words(zero_bits + range / 2 - 1)), least);
    return limited & words(range - 1);
  }
  /// What beyond_nearest() says, here of the ties: the numbers halfway between two codes.
  static NF_INLINE words beyond(const words& quotient) {
    constexpr std::uint32_t half = __builtin_bit_cast(std::uint32_t, unit / 2),
                            first = half - (near_quotients << Code::width);
    const words whole = opaque(words::words(floats(sum(quotient).lanes) - zero));
    const words rest = words::words(floats(quotient.lanes) - floats(whole.lanes));
    return words(first + 2 * near_quotients + 1) - (rest & words(binary32::sign_mask - 1));
  }
};

/// NaN without its sign.
NF_INLINE words positive_nan(const words& x) {
  const words mask(binary32::sign_mask - 1), infinity(binary32::infinity_code);
  return select_less(infinity, x & mask, x & mask, x);
}

/// `lanes` quotients for a rounding that sees them all. A call, since it is rare: within a loop it
/// would keep the floats of every round in memory.
__attribute__((noinline, cold)) inline words exact_quotients(const float* in, std::size_t i,
                                                             int shift, const double* inverses) {
  float exact[lanes];
  long_products(in, i, shift, inverses, narrowing::odd, exact);
  return words::load(exact);
}

/// Divides 4 * lanes floats. The quotients may be inexact, but they round to the same elements as
/// the exact ones, by a rounding to nearest that looks at no more than the bits above the mask.
template <class Code, class R>
NF_INLINE void divide_group(const float* in, std::size_t i, int shift, const float* factors,
                            const element_encoding& how, const words& mask, words (&quotients)[4]) {
  multiply_group<block_product>(in, i, shift, factors, quotients);
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

/// From floats and the factors of their blocks to elements, 4 * lanes a step. Divides: the factors
/// are rounded inverses.
template <class Code, class R, bool Divides>
struct block_encoder {
  using rounding_step = conversion<binary32, typename Code::rounded, R>;
  using storing_step = conversion<binary32, typename Code::stored, R>;
  static constexpr std::size_t random_bytes = rounding_step::random_bytes,
                               out_bytes = storing_step::out_bytes;
  rounding_step step;
  words most_negative, mask;
  const element_encoding& how;
  const float* factors;

  NF_INLINE block_encoder(const element_encoding& encoding, const float* factors_of_blocks)
      : step({encoding.policy, {}}),
        most_negative(splat<words>(encoding.most_negative)),
        mask(splat<words>(encoding.mask)),
        how(encoding),
        factors(factors_of_blocks) {}

  /// Rounds what is divided already.
  NF_INLINE void round(const words (&y)[4], const unsigned char* random, unsigned char* out) const {
    unsigned_code<words> x[4];
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      if constexpr (rounds_by_sum<Code, R>) {
        const words number = Divides ? y[k] : positive_nan(y[k]);
        x[k] = {nearest_fixed<Code>(how.most_negative).code(number), words(0)};
      } else {
        const words bits = step.random_part(random, k);
        x[k] = element_code<Code>(step.transcoded(y[k], bits), most_negative);
      }
    }
    storing_step::store_all(out, x, false);
  }
  /// Encodes the whole groups of n floats, of the columns from `first` on; returns how many floats
  /// these were.
  NF_INLINE std::size_t whole_groups(const float* in, std::size_t n, std::size_t first, int shift,
                                     const unsigned char* random, unsigned char* out) const {
    std::size_t i = 0;
    for (; n - i >= group; i += group) {
      if (how.reads_ahead) {
        NF_UNROLL
        for (std::size_t byte = 0; byte < 4 * group; byte += 64)
          prefetch(reinterpret_cast<const unsigned char*>(in + i) + tile_bytes + byte);
      }
      words y[4];
      if constexpr (Divides) {
        divide_group<Code, R>(in + i, first + i, shift, factors, how, mask, y);
      } else {
        multiply_group<product_for<R>>(in + i, first + i, shift, factors, y);
      }
      round(y, random + i * random_bytes, out + i * out_bytes);
    }
    return i;
  }
};

/// The products or quotients of n floats, at most a part, in a buffer.
template <class R, bool Divides>
NF_INLINE void scale_part(const float* in, std::size_t n, std::size_t first, int shift,
                          const float* factors, const element_encoding& how, float* out) {
  if constexpr (Divides) {
    multiply_blocks_long(in, n, first, shift, how.inverses, narrowing::odd, out);
  } else {
    product_for<R> step;
    run_blocks(step, in, n, first, shift, factors, out);
  }
}

/// Rounds the products or quotients of n floats, at most a part, to elements, each in a code of
/// whole bytes; element i takes the random bits i of `rounding`.
template <class Code, class R, bool Divides>
void encode_blocks(const float* in, std::size_t n, std::size_t first, int shift,
                   const float* factors, const R& rounding, const element_encoding& how,
                   void* out) {
  auto* const target = static_cast<unsigned char*>(out);
  if constexpr (!has_vector_formula<binary32, typename Code::rounded, R::random_bits>()) {
    float scaled[part_elements];
    scale_part<R, Divides>(in, n, first, shift, factors, how, scaled);
    encode_each<Code>(scaled, n, rounding, how, target);
  } else {
    using encoder = block_encoder<Code, R, Divides>;
    const encoder encode(how, factors);
    std::uint32_t buffer[encoder::random_bytes == 0 ? 1 : part_elements + 8 * lanes];
    const unsigned char* random = nullptr;
    if constexpr (encoder::random_bytes != 0) random = draw(rounding, 0, n, buffer);

    // Two loops: where each column has a factor of its own, factors are loaded, not repeated.
    const std::size_t i = shift == 0 ? encode.whole_groups(in, n, first, 0, random, target)
                                     : encode.whole_groups(in, n, first, shift, random, target);
    if (i == n) return;
    float rest[group] = {};
    scale_part<R, Divides>(in + i, n - i, first + i, shift, factors, how, rest);
    const words y[4] = {words::load(rest), words::load(rest + lanes), words::load(rest + 2 * lanes),
                        words::load(rest + 3 * lanes)};
    unsigned char codes[group * encoder::out_bytes];
    encode.round(y, random + i * encoder::random_bytes, codes);
    __builtin_memcpy(target + i * encoder::out_bytes, codes, (n - i) * encoder::out_bytes);
  }
}
