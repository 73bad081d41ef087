// The loops of blocks that share a scale. No include guard: it is included once in each instruction set's region
// and namespace, where it sees `lanes`, load_widen(), product_of_sum(), has_signs() and the loops of convert.inl, reduce.inl and packed.inl.
//
// The factor of element i of a call is factors[(first + i) >> shift]: shift is 0, or blocks are of 16 elements or
// more and `first` is a multiple of 16.

NF_INLINE std::uint32_t magnitude_up_to(float x, std::uint32_t limit) {
  const std::uint32_t value = __builtin_bit_cast(std::uint32_t, x) & (binary32::sign_mask - 1);
  return value > limit ? 0 : value;
}

/// Joins the magnitudes, as bits, of n floats to their own, amax[i]; those above `limit` count as 0.
NF_INLINE void join_each(const float* in, std::size_t n, std::uint32_t limit, std::uint32_t* amax) {
  const words mask(binary32::sign_mask - 1), most = splat<words>(limit);
  std::size_t i = 0;
  for (; n - i >= lanes; i += lanes) {
    const words x = words::load(in + i) & mask;
    larger(words::load(amax + i), select_less(most, x, words(0), x)).store(amax + i);
  }
  for (; i < n; ++i) amax[i] = larger<std::uint32_t>(amax[i], magnitude_up_to(in[i], limit));
}

/// The same for one block.
NF_INLINE std::uint32_t joined_block(const float* in, std::size_t n, std::uint32_t limit,
                                     std::uint32_t amax) {
  const words mask(binary32::sign_mask - 1), most = splat<words>(limit);
  words all(0);
  std::size_t i = 0;
  for (; n - i >= lanes; i += lanes) {
    const words x = words::load(in + i) & mask;
    all = larger(all, select_less(most, x, words(0), x));
  }
  if (i != 0) amax = larger<std::uint32_t>(amax, largest_lane(all));
  for (; i < n; ++i) amax = larger<std::uint32_t>(amax, magnitude_up_to(in[i], limit));
  return amax;
}

/// The larger one of each two lanes, of two packs.
NF_INLINE words larger_of_pairs(const words& a, const words& b) {
  const long_words first = (long_words::words)a.lanes, last = (long_words::words)b.lanes;
  return larger(every_second_word(first, last, false), every_second_word(first, last, true));
}

/// Joins the magnitudes of `lanes` whole blocks.
NF_INLINE void join_whole(const float* in, std::size_t width, std::uint32_t* amax) {
  const words mask(binary32::sign_mask - 1);
  words all[lanes];
  NF_UNROLL
  for (std::size_t k = 0; k < lanes; ++k) {
    const float* const block = in + k * width;
    words most = words::load(block) & mask;
    for (std::size_t i = lanes; i < width; i += lanes)
      most = larger(most, words::load(block + i) & mask);
    all[k] = most;
  }
  NF_UNROLL
  for (std::size_t packs = lanes / 2; packs != 0; packs /= 2) {
    NF_UNROLL
    for (std::size_t k = 0; k < packs; ++k) all[k] = larger_of_pairs(all[2 * k], all[2 * k + 1]);
  }
  larger(words::load(amax), all[0]).store(amax);
}

/// Joins the magnitudes, as bits, of n floats to their blocks' largest, amax[(first + i) / width]; those above `limit`
/// count as 0. NaN is larger than Inf.
inline void join_magnitudes(const float* in, std::size_t n, std::size_t first, std::size_t width,
                            std::uint32_t limit, std::uint32_t* amax) {
  if (width == 1) {
    join_each(in, n, limit, amax + first);
    return;
  }
  amax += first / width;
  std::size_t rest_of_block = width - first % width, i = 0;
  if (width % lanes == 0 && rest_of_block == width && limit == binary32::sign_mask - 1) {
    for (; n - i >= lanes * width; i += lanes * width, amax += lanes)
      join_whole(in + i, width, amax);
  }
  for (; i < n; ++amax) {
    const std::size_t end = n - i < rest_of_block ? n : i + rest_of_block;
    *amax = joined_block(in + i, end - i, limit, *amax);
    i = end;
    rest_of_block = width;
  }
}

