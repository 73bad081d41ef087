// Sums of products of rows of codes by a vector of floats, one row a lane. No include guard: it is
// included once in each instruction set's region and namespace, where it sees `lanes` and the edge
// operations.

/// The floats of codes in words: in their low bits, others above them, or in their high bits,
/// others below them.
template <int Width, code_kind Kind>
struct row_decoder {
  static constexpr bool takes_high = true;
  using floats = vector<lanes, float>;
  words mask, bias, last, infinity;
  floats least;
  int down;

  NF_INLINE explicit row_decoder(const code_values& by)
      : mask(splat<words>(by.magnitude_mask << by.up)),
        bias(splat<words>(by.bias)),
        last(splat<words>(by.last << by.up)),
        infinity(splat<words>(by.infinity << by.up)),
        least(splat_float(-by.least_normal)),
        down(32 - Width - by.up) {}
  NF_INLINE floats of(const words& code) const {
    const words magnitude = (code >> down) & mask;
    // Where a code is normal, x is its value, and 2 * x - the least of these is no less; else that
    // is the value. No operand is subnormal, which some processors take long for.
    const words x = magnitude + bias;
    const floats twice = multiply_add(splat_float(2), floats(x.lanes), least);
    words number = smaller(x, words(words::words(twice)));
    if constexpr (Kind == code_kind::specials) {
      const words special = select_equal(magnitude, infinity, words(binary32::infinity_code),
                                         words(binary32::nan_code));
      number = select_less(last, magnitude, special, number);
    }
    return separate(floats((number | (code & words(binary32::sign_mask))).lanes));
  }
};
template <int Width>
struct row_decoder<Width, code_kind::nibbles> {
  static constexpr bool takes_high = false;
  nibble_floats all;

  NF_INLINE explicit row_decoder(const code_values& by) : all(by.nibble) {}
  NF_INLINE vector<lanes, float> of(const words& code) const {
    return vector<lanes, float>(all.of(code).lanes);
  }
};
template <int Width>
struct row_decoder<Width, code_kind::fixed> {
  static constexpr bool takes_high = true;

  NF_INLINE explicit row_decoder(const code_values&) {}
  NF_INLINE vector<lanes, float> of(const words& code) const {
    using integers = vector<lanes, std::int32_t>;
    vector<lanes, float> x{};
    convert_lanes(x, integers(code.lanes) >> (32 - Width));
    return x;
  }
};

/// Size bytes of each row of a panel, which become words: the same word of all rows side by side.
/// They are copied first, a few rows at a time while others are worked on; rows may lie so that the
/// first-level cache holds few of them.
template <std::size_t Size>
class row_bytes {
 public:
  /// The bytes of these rows from `at` on, up to `end`; zeros after it. `next` is what tells these
  /// rows from those that come after them.
  NF_INLINE row_bytes(const std::uint8_t* const* rows, std::size_t end, std::size_t next)
      : rows_(rows), end_(end), next_(next) {}
  NF_INLINE void begin(std::size_t at) {
    at_ = at;
    row_ = 0;
    const std::size_t later = at + ahead < end_ ? at + ahead : next_ + (at + ahead - end_);
    later_ = at + ahead < end_ || next_ != 0 ? later : at;
  }
  /// Copies so many rows, where there are as many and all have Size bytes.
  template <std::size_t Rows>
  NF_INLINE void copy() {
    if (row_ >= panel_rows || end_ - at_ < Size) return;
    NF_UNROLL
    for (std::size_t r = 0; r < Rows; ++r, ++row_) {
      prefetch(rows_[row_] + later_);
      __builtin_memcpy(copy_ + row_ * Size, rows_[row_] + at_, Size);
    }
  }
  NF_INLINE void finish(std::uint32_t* to) {
    finish_copies();
    for (std::size_t r = 0; r < panel_rows; r += lanes) {
      NF_UNROLL
      for (std::size_t w = 0; w < Size / 4; w += 4) {
        words found[4];
        load_rows<Size>(copy_ + r * Size + 4 * w, found);
        NF_UNROLL
        for (std::size_t k = 0; k < 4; ++k) found[k].store(to + (w + k) * panel_rows + r);
      }
    }
  }
  /// Whether the bits of a mask, which leaves out the highest one, are above `last` in any byte.
  NF_INLINE bool has_above(std::uint32_t mask, std::uint32_t last) const {
    const bytes magnitude = splat<bytes>(static_cast<std::uint8_t>(mask));
    bytes most(0);
    for (std::size_t i = 0; i < sizeof copy_; i += sizeof(bytes))
      most = greatest(most, bytes::load(copy_ + i) & magnitude);
    // what is above `last` gets to the highest bit
    const words above =
        (most + splat<bytes>(static_cast<std::uint8_t>(127 - last))).template as<std::uint32_t>();
    const words halves_above = above | (above << 8);
    return has_signs(halves_above | (halves_above << 16));
  }

