// Floats times the factors that groups of them share. No include guard: it is included once in each
// instruction set's region and namespace, where it sees has_signs() and the loops of lanes.inl.
//
// The factor of element i of a call is factors[(first + i) >> shift]: shift is 0, or groups are of
// 16 elements or more and `first` is a multiple of 16.

/// The factors of lanes i ... i + lanes - 1.
NF_INLINE words factors_at(const float* factors, std::size_t i, int shift) {
  if (shift == 0) return words::load(factors + i);
  return splat<words>(__builtin_bit_cast(std::uint32_t, factors[i >> shift]));
}

/// Multiplies floats by their factors.
struct block_product {
  using floats = vector<lanes, float>;

  NF_INLINE words operator()(const words& x, const words& factor) const {
    return words::words(floats(x.lanes) * floats(factor.lanes));
  }
};

/// The same, but a nonzero number whose product is below the smallest normal float stands as that
/// one.
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

/// The product of lanes / 2 doubles, rounded to 49 bits, as a float.
NF_INLINE vector<lanes / 2, float> long_product(const doubles& x, const long_words& factor,
                                                narrowing how) {
  using floats = vector<lanes / 2, float>;
  long_words y = to_49_bits(x * doubles(factor.lanes));
  if (how == narrowing::nearest) return __builtin_convertvector(doubles(y.lanes), floats);
  if (how == narrowing::odd_above_zero) {
    constexpr std::uint64_t smallest = std::uint64_t{1023 - 126} << 52;
    const long_words zero(0), value = y & long_words(binary64::sign_mask - 1);
    y = (y - value) | select_equal(value, zero, zero, larger(value, long_words(smallest)));
  }
  return __builtin_convertvector(doubles(to_odd_24_bits(y).lanes), floats);
}

NF_INLINE void long_products(const float* in, std::size_t first, int shift, const double* factors,
                             narrowing how, float* out) {
  doubles low, high;
  widen_floats(words::load(in), low, high);
  const auto y_low = long_product(low, factors_at(factors, first, shift), how);
  const auto y_high = long_product(high, factors_at(factors, first + lanes / 2, shift), how);
  __builtin_memcpy(out, &y_low, sizeof y_low);
  __builtin_memcpy(out + lanes / 2, &y_high, sizeof y_high);
}

/// The products of n floats and doubles.
inline void multiply_blocks_long(const float* in, std::size_t n, std::size_t first, int shift,
                                 const double* factors, narrowing how, float* out) {
  std::size_t i = 0;
  for (; n - i >= lanes; i += lanes) {
    long_products(in + i, first + i, shift, factors, how, out + i);
  }
  if (i == n) return;
  float x[lanes] = {};
  double factor[lanes] = {};
  __builtin_memcpy(x, in + i, (n - i) * sizeof(float));
  for (std::size_t k = 0; k < n - i; ++k) factor[k] = factors[(first + i + k) >> shift];
  long_products(x, 0, 0, factor, how, x);
  __builtin_memcpy(out + i, x, (n - i) * sizeof(float));
}

/// Where a quotient made by a rounded inverse lies in the period of the bits of `mask`, counted
/// from near_quotients floats before a number in which those bits are 0. At 2 * near_quotients or
/// less the exact quotient may lie on the other side of that number, and has to decide. Quotients
/// within 64 floats of 0 never count as near: no rounding to nearest tells them from 0.
NF_INLINE words beyond_nearest(const words& quotient, const words& mask) {
  const words value = quotient & words(binary32::sign_mask - 1);
  return (larger(value, words(64)) + words(near_quotients)) & mask;
}
/// Whether one of these lanes is near.
NF_INLINE bool has_near(const words& beyond) {
  return has_signs(beyond - words(2 * near_quotients + 1));
}

/// The inverses of n scales times the scale of the tensor; 0 of 0. The floats are NaN where they
/// would be subnormal.
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
    const half_words bits = half_words::words(__builtin_convertvector(inverse, floats));
    select_equal(bits, none, none, select_less(bits, normal, nan, bits)).store(narrow + i);
  }
}

/// The products of n scales and the scale of the tensor, each as a sum of two floats. Returns
/// whether they all are of a scale that is 0 or between the bits `least` and the largest float.
inline bool split_scales(const float* scales, std::size_t n, double tensor_scale,
                         std::uint32_t least, float* high, float* low) {
  using floats = vector<lanes / 2, float>;
  using half_words = pack<lanes / 2>;
  const half_words none(0), mask(binary32::sign_mask - 1), infinity(binary32::infinity_code),
      first = splat<half_words>(least);
  const doubles tensor = splat_double(tensor_scale);
  half_words outside(0);
  for (std::size_t i = 0; i < n; i += lanes / 2) {
    floats scale;
    __builtin_memcpy(&scale, scales + i, sizeof scale);
    const long_words product = long_words::words(__builtin_convertvector(scale, doubles) * tensor);
    // cut, so that both parts have the same sign: the sum for -0 is -0
    const doubles upper_part = doubles((product & long_words(~std::uint64_t{0} << 29)).lanes);
    const long_words rest = long_words::words(doubles(product.lanes) - upper_part);
    const long_words sign = product & long_words(binary64::sign_mask);
    const floats upper = __builtin_convertvector(upper_part, floats);
    const floats lower = __builtin_convertvector(doubles((rest | sign).lanes), floats);
    __builtin_memcpy(high + i, &upper, sizeof upper);
    __builtin_memcpy(low + i, &lower, sizeof lower);
    const half_words bits = half_words(half_words::words(upper)) & mask,
                     given = half_words(half_words::words(scale)) & mask;
    const half_words below = select_less(bits, first, select_equal(given, none, none, mask), none);
    outside = outside | select_less(bits, infinity, below, mask);
  }
  return largest_lane(outside) == 0;
}
