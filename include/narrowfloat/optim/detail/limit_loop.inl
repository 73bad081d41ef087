// Numbers limited to what a narrow format holds. No include guard: it is included once in each instruction set's region
// and namespace.

/// n floats within their limits; counts in lanes, of fewer than 2^32 elements.
inline void limit_array(const float* in, float* out, std::size_t n, const state_limits& limits,
                        state_counts& counts) {
  const words sign_mask(binary32::sign_mask), mask(binary32::sign_mask - 1), zero(0), one(1);
  const words small = splat<words>(limits.small), most = splat<words>(limits.most),
              least = splat<words>(limits.least);
  words smaller_ones(0), larger_ones(0);
  const auto step = [&](const float* from, float* to) __attribute__((always_inline)) {
    const words x = words::load(from), magnitude = x & mask;
    const words is_large = select_less(most, magnitude, one, zero);
    // 0 less 1 is above every magnitude
    const words is_small = select_below(magnitude - one, small, one, zero);
    smaller_ones = smaller_ones + is_small;
    larger_ones = larger_ones + is_large;
    words result = select_less(most, magnitude, most | (x & sign_mask), x);
    result = select_less(words(binary32::infinity_code), magnitude, x, result);
    if (limits.lifts) result = select_equal(is_small, one, least, result);
    result.store(to);
  };
  std::size_t i = 0;
  for (; n - i >= lanes; i += lanes) step(in + i, out + i);
  if (i < n) {
    float last[lanes] = {};
    __builtin_memcpy(last, in + i, (n - i) * sizeof(float));
    step(last, last);
    __builtin_memcpy(out + i, last, (n - i) * sizeof(float));
  }
  for (std::size_t k = 0; k < lanes; ++k) {
    counts.small += smaller_ones.lanes[k];
    counts.large += larger_ones.lanes[k];
  }
}
