// The loops between the elements of blocks and floats. No include guard: it is included once in each instruction set's
// region and namespace, where it sees product_of_sum() and the loops of block.inl.

/// The products of floats, rounded to elements, 4 * lanes a step.
template <class Code, class R>
struct block_encoding {
  using rounding_step = conversion<binary32, typename Code::rounded, R>;
  using storing_step = conversion<binary32, typename Code::stored, R>;
  static constexpr std::size_t out_bytes = storing_step::out_bytes;
  rounding_step step;
  words most_negative;
  bool above_zero;

  NF_INLINE words product(const words& x, const words& factor) const {
    return above_zero ? block_product_above_zero{}(x, factor) : block_product{}(x, factor);
  }
  NF_INLINE void operator()(const float* in, const float* factors, std::size_t i, int shift,
                            const unsigned char* random, unsigned char* out) const {
    unsigned_code<words> x[4];
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      const words y =
          product(words::load(in + k * lanes), factors_at(factors, i + k * lanes, shift));
      x[k] = element_code<Code>(step.transcoded(y, step.random_part(random, k)), most_negative);
    }
    storing_step::store_all(out, x, false);
  }
};

/// The same for each of n elements by the scalar formula.
template <class Code, class R>
void encode_each(const float* in, std::size_t n, std::size_t first, int shift, const float* factors,
                 bool above_zero, const R& rounding, saturates policy, std::uint32_t most_negative,
                 unsigned char* out) {
  using to = typename Code::rounded;
  using W = word_for<binary32, to, R::random_bits>;
  const bounds<W> bound = bounds_for<to, R::rule, R::random_bits, W>(policy);
  for (std::size_t i = 0; i < n; ++i) {
    float y = 0;
    multiply_blocks(in + i, 1, first + i, shift, factors, above_zero, &y);
    const auto x =
        element_code<Code, W>(transcode<binary32, to, R::rule, R::random_bits, W>(
                                  __builtin_bit_cast(std::uint32_t, y), rounding.word(i), bound),
                              most_negative);
    const auto code = static_cast<code_for<typename Code::stored>>(
        join_sign<typename Code::stored>(x.magnitude, x.sign));
    __builtin_memcpy(out + i * sizeof code, &code, sizeof code);
  }
}

/// Rounds the products of n floats, at most 1024, to elements, each in a code of whole bytes; element i takes the random
/// bits i of `rounding`. `above_zero` as block_product_above_zero.
template <class Code, class R>
void encode_blocks(const float* in, std::size_t n, std::size_t first, int shift,
                   const float* factors, bool above_zero, const R& rounding, saturates policy,
                   std::uint32_t most_negative, void* out) {
  auto* const target = static_cast<unsigned char*>(out);
  if constexpr (!has_vector_formula<binary32, typename Code::rounded, R::random_bits>()) {
    encode_each<Code>(in, n, first, shift, factors, above_zero, rounding, policy, most_negative,
                      target);
  } else {
    using encoding = block_encoding<Code, R>;
    constexpr std::size_t random_bytes = encoding::rounding_step::random_bytes;
    const encoding step{typename encoding::rounding_step(policy), splat<words>(most_negative),
                        above_zero};
    std::uint32_t buffer[random_bytes == 0 ? 1 : 1024 + 8 * lanes];
    const unsigned char* random = nullptr;
    if constexpr (random_bytes != 0) random = draw(rounding, 0, n, buffer);
    std::size_t i = 0;
    for (; n - i >= group; i += group) {
      NF_UNROLL
      for (std::size_t k = 0; k < group; k += 16) {
        prefetch(reinterpret_cast<const unsigned char*>(in + i + k) + tile_bytes);
      }
      step(in + i, factors, first + i, shift, random + i * random_bytes,
           target + i * encoding::out_bytes);
    }
    if (i == n) return;
    float x[group] = {}, factor[group] = {};
    unsigned char codes[group * encoding::out_bytes];
    __builtin_memcpy(x, in + i, (n - i) * sizeof(float));
    for (std::size_t k = 0; k < n - i; ++k) factor[k] = factors[(first + i + k) >> shift];
    step(x, factor, 0, 0, random + i * random_bytes, codes);
    __builtin_memcpy(target + i * encoding::out_bytes, codes, (n - i) * encoding::out_bytes);
  }
}

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

/// A pack of elements times their factors, high + low if Split, rounded once.
template <bool Split>
NF_INLINE words times_factors(const words& x, const float* high, const float* low, std::size_t i,
                              int shift) {
  using floats = vector<lanes, float>;
  const words factor = factors_at(high, i, shift);
  if constexpr (Split) return product_of_sum(x, factor, factors_at(low, i, shift));
  return (words::words)((floats)x.lanes * (floats)factor.lanes);
}

/// Decodes n codes of the bit stream, a multiple of 4 * lanes, and multiplies them by their factors, high + low if
/// Split, rounded once. Codes of more than 8 bits are in units. Streaming stores need an `out` that is aligned to a
/// vector, and in the end finish_streaming().
template <class Code, bool Split>
void decode_blocks(const std::uint8_t* codes, std::size_t n, std::size_t first, int shift,
                   const float* high, const float* low, float* out, bool stream) {
  constexpr std::size_t unit_bytes = sizeof(code_unit<Code::width>);
  for (std::size_t i = 0; i < n; i += group) {
    alignas(64) unsigned char buffer[group];
    const unsigned char* from = codes + i * unit_bytes;
    if constexpr (Code::width < 8) {
      spread<Code::width, 8>(load_groups<Code::width>(codes + i / 8 * Code::width)).store(buffer);
      from = buffer;
    }
    words x[4];
    decode_pair<Code>(from, x[0], x[1]);
    decode_pair<Code>(from + 2 * lanes * unit_bytes, x[2], x[3]);
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      const words y = times_factors<Split>(x[k], high, low, first + i + k * lanes, shift);
      store(reinterpret_cast<unsigned char*>(out + i + k * lanes), y, stream);
    }
  }
}

/// Copies n floats, whole packs, past the caches to where packs are aligned; in the end finish_streaming().
inline void stream_floats(const float* in, std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; i += lanes) {
    store(reinterpret_cast<unsigned char*>(out + i), words::load(in + i), true);
  }
}
inline void end_streaming() { finish_streaming(); }
