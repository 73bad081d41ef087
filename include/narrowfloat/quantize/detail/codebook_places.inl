// The codes of code-books that need no search. No include guard: it is included once in each
// instruction set's region and namespace, where it sees `lanes`, the edge operations and what
// codebook_search.inl has.

/// Finds the codes of a dynamic code-book for one absmax (codebook_decades). The quotient is within
/// 2^-23 of the exact one; what lies so near to a midpoint that this matters is in doubt.
struct decade_step {
  using floats = vector<lanes, float>;
  floats offset;
  words smallest, doubt;
  nibble_floats edges, slopes;
  bytes up, down, left_out;

  NF_INLINE explicit decade_step(const codebook_tables& book)
      : offset(splat_float(book.decades.offset)),
        smallest(splat<words>(__builtin_bit_cast(std::uint32_t, codebook_decades::least))),
        doubt(splat<words>(book.decades.doubt - 1)),
        edges(reinterpret_cast<const float*>(book.decades.edge)),
        slopes(book.decades.slope),
        up(splat<bytes>(book.decades.up)),
        down(splat<bytes>(book.decades.down)),
        left_out(splat<bytes>(book.decades.left_out)) {}

  /// What a block has of its own, and that in registers.
  struct of_block {
    float inverse;
  };
  struct constants {
    floats inverse;
    NF_INLINE explicit constants(const of_block& from) : inverse(splat_float(from.inverse)) {}
  };
  NF_INLINE void prepare(float absmax, of_block& to) const { to.inverse = reciprocal(absmax); }

  /// Whether the codes are certain. Four packs side by side, each operation of all of them: no
  /// processor has to look far ahead.
  NF_INLINE bool find(const constants& block, const unsigned char* in, unsigned char* out) const {
    constexpr std::uint32_t four = 0x40800000, below_eight = 0x40ffffff, one_step = 0x00800000;
    words x[4] = {words(0), words(0), words(0), words(0)};
    words q[4] = {words(0), words(0), words(0), words(0)};
    words decade[4] = {words(0), words(0), words(0), words(0)};
    words past[4] = {words(0), words(0), words(0), words(0)};
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) x[k] = words::load(in + k * sizeof(words));
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k)
      q[k] = magnitudes_from(words::words(floats(x[k].lanes) * block.inverse), smallest);
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) decade[k] = edges.of(q[k] >> 24);
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) past[k] = q[k] - decade[k];
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) decade[k] = decade[k] - (past[k] >> 31);
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      const floats slope = floats(slopes.of(decade[k]).lanes);
      q[k] = words::words(multiply_add(floats(q[k].lanes), slope, offset));
    }
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k)
      q[k] = turned_left(smaller(q[k], words(below_eight)) - words(four - one_step), decade[k]);
    const bytes all = low_bytes(q);
    const bytes code = select_less(sign_bytes(x), bytes(0), saturated_difference(down, all),
                                   saturated_difference(all + up, left_out));
    store(out, in_order(code), false);
    const words midpoint = least(least(q[0], q[1]), least(q[2], q[3]));
    const words edge = least(least(past[0], past[1]), least(past[2], past[3]));
    const words at_edge(codebook_decades::doubt_at_edge);
    return !static_cast<bool>(static_cast<int>(is_any_up_to(midpoint, doubt)) |
                              static_cast<int>(is_any_up_to(edge, at_edge)));
  }
};

/// Finds the codes of a code-book of up to 16 values for one absmax (codebook_cells). x is above
/// midpoint * absmax where it is above that product, which doubles hold, rounded down to a float.
template <class Bounds, class Codes>
struct cell_step {
  using floats = vector<lanes, float>;
  static constexpr std::size_t edge_packs = 16 / lanes, cell_packs = 32 / lanes;
  const codebook_cells& cells;
  Codes codes;

  NF_INLINE explicit cell_step(const codebook_tables& book)
      : cells(book.cells), codes(book.cells.code) {}

