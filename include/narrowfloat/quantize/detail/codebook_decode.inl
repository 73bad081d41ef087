// The loops from the codes of a code-book to floats. No include guard: it is included once in each
// instruction set's region and namespace, where it sees `lanes`, few_values, all_values and the
// stores.

/// Values of n codes times a factor: looked up one after the other, multiplied and stored by fours.
NF_INLINE void look_up_each(const codebook_tables& book, const unsigned char* in,
                            unsigned char* out, std::size_t n, float factor) {
  using four = vector<4, float>;
  const float* const value = book.value;
  const four factors{factor, factor, factor, factor};
  std::size_t i = 0;
  for (; n - i >= 8; i += 8) {
    std::uint64_t code = 0;
    __builtin_memcpy(&code, in + i, sizeof code);
    const four first = four{value[code & 255], value[code >> 8 & 255], value[code >> 16 & 255],
                            value[code >> 24 & 255]} *
                       factors;
    const four last = four{value[code >> 32 & 255], value[code >> 40 & 255],
                           value[code >> 48 & 255], value[code >> 56]} *
                      factors;
    __builtin_memcpy(out + 4 * i, &first, sizeof first);
    __builtin_memcpy(out + 4 * i + sizeof first, &last, sizeof last);
  }
  for (; i < n; ++i) {
    const float x = value[in[i]] * factor;
    __builtin_memcpy(out + 4 * i, &x, sizeof x);
  }
}

/// The factors of `group` elements of which `rest` belong to the first block, the others to the
/// next one.
NF_INLINE vector<lanes, float> block_factor(const float* absmax, std::size_t rest, std::size_t k) {
  using floats = vector<lanes, float>;
  constexpr std::uint32_t counted[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  static_assert(lanes <= 16);
  const words place = words::load(counted) + splat<words>(static_cast<std::uint32_t>(k * lanes));
  const floats first = splat_float(absmax[0]), next = splat_float(absmax[1]);
  return floats(select_less(place, splat<words>(static_cast<std::uint32_t>(rest)),
                            words(words::words(first)), words(words::words(next)))
                    .lanes);
}

/// Values times factors: a group whose first `rest` elements are those of one block.
template <class Values>
NF_INLINE void decode_group(const Values& values, const unsigned char* in, unsigned char* out,
                            const float* absmax, std::size_t rest, bool stream) {
  using floats = vector<lanes, float>;
  words found[4] = {words(0), words(0), words(0), words(0)};
  values.find(in, found);
  NF_UNROLL
  for (std::size_t k = 0; k < 4; ++k) {
    floats factor = splat_float(absmax[0]);
    if (rest < group) [[unlikely]]
      factor = block_factor(absmax, rest, k);
    store(out + k * sizeof(words), words(words::words(floats(found[k].lanes) * factor)), stream);
  }
}

/// Decodes n codes in blocks of at least `group` elements. Streaming stores begin where `out` is
/// aligned.
template <class Values>
NF_INLINE void decode_blocks(const Values& values, const codebook_tables& book,
                             const unsigned char* in, unsigned char* out, std::size_t n,
                             const float* absmax, std::size_t block, std::size_t before,
                             bool stream) {
  std::size_t i = 0, rest = block - before;  // elements that are left of the block
  if (stream) {
    const std::size_t head = -reinterpret_cast<std::uintptr_t>(out) % sizeof(words) / 4;
    for (; i < head && i < n; ++i) {
      look_up_each(book, in + i, out + 4 * i, 1, *absmax);
      if (--rest == 0) ++absmax, rest = block;
    }
  }
  for (; n - i >= group; i += group) {
    if (stream) prefetch(in + i + 4096);
    decode_group(values, in + i, out + 4 * i, absmax, rest, stream);
    if (rest > group) {
      rest -= group;
    } else {
      ++absmax;
      rest += block - group;
    }
  }
  if (stream) finish_streaming();
  for (; i < n; ++i) {
    look_up_each(book, in + i, out + 4 * i, 1, *absmax);
    if (--rest == 0) ++absmax, rest = block;
  }
}

/// Writes the values of n codes times their block's absmax. The first block has `before` elements
/// before these. Few and All look up the values of small code-books and of any, or are no_values.
template <class Few, class All>
NF_INLINE void decode_codebook_by(const void* in, void* out, std::size_t n,
                                  const codebook_tables& book, const float* absmax,
                                  std::size_t block, std::size_t before, bool stream) {
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<unsigned char*>(out);
  if constexpr (!std::is_same_v<Few, no_values>) {
    if (book.size <= Few::most && block >= group) {
      decode_blocks(Few(book.value, book.plane), book, source, target, n, absmax, block, before,
                    stream);
      return;
    }
  }
  if constexpr (!std::is_same_v<All, no_values>) {
    if (block >= group) {
      decode_blocks(All(book.value, book.plane), book, source, target, n, absmax, block, before,
                    stream);
      return;
    }
  }
  for (std::size_t done = 0, count = 0; done < n; done += count, ++absmax, before = 0) {
    count = n - done < block - before ? n - done : block - before;
    look_up_each(book, source + done, target + 4 * done, count, *absmax);
  }
}

inline void decode_codebook(const void* in, void* out, std::size_t n, const codebook_tables& book,
                            const float* absmax, std::size_t block, std::size_t before,
                            bool stream) {
  decode_codebook_by<few_values, all_values>(in, out, n, book, absmax, block, before, stream);
}
