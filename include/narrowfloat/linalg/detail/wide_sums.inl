// Sums of products by the arithmetic of floats or doubles, one output a lane. No include guard: it
// is included once in each instruction set's region and namespace, where it sees `lanes` and the
// edge operations.

template <class T>
struct lanes_of;
template <>
struct lanes_of<float> {
  using type = vector<lanes, float>;
  static NF_INLINE type splat(float x) { return splat_float(x); }
};
template <>
struct lanes_of<double> {
  using type = doubles;
  static NF_INLINE type splat(double x) { return splat_double(x); }
};
template <>
struct lanes_of<std::int32_t> {
  using type = vector<lanes, std::uint32_t>;
  static NF_INLINE type splat(std::int32_t x) { return type{} + static_cast<std::uint32_t>(x); }
};

/// Adds the products of a task to its sums: wide_rows rows of wide_vectors vectors go on side by
/// side.
template <class T, wide_step Step>
void wide_sums(const wide_task<T>& task) {
  using numbers = typename lanes_of<T>::type;
  constexpr std::size_t Rows = wide_rows, Vectors = wide_vectors,
                        count = sizeof(numbers) / sizeof(T);
  for (std::size_t row = 0; row < task.rows; row += Rows) {
    const T* a = task.a + row * task.a_step;
    T* const sums = task.sums + row * Vectors * count;
    numbers sum[Rows][Vectors];
    NF_UNROLL
    for (std::size_t r = 0; r < Rows; ++r) {
      NF_UNROLL
      for (std::size_t v = 0; v < Vectors; ++v)
        sum[r][v] = numbers(words::load(sums + (r * Vectors + v) * count).lanes);
    }
    for (std::size_t l = 0; l < task.k; ++l, a += Rows) {
      numbers b[Vectors];
      NF_UNROLL
      for (std::size_t v = 0; v < Vectors; ++v)
        b[v] = numbers(words::load(task.b + (l * Vectors + v) * count).lanes);
      NF_UNROLL
      for (std::size_t r = 0; r < Rows; ++r) {
        const numbers x = lanes_of<T>::splat(a[r]);
        NF_UNROLL
        for (std::size_t v = 0; v < Vectors; ++v) {
          if constexpr (Step == wide_step::pairs) {
            sum[r][v] += pair_products(words(x), words(b[v])).lanes;
          } else if constexpr (Step == wide_step::separate) {
            sum[r][v] = separate(sum[r][v] + separate(x * b[v]));
          } else {
            sum[r][v] = multiply_add(x, b[v], sum[r][v]);
          }
        }
      }
    }
    NF_UNROLL
    for (std::size_t r = 0; r < Rows; ++r) {
      NF_UNROLL
      for (std::size_t v = 0; v < Vectors; ++v)
        words(words::words(sum[r][v])).store(sums + (r * Vectors + v) * count);
    }
  }
}

/// Adds sums, as Part, to n totals and makes them zero; n fills vectors.
template <class Part, class T, class Total>
void wide_totals(T* sums, Total* totals, std::size_t n) {
  if constexpr (std::is_same_v<T, Total> && std::is_same_v<T, Part>) {
    using numbers = typename lanes_of<T>::type;
    constexpr std::size_t count = sizeof(numbers) / sizeof(T);
    for (std::size_t i = 0; i < n; i += count) {
      const numbers part = numbers(words::load(sums + i).lanes);
      const numbers total = numbers(words::load(totals + i).lanes) + part;
      words(words::words(total)).store(totals + i);
    }
  } else {
    for (std::size_t i = 0; i < n; ++i)
      totals[i] = totals[i] + static_cast<Total>(static_cast<Part>(sums[i]));
  }
  __builtin_memset(sums, 0, n * sizeof(T));
}
