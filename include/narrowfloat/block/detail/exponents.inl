// The exponents of blocks that share a power of two. No include guard: it is included once in each
// instruction set's region and namespace, where it sees the loops of lanes.inl.

/// The steps of the scales' exponents, the codes that these steps above `lowest` are, and the
/// factors that divide by them; returns the largest magnitude. The arrays are as long as whole
/// packs.
inline std::uint32_t choose_exponents(const std::uint32_t* amax, std::size_t n,
                                      const exponent_rule& rule, std::uint32_t lowest,
                                      std::uint32_t* steps, std::uint8_t* codes, float* factors) {
  using narrow = vector<lanes, std::uint8_t>;
  const words threshold = splat<words>(rule.threshold), least_steps = splat<words>(rule.least),
              most = splat<words>(rule.most), last_number = splat<words>(rule.last_number),
              one_field = splat<words>(rule.one_field), first = splat<words>(lowest);
  words largest(0);
  for (std::size_t i = 0; i < n; i += lanes) {
    const words magnitudes = words::load(amax + i);
    largest = larger(largest, magnitudes);
    const words found = exponent_steps(magnitudes, threshold, least_steps, most, last_number);
    found.store(steps + i);
    const narrow code = __builtin_convertvector((found + first).lanes, narrow);
    __builtin_memcpy(codes + i, &code, sizeof code);
    inverse_power(found, one_field).store(factors + i);
  }
  return largest_lane(largest);
}
