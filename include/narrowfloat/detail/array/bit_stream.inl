// The loops of the bit stream. No include guard: it is included once in each instruction set's region and
// namespace, where it sees `long_words`.

/// Each Width bytes to a lane of 64 bits, in its low bits. What is above them is not defined; eight bytes are
/// read from the last group.
template <int Width>
NF_INLINE long_words load_groups(const std::uint8_t* from) {
  long_words x;
  if constexpr (Width == 4) {
    vector<lanes / 2, std::uint32_t> groups;
    __builtin_memcpy(&groups, from, sizeof groups);
    x.lanes = __builtin_convertvector(groups, long_words::words);
  } else {
    NF_UNROLL
    for (std::size_t k = 0; k < lanes / 2; ++k) {
      std::uint64_t codes = 0;
      __builtin_memcpy(&codes, from + k * Width, 8);
      x.lanes[k] = codes;
    }
  }
  return x;
}

/// The inverse, from lanes of 8 * Width bits; eight bytes are written of the last group.
template <int Width>
NF_INLINE void store_groups(std::uint8_t* to, const long_words& x) {
  if constexpr (Width == 4) {
    using half = vector<lanes / 2, std::uint32_t>;
    const half groups = __builtin_convertvector(x.lanes, half);
    __builtin_memcpy(to, &groups, sizeof groups);
  } else {
    NF_UNROLL
    for (std::size_t k = 0; k < lanes / 2; ++k) {
      const std::uint64_t codes = x.lanes[k];
      __builtin_memcpy(to + k * Width, &codes, 8);
    }
  }
}

/// Codes that a step must leave behind it, so that what it reads or writes beyond its own lies in the stream.
template <int Width>
inline constexpr std::size_t codes_after = Width == 4 ? 0 : 8 * ((8 + Width - 1) / Width);

/// As pack_eights().
template <int Width>
void pack_array(const void* codes, std::size_t n, std::uint8_t* to) {
  const auto* from = static_cast<const unsigned char*>(codes);
  if constexpr (Width < 8) {
    constexpr std::size_t step = sizeof(long_words), after = codes_after<Width>;
    for (; n >= step + after; n -= step, from += step, to += step / 8 * Width) {
      store_groups<Width>(to, squeeze<Width, 8>(long_words::load(from)));
    }
  }
  pack_eights<Width>(from, n, to);
}

/// As unpack_eights().
template <int Width>
void unpack_array(const std::uint8_t* from, std::size_t n, void* codes) {
  auto* to = static_cast<unsigned char*>(codes);
  if constexpr (Width < 8) {
    constexpr std::size_t step = sizeof(long_words), after = codes_after<Width>;
    for (; n >= step + after; n -= step, to += step, from += step / 8 * Width) {
      spread<Width, 8>(load_groups<Width>(from)).store(to);
    }
  }
  unpack_eights<Width>(from, n, to);
}
