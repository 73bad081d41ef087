// Rounding to the values of a float format of run time, see float_grid. No include guard: it is
// included once in each instruction set's region and namespace, where it sees run_groups() and the
// loops of lanes.inl and factors.inl.

/// The floats on the grid next to lanes / 2 numbers between 0 and its largest value.
struct grid_rounding {
  long_words least_field, to_unit;
  doubles up, down;
  int fraction_bits;

  NF_INLINE explicit grid_rounding(const float_grid& grid)
      : least_field(splat<long_words>(grid.least_field)),
        to_unit(splat<long_words>(grid.to_unit)),
        fraction_bits(52 - static_cast<int>(grid.to_unit >> 52)) {
    const double c = static_cast<double>(__builtin_bit_cast(float, grid.largest));
    up = doubles{} + grid.top / c;
    down = doubles{} + c / grid.top;
  }

  /// In steps of the topmost binade.
  NF_INLINE doubles steps(const doubles& x) const {
    const long_words all = to_49_bits(x * up);
    const long_words field = larger(all & long_words(std::uint64_t{0x7ff} << 52), least_field);
    // The unit in the last place of this number is the step of the grid.
    const doubles unit = doubles((field + to_unit).lanes);
    const words sum = opaque(words::words(doubles(all.lanes) + unit));
    return doubles(sum.lanes) - unit;
  }
  NF_INLINE vector<lanes / 2, float> value(const doubles& rounded) const {
    return __builtin_convertvector(doubles(to_49_bits(rounded * down).lanes),
                                   vector<lanes / 2, float>);
  }
  NF_INLINE vector<lanes / 2, float> operator()(const doubles& x) const { return value(steps(x)); }

  /// The code of a number of steps: the bits of the double, counted from the smallest normal value
  /// on. Below it, they are those of the sum with it.
  NF_INLINE long_words code(const doubles& rounded) const {
    const long_words bits = opaque(words::words(rounded)).as<std::uint64_t>();
    const long_words sum = long_words::words(doubles(bits.lanes) + doubles(least_field.lanes));
    const long_words one(std::uint64_t{1} << 52);
    return select_less(bits, least_field, sum - least_field, bits - least_field + one) >>
           (52 - fraction_bits);
  }
  NF_INLINE doubles steps_of_code(const long_words& code) const {
    const long_words one = splat<long_words>(std::uint64_t{1} << fraction_bits);
    const long_words sum = (code << (52 - fraction_bits)) + least_field;
    const doubles below = doubles(sum.lanes) - doubles(least_field.lanes);
    return doubles(select_less(code, one, long_words(long_words::words(below)),
                               sum - long_words(std::uint64_t{1} << 52))
                       .lanes);
  }
};

/// A pack of floats: clipped, and rounded to the grid.
struct grid_quantizer {
  grid_rounding round;
  words largest;
  bool is_signed;

  NF_INLINE explicit grid_quantizer(const float_grid& grid)
      : round(grid), largest(splat<words>(grid.largest)), is_signed(grid.is_signed) {}

  /// The sign of NaN stays.
  NF_INLINE words clipped(const words& x) const {
    const words zero(0), mask(binary32::sign_mask - 1);
    const words value = smaller(x & mask, largest);
    if (!is_signed) return select_less(x, zero, zero, value);
    return value | (x & words(binary32::sign_mask));
  }
  /// NaN becomes the positive canonical one.
  NF_INLINE words operator()(const words& x, const words& clip) const {
    const words mask(binary32::sign_mask - 1);
    doubles low, high;
    widen_floats(clip & mask, low, high);
    const auto first = round(low), last = round(high);
    float values[lanes];
    __builtin_memcpy(values, &first, sizeof first);
    __builtin_memcpy(values + lanes / 2, &last, sizeof last);
    const words y = words::load(values) | (clip & words(binary32::sign_mask));
    return select_less(words(binary32::infinity_code), x & mask, words(binary32::nan_code), y);
  }
};