/// The steps of the scales' exponents and the factors that divide by them. The arrays are as long as whole packs.
inline void choose_exponents(const std::uint32_t* amax, std::size_t n, const exponent_rule& rule,
                             std::uint32_t* steps, float* factors) {
  const words threshold = splat<words>(rule.threshold), least_steps = splat<words>(rule.least),
              most = splat<words>(rule.most), last_number = splat<words>(rule.last_number),
              one_field = splat<words>(rule.one_field);
  for (std::size_t i = 0; i < n; i += lanes) {
    const words found =
        exponent_steps(words::load(amax + i), threshold, least_steps, most, last_number);
    found.store(steps + i);
    inverse_power(found, one_field).store(factors + i);
  }
}

/// The factors of lanes i ... i + lanes - 1.
NF_INLINE words factors_at(const float* factors, std::size_t i, int shift) {
  if (shift == 0) return words::load(factors + i);
  return splat<words>(__builtin_bit_cast(std::uint32_t, factors[i >> shift]));
}

/// Multiplies floats by their factors.
struct block_product {
  using floats = vector<lanes, float>;

  NF_INLINE words operator()(const words& x, const words& factor) const {
    return (words::words)((floats)x.lanes * (floats)factor.lanes);
  }
};

/// The same, but a nonzero number whose product is below the smallest normal float stands as that one.
struct block_product_above_zero {
  block_product product;

  NF_INLINE words operator()(const words& x, const words& factor) const {
    const words mask(binary32::sign_mask - 1);
    const words y = product(x, factor), value = y & mask;
    const words above = larger(value, words(std::uint32_t{1} << binary32::mantissa_bits));
    return (y - value) | select_equal(x & mask, words(0), value, above);
  }
};

/// Applies a step to n floats and their factors; a last pack goes through copies.
template <class Step>
NF_INLINE void run_blocks(Step& step, const float* in, std::size_t n, std::size_t first, int shift,
                          const float* factors, float* out) {
  std::size_t i = 0;
  for (; n - i >= lanes; i += lanes) {
    step(words::load(in + i), factors_at(factors, first + i, shift)).store(out + i);
  }
  if (i == n) return;
  float x[lanes] = {}, factor[lanes] = {};
  __builtin_memcpy(x, in + i, (n - i) * sizeof(float));
  for (std::size_t k = 0; k < n - i; ++k) factor[k] = factors[(first + i + k) >> shift];
  step(words::load(x), words::load(factor)).store(x);
  __builtin_memcpy(out + i, x, (n - i) * sizeof(float));
}

/// The products of n floats; `above_zero` as block_product_above_zero.
inline void multiply_blocks(const float* in, std::size_t n, std::size_t first, int shift,
                            const float* factors, bool above_zero, float* out) {
  if (above_zero) {
    block_product_above_zero step;
    run_blocks(step, in, n, first, shift, factors, out);
  } else {
    block_product step;
    run_blocks(step, in, n, first, shift, factors, out);
  }
}

NF_INLINE long_words factors_at(const double* factors, std::size_t i, int shift) {
  if (shift == 0) return long_words::load(factors + i);
  return splat<long_words>(__builtin_bit_cast(std::uint64_t, factors[i >> shift]));
}

/// The product of lanes / 2 doubles, rounded to 49 bits, as a float; if `to_odd`, one that is inexact is odd, and it is no
/// smaller than the smallest normal float unless it is 0.
NF_INLINE vector<lanes / 2, float> long_product(const doubles& x, const long_words& factor,
                                                bool to_odd) {
  using floats = vector<lanes / 2, float>;
  const long_words zero(0);
  const long_words product = (long_words::words)(x * (doubles)factor.lanes);
  constexpr std::uint64_t unit = 16, odd = std::uint64_t{1} << 29, below = odd - 1;
  constexpr std::uint64_t smallest = std::uint64_t{1023 - 126} << 52;
  const long_words y = (product + long_words(unit / 2)) & long_words(~(unit - 1));
  if (!to_odd) return __builtin_convertvector((doubles)y.lanes, floats);
  const long_words sign = y & long_words(binary64::sign_mask), value = y - sign;
  const long_words above = larger(value, select_equal(value, zero, zero, long_words(smallest)));
  const long_words last = select_equal(above & long_words(below), zero, zero, long_words(odd)) |
                          (above & long_words(~below));
  return __builtin_convertvector((doubles)(sign | last).lanes, floats);
}

