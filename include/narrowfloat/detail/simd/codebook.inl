// The search of a code-book. No include guard: it is included once in each instruction set's region and
// namespace, where it sees `lanes`, the edge operations and what convert.inl has.

/// Elements that are searched for together.
inline constexpr std::size_t codebook_piece = 256;

/// The floats of a vector times the reciprocal of absmax, as bitsandbytes limits them.
NF_INLINE words quotient_in_float(const words& x, const vector<lanes, float>& inverse) {
  using floats = vector<lanes, float>;
  const floats one = floats{} + 1.0f, q = (floats)x.lanes * inverse;
  const floats below = q < one ? q : one;
  return (words::words)(below > -one ? below : -one);
}

/// The buckets of n quotients; each group has a divisor.
NF_INLINE void find_buckets(const codebook_tables& book, const unsigned char* in, std::size_t n,
                            const float* divisor, std::uint32_t* bucket) {
  using floats = vector<lanes, float>;
  const words first = splat<words>(book.first);
  // no product leads out of the table, whatever a caller's options make of it
  const words last = splat<words>(static_cast<std::uint32_t>(book.choice.size() / 2 - 1));
  const int shift = book.shift;
  for (std::size_t i = 0; i < n; ++divisor) {
    const floats inverse = floats{} + reciprocal(*divisor);
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k, i += lanes) {
      const words q = (words::words)((floats)words::load(in + 4 * i).lanes * inverse);
      const words key = (q & words(binary32::sign_mask - 1)) >> shift;
      const words place = smaller(larger(key, first) - first, last);
      ((place << 1) | (q >> 31)).store(bucket + i);
    }
  }
}

/// The codes of the values nearest to x, of which each has one midpoint left, times absmax.
NF_INLINE words codes_of(const words& x, const std::uint64_t* choice, const doubles& absmax) {
  doubles first, last;
  widen_floats(x, first, last);
  const long_words a = long_words::load(choice), b = long_words::load(choice + lanes / 2);
  const long_words midpoint(~codebook_tables::code_bits);
  // Both are exact: 29 and 24 bits.
  const doubles first_bound = (doubles)(a & midpoint).lanes * absmax;
  const doubles last_bound = (doubles)(b & midpoint).lanes * absmax;
  const words above = every_second_word(long_words((long_words::words)(first > first_bound)),
                                        long_words((long_words::words)(last > last_bound)), false);
  const words codes = every_second_word(a, b, false);
  return (codes ^ ((codes ^ (codes >> 8)) & above)) & words(0xff);
}

/// Writes the codes of n floats; n is a multiple of `group`, at most codebook_piece, and each group has a divisor.
template <bool InFloat>
NF_INLINE void search_buckets(const codebook_tables& book, const unsigned char* in,
                              unsigned char* out, std::size_t n, const float* divisor) {
  using floats = vector<lanes, float>;
  alignas(64) std::uint32_t bucket[codebook_piece];
  alignas(64) std::uint64_t choice[codebook_piece];
  find_buckets(book, in, n, divisor, bucket);
  // Look-ups alone, with one store each.
  const std::uint64_t* const choices = InFloat ? book.rounded_choice.data() : book.choice.data();
#pragma GCC unroll 8
  for (std::size_t i = 0; i < n; ++i) choice[i] = choices[one_by_one(bucket[i])];
  for (std::size_t i = 0; i < n; i += group, ++divisor) {
    const doubles factor = doubles{} + static_cast<double>(InFloat ? 1.0f : *divisor);
    words code[4] = {words(0), words(0), words(0), words(0)};
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      const std::size_t at = i + k * lanes;
      words x = words::load(in + 4 * at);
      if constexpr (InFloat) x = quotient_in_float(x, floats{} + reciprocal(*divisor));
      code[k] = codes_of(x, choice + at, factor);
    }
    store(out + i, in_order(pack_codes(code[0], code[1], code[2], code[3])), false);
  }
}

/// The same without buckets, for any n.
template <codebook_quotient Quotient>
NF_INLINE void search_midpoints(const codebook_tables& book, const unsigned char* in,
                                unsigned char* out, std::size_t n, float divisor) {
  const float inverse = reciprocal(divisor);
  for (std::size_t i = 0; i < n; ++i) {
    float x = 0;
    __builtin_memcpy(&x, in + 4 * i, sizeof x);
    if constexpr (Quotient == codebook_quotient::in_float) x *= inverse;
    out[i] = book.code[midpoints_below<Quotient>(book, x, divisor)];
  }
}

/// Writes the codes of n numbers of one block.
template <codebook_quotient Quotient>
NF_INLINE void search_block(const codebook_tables& book, const unsigned char* in,
                            unsigned char* out, std::size_t n, float divisor) {
  constexpr std::size_t groups = codebook_piece / group;
  // the reciprocal of a subnormal float may be too large
  if (Quotient == codebook_quotient::long_midpoints || book.choice.empty() || divisor < 0x1p-126f) {
    search_midpoints<Quotient>(book, in, out, n, divisor);
    return;
  }
  constexpr bool in_float = Quotient == codebook_quotient::in_float;
  float divisors[groups];
  for (float& each : divisors) each = divisor;
  std::size_t done = 0;
  for (std::size_t count = 0; n - done >= group; done += count) {
    count = n - done < codebook_piece ? (n - done) / group * group : codebook_piece;
    search_buckets<in_float>(book, in + 4 * done, out + done, count, divisors);
  }
  if (done == n) return;
  alignas(64) unsigned char source[4 * group] = {}, target[group];
  copy_bytes<sizeof source>(source, in + 4 * done, 4 * (n - done));
  search_buckets<in_float>(book, source, target, group, divisors);
  copy_bytes<sizeof target>(out + done, target, n - done);
}

/// Writes the codes of the values nearest to n quotients, a divisor a block.
template <codebook_quotient Quotient>
void search_codes(const codebook_tables& book, const unsigned char* in, unsigned char* out,
                  std::size_t n, const float* divisor, std::size_t block) {
  constexpr bool in_float = Quotient == codebook_quotient::in_float;
  constexpr std::size_t groups = codebook_piece / group;
  const bool whole_groups = block % group == 0 && block < codebook_piece && !book.choice.empty() &&
                            Quotient != codebook_quotient::long_midpoints;
  std::size_t done = 0;
  if (whole_groups) {  // a few blocks together
    const std::size_t blocks = codebook_piece / block, piece = blocks * block;
    for (; n - done >= piece; done += piece, divisor += blocks) {
      float each[groups];
      bool normal = true;
      for (std::size_t k = 0; k < piece / group; ++k) {
        each[k] = divisor[k * group / block];
        normal = normal && each[k] >= 0x1p-126f;
      }
      if (!normal) break;
      search_buckets<in_float>(book, in + 4 * done, out + done, piece, each);
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
