// The exponents of blocks that share a power of two. No include guard: it is included once in each instruction set's
// region and namespace, where it sees the loops of lanes.inl.

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