struct grid_step {
  static constexpr std::size_t in_bytes = 4, out_bytes = 4, random_bytes = 0;
  grid_quantizer quantize;

  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      const words x = words::load(in + k * sizeof(words));
      store(out + k * sizeof(words), quantize(x, quantize.clipped(x)), stream);
    }
  }
};

inline void round_to_grid(const void* in, void* out, std::size_t n, const float_grid& grid,
                          bool stream) {
  run_groups(grid_step{grid_quantizer(grid)}, static_cast<const unsigned char*>(in),
             static_cast<unsigned char*>(out), n, nullptr, stream);
}

/// The same of a grid that fits_floats(). A quotient lies between the products by the two floats
/// next to its factor: where these are rounded to the same number of steps, so is it. The value of
/// that number is a float or, of 36 bits, no middle between two: a product by two floats that stand
/// for its factor decides as the exact one does.
struct float_grid_step {
  static constexpr std::size_t in_bytes = 4, out_bytes = 4, random_bytes = 0;
  using floats = vector<lanes, float>;
  static constexpr int dropped = 52 - 23;  ///< bits of a double that a float has not
  grid_quantizer quantize;
  floats low, high;  ///< next to the factor of quotients
  words step, rest;  ///< those of the factor of values
  words least, least_field, to_unit;

  NF_INLINE explicit float_grid_step(const float_grid& grid)
      : quantize(grid),
        least(splat<words>(grid.is_signed ? binary32::sign_mask : 0)),
        least_field(splat<words>(float_field(grid.least_field, 1023 - 127))),
        to_unit(splat<words>(float_field(grid.to_unit, dropped))) {
    const auto up = __builtin_bit_cast(std::uint64_t, quantize.round.up[0]);
    const bool is_exact = up << (64 - dropped) == 0;
    low = floats(splat<words>(cut(up)).lanes);
    high = floats(splat<words>(cut(up) + (is_exact ? 0 : 1)).lanes);
    const double down = quantize.round.down[0];
    const std::uint32_t first = cut(__builtin_bit_cast(std::uint64_t, down));
    const auto last =
        static_cast<float>(down - static_cast<double>(__builtin_bit_cast(float, first)));
    step = splat<words>(first);
    rest = splat<words>(__builtin_bit_cast(std::uint32_t, last));
  }

  /// Rounds; `doubt` is not 0 where the two numbers of steps differ.
  NF_INLINE words rounded(const words& x, words& doubt) const {
    const words mask(binary32::sign_mask - 1), infinity(binary32::infinity_code);
    const words number = larger(x, least);  // as signed ones
    const floats value = floats(smaller(number & mask, quantize.largest).lanes);
    const words field = words(words::words(value * low)) & infinity;
    // The unit in the last place of this number is the step of the grid.
    const floats unit = floats((larger(field, least_field) + to_unit).lanes);
    const words sum = opaque(words::words(multiply_add(value, low, unit)));
    doubt = sum ^ words(words::words(multiply_add(value, high, unit)));
    const words steps = opaque(words::words(floats(sum.lanes) - unit));
    const words result = product_of_sum(steps | (number & words(binary32::sign_mask)), step, rest);
    return select_less(infinity, x & mask, words(binary32::nan_code), result);
  }
  /// A call, since it is rare.
  static __attribute__((noinline, cold)) void round_all(const grid_quantizer& quantize,
                                                        const unsigned char* in,
                                                        unsigned char* out) {
    grid_step{quantize}(in, out, nullptr, false);
  }
  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
    words y[4], doubt[4];
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k)
      y[k] = rounded(words::load(in + k * sizeof(words)), doubt[k]);
    if (has_signs(words(0) - (doubt[0] | doubt[1] | doubt[2] | doubt[3]))) {
      round_all(quantize, in, out);
      return;
    }
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) store(out + k * sizeof(words), y[k], stream);
  }

 private:
  /// The exponent field of a double as one of a float, so many less.
  static std::uint32_t float_field(std::uint64_t field, std::uint32_t less) {
    return (static_cast<std::uint32_t>(field >> 52) - less) << 23;
  }
  /// The float of the leading bits of a positive double.
  static std::uint32_t cut(std::uint64_t bits) {
    return static_cast<std::uint32_t>(bits >> dropped) - ((1023u - 127) << 23);
  }
};

