// The loops of the bit stream. No include guard: it is included once in each instruction set's
// region and namespace, where it sees `long_words`.

/// Each Width bytes to a lane of 64 bits, in its low bits. What is above them is not defined; eight
/// bytes are read from the last group.
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

/// 4 * lanes codes of the bit stream, one a byte; reads as load_groups(). Sixes is a parameter so
/// that its functions need not be there where nothing instantiates them.
template <int Width, class Sixes = six_bit_codes>
NF_INLINE bytes unpack_group(const std::uint8_t* from) {
  if constexpr (Width == 6 && !std::is_same_v<Sixes, no_values>) {
    return Sixes::unpacked(from);
  } else {
    return spread<Width, 8>(load_groups<Width>(from)).template as<std::uint8_t>();
  }
}

/// The first Part of each Whole bytes, side by side within every 16 bytes.
template <std::size_t Part, std::size_t Whole, std::size_t... I>
NF_INLINE bytes first_parts(const bytes& x, std::index_sequence<I...>) {
  constexpr auto place = [](std::size_t i) {
    const std::size_t k = i % 16, from = k / Part * Whole + k % Part;
    return static_cast<int>(i - k + (from < 16 ? from : 15));
  };
  return __builtin_shufflevector(x.lanes, x.lanes, place(I)...);
}

/// A pack of codes, of which those in 16 bytes are packed into the first 2 * Width of these.
template <int Width>
NF_INLINE bytes packed_lanes(const unsigned char* codes) {
  constexpr std::make_index_sequence<sizeof(words)> every_byte;
  if constexpr (Width == 6) {  // 2^6 of one code, then 2^12 of two: products that add up neighbours
    const halves pairs = byte_products(bytes::load(codes), halves(0x4001).as<std::uint8_t>());
    const words fours = pair_products(pairs.as<std::uint32_t>(), words(0x10000001));
    return first_parts<3, 4>(fours.as<std::uint8_t>(), every_byte);
  } else {
    const long_words eights = squeeze<Width, 8>(long_words::load(codes));
    return first_parts<Width, 8>(eights.as<std::uint8_t>(), every_byte);
  }
}

/// Codes that a step must leave behind it, so that what it reads or writes beyond its own lies in
/// the stream.
template <int Width>
inline constexpr std::size_t codes_after = Width == 4 ? 0 : 8 * ((16 - Width) / Width);

/// Packs as many codes as a pack has bytes; Width 4 apart, 16 - 2 * Width bytes more are written.
template <int Width>
NF_INLINE void pack_step(const unsigned char* codes, std::uint8_t* to) {
  if constexpr (Width == 4) {
    using half = vector<sizeof(words) / 2, std::uint8_t>;
    const halves x = halves::load(codes);
    const half nibbles = __builtin_convertvector((x | (x >> 4)).lanes, half);
    __builtin_memcpy(to, &nibbles, sizeof nibbles);
  } else {
    const bytes packed = packed_lanes<Width>(codes);
    NF_UNROLL
    for (std::size_t k = 0; k < sizeof(packed) / 16; ++k)
      __builtin_memcpy(to + k * 2 * Width,
                       reinterpret_cast<const unsigned char*>(&packed.lanes) + 16 * k, 16);
  }
}

/// As pack_eights().
template <int Width>
void pack_array(const void* codes, std::size_t n, std::uint8_t* to) {
  const auto* from = static_cast<const unsigned char*>(codes);
  if constexpr (Width < 8) {
    constexpr std::size_t step = sizeof(words), after = codes_after<Width>;
    for (; n >= step + after; n -= step, from += step, to += step / 8 * Width)
      pack_step<Width>(from, to);
    if (n >= step && after != 0) {
      std::uint8_t last[step / 8 * Width + 16];
      pack_step<Width>(from, last);
      __builtin_memcpy(to, last, step / 8 * Width);
      n -= step, from += step, to += step / 8 * Width;
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
      unpack_group<Width>(from).store(to);
    }
  }
  unpack_eights<Width>(from, n, to);
}
