// The search of a code-book. No include guard: it is included once in each instruction set's region
// and namespace, where it sees `lanes`, the edge operations and what convert.inl has.

/// Elements that are searched for together.
inline constexpr std::size_t codebook_tile = 256;

/// The floats of a vector times the reciprocal of absmax, as bitsandbytes limits them.
NF_INLINE words quotient_in_float(const words& x, const vector<lanes, float>& inverse) {
  using floats = vector<lanes, float>;
  const floats one = floats{} + 1.0f, q = floats(x.lanes) * inverse;
  const floats below = q < one ? q : one;
  return words::words(below > -one ? below : -one);
}

/// The buckets of n quotients; each group has a divisor.
NF_INLINE void find_buckets(const codebook_tables& book, const unsigned char* in, std::size_t n,
                            const codebook_divisor* by, std::uint32_t* bucket) {
  using floats = vector<lanes, float>;
  // no product leads out of the table, whatever a caller's options make of it
  const words last = splat<words>(static_cast<std::uint32_t>(book.choice.size() / 2 - 1));
  const int shift = book.shift;
  for (std::size_t i = 0; i < n; ++by) {
    const floats factor = floats{} + by->inverse;
    const words first = splat<words>(by->first);
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k, i += lanes) {
      const words q = words::words(floats(words::load(in + 4 * i).lanes) * factor);
      const words key = (q & words(binary32::sign_mask - 1)) >> shift;
      const words place = smaller(larger(key, first) - first, last);
      ((place << 1) | (q >> 31)).store(bucket + i);
    }
  }
}

/// Codes, and whether any is in doubt: its x so near to its midpoint, which has too many bits for
/// one double, that comparing with the leading ones does not tell.
struct found_codes {
  long_words doubt;

  /// The codes of the values nearest to x, of which each has one midpoint left, times absmax.
  template <codebook_quotient Quotient>
  NF_INLINE words find(const words& x, const std::uint64_t* choice, const doubles& absmax) {
    doubles first, last;
    widen_floats(x, first, last);
    const long_words a = long_words::load(choice), b = long_words::load(choice + lanes / 2);
    const words above = every_second_word(compare<Quotient>(first, a, absmax),
                                          compare<Quotient>(last, b, absmax), false);
    const words codes = every_second_word(a, b, false);
    return (codes ^ ((codes ^ (codes >> 8)) & above)) & words(0xff);
  }

  /// All ones where x is above.
  template <codebook_quotient Quotient>
  NF_INLINE long_words compare(const doubles& x, const long_words& choice, const doubles& absmax) {
    const long_words midpoint(~codebook_tables::code_bits);
    const doubles bound = doubles((choice & midpoint).lanes) * absmax;  // exact: 29 and 24 bits
    if constexpr (Quotient == codebook_quotient::long_midpoints) {
      const doubles margin = doubles{} + 0x1p-26;  // the midpoint was cut by less than 2^-28
      const long_words magnitude(wide<std::uint64_t>::sign_mask - 1);
      const doubles room =
          doubles((long_words(long_words::words(bound)) & magnitude).lanes) * margin;
      const doubles off = doubles((long_words(long_words::words(x - bound)) & magnitude).lanes);
      doubt = doubt | long_words(long_words::words(off < room));
    }
    return long_words::words(x > bound);
  }

  NF_INLINE bool in_doubt() const {
    std::uint64_t any = 0;
    for (std::size_t k = 0; k < lanes / 2; ++k) any |= doubt.lanes[k];
    return any != 0;
  }
};

/// Writes the codes of n floats, one after the other.
template <codebook_quotient Quotient>
NF_INLINE void search_midpoints(const codebook_tables& book, const unsigned char* in,
                                unsigned char* out, std::size_t n, float divisor) {
  const float inverse = reciprocal(divisor);
  for (std::size_t i = 0; i < n; ++i) {
    float x = 0;
    __builtin_memcpy(&x, in + 4 * i, sizeof x);
    if constexpr (Quotient == codebook_quotient::in_float) {
      x *= inverse;
      x = x < 1.0f ? x : 1.0f;
      x = x > -1.0f ? x : -1.0f;
    }
    out[i] = book.code[midpoints_below<Quotient>(book, x, static_cast<double>(divisor))];
  }
}