inline void round_to_float_grid(const void* in, void* out, std::size_t n, const float_grid& grid,
                                bool stream) {
  run_groups(float_grid_step(grid), static_cast<const unsigned char*>(in),
             static_cast<unsigned char*>(out), n, nullptr, stream);
}

struct grid_encode_step {
  static constexpr std::size_t in_bytes = 4, out_bytes = 4, random_bytes = 0;
  grid_quantizer quantize;
  words largest;
  int to_sign;  ///< from the sign of a float

  NF_INLINE explicit grid_encode_step(const float_grid& grid)
      : quantize(grid),
        largest(splat<words>((std::uint32_t{1} << grid.magnitude_bits) - 1)),
        to_sign(31 - grid.magnitude_bits) {}

  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool) const {
    const words mask(binary32::sign_mask - 1);
    for (std::size_t k = 0; k < 4; ++k) {
      const words x = words::load(in + k * sizeof(words)), clip = quantize.clipped(x);
      doubles low, high;
      widen_floats(clip & mask, low, high);
      const words code = every_second_word(quantize.round.code(quantize.round.steps(low)),
                                           quantize.round.code(quantize.round.steps(high)), false);
      const words sign = (clip & words(binary32::sign_mask)) >> to_sign;
      store(out + k * sizeof(words),
            select_less(words(binary32::infinity_code), x & mask, largest, code | sign), false);
    }
  }
};

inline void encode_grid(const void* in, void* out, std::size_t n, const float_grid& grid) {
  run_groups(grid_encode_step(grid), static_cast<const unsigned char*>(in),
             static_cast<unsigned char*>(out), n, nullptr, false);
}

struct grid_decode_step {
  static constexpr std::size_t in_bytes = 4, out_bytes = 4, random_bytes = 0;
  grid_rounding grid;
  words magnitude;
  int to_sign;

  NF_INLINE explicit grid_decode_step(const float_grid& format)
      : grid(format),
        magnitude(splat<words>((std::uint32_t{1} << format.magnitude_bits) - 1)),
        to_sign(31 - format.magnitude_bits) {}

  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool) const {
    for (std::size_t k = 0; k < 4; ++k) {
      const words code = words::load(in + k * sizeof(words));
      long_words low, high;
      widen_words(code & magnitude, low, high);
      const auto first = grid.value(grid.steps_of_code(low)),
                 last = grid.value(grid.steps_of_code(high));
      float values[lanes];
      __builtin_memcpy(values, &first, sizeof first);
      __builtin_memcpy(values + lanes / 2, &last, sizeof last);
      const words sign = (code - (code & magnitude)) << to_sign;
      store(out + k * sizeof(words), words::load(values) | sign, false);
    }
  }
};

inline void decode_grid(const void* in, void* out, std::size_t n, const float_grid& grid) {
  run_groups(grid_decode_step(grid), static_cast<const unsigned char*>(in),
             static_cast<unsigned char*>(out), n, nullptr, false);
}

/// Sums over rows of elements: element i goes to sum i % row, whatever the lanes.
struct grid_sums {
  static constexpr std::size_t row = 16, packs = row / lanes;
  doubles sums[2 * packs] = {};

  NF_INLINE double total() const {
    double all = 0;
    for (std::size_t k = 0; k < row; ++k) {
      all += sums[k / (lanes / 2)][k % (lanes / 2)];
      __asm__("" : "+m"(all));  // -ffast-math would add in another order
    }
    return all;
  }
};

/// The differences of packs of floats.
NF_INLINE words minus(const words& x, const words& y) {
  using floats = vector<lanes, float>;
  return words::words(floats(x.lanes) - floats(y.lanes));
}

