// Elements times their factors to floats. No include guard: it is included once in each instruction
// set's region and namespace, where it sees product_of_sum(), nibble_choice and the loops of
// bit_stream.inl, widen.inl and factors.inl.

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

/// Multiplies packs of elements by the factors of their blocks.
template <factor_kind Kind>
struct block_factors {
  const float *first, *second;
  int shift;
  words last = words(words::words(splat_float(Kind == factor_kind::two ? *second : 1.0f)));

  /// Elements i ... i + lanes - 1.
  NF_INLINE words times(const words& x, std::size_t i) const {
    using floats = vector<lanes, float>;
    const words factor = factors_at(first, i, shift);
    if constexpr (Kind == factor_kind::sum)
      return product_of_sum(x, factor, factors_at(second, i, shift));
    const words product = words::words(floats(x.lanes) * floats(factor.lanes));
    if constexpr (Kind == factor_kind::one) return product;
    // opaque: -ffast-math might multiply the two factors first
    return words::words(floats(opaque(product).lanes) * floats(last.lanes));
  }
};

/// decode_blocks() for codes of 4 bits in blocks of 16 or more: these choose among the products of
/// all 16 values.
template <class Choice, class Code, factor_kind Kind>
NF_INLINE void decode_nibbles(const block_factors<Kind>& factors, const std::uint8_t* codes,
                              std::size_t n, std::size_t place, float* out, bool stream) {
  constexpr std::size_t parts = 16 / lanes, ahead = 2048;
  const std::uint32_t* const values = nibble_values<Code>.value;
  // inlined, so that what it refers to stays in registers
  const auto decode = [&](auto streams) __attribute__((always_inline)) {
    for (std::size_t i = 0; i < n; i += group) {
      if (streams) prefetch(codes + i / 2 + ahead);
      NF_UNROLL
      for (std::size_t k = i; k < i + group; k += 16) {
        words products[parts];
        NF_UNROLL
        for (std::size_t j = 0; j < parts; ++j)
          products[j] = factors.times(words::load(values + j * lanes), place + k);
        NF_UNROLL
        for (std::size_t j = k; j < k + 16; j += lanes)
          store(reinterpret_cast<unsigned char*>(out + j), Choice::of(products, codes + j / 2),
                streams);
      }
    }
  };
  stream ? decode(std::true_type{}) : decode(std::false_type{});
}

/// Decodes n codes of the bit stream, a multiple of 4 * lanes, and multiplies them by their
/// factors, of which `second` has those that are not the first ones. Codes of more than 8 bits are
/// in units. Streaming stores need an `out` that is aligned to a vector, and in the end
/// finish_streaming().
template <class Code, factor_kind Kind>
void decode_blocks(const std::uint8_t* codes, std::size_t n, std::size_t place, int shift,
                   const float* first, const float* second, float* out, bool stream) {
  const block_factors<Kind> factors{first, second, shift};
  constexpr std::size_t unit_bytes = sizeof(code_unit<Code::width>), ahead = 2048;
  if constexpr (Code::width == 4 && !std::is_same_v<nibble_choice, no_values>) {
    if (shift != 0) {
      decode_nibbles<nibble_choice, Code>(factors, codes, n, place, out, stream);
      return;
    }
  }
  // inlined, so that what it refers to stays in registers
  const auto decode = [&](auto streams) __attribute__((always_inline)) {
    for (std::size_t i = 0; i < n; i += group) {
      if (streams) prefetch(codes + i / 8 * Code::width + ahead);
      alignas(64) unsigned char buffer[group];
      const unsigned char* from = codes + i * unit_bytes;
      if constexpr (Code::width < 8) {
        unpack_group<Code::width>(codes + i / 8 * Code::width).store(buffer);
        from = buffer;
      }
      words x[4];
      decode_pair<Code>(from, x[0], x[1]);
      decode_pair<Code>(from + 2 * lanes * unit_bytes, x[2], x[3]);
      NF_UNROLL
      for (std::size_t k = 0; k < 4; ++k) {
        // opaque: -ffast-math might multiply the factor by a power of two of the decoding first
        const words y = factors.times(opaque(x[k]), place + i + k * lanes);
        store(reinterpret_cast<unsigned char*>(out + i + k * lanes), y, streams);
      }
    }
  };
  stream ? decode(std::true_type{}) : decode(std::false_type{});
}
