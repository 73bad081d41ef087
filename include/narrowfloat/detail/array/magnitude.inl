// The largest magnitudes of arrays and of the groups that share a scale. No include guard: it is
// included once in each instruction set's region and namespace, where it sees the loops of
// lanes.inl.

/// The largest magnitude, as bits, of n codes whose magnitudes are the bits of `mask`; a NaN is
/// larger than Inf. If NanIsNegativeZero, the sign alone is NaN, and the largest.
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

/// Joins the magnitudes, as bits, of rows of n floats, which begin `leading` floats apart, to those
/// of their columns, amax[i]; those above `limit` count as 0.
inline void join_rows(const float* in, std::size_t rows, std::size_t leading, std::size_t n,
                      std::uint32_t limit, std::uint32_t* amax) {
  constexpr std::size_t together = 4;  // rows that are read side by side
  const words most = splat<words>(limit);
  for (; rows != 0;) {
    const std::size_t count = rows < together ? 1 : together;
    std::size_t i = 0;
    for (; n - i >= lanes; i += lanes) {
      words x = magnitudes_up_to(in + i, most);
      if (count == together) {
        NF_UNROLL
        for (std::size_t k = 1; k < together; ++k)
          x = larger(x, magnitudes_up_to(in + k * leading + i, most));
      }
      larger(words::load(amax + i), x).store(amax + i);
    }
    for (; i < n; ++i) {
      for (std::size_t k = 0; k < count; ++k)
        amax[i] = larger<std::uint32_t>(amax[i], magnitude_up_to(in[k * leading + i], limit));
    }
    rows -= count;
    in += count * leading;
  }
}

/// Joins those of n floats to the largest of one block.
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
  if (i != n && n >= lanes) {  // some of them once more
    joined = larger(joined, magnitudes_up_to(in + n - lanes, most));
    i = n;
  }
  if (i != 0) amax = larger<std::uint32_t>(amax, largest_lane(joined));
  for (; i < n; ++i) amax = larger<std::uint32_t>(amax, magnitude_up_to(in[i], limit));
  return amax;
}

/// The larger one of each two lanes, of two packs.
NF_INLINE words larger_of_pairs(const words& a, const words& b) {
  return larger(every_second_lane(a, b, false), every_second_lane(a, b, true));
}

/// Joins the magnitudes of `lanes` whole blocks of so many packs; Packs is their number where that
/// is known, else 0.
template <std::size_t Packs>
NF_INLINE void join_whole(const float* in, std::size_t packs_of_block, std::uint32_t* amax) {
  const std::size_t packs = Packs != 0 ? Packs : packs_of_block;
  const words mask(binary32::sign_mask - 1);
  words all[lanes];
  NF_UNROLL
  for (std::size_t k = 0; k < lanes; ++k) {
    const float* const block = in + k * packs * lanes;
    words most = words::load(block) & mask;
    if constexpr (Packs != 0) {
      NF_UNROLL
      for (std::size_t i = 1; i < Packs; ++i)
        most = larger(most, words::load(block + i * lanes) & mask);
    } else {
      for (std::size_t i = 1; i < packs; ++i)
        most = larger(most, words::load(block + i * lanes) & mask);
    }
    all[k] = most;
  }
  NF_UNROLL
  for (std::size_t n = lanes / 2; n != 0; n /= 2) {
    NF_UNROLL
    for (std::size_t k = 0; k < n; ++k) all[k] = larger_of_pairs(all[2 * k], all[2 * k + 1]);
  }
  larger(words::load(amax), all[0]).store(amax);
}
/// Joins those of all `lanes` whole blocks that n floats have; returns how many floats these were.
template <std::size_t Packs>
NF_INLINE std::size_t join_all_whole(const float* in, std::size_t n, std::size_t packs,
                                     std::uint32_t* amax) {
  const std::size_t size = lanes * lanes * (Packs != 0 ? Packs : packs);
  std::size_t i = 0;
  for (; n - i >= size; i += size, amax += lanes) join_whole<Packs>(in + i, packs, amax);
  return i;
}

/// Joins the magnitudes, as bits, of n floats to their blocks' largest, amax[(first + i) / width];
/// those above `limit` count as 0. NaN is larger than Inf.
inline void join_magnitudes(const float* in, std::size_t n, std::size_t first, std::size_t width,
                            std::uint32_t limit, std::uint32_t* amax) {
  if (width == 1) {
    join_rows(in, 1, 0, n, limit, amax + first);
    return;
  }
  amax += first / width;
  std::size_t rest_of_block = width - first % width, i = 0;
  if (width % lanes == 0 && rest_of_block == width && limit == binary32::sign_mask - 1) {
    const std::size_t packs = width / lanes;
    i = packs == 1   ? join_all_whole<1>(in, n, packs, amax)
        : packs == 2 ? join_all_whole<2>(in, n, packs, amax)
                     : join_all_whole<0>(in, n, packs, amax);
    amax += i / width;
  }
  for (; i < n; ++amax) {
    const std::size_t end = n - i < rest_of_block ? n : i + rest_of_block;
    *amax = joined_block(in + i, end - i, limit, *amax);
    i = end;
    rest_of_block = width;
  }
}
