// The largest magnitudes of arrays and of the groups that share a scale. No include guard: it is included once in each
// instruction set's region and namespace, where it sees the loops of lanes.inl.

/// The largest magnitude, as bits, of n codes whose magnitudes are the bits of `mask`; a NaN is larger than Inf. If
/// NanIsNegativeZero, the sign alone is NaN, and the largest.
template <class Word, bool NanIsNegativeZero>
Word largest_code(const void* in, std::size_t n, Word mask) {
  constexpr std::size_t count = sizeof(words) / sizeof(Word);
  using pack_type = pack<count, Word>;
  const auto* source = static_cast<const unsigned char*>(in);
  const auto sign = static_cast<Word>(mask + 1);
  const pack_type masks = splat<pack_type>(mask), signs = splat<pack_type>(sign);
  const auto magnitudes = [&](std::size_t i) __attribute__((always_inline)) {
    const pack_type x = pack_type::load(source + i * sizeof(Word));
    return NanIsNegativeZero ? select_equal(x, signs, signs, x & masks) : x & masks;
  };
  pack_type most[4] = {pack_type(0), pack_type(0), pack_type(0), pack_type(0)};
  std::size_t i = 0;
  for (; n - i >= 4 * count; i += 4 * count) {
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) most[k] = larger_lanes(most[k], magnitudes(i + k * count));
  }
  for (; n - i >= count; i += count) most[0] = larger_lanes(most[0], magnitudes(i));
  if (i != n && n >= count) {  // some of them once more
    most[1] = larger_lanes(most[1], magnitudes(n - count));
    i = n;
  }
  Word result =
      largest_lane(larger_lanes(larger_lanes(most[0], most[1]), larger_lanes(most[2], most[3])));
  for (; i < n; ++i) {
    Word x = 0;
    __builtin_memcpy(&x, source + i * sizeof x, sizeof x);
    if (!NanIsNegativeZero || x != sign) x = static_cast<Word>(x & mask);
    result = result < x ? x : result;
  }
  return result;
}

/// Of floats or doubles.
template <class Word>
Word largest_magnitude(const void* in, std::size_t n) {
  return largest_code<Word, false>(in, n, wide<Word>::sign_mask - 1);
}

NF_INLINE std::uint32_t magnitude_up_to(float x, std::uint32_t limit) {
  const std::uint32_t value = __builtin_bit_cast(std::uint32_t, x) & (binary32::sign_mask - 1);
  return value > limit ? 0 : value;
}

NF_INLINE words magnitudes_up_to(const float* in, const words& limit) {
  const words value = words::load(in) & words(binary32::sign_mask - 1);
  return select_less(limit, value, words(0), value);
}

/// Joins the magnitudes, as bits, of n floats to their own, amax[i]; those above `limit` count as 0.
NF_INLINE void join_each(const float* in, std::size_t n, std::uint32_t limit, std::uint32_t* amax) {
  const words most = splat<words>(limit);
  std::size_t i = 0;
  for (; n - i >= lanes; i += lanes)
    larger(words::load(amax + i), magnitudes_up_to(in + i, most)).store(amax + i);
  for (; i < n; ++i) amax[i] = larger<std::uint32_t>(amax[i], magnitude_up_to(in[i], limit));
}

/// The same for one block.
NF_INLINE std::uint32_t joined_block(const float* in, std::size_t n, std::uint32_t limit,
                                     std::uint32_t amax) {
  const words most = splat<words>(limit);
  words joined(0);
  std::size_t i = 0;
  if (n >= 4 * lanes) {
    words all[4] = {magnitudes_up_to(in, most), magnitudes_up_to(in + lanes, most),
                    magnitudes_up_to(in + 2 * lanes, most), magnitudes_up_to(in + 3 * lanes, most)};
    for (i = 4 * lanes; n - i >= 4 * lanes; i += 4 * lanes) {
      NF_UNROLL
      for (std::size_t k = 0; k < 4; ++k)
        all[k] = larger(all[k], magnitudes_up_to(in + i + k * lanes, most));
    }
    joined = larger(larger(all[0], all[1]), larger(all[2], all[3]));
  }
  for (; n - i >= lanes; i += lanes) joined = larger(joined, magnitudes_up_to(in + i, most));
  if (i != 0) amax = larger<std::uint32_t>(amax, largest_lane(joined));
  for (; i < n; ++i) amax = larger<std::uint32_t>(amax, magnitude_up_to(in[i], limit));
  return amax;
}

/// The larger one of each two lanes, of two packs.
NF_INLINE words larger_of_pairs(const words& a, const words& b) {
  const long_words first = (long_words::words)a.lanes, last = (long_words::words)b.lanes;
  return larger(every_second_word(first, last, false), every_second_word(first, last, true));
}

/// Joins the magnitudes of `lanes` whole blocks.
NF_INLINE void join_whole(const float* in, std::size_t width, std::uint32_t* amax) {
  const words mask(binary32::sign_mask - 1);
  words all[lanes];
  NF_UNROLL
  for (std::size_t k = 0; k < lanes; ++k) {
    const float* const block = in + k * width;
    words most = words::load(block) & mask;
    for (std::size_t i = lanes; i < width; i += lanes)
      most = larger(most, words::load(block + i) & mask);
    all[k] = most;
  }
  NF_UNROLL
  for (std::size_t packs = lanes / 2; packs != 0; packs /= 2) {
    NF_UNROLL
    for (std::size_t k = 0; k < packs; ++k) all[k] = larger_of_pairs(all[2 * k], all[2 * k + 1]);
  }
  larger(words::load(amax), all[0]).store(amax);
}

/// Joins the magnitudes, as bits, of n floats to their blocks' largest, amax[(first + i) / width]; those above `limit`
/// count as 0. NaN is larger than Inf.
inline void join_magnitudes(const float* in, std::size_t n, std::size_t first, std::size_t width,
                            std::uint32_t limit, std::uint32_t* amax) {
  if (width == 1) {
    join_each(in, n, limit, amax + first);
    return;
  }
  amax += first / width;
  std::size_t rest_of_block = width - first % width, i = 0;
  if (width % lanes == 0 && rest_of_block == width && limit == binary32::sign_mask - 1) {
    for (; n - i >= lanes * width; i += lanes * width, amax += lanes)
      join_whole(in + i, width, amax);
  }
  for (; i < n; ++amax) {
    const std::size_t end = n - i < rest_of_block ? n : i + rest_of_block;
    *amax = joined_block(in + i, end - i, limit, *amax);
    i = end;
    rest_of_block = width;
  }
}
