// Numbers limited to what a narrow format holds. No include guard: it is included once in each
// instruction set's region and namespace.

/// Limits and counts, in lanes, fewer than 2^32 numbers.
struct limiting {
  words small, most, least;
  bool lifts;
  words small_ones = words(0), large_ones = words(0);

  NF_INLINE explicit limiting(const state_limits& limits)
      : small(splat<words>(limits.small)),
        most(splat<words>(limits.most)),
        least(splat<words>(limits.least)),
        lifts(limits.lifts) {}

  NF_INLINE words limited(const words& x) {
    const words zero(0), one(1), magnitude = x & words(binary32::sign_mask - 1);
    // 0 less 1 is above every magnitude. Opaque: GCC 12 takes a comparison that serves twice apart,
    // lane by lane.
    const words is_small = opaque(select_below(magnitude - one, small, one, zero));
    small_ones = small_ones + is_small;
    large_ones = large_ones + select_less(most, magnitude, one, zero);
    const words within = smaller(magnitude, most) | (x & words(binary32::sign_mask));
    const words result = select_less(words(binary32::infinity_code), magnitude, x, within);
    return lifts ? select_equal(is_small, one, least, result) : result;
  }
};

inline void limit_array(const float* in, float* out, std::size_t n, const state_limits& limits,
                        state_counts& counts) {
  limiting by(limits);
  std::size_t i = 0;
  for (; n - i >= lanes; i += lanes) by.limited(words::load(in + i)).store(out + i);
  if (i < n) {
    float last[lanes] = {};
    __builtin_memcpy(last, in + i, (n - i) * sizeof(float));
    by.limited(words::load(last)).store(last);
    __builtin_memcpy(out + i, last, (n - i) * sizeof(float));
  }
  for (std::size_t k = 0; k < lanes; ++k) {
    counts.small += by.small_ones.lanes[k];
    counts.large += by.large_ones.lanes[k];
  }
}

/// How many of n floats are 0, fewer than 2^32.
inline std::size_t count_zeros(const float* in, std::size_t n) {
  const words mask(binary32::sign_mask - 1), zero(0), one(1);
  words found(0);
  std::size_t i = 0;
  for (; n - i >= lanes; i += lanes)
    found = found + select_equal(words::load(in + i) & mask, zero, one, zero);
  std::size_t count = 0;
  for (std::size_t k = 0; k < lanes; ++k) count += found.lanes[k];
  for (; i < n; ++i) {
    std::uint32_t bits = 0;
    __builtin_memcpy(&bits, in + i, sizeof bits);
    count += bits << 1 == 0 ? 1u : 0u;
  }
  return count;
}

/// How many bytes, after a mask, are `wanted`.
inline std::size_t count_bytes(const std::uint8_t* in, std::size_t n, std::uint8_t mask,
                               std::uint8_t wanted) {
  constexpr std::size_t step = sizeof(bytes), most = 255;  // that a byte counts to
  const bytes only(mask), value(wanted), one(1), zero(0);
  std::size_t count = 0, i = 0;
  while (n - i >= step) {
    bytes found(0);
    for (std::size_t k = 0; k < most && n - i >= step; ++k, i += step)
      found = found + select_equal(bytes::load(in + i) & only, value, one, zero);
    std::uint8_t each[step];
    found.store(each);
    for (const std::uint8_t x : each) count += x;
  }
  for (; i < n; ++i) count += (in[i] & mask) == wanted ? 1u : 0u;
  return count;
}