NF_INLINE void long_products(const float* in, std::size_t first, int shift, const double* factors,
                             bool to_odd, float* out) {
  doubles low, high;
  widen_floats(words::load(in), low, high);
  const auto y_low = long_product(low, factors_at(factors, first, shift), to_odd);
  const auto y_high = long_product(high, factors_at(factors, first + lanes / 2, shift), to_odd);
  __builtin_memcpy(out, &y_low, sizeof y_low);
  __builtin_memcpy(out + lanes / 2, &y_high, sizeof y_high);
}

/// The products of n floats and doubles; `to_odd` as above.
inline void multiply_blocks_long(const float* in, std::size_t n, std::size_t first, int shift,
                                 const double* factors, bool to_odd, float* out) {
  std::size_t i = 0;
  for (; n - i >= lanes; i += lanes) {
    long_products(in + i, first + i, shift, factors, to_odd, out + i);
  }
  if (i == n) return;
  float x[lanes] = {};
  double factor[lanes] = {};
  __builtin_memcpy(x, in + i, (n - i) * sizeof(float));
  for (std::size_t k = 0; k < n - i; ++k) factor[k] = factors[(first + i + k) >> shift];
  long_products(x, 0, 0, factor, to_odd, x);
  __builtin_memcpy(out + i, x, (n - i) * sizeof(float));
}

/// The sign bit is set where a quotient, by a rounded inverse, is so near to a number whose last bits, those of `mask`,
/// are 0 that the exact one may lie on its other side; but not where it is 0.
NF_INLINE words near_signs(const words& quotient, const words& mask) {
  const words value = quotient & words(binary32::sign_mask - 1);
  const words above = ((value + words(near_quotients)) & mask) - words(2 * near_quotients + 1);
  return above & ((value - words(1)) ^ words(~0u));
}

/// The quotients of n floats by factors that are rounded inverses, as floats and as doubles: for a rounding that sees
/// no more than the bits above `mask`, and not how little is not 0, as good as the exact ones.
inline void divide_blocks(const float* in, std::size_t n, std::size_t first, int shift,
                          const float* factors, const double* inverses, std::uint32_t mask,
                          float* out) {
  const words last_bits = splat<words>(mask);
  const block_product step;
  std::size_t i = 0;
  for (; n - i >= group; i += group) {
    words near(0);
    NF_UNROLL
    for (std::size_t k = 0; k < group; k += lanes) {
      const words quotient =
          step(words::load(in + i + k), factors_at(factors, first + i + k, shift));
      quotient.store(out + i + k);
      near = near | near_signs(quotient, last_bits);
    }
    if (has_signs(near)) {
      multiply_blocks_long(in + i, group, first + i, shift, inverses, true, out + i);
    }
  }
  multiply_blocks_long(in + i, n - i, first + i, shift, inverses, true, out + i);
}

/// The inverses of n scales times the scale of the tensor; 0 of 0. The floats are NaN where they would be subnormal.
inline void invert_scales(const float* scales, std::size_t n, double tensor_scale, double* inverses,
                          float* narrow) {
  using floats = vector<lanes / 2, float>;
  using half_words = pack<lanes / 2>;
  const half_words normal(std::uint32_t{1} << binary32::mantissa_bits), none(0),
      nan(binary32::nan_code);
  const doubles tensor = doubles{} + tensor_scale, zero{}, one = zero + 1;
  for (std::size_t i = 0; i < n; i += lanes / 2) {
    floats scale;
    __builtin_memcpy(&scale, scales + i, sizeof scale);
    const doubles product = __builtin_convertvector(scale, doubles) * tensor;
    const doubles inverse = product == zero ? zero : one / product;
    __builtin_memcpy(inverses + i, &inverse, sizeof inverse);
    const half_words bits = (half_words::words) __builtin_convertvector(inverse, floats);
    select_equal(bits, none, none, select_less(bits, normal, nan, bits)).store(narrow + i);
  }
}

