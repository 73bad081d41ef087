// What became of the elements of a conversion. No include guard: it is included once in each
// instruction set's region and namespace, where it sees the loops of lanes.inl.

/// Adds up what became of floats x when they became floats y.
struct error_counting {
  static constexpr std::size_t row = error_counts::sums, packs = row / lanes;
  words most, below_most;  ///< bits of the target's largest finite value, and of the float below it
  words amax = words(0), above = words(0), attained = words(0), flushed = words(0), nan = words(0),
        infinite = words(0);
  doubles squares[2 * packs] = {};

  /// A row of elements; its squares go to sum i % row, whatever the lanes.
  NF_INLINE void add(const unsigned char* x_row, const unsigned char* y_row) {
    using floats = vector<lanes, float>;
    const words zero(0), one(1), mask(binary32::sign_mask - 1), infinity(binary32::infinity_code);
    NF_UNROLL
    for (std::size_t k = 0; k < packs; ++k) {
      const words x = words::load(x_row + k * sizeof x), y = words::load(y_row + k * sizeof y);
      const words x_value = x & mask, y_value = y & mask;
      amax = larger(amax, x_value);
      above = above + select_less(most, x_value, one, zero);
      const words of_finite = select_less(x_value, infinity, y_value, zero);
      attained = attained + select_less(below_most, of_finite, one, zero);
      nan = nan + select_less(infinity, x_value, one, zero);
      infinite = infinite + select_equal(x_value, infinity, one, zero);
      const words lost = select_equal(y_value, zero, x_value, zero);
      flushed = flushed + select_less(zero, select_less(lost, infinity, lost, zero), one, zero);

      const words error = words::words(floats(x.lanes) - floats(y.lanes));
      const words counted = select_less(larger(x_value, y_value), infinity, error, zero);
      doubles first, last;
      widen_floats(counted, first, last);
      // the square of a float is exact in double, so it is all the same whether the compiler fuses
      squares[2 * k] += first * first;
      squares[2 * k + 1] += last * last;
    }
  }

  NF_INLINE void add_to(error_counts& counts) const {
    counts.amax = larger<std::uint32_t>(counts.amax, largest_lane(amax));
    for (std::size_t k = 0; k < lanes; ++k) {
      counts.nan += nan.lanes[k];
      counts.infinite += infinite.lanes[k];
      counts.saturated += above.lanes[k] - nan.lanes[k] - infinite.lanes[k];
      counts.attained += attained.lanes[k];
      counts.flushed += flushed.lanes[k];
    }
    for (std::size_t k = 0; k < row; ++k) {
      counts.squares[k] += squares[k / (lanes / 2)][k % (lanes / 2)];
    }
  }
};

/// Counts n floats of a part, `in` as they were and `out` as the conversion has left them;
/// `largest` is the bits of the target's largest finite value.
inline void count_errors(const void* in, const void* out, std::size_t n, std::uint32_t largest,
                         error_counts& counts) {
  constexpr std::size_t row = error_counting::row;
  const auto* source = static_cast<const unsigned char*>(in);
  const auto* result = static_cast<const unsigned char*>(out);
  error_counting counting{splat<words>(largest), splat<words>(largest - 1)};
  std::size_t i = 0;
  for (; n - i >= row; i += row) counting.add(source + 4 * i, result + 4 * i);
  if (i != n) {  // zeros fill the last row: they count for nothing
    unsigned char x[4 * row] = {}, y[4 * row] = {};
    __builtin_memcpy(x, source + 4 * i, 4 * (n - i));
    __builtin_memcpy(y, result + 4 * i, 4 * (n - i));
    counting.add(x, y);
  }
  counting.add_to(counts);
}