 private:
  NF_INLINE void finish_copies() {
    while (row_ < panel_rows && end_ - at_ >= Size) copy<1>();
    for (; row_ < panel_rows; ++row_) {
      __builtin_memset(copy_ + row_ * Size, 0, Size);
      __builtin_memcpy(copy_ + row_ * Size, rows_[row_] + at_, end_ - at_);
    }
  }

  static constexpr std::size_t ahead = 256;
  alignas(64) std::uint8_t copy_[panel_rows * Size];
  const std::uint8_t* const* rows_;
  std::size_t end_, next_, at_ = 0, later_ = 0, row_ = 0;
};

/// Code `i` of a unit of each of `lanes` rows, in the high bits of words or in the low ones; there
/// are others beside it.
template <int Width, bool High>
NF_INLINE words code_of_unit(const std::uint32_t* unit, std::size_t i) {
  const std::size_t word = i * Width / 32, place = i * Width % 32;
  const words first = words::load(unit + word * panel_rows);
  if (place + Width <= 32)
    return High ? first << static_cast<int>(32 - Width - place) : first >> static_cast<int>(place);
  const words both = (first >> static_cast<int>(place)) |
                     (words::load(unit + (word + 1) * panel_rows) << static_cast<int>(32 - place));
  return High ? both << (32 - Width) : both;
}

/// What a row of a panel is read in: a tile of words at a time, units of codes that fill words.
template <int Width>
struct row_tiles {
  static constexpr std::size_t words = Width == 6 ? 12 : 16, codes = 32 * words / Width,
                               unit = codes_of_unit(Width), unit_words = unit * Width / 32;
  static constexpr std::size_t byte_of(std::size_t code) {
    return code / 8 * Width + code % 8 * Width / 8;
  }
};

/// What the elements of a panel are multiplied by: the factors of their blocks, or nothing.
struct row_factors {
  vector<lanes, float> of[panel_rows / lanes];
  NF_INLINE vector<lanes, float> times(const vector<lanes, float>& w, std::size_t v) const {
    return separate(w * of[v]);
  }
};
struct as_they_are {
  static NF_INLINE vector<lanes, float> times(const vector<lanes, float>& w, std::size_t) {
    return w;
  }
};

/// The sums of a panel as they go on.
template <int Width>
struct row_adder {
  using floats = vector<lanes, float>;
  using tiles = row_tiles<Width>;
  static constexpr std::size_t vectors = panel_rows / lanes;
  floats sum[vectors];

  NF_INLINE explicit row_adder(const row_task& task) {
    NF_UNROLL
    for (std::size_t v = 0; v < vectors; ++v)
      sum[v] = floats(words::load(task.sums + v * lanes).lanes);
  }
  NF_INLINE void store(float* to) const {
    NF_UNROLL
    for (std::size_t v = 0; v < vectors; ++v) words(words::words(sum[v])).store(to + v * lanes);
  }
  /// A step: code s of a unit, times the factor of its row.
  template <class Decoder, class Factors>
  NF_INLINE void add(const std::uint32_t* unit, std::size_t s, float x, const Decoder& decode,
                     const Factors& by) {
    const floats factor = splat_float(x);
    NF_UNROLL
    for (std::size_t v = 0; v < vectors; ++v)
      sum[v] = multiply_add(
          by.times(decode.of(code_of_unit<Width, Decoder::takes_high>(unit + v * lanes, s)), v),
          factor, sum[v]);
  }
  /// So many codes of a tile.
  template <class Decoder, class Factors>
  NF_INLINE void add(const std::uint32_t*& tile, const float*& x, std::size_t count,
                     const Decoder& decode, const Factors& by, row_bytes<4 * tiles::words>& next) {
    for (; count >= tiles::unit; count -= tiles::unit) {
      NF_UNROLL
      for (std::size_t s = 0; s < tiles::unit; ++s) add(tile, s, x[s], decode, by);
      next.template copy<panel_rows * tiles::unit / tiles::codes>();
      tile += tiles::unit_words * panel_rows;
      x += tiles::unit;
    }
    for (std::size_t s = 0; s < count; ++s) add(tile, s, x[s], decode, by);  // at the ends of rows
    x += count;
  }
};