/// The products of n scales and the scale of the tensor, each as a sum of two floats. Returns whether they all are 0 or
/// between the bits `least` and the largest float.
inline bool split_scales(const float* scales, std::size_t n, double tensor_scale,
                         std::uint32_t least, float* high, float* low) {
  using floats = vector<lanes / 2, float>;
  using half_words = pack<lanes / 2>;
  const half_words none(0), mask(binary32::sign_mask - 1), infinity(binary32::infinity_code),
      first = splat<half_words>(least);
  const doubles tensor = doubles{} + tensor_scale;
  half_words outside(0);
  for (std::size_t i = 0; i < n; i += lanes / 2) {
    floats scale;
    __builtin_memcpy(&scale, scales + i, sizeof scale);
    const long_words product =
        (long_words::words)(__builtin_convertvector(scale, doubles) * tensor);
    // cut, so that both parts have the same sign: the sum for -0 is -0
    const doubles upper_part = (doubles)(product & long_words(~std::uint64_t{0} << 29)).lanes;
    const long_words rest = (long_words::words)((doubles)product.lanes - upper_part);
    const long_words sign = product & long_words(binary64::sign_mask);
    const floats upper = __builtin_convertvector(upper_part, floats);
    const floats lower = __builtin_convertvector((doubles)(rest | sign).lanes, floats);
    __builtin_memcpy(high + i, &upper, sizeof upper);
    __builtin_memcpy(low + i, &lower, sizeof lower);
    const half_words bits = half_words((half_words::words)upper) & mask;
    const half_words below = select_less(bits, first, select_equal(bits, none, none, mask), none);
    outside = outside | select_less(bits, infinity, below, mask);
  }
  return largest_lane(outside) == 0;
}

/// The products of floats, rounded to elements, 4 * lanes a step.
template <class Code, class R>
struct block_encoding {
  using rounding_step = conversion<binary32, typename Code::rounded, R>;
  using storing_step = conversion<binary32, typename Code::stored, R>;
  static constexpr std::size_t out_bytes = storing_step::out_bytes;
  rounding_step step;
  words most_negative;
  bool above_zero;

  NF_INLINE words product(const words& x, const words& factor) const {
    return above_zero ? block_product_above_zero{}(x, factor) : block_product{}(x, factor);
  }
  NF_INLINE void operator()(const float* in, const float* factors, std::size_t i, int shift,
                            const unsigned char* random, unsigned char* out) const {
    unsigned_code<words> x[4];
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      const words y =
          product(words::load(in + k * lanes), factors_at(factors, i + k * lanes, shift));
      x[k] = element_code<Code>(step.transcoded(y, step.random_part(random, k)), most_negative);
    }
    storing_step::store_all(out, x, false);
  }
};

/// The same for each of n elements by the scalar formula.
template <class Code, class R>
void encode_each(const float* in, std::size_t n, std::size_t first, int shift, const float* factors,
                 bool above_zero, const R& rounding, saturates policy, std::uint32_t most_negative,
                 unsigned char* out) {
  using to = typename Code::rounded;
  using W = word_for<binary32, to, R::random_bits>;
  const bounds<W> bound = bounds_for<to, R::rule, R::random_bits, W>(policy);
  for (std::size_t i = 0; i < n; ++i) {
    float y = 0;
    multiply_blocks(in + i, 1, first + i, shift, factors, above_zero, &y);
    const auto x =
        element_code<Code, W>(transcode<binary32, to, R::rule, R::random_bits, W>(
                                  __builtin_bit_cast(std::uint32_t, y), rounding.word(i), bound),
                              most_negative);
    const auto code = static_cast<code_for<typename Code::stored>>(
        join_sign<typename Code::stored>(x.magnitude, x.sign));
    __builtin_memcpy(out + i * sizeof code, &code, sizeof code);
  }
}