  /// What a block has of its own, and that in registers.
  struct of_block {
    words bounds[cell_packs];
    float factor;
  };
  struct constants {
    Bounds bounds;
    floats factor;
    NF_INLINE explicit constants(const of_block& from)
        : bounds(from.bounds), factor(splat_float(from.factor)) {}
  };
  NF_INLINE void prepare(float absmax, of_block& to) const {
    const doubles scale = splat_double(static_cast<double>(absmax));
    alignas(64) float edge[16];
    NF_UNROLL
    for (std::size_t k = 0; k < edge_packs; ++k) {
      long_words half[2] = {long_words(0), long_words(0)};
      NF_UNROLL
      for (std::size_t i = 0; i < 2; ++i) {
        const std::size_t at = (2 * k + i) * (lanes / 2);
        const doubles product = doubles(long_words::load(cells.midpoint + at).lanes) * scale;
        half[i] = long_words::words(product);
      }
      narrow_down(half[0], half[1]).store(edge + k * lanes);
    }
    const nibble_floats edges(edge);
    NF_UNROLL
    for (std::size_t k = 0; k < cell_packs; ++k)
      to.bounds[k] = edges.of(words::load(cells.of_cell + k * lanes));
    to.factor = reciprocal(absmax) * codebook_cells::scale;
  }

  NF_INLINE bool find(const constants& block, const unsigned char* in, unsigned char* out) const {
    words x[4] = {words(0), words(0), words(0), words(0)};
    words cell[4] = {words(0), words(0), words(0), words(0)};
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) x[k] = words::load(in + k * sizeof(words));
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) cell[k] = cell_numbers(x[k], block.factor);
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      const floats bound = floats(block.bounds.of(cell[k]).lanes);
      cell[k] = floats(x[k].lanes) > bound ? (cell[k] + words(32)).lanes : cell[k].lanes;
    }
    store(out, in_order(codes.of(cell)), false);
    return true;
  }
};

/// The largest magnitudes of the lanes of whole groups.
NF_INLINE words group_magnitudes(const float* in, std::size_t n) {
  const words mask(binary32::sign_mask - 1);
  const auto of_group = [&](const float* from) __attribute__((always_inline)) {
    return larger(
        larger(words::load(from) & mask, words::load(from + lanes) & mask),
        larger(words::load(from + 2 * lanes) & mask, words::load(from + 3 * lanes) & mask));
  };
  words most = of_group(in);
  for (std::size_t i = group; i < n; i += group) most = larger(most, of_group(in + i));
  return most;
}

/// The largest magnitudes of the blocks of n floats; the bits of the largest of them.
NF_INLINE std::uint32_t block_magnitudes(const float* in, std::size_t n, std::size_t block,
                                         float* absmax) {
  std::size_t i = 0;
  pack<4> most(0);
  if (block % group == 0) {
    for (; n - i >= 4 * block; i += 4 * block, absmax += 4) {
      words each[4] = {words(0), words(0), words(0), words(0)};
      NF_UNROLL
      for (std::size_t k = 0; k < 4; ++k) each[k] = group_magnitudes(in + i + k * block, block);
      const pack<4> of_blocks = largest_of_fours(each);
      of_blocks.store(absmax);
      most = larger(most, of_blocks);
    }
  }
  std::uint32_t all = largest_lane(most);
  for (; i < n; i += block) {
    const std::size_t size = n - i < block ? n - i : block;
    const std::uint32_t bits = size % group == 0
                                   ? largest_magnitude<std::uint32_t>(in + i, size)
                                   : joined_block(in + i, size, binary32::sign_mask - 1, 0);
    *absmax++ = __builtin_bit_cast(float, bits);
    all = larger(all, bits);
  }
  return all;
}

/// The same; what is kept of a block is its largest magnitude / end, a finite number.
NF_INLINE std::uint32_t block_scales(const float* in, std::size_t n, std::size_t block, float end,
                                     float* absmax) {
  const std::uint32_t all = block_magnitudes(in, n, block, absmax);
  if (__builtin_bit_cast(std::uint32_t, end) == 0x3f800000) return all;
  const words most(binary32::infinity_code - 1);
  const std::size_t blocks = ceil_divided(n, block);
  for (std::size_t i = 0; i < blocks; i += lanes) {
    alignas(64) float some[lanes] = {};
    const std::size_t bytes_left = (blocks - i < lanes ? blocks - i : lanes) * sizeof(float);
    __builtin_memcpy(some, absmax + i, bytes_left);
    const vector<lanes, float> scales =
        quotient(vector<lanes, float>(words::load(some).lanes), splat_float(end));
    smaller(words::words(scales), most).store(some);
    __builtin_memcpy(absmax + i, some, bytes_left);
  }
  return all;
}