/// Whether the scales of a task are such as scaled_row_sums() takes.
NF_INLINE bool are_near(const row_task& task) {
  if (!task.near.there_are) return false;
  const std::size_t from = task.first / task.block,
                    count = ceil_divided(task.last, task.block) - from;
  const bytes bias = splat<bytes>(task.near.bias);
  bytes low(255), high(0);
  for (const std::uint8_t* row : task.scales) {
    std::size_t i = 0;
    const auto join = [&](const std::uint8_t* codes) {
      const bytes code = bytes::load(codes) + bias;
      low = least(low, code);
      high = greatest(high, code);
    };
    for (; count - i >= sizeof(bytes); i += sizeof(bytes)) join(row + from + i);
    if (i < count) {
      std::uint8_t rest[sizeof(bytes)];
      __builtin_memset(rest, row[from], sizeof rest);
      __builtin_memcpy(rest, row + from + i, count - i);
      join(rest);
    }
  }
  std::uint8_t lows[sizeof(bytes)], highs[sizeof(bytes)], lowest = 255, highest = 0;
  low.store(lows);
  high.store(highs);
  for (const std::uint8_t code : lows) lowest = code < lowest ? code : lowest;
  for (const std::uint8_t code : highs) highest = code > highest ? code : highest;
  return lowest >= task.near.lowest && highest <= task.near.highest &&
         highest - lowest <= task.near.spread;
}

/// Adds up the products of a task whose scales are powers of two near each other: sums are kept
/// divided by the scale of the block, which changes none of their roundings.
template <int Width, code_kind Kind>
NF_INLINE void scaled_row_sums(const row_task& task) {
  using floats = vector<lanes, float>;
  using tiles = row_tiles<Width>;
  constexpr std::size_t vectors = panel_rows / lanes,
                        together = 16;  // scales that are loaded at a time
  alignas(64) std::uint32_t tile[tiles::words * panel_rows], scales[together / 4 * panel_rows];
  row_bytes<4 * tiles::words> bytes_of_rows(task.codes, task.row_bytes, task.next);
  bytes_of_rows.begin(tiles::byte_of(task.first));
  row_adder<Width> sums(task);
  // tiles without Inf and NaN are decoded sooner
  const row_decoder<Width, Kind> decode(*task.values);
  const row_decoder<Width, Kind == code_kind::specials ? code_kind::finite : Kind> decode_finite(
      *task.values);
  words before[vectors];
  std::size_t block = task.first / task.block, block_end = (block + 1) * task.block;
  std::size_t loaded = block;
  NF_UNROLL
  for (std::size_t v = 0; v < vectors; ++v) before[v] = words(0);
  const float* x = task.x + task.first;
  for (std::size_t l = task.first; l < task.last;) {
    const std::size_t end = task.last - l < tiles::codes ? task.last : l + tiles::codes;
    bytes_of_rows.finish(tile);
    bool is_finite = true;
    if constexpr (Kind == code_kind::specials)
      is_finite = !bytes_of_rows.has_above(task.values->magnitude_mask, task.values->last);
    if (end < task.last) bytes_of_rows.begin(tiles::byte_of(end));
    const std::uint32_t* codes = tile;
    while (l < end) {
      if (block == loaded) {
        row_bytes<together> of_scales(task.scales, task.row_blocks, 0);
        of_scales.begin(block);
        of_scales.finish(scales);
        loaded += together;
      }
      const std::size_t place = block + together - loaded;
      NF_UNROLL
      for (std::size_t v = 0; v < vectors; ++v) {
        const words of_four = words::load(scales + place / 4 * panel_rows + v * lanes);
        const words code =
            ((of_four >> static_cast<int>(place % 4 * 8)) + splat<words>(task.near.bias)) &
            words(0xff);
        if (l == task.first) before[v] = code;
        const words ratio = (before[v] - code + words(127)) << 23;
        sums.sum[v] = separate(sums.sum[v] * floats(ratio.lanes));
        before[v] = code;
      }
      const std::size_t stop = block_end < end ? block_end : end;
      if (Kind != code_kind::specials || is_finite) {
        sums.add(codes, x, stop - l, decode_finite, as_they_are{}, bytes_of_rows);
      } else {
        sums.add(codes, x, stop - l, decode, as_they_are{}, bytes_of_rows);
      }
      l = stop;
      if (l == block_end) {
        ++block;
        block_end += task.block;
      }
    }
  }
  NF_UNROLL
  for (std::size_t v = 0; v < vectors; ++v) {
    // 2^(code - 127 - fraction bits) as two factors, both of them normal floats
    const words steps = before[v] + splat<words>(task.near.up), half = steps >> 1;
    const floats first = floats((half << 23).lanes), last = floats(((steps - half) << 23).lanes);
    sums.sum[v] = separate(sums.sum[v] * first) * last;
  }
  sums.store(task.sums);
}