/// Rounds the products of n floats, at most 1024, to elements, each in a code of whole bytes; element i takes the random
/// bits i of `rounding`. `above_zero` as block_product_above_zero.
template <class Code, class R>
void encode_blocks(const float* in, std::size_t n, std::size_t first, int shift,
                   const float* factors, bool above_zero, const R& rounding, saturates policy,
                   std::uint32_t most_negative, void* out) {
  auto* const target = static_cast<unsigned char*>(out);
  if constexpr (!has_vector_formula<binary32, typename Code::rounded, R::random_bits>()) {
    encode_each<Code>(in, n, first, shift, factors, above_zero, rounding, policy, most_negative,
                      target);
  } else {
    using encoding = block_encoding<Code, R>;
    constexpr std::size_t random_bytes = encoding::rounding_step::random_bytes;
    const encoding step{typename encoding::rounding_step(policy), splat<words>(most_negative),
                        above_zero};
    std::uint32_t buffer[random_bytes == 0 ? 1 : 1024 + 8 * lanes];
    const unsigned char* random = nullptr;
    if constexpr (random_bytes != 0) random = draw(rounding, 0, n, buffer);
    std::size_t i = 0;
    for (; n - i >= group; i += group) {
      NF_UNROLL
      for (std::size_t k = 0; k < group; k += 16) {
        prefetch(reinterpret_cast<const unsigned char*>(in + i + k) + tile_bytes);
      }
      step(in + i, factors, first + i, shift, random + i * random_bytes,
           target + i * encoding::out_bytes);
    }
    if (i == n) return;
    float x[group] = {}, factor[group] = {};
    unsigned char codes[group * encoding::out_bytes];
    __builtin_memcpy(x, in + i, (n - i) * sizeof(float));
    for (std::size_t k = 0; k < n - i; ++k) factor[k] = factors[(first + i + k) >> shift];
    step(x, factor, 0, 0, random + i * random_bytes, codes);
    __builtin_memcpy(target + i * encoding::out_bytes, codes, (n - i) * encoding::out_bytes);
  }
}

/// The floats of 2 * lanes codes.
template <class Code>
NF_INLINE void decode_pair(const unsigned char* from, words& first, words& last) {
  if constexpr (Code::template is_half<converts_half>()) {
    half_to_float<typename Code::layout>::floats(from, first, last);
  } else {
    using unit = code_unit<Code::width>;
    first = Code::template to_float<words>(load_widen<unit>(from));
    last = Code::template to_float<words>(load_widen<unit>(from + lanes * sizeof(unit)));
  }
}

/// A pack of elements times their factors, high + low if Split, rounded once.
template <bool Split>
NF_INLINE words times_factors(const words& x, const float* high, const float* low, std::size_t i,
                              int shift) {
  using floats = vector<lanes, float>;
  const words factor = factors_at(high, i, shift);
  if constexpr (Split) return product_of_sum(x, factor, factors_at(low, i, shift));
  return (words::words)((floats)x.lanes * (floats)factor.lanes);
}

/// Decodes n codes of the bit stream, a multiple of 4 * lanes, and multiplies them by their factors, high + low if
/// Split, rounded once. Codes of more than 8 bits are in units. Streaming stores need an `out` that is aligned to a
/// vector, and in the end finish_streaming().
template <class Code, bool Split>
void decode_blocks(const std::uint8_t* codes, std::size_t n, std::size_t first, int shift,
                   const float* high, const float* low, float* out, bool stream) {
  constexpr std::size_t unit_bytes = sizeof(code_unit<Code::width>);
  for (std::size_t i = 0; i < n; i += group) {
    alignas(64) unsigned char buffer[group];
    const unsigned char* from = codes + i * unit_bytes;
    if constexpr (Code::width < 8) {
      spread<Code::width, 8>(load_groups<Code::width>(codes + i / 8 * Code::width)).store(buffer);
      from = buffer;
    }
    words x[4];
    decode_pair<Code>(from, x[0], x[1]);
    decode_pair<Code>(from + 2 * lanes * unit_bytes, x[2], x[3]);
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      const words y = times_factors<Split>(x[k], high, low, first + i + k * lanes, shift);
      store(reinterpret_cast<unsigned char*>(out + i + k * lanes), y, stream);
    }
  }
}

/// Copies n floats, whole packs, past the caches to where packs are aligned; in the end finish_streaming().
inline void stream_floats(const float* in, std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; i += lanes) {
    store(reinterpret_cast<unsigned char*>(out + i), words::load(in + i), true);
  }
}
inline void end_streaming() { finish_streaming(); }