/// Packs n codes of four bits, one a byte, to nibbles; what is after the last becomes 0.
inline void pack_nibbles(const std::uint8_t* codes, std::size_t n, bool high_first,
                         std::uint8_t* out) {
  const bytes factors = splat<halves>(high_first ? std::uint16_t{0x0110} : std::uint16_t{0x1001})
                            .template as<std::uint8_t>();
  std::size_t i = 0;
  for (; n - i >= 2 * sizeof(bytes); i += 2 * sizeof(bytes)) {
    const halves first = byte_products(bytes::load(codes + i), factors);
    const halves last = byte_products(bytes::load(codes + i + sizeof(bytes)), factors);
    in_order(pack_codes(first, last)).store(out + i / 2);
  }
  for (; i < n; i += 2) {
    const unsigned code = codes[i], next = i + 1 < n ? codes[i + 1] : 0u;
    out[i / 2] = static_cast<std::uint8_t>(high_first ? code << 4 | next : code | next << 4);
  }
}

/// Finds codes by one of the steps above. Its functions are members: free ones would be found twice
/// where a step has types of another namespace.
template <class Step>
struct place_finder {
  static constexpr std::uint32_t least_absmax = (127 - 100) << 23, most_absmax = (127 + 100) << 23;
  Step step;
  const codebook_tables& book;
  std::size_t ahead;  ///< in bytes; what is read so much later is called for, unless it is 0

  NF_INLINE place_finder(const codebook_tables& of, std::size_t bytes_ahead)
      : step(of), book(of), ahead(bytes_ahead) {}

  static NF_INLINE bool is_usual(float absmax) {
    return __builtin_bit_cast(std::uint32_t, absmax) - least_absmax <= most_absmax - least_absmax;
  }

  NF_INLINE bool find_group(const typename Step::constants& block, const unsigned char* in,
                            unsigned char* out) const {
    if (ahead != 0) {
      NF_UNROLL
      for (std::size_t line = 0; line < 4 * group; line += 64) prefetch(in + ahead + line);
    }
    return step.find(block, in, out);
  }

  /// The codes of whole groups of a block. Where two of them in turn are in doubt, it is likely
  /// that others are.
  NF_INLINE void find_groups(const typename Step::constants& block, const unsigned char* in,
                             unsigned char* out, std::size_t n, float absmax) const {
    std::size_t i = 0, last_doubt = n;
    do {
      if (!find_group(block, in + 4 * i, out + i)) [[unlikely]] {
        const bool again = last_doubt + group == i;
        search_instead(book, in + 4 * i, out + i, again ? n - i : group, absmax);
        if (again) return;
        last_doubt = i;
      }
    } while ((i += group) < n);
  }

  /// The codes of the last n numbers of a block, less than a group, by a group that has others too
  /// where there are so many: those of the next blocks, whose codes come later, or those of this
  /// one, done again. `rest` numbers are left, and there are `before` of this block.
  NF_INLINE void find_part(const typename Step::constants& block, const unsigned char* in,
                           unsigned char* out, std::size_t n, std::size_t before, std::size_t rest,
                           float absmax) const {
    alignas(64) unsigned char source[4 * group], target[group];
    const bool is_short = rest < group && before + n < group;
    if (is_short) {
      __builtin_memset(source, 0, sizeof source);
      copy_bytes<sizeof source>(source, in, 4 * n);
    } else if (rest < group) {
      in -= 4 * (group - n);
      out -= group - n;
      n = group;
    }
    const bool certain = step.find(block, is_short ? source : in, is_short ? target : out);
    if (is_short) copy_bytes<sizeof target>(out, target, n);
    if (!certain) [[unlikely]]
      search_instead(book, in, out, n, absmax);
  }

