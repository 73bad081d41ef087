// What the sums of a matrix product become. No include guard: it is included once in each
// instruction set's region and namespace, where it sees `lanes` and the edge operations.

/// n numbers times (row * columns[i]), plus bias[i], each operation rounded; either array may be
/// null. All of them fill whole vectors.
inline void finish_sums(float* x, std::size_t n, float row, const float* columns,
                        const float* bias) {
  using floats = vector<lanes, float>;
  const floats of_row = splat_float(row);
  for (std::size_t i = 0; i < n; i += lanes) {
    floats factor = of_row;
    if (columns != nullptr) factor = separate(factor * floats(words::load(columns + i).lanes));
    floats y = separate(floats(words::load(x + i).lanes) * factor);
    if (bias != nullptr) y = separate(y + floats(words::load(bias + i).lanes));
    const words bits = words::words(y), value = bits & words(binary32::sign_mask - 1);
    select_less(words(binary32::infinity_code), value, words(binary32::nan_code), bits)
        .store(x + i);
  }
}