/// Adds up the products of a task.
template <int Width, code_kind Kind>
void row_sums(const row_task& task) {
  if (are_near(task)) {
    scaled_row_sums<Width, Kind>(task);
    return;
  }
  using floats = vector<lanes, float>;
  using tiles = row_tiles<Width>;
  constexpr std::size_t vectors = panel_rows / lanes;
  alignas(64) std::uint32_t tile[tiles::words * panel_rows];
  alignas(64) float factors[(tiles::codes / tiles::unit + 1) * panel_rows];
  row_bytes<4 * tiles::words> bytes_of_rows(task.codes, task.row_bytes, task.next);
  bytes_of_rows.begin(tiles::byte_of(task.first));
  row_adder<Width> sums(task);
  const row_decoder<Width, Kind> decode(*task.values);
  words largest[vectors];
  NF_UNROLL
  for (std::size_t v = 0; v < vectors; ++v) largest[v] = words::load(task.largest + v * lanes);
  std::size_t block = task.first / task.block, block_end = (block + 1) * task.block;
  const float* x = task.x + task.first;
  for (std::size_t l = task.first; l < task.last;) {
    const std::size_t end = task.last - l < tiles::codes ? task.last : l + tiles::codes;
    bytes_of_rows.finish(tile);
    if (end < task.last) bytes_of_rows.begin(tiles::byte_of(end));
    std::size_t used = 0;
    for (std::size_t at = block_end - task.block; at < end; at += task.block, ++used) {
      for (std::size_t r = 0; r < panel_rows; ++r)
        factors[used * panel_rows + r] = task.factors[task.scales[r][block + used]];
    }
    const std::uint32_t* codes = tile;
    for (const float* factor = factors; l < end; factor += panel_rows) {
      row_factors by;
      NF_UNROLL
      for (std::size_t v = 0; v < vectors; ++v) {
        const words bits = words::load(factor + v * lanes);
        const words magnitude = bits & words(binary32::sign_mask - 1);
        by.of[v] = floats(bits.lanes);
        largest[v] = larger(largest[v], select_less(words(binary32::infinity_code), magnitude,
                                                    words(0), magnitude));
      }
      const std::size_t stop = block_end < end ? block_end : end;
      sums.add(codes, x, stop - l, decode, by, bytes_of_rows);
      l = stop;
      if (l == block_end) {
        ++block;
        block_end += task.block;
      }
    }
  }
  sums.store(task.sums);
  NF_UNROLL
  for (std::size_t v = 0; v < vectors; ++v) largest[v].store(task.largest + v * lanes);
}