  /// The codes of n numbers, a few blocks together: what each block needs is there before its turn.
  /// A call, of a copy, so that its text is compiled once for a step, and what the step holds stays
  /// in registers.
  static __attribute__((noinline)) void find_blocks(place_finder mine, const unsigned char* in,
                                                    unsigned char* out, std::size_t n,
                                                    const float* absmax, std::size_t block) {
    constexpr std::size_t tile = 8;
    while (n != 0) {
      float divisor[tile];
      typename Step::of_block blocks[tile];
      const std::size_t left = ceil_divided(n, block);
      const std::size_t count = left < tile ? left : tile;
      for (std::size_t k = 0; k < count; ++k, ++absmax) {
        divisor[k] = __builtin_bit_cast(std::uint32_t, *absmax) == 0 ? 1.0f : *absmax;
        mine.step.prepare(divisor[k], blocks[k]);
      }
      for (std::size_t k = 0; k < count; ++k) {
        const std::size_t size = n < block ? n : block, part = size % group, whole = size - part;
        if (!is_usual(divisor[k])) [[unlikely]] {
          search_instead(mine.book, in, out, size, divisor[k]);
        } else {
          const typename Step::constants constants(blocks[k]);
          if (whole != 0) mine.find_groups(constants, in, out, whole, divisor[k]);
          if (part != 0)
            mine.find_part(constants, in + 4 * whole, out + whole, part, whole, n - whole,
                           divisor[k]);
        }
        n -= size;
        in += 4 * size;
        out += size;
      }
    }
  }

  /// A part after the other, while it lies in the first-level cache: the absmax of its blocks, then
  /// their codes; between the two the absmax of the next part, so that nothing waits.
  NF_INLINE std::size_t quantize(const float* in, std::size_t n, std::size_t block,
                                 nibble_use nibbles, float end, float* absmax,
                                 std::uint8_t* out) const {
    const std::size_t part = part_elements / block * block;
    std::size_t done = 0, count = n < part ? n : part;
    std::uint32_t largest = block_scales(in, count, block, end, absmax);
    while (count != 0 && largest < binary32::infinity_code) {
      const std::size_t rest = n - done - count, next = rest < part ? rest : part;
      const auto* source = reinterpret_cast<const unsigned char*>(in + done);
      const float* const divisor = absmax;
      absmax += ceil_divided(count, block);
      if (next != 0) largest = block_scales(in + done + count, next, block, end, absmax);
      if (nibbles == nibble_use::none) {
        find_blocks(*this, source, out + done, count, divisor, block);
      } else {
        alignas(64) std::uint8_t codes[part_elements];
        find_blocks(*this, source, codes, count, divisor, block);
        pack_nibbles(codes, count, nibbles == nibble_use::high_first, out + done / 2);
      }
      done += count;
      count = next;
    }
    return done;
  }
};

/// Quantizes n floats in blocks: an absmax each, their largest magnitude / end, and codes. Ends
/// before the part of an array that has Inf or NaN, and tells how many are done: none of a
/// code-book that needs the search.
///
/// Requires  block <= part_elements; parts of whole bytes; 0 < end <= 1.
template <bool HasTables = !std::is_same_v<cell_floats, no_values>>
std::size_t quantize_places(const codebook_tables& book, const float* in, std::size_t n,
                            std::size_t block, nibble_use nibbles, float end, float* absmax,
                            std::uint8_t* out, bool ahead) {
  const std::size_t bytes_ahead = ahead ? 2 * part_elements * sizeof(float) : 0;
  if constexpr (HasTables) {
    if (book.cells.serves)
      return place_finder<cell_step<cell_floats, cell_bytes>>(book, bytes_ahead)
          .quantize(in, n, block, nibbles, end, absmax, out);
    if (book.decades.serves)
      return place_finder<decade_step>(book, bytes_ahead)
          .quantize(in, n, block, nibbles, end, absmax, out);
  }
  return 0;
}

/// As encode_codebook(), of exact quotients.
template <bool HasTables = !std::is_same_v<cell_floats, no_values>>
void encode_places(const void* in, void* out, std::size_t n, const codebook_tables& book,
                   const float* divisor, std::size_t block) {
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<unsigned char*>(out);
  if constexpr (HasTables) {
    using by_cells = place_finder<cell_step<cell_floats, cell_bytes>>;
    using by_decades = place_finder<decade_step>;
    if (book.cells.serves)
      return by_cells::find_blocks(by_cells(book, 0), source, target, n, divisor, block);
    if (book.decades.serves)
      return by_decades::find_blocks(by_decades(book, 0), source, target, n, divisor, block);
  }
  encode_codebook(source, target, n, book, divisor, block, false);
}
