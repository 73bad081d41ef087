// decode_blocks() where one permutation of bytes looks up 64 codes. No include guard: it is
// included in the region and namespace of AVX-512 with VBMI, where it sees byte_table and
// find_codes().

/// As decode_blocks() of decode.inl, for elements that are the upper halves of floats.
template <class Code, factor_kind Kind>
void decode_blocks(const std::uint8_t* codes, std::size_t n, std::size_t place, int shift,
                   const float* first, const float* second, float* out, bool stream) {
  if (Code::width == 4 && shift != 0) {  // there is a better way without look-ups
    avx512::decode_blocks<Code, Kind>(codes, n, place, shift, first, second, out, stream);
    return;
  }
  constexpr std::size_t ahead = 2048;
  const avx512::block_factors<Kind> factors{first, second, shift};
  const byte_table low_bytes(decode_table<Code>.low), high_bytes(decode_table<Code>.high);
  // inlined, so that what it refers to stays in registers
  const auto decode = [&](auto streams) __attribute__((always_inline)) {
    for (std::size_t i = 0; i < n; i += group) {
      if (streams) prefetch(codes + i / 8 * Code::width + ahead);
      const bytes code = unpack_codes<Code::width>(codes + i / 8 * Code::width);
      const bytes low_part = find_codes<Code::width>(low_bytes, code);
      const bytes high_part = find_codes<Code::width>(high_bytes, code);
      NF_UNROLL
      for (std::size_t k = 0; k < 4; ++k) {
        const words x = floats_of_pairs(low_part, high_part, k);
        const words y = factors.times(x, place + i + k * lanes);
        store(reinterpret_cast<unsigned char*>(out + i + k * lanes), y, streams);
      }
    }
  };
  stream ? decode(std::true_type{}) : decode(std::false_type{});
}
