// What the sums of int8 products become. No include guard: it is included once in each instruction
// set's region and namespace, where it sees `lanes`, the loops of lanes.inl and factors.inl.

/// Keeps -ffast-math from multiplying in another order.
NF_INLINE doubles opaque_doubles(const doubles& x) {
  const words hidden = opaque(words::words(x));
  return doubles(hidden.lanes);
}

/// lanes / 2 sums times (row * column) * (1 / 127^2), each product a double, rounded to floats.
NF_INLINE vector<lanes / 2, float> scaled_sums(const std::int32_t* sums, const doubles& row,
                                               const doubles& column) {
  constexpr double inverse = 1.0 / (127 * 127);
  vector<lanes / 2, std::int32_t> integers;
  __builtin_memcpy(&integers, sums, sizeof integers);
  const doubles scale = opaque_doubles(row * column);  // exact
  const doubles factor = opaque_doubles(scale * inverse);
  const doubles product = opaque_doubles(__builtin_convertvector(integers, doubles) * factor);
  return __builtin_convertvector(product, vector<lanes / 2, float>);
}

/// The same for `lanes` sums; a bias is added in float. NaN is canonical.
NF_INLINE void scale_sums(const std::int32_t* sums, const doubles& row, const words& columns,
                          const float* bias, float* out) {
  using floats = vector<lanes, float>;
  doubles low, high;
  widen_floats(columns, low, high);
  const auto first = scaled_sums(sums, row, low);
  const auto last = scaled_sums(sums + lanes / 2, row, high);
  float products[lanes];
  __builtin_memcpy(products, &first, sizeof first);
  __builtin_memcpy(products + lanes / 2, &last, sizeof last);
  words y = words::load(products);
  if (bias != nullptr) y = words::words(floats(y.lanes) + floats(words::load(bias).lanes));
  const words value = y & words(binary32::sign_mask - 1);
  select_less(words(binary32::infinity_code), value, words(binary32::nan_code), y).store(out);
}

/// A row of n sums with the scale of the row and those of the columns, columns[i >> shift]; `bias`
/// may be null. The sums are read before the floats are written, so both may be the same memory.
inline void scale_integers(const std::int32_t* sums, std::size_t n, float row, const float* columns,
                           int shift, const float* bias, float* out) {
  const doubles row_scale = splat_double(static_cast<double>(row));
  std::size_t i = 0;
  for (; n - i >= lanes; i += lanes) {
    scale_sums(sums + i, row_scale, factors_at(columns, i, shift),
               bias == nullptr ? nullptr : bias + i, out + i);
  }
  if (i == n) return;
  std::int32_t rest[lanes] = {};
  float scales[lanes] = {}, offsets[lanes] = {}, y[lanes];
  const std::size_t count = n - i;
  __builtin_memcpy(rest, sums + i, count * sizeof *sums);
  for (std::size_t k = 0; k < count; ++k) scales[k] = columns[(i + k) >> shift];
  if (bias != nullptr) __builtin_memcpy(offsets, bias + i, count * sizeof(float));
  scale_sums(rest, row_scale, words::load(scales), bias == nullptr ? nullptr : offsets, y);
  __builtin_memcpy(out + i, y, count * sizeof(float));
}
