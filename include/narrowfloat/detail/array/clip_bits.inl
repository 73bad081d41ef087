// Which floats their scales leave as they are, a bit each. No include guard: it is included once in
// each instruction set's region and namespace, where it sees sign_bits() and the loops of
// lanes.inl.

/// The ends of lanes i ... i + lanes - 1.
NF_INLINE words ends_at(const std::uint32_t* ends, std::size_t i, int shift) {
  if (shift == 0) return words::load(ends + i);
  return splat<words>(ends[i >> shift]);
}

/// A sign bit where a magnitude is below its end.
NF_INLINE words below_ends(const words& x, const words& high, const words& low) {
  const words zero(0), sign(binary32::sign_mask), mask(binary32::sign_mask - 1);
  return select_less(x & mask, select_less(x, zero, low, high), sign, zero);
}

/// Writes a bit for each of n floats, the first in the lowest bit: 1 where the magnitude, as bits,
/// is below high[(first + i) >> shift], or low[...] where the sign is set. Bits after the last are
/// 0. `shift` and `first` are as for factors.
inline void clip_bits(const float* in, std::size_t n, std::size_t first, int shift,
                      const std::uint32_t* high, const std::uint32_t* low, std::uint8_t* bits) {
  const auto write = [](std::uint64_t word, std::size_t count, std::uint8_t* to) {
    __builtin_memcpy(to, &word, (count + 7) / 8);
  };
  for (std::size_t i = 0; i < n; i += group, bits += group / 8) {
    std::uint64_t word = 0;
    if (n - i >= group) {
      NF_UNROLL
      for (std::size_t k = 0; k < 4; ++k) {
        const std::size_t at = i + k * lanes;
        const words below = below_ends(words::load(in + at), ends_at(high, first + at, shift),
                                       ends_at(low, first + at, shift));
        word |= static_cast<std::uint64_t>(sign_bits(below)) << (k * lanes);
      }
      write(word, group, bits);
    } else {
      for (std::size_t k = 0; k < n - i; ++k) {
        const std::uint32_t x = __builtin_bit_cast(std::uint32_t, in[i + k]);
        const std::size_t at = (first + i + k) >> shift;
        const std::uint32_t end = (x & binary32::sign_mask) != 0 ? low[at] : high[at];
        word |= static_cast<std::uint64_t>((x & (binary32::sign_mask - 1)) < end) << k;
      }
      write(word, n - i, bits);
    }
  }
}