/// Writes the codes of n floats by the buckets; n is a multiple of `group`, at most codebook_tile,
/// and each group has a divisor.
template <codebook_quotient Quotient>
NF_INLINE void search_buckets(const codebook_tables& book, const unsigned char* in,
                              unsigned char* out, std::size_t n, const codebook_divisor* by) {
  using floats = vector<lanes, float>;
  constexpr bool in_float = Quotient == codebook_quotient::in_float;
  alignas(64) std::uint32_t bucket[codebook_tile];
  alignas(64) std::uint64_t choice[codebook_tile];
  find_buckets(book, in, n, by, bucket);
  // Look-ups alone, with one store each.
  const std::uint64_t* const choices = in_float ? book.rounded_choice.data() : book.choice.data();
#pragma GCC unroll 8
  for (std::size_t i = 0; i < n; ++i) choice[i] = one_by_one(choices[bucket[i]]);
  for (std::size_t i = 0; i < n; i += group, ++by) {
    const doubles factor = doubles{} + static_cast<double>(in_float ? 1.0f : by->divisor);
    found_codes found{long_words(0)};
    words code[4] = {words(0), words(0), words(0), words(0)};
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      const std::size_t at = i + k * lanes;
      words x = words::load(in + 4 * at);
      if constexpr (in_float) x = quotient_in_float(x, floats{} + reciprocal(by->divisor));
      code[k] = found.find<Quotient>(x, choice + at, factor);
    }
    store(out + i, in_order(pack_codes(code[0], code[1], code[2], code[3])), false);
    if constexpr (Quotient == codebook_quotient::long_midpoints) {
      if (found.in_doubt()) [[unlikely]]
        search_midpoints<Quotient>(book, in + 4 * i, out + i, group, by->divisor);
    }
  }
}

/// Writes the codes of n numbers of one block.
template <codebook_quotient Quotient>
NF_INLINE void search_block(const codebook_tables& book, const unsigned char* in,
                            unsigned char* out, std::size_t n, float divisor) {
  constexpr std::size_t groups = codebook_tile / group;
  // the reciprocal of a subnormal float may be too large
  if (book.choice.empty() || divisor < 0x1p-126f) {
    search_midpoints<Quotient>(book, in, out, n, divisor);
    return;
  }
  const codebook_divisor by(book, divisor);
  codebook_divisor divisors[groups];
  for (codebook_divisor& each : divisors) each = by;
  std::size_t done = 0;
  for (std::size_t count = 0; n - done >= group; done += count) {
    count = n - done < codebook_tile ? (n - done) / group * group : codebook_tile;
    search_buckets<Quotient>(book, in + 4 * done, out + done, count, divisors);
  }
  if (done == n) return;
  alignas(64) unsigned char source[4 * group] = {}, target[group];
  copy_bytes<sizeof source>(source, in + 4 * done, 4 * (n - done));
  search_buckets<Quotient>(book, source, target, group, divisors);
  copy_bytes<sizeof target>(out + done, target, n - done);
}

/// The same where other ways to the codes leave them in doubt. A call: it is rare.
__attribute__((noinline, cold)) inline void search_instead(const codebook_tables& book,
                                                           const unsigned char* in,
                                                           unsigned char* out, std::size_t n,
                                                           float divisor) {
  search_block<codebook_quotient::short_midpoints>(book, in, out, n, divisor);
}

/// Writes the codes of the values nearest to n quotients, a divisor a block.
template <codebook_quotient Quotient>
void search_codes(const codebook_tables& book, const unsigned char* in, unsigned char* out,
                  std::size_t n, const float* divisor, std::size_t block) {
  constexpr std::size_t groups = codebook_tile / group;
  const bool whole_groups = block % group == 0 && block < codebook_tile && !book.choice.empty();
  std::size_t done = 0;
  if (whole_groups) {  // a few blocks together
    const std::size_t blocks = codebook_tile / block, tile = blocks * block;
    for (; n - done >= tile; done += tile, divisor += blocks) {
      codebook_divisor each[groups];
      bool normal = true;
      for (std::size_t k = 0, at = 0; k < blocks; ++k) {
        const codebook_divisor by(book, divisor[k]);
        normal = normal && by.divisor >= 0x1p-126f;
        for (std::size_t i = 0; i < block; i += group) each[at++] = by;
      }
      if (!normal) break;
      search_buckets<Quotient>(book, in + 4 * done, out + done, tile, each);
    }
  }
  for (std::size_t count = 0; done < n; done += count, ++divisor) {
    count = n - done < block ? n - done : block;
    search_block<Quotient>(book, in + 4 * done, out + done, count, *divisor);
  }
}

/// Writes the codes of n finite floats in blocks, with a divisor each.
///
/// Requires  |x| <= divisor, a positive finite number; in float at least 1e-38.
inline void encode_codebook(const void* in, void* out, std::size_t n, const codebook_tables& book,
                            const float* divisor, std::size_t block, bool in_float) {
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<unsigned char*>(out);
  if (in_float) {
    search_codes<codebook_quotient::in_float>(book, source, target, n, divisor, block);
  } else if (book.one_part) {
    search_codes<codebook_quotient::short_midpoints>(book, source, target, n, divisor, block);
  } else {
    search_codes<codebook_quotient::long_midpoints>(book, source, target, n, divisor, block);
  }
}