/// Adds the sum of the squared errors of n floats to `sum`; Inf and NaN do not count.
inline void grid_error(const void* in, std::size_t n, const float_grid& grid, double& sum) {
  const grid_quantizer quantize(grid);
  const words zero(0), mask(binary32::sign_mask - 1), infinity(binary32::infinity_code);
  const auto* source = static_cast<const unsigned char*>(in);
  grid_sums all;
  unsigned char rest[4 * grid_sums::row] = {};
  for (std::size_t i = 0; i < n; i += grid_sums::row) {
    const unsigned char* from = source + 4 * i;
    if (n - i < grid_sums::row) {  // zeros fill the last row: they have no error
      __builtin_memcpy(rest, from, 4 * (n - i));
      from = rest;
    }
    NF_UNROLL
    for (std::size_t k = 0; k < grid_sums::packs; ++k) {
      const words x = words::load(from + k * sizeof(words));
      const words error = minus(quantize(x, quantize.clipped(x)), x);
      doubles first, last;
      widen_floats(select_less(x & mask, infinity, error, zero), first, last);
      // the square of a float is exact in double, so it is all the same whether the compiler fuses
      all.sums[2 * k] += first * first;
      all.sums[2 * k + 1] += last * last;
    }
  }
  sum += all.total();
}

/// Writes the gradients of n inputs, those of the outputs where the input is within the range and
/// else 0. That of the largest value is the sum of gradient * sign beyond it and, over it, that of
/// gradient * error within it.
inline grid_slopes grid_gradients(const void* in, const void* gradients, void* out, std::size_t n,
                                  const float_grid& grid) {
  const grid_quantizer quantize(grid);
  const words zero(0), mask(binary32::sign_mask - 1);
  const auto* source = static_cast<const unsigned char*>(in);
  const auto* slopes = static_cast<const unsigned char*>(gradients);
  auto* target = static_cast<unsigned char*>(out);
  grid_sums inner, outer;
  constexpr std::size_t row = grid_sums::row;
  unsigned char x_rest[4 * row] = {}, slope_rest[4 * row] = {}, out_rest[4 * row];
  for (std::size_t i = 0; i < n; i += row) {
    const unsigned char *x_row = source + 4 * i, *slope_row = slopes + 4 * i;
    unsigned char* out_row = target + 4 * i;
    if (n - i < row) {
      __builtin_memcpy(x_rest, x_row, 4 * (n - i));
      __builtin_memcpy(slope_rest, slope_row, 4 * (n - i));
      x_row = x_rest;
      slope_row = slope_rest;
      out_row = out_rest;
    }
    NF_UNROLL
    for (std::size_t k = 0; k < grid_sums::packs; ++k) {
      const words x = words::load(x_row + k * sizeof(words)),
                  slope = words::load(slope_row + k * sizeof(words));
      const words clip = quantize.clipped(x), error = minus(quantize(x, clip), clip);
      const words sign = x & words(binary32::sign_mask);
      const words inside =
          select_equal(x, clip, slope, select_equal(x & mask, zero, slope, zero));  // -0 is 0
      inside.store(out_row + k * sizeof(words));
      const words above = select_less(quantize.largest, x & mask, slope ^ sign, zero);
      const words beyond = quantize.is_signed ? above : select_less(x, zero, zero, above);
      doubles low, high, slope_low, slope_high;
      widen_floats(error, low, high);
      widen_floats(slope, slope_low, slope_high);
      // the product of floats is exact in double
      inner.sums[2 * k] += low * slope_low;
      inner.sums[2 * k + 1] += high * slope_high;
      widen_floats(beyond, low, high);
      outer.sums[2 * k] += low;
      outer.sums[2 * k + 1] += high;
    }
    if (n - i < row) __builtin_memcpy(target + 4 * i, out_rest, 4 * (n - i));
  }
  const double within = inner.total();
  return {outer.total() + within / static_cast<double>(__builtin_bit_cast(float, grid.largest)),
          within};
}
