// Exact sums of products of integers. No include guard: it is included once in each instruction
// set's region and namespace, where it sees `lanes` and the edge operations.

/// A row on its way: where its codes and scales are read, the sums of the lanes as doubles, and
/// where their bits lie.
template <bool Nibbles, int Digits>
struct integer_row {
  static constexpr std::size_t parts = Nibbles ? 2 : 1, digit_bytes = parts * sizeof(bytes);
  const std::uint8_t *codes, *scales;
  doubles first, last;
  words low, high, scale;

  NF_INLINE integer_row()
      : codes(nullptr),
        scales(nullptr),
        first(splat_double(0)),
        last(splat_double(0)),
        low(0),
        high(0),
        scale(0) {}

  /// The products of a vector of codes, four bytes of which make a lane.
  static NF_INLINE words products(const nibble_bytes& of_nibbles, const bytes& code,
                                  const std::int8_t* x) {
    bytes integers[parts];
    if constexpr (Nibbles) {
      integers[0] = of_nibbles.of(code & bytes(15));
      const auto high = code.template as<std::uint16_t>() >> 4;
      integers[1] = of_nibbles.of(high.template as<std::uint8_t>() & bytes(15));
    } else {
      integers[0] = code ^ bytes(0x80);
    }
    words sum(0);
    constexpr std::size_t bits = digit_bits(Nibbles);
    NF_UNROLL
    for (std::size_t digit = 0; digit < Digits; ++digit) {  // the highest one first
      halves product = byte_products(integers[0], bytes::load(x + digit * digit_bytes));
      if constexpr (Nibbles)
        product = product +
                  byte_products(integers[1], bytes::load(x + digit * digit_bytes + sizeof(bytes)));
      const std::uint32_t factor = 1u << bits * (Digits - 1 - digit);
      sum = sum + pair_products(product.template as<std::uint32_t>(),
                                splat<words>(factor << 16 | factor));
    }
    return sum;
  }
  /// Four vectors of codes, of which 16 bytes have one factor.
  template <std::size_t Repeats>
  NF_INLINE void add(const integer_task& task, const nibble_bytes& of_nibbles,
                     const std::uint8_t* code, const std::uint8_t* scale_codes, std::size_t round) {
    words four[4];
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k)
      four[k] = products(of_nibbles, bytes::load(code + k * sizeof(bytes)),
                         task.x + (round * 4 + k) * Digits * digit_bytes);
    const words sum =
        in_order(sums_of_fours(four).template as<std::uint8_t>()).template as<std::uint32_t>() +
        words::load(task.corrections + round * lanes);
    words codes_of_lanes = load_widen<std::uint8_t>(scale_codes);
    if constexpr (Repeats == 2) codes_of_lanes = each_twice(codes_of_lanes);
    codes_of_lanes = (codes_of_lanes + splat<words>(task.scale_bias)) & words(0xff);
    const words exponent = codes_of_lanes + words::load(task.exponents + round * lanes);
    high = larger(high, select_equal(sum, words(0), words(0), exponent));
    low = larger(low, select_equal(sum, words(0), words(0), words(4096) - exponent));
    scale = larger(scale, codes_of_lanes);
    long_words first_factor, last_factor;
    widen_words(exponent, first_factor, last_factor);
    doubles first_sum, last_sum;
    widen_integers(sum, first_sum, last_sum);
    first = multiply_add(first_sum, doubles((first_factor << 52).lanes), first);
    last = multiply_add(last_sum, doubles((last_factor << 52).lanes), last);
  }
};

/// The sum of the lanes; all sums on the way are exact.
NF_INLINE double sum_of_lanes(const doubles& x) {
  double all[lanes / 2], sum = 0;
  __builtin_memcpy(all, &x, sizeof all);
  NF_UNROLL
  for (std::size_t k = 0; k < lanes / 2; ++k) sum += all[k];
  return sum;
}

template <bool Nibbles, int Digits, std::size_t Repeats>
NF_INLINE void add_integer_rows(const integer_task& task) {
  constexpr std::size_t together = 2, step = 4 * sizeof(bytes), ahead = 1024;
  const nibble_bytes of_nibbles(task.nibble);
  const std::size_t whole = task.row_bytes / step;
  for (std::size_t top = 0; top < task.rows; top += together) {
    integer_row<Nibbles, Digits> rows[together];
    for (std::size_t r = 0; r < together; ++r) {
      const std::size_t row = top + r < task.rows ? top + r : top;
      rows[r].codes = task.codes + row * task.row_bytes;
      rows[r].scales = task.scales + row * task.row_blocks;
    }
    // `lanes` scales are read, which may be more than are left
    const auto scales_left = static_cast<std::size_t>(task.scales_end - rows[together - 1].scales);
    const std::size_t rounds =
        lanes / Repeats * whole + lanes <= scales_left || whole == 0 ? whole : whole - 1;
    for (std::size_t i = 0; i < rounds; ++i) {
      std::size_t later = i * step + ahead;
      if (later >= task.row_bytes) later += (together - 1) * task.row_bytes;
      NF_UNROLL
      for (std::size_t r = 0; r < together; ++r) {
        NF_UNROLL
        for (std::size_t line = 0; line < step; line += 64) prefetch(rows[r].codes + later + line);
        rows[r].template add<Repeats>(task, of_nibbles, rows[r].codes + i * step,
                                      rows[r].scales + i * (lanes / Repeats), i);
      }
    }
    for (std::size_t i = rounds; i < task.rounds; ++i) {
      const std::size_t first = i * (lanes / Repeats);
      for (std::size_t r = 0; r < together; ++r) {
        std::uint8_t code[step] = {}, scale[lanes];
        __builtin_memset(scale, static_cast<int>((0 - task.scale_bias) & 0xff), sizeof scale);
        const std::size_t size = task.row_bytes - i * step, blocks = task.row_blocks - first;
        __builtin_memcpy(code, rows[r].codes + i * step, size < step ? size : step);
        __builtin_memcpy(scale, rows[r].scales + first, blocks < lanes ? blocks : lanes);
        rows[r].template add<Repeats>(task, of_nibbles, code, scale, i);
      }
    }
    for (std::size_t r = 0; r < together && top + r < task.rows; ++r) {
      task.sums[top + r] = sum_of_lanes(rows[r].first + rows[r].last);
      task.lows[top + r] = largest_lane(rows[r].low);
      task.highs[top + r] = largest_lane(rows[r].high);
      task.scale_codes[top + r] = largest_lane(rows[r].scale);
    }
  }
}

template <bool Nibbles, int Digits>
void integer_sums(const integer_task& task) {
  if (task.repeats == 1) {
    add_integer_rows<Nibbles, Digits, 1>(task);
  } else {
    add_integer_rows<Nibbles, Digits, 2>(task);
  }
}
