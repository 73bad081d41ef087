// The fast Walsh-Hadamard transform of groups of floats, strides 1, 2, 4 ... in this order. No
// include guard: it is included once in each instruction set's region and namespace, where it sees
// `lanes` and store().

/// Lanes that differ in the bit Stride of their number become their sum and their difference.
template <std::size_t Stride, std::size_t... Lane>
NF_INLINE words lane_butterfly(const words& x, std::index_sequence<Lane...>) {
  using floats = vector<lanes, float>;
  const words::words swapped = __builtin_shufflevector(x.lanes, x.lanes, (Lane ^ Stride)...);
  const floats sign = {((Lane & Stride) != 0 ? -1.0f : 1.0f)...};
  // the product is exact, so it is all the same whether the compiler fuses the two operations
  return opaque(words::words(floats(x.lanes) * sign + floats(swapped)));
}

/// The transform within a vector.
NF_INLINE words lane_butterflies(words x) {
  constexpr std::make_index_sequence<lanes> all{};
  x = lane_butterfly<1>(x, all);
  x = lane_butterfly<2>(x, all);
  if constexpr (lanes > 4) x = lane_butterfly<4>(x, all);
  if constexpr (lanes > 8) x = lane_butterfly<8>(x, all);
  return x;
}

/// The transform of N vectors, lane by lane.
template <std::size_t N>
NF_INLINE void vector_butterflies(words* x) {
  using floats = vector<lanes, float>;
  if constexpr (N > 1) {
    vector_butterflies<N / 2>(x);
    vector_butterflies<N / 2>(x + N / 2);
    NF_UNROLL
    for (std::size_t k = 0; k < N / 2; ++k) {
      const floats a = floats(x[k].lanes), b = floats(x[k + N / 2].lanes);
      x[k] = opaque(words::words(a + b));
      x[k + N / 2] = opaque(words::words(a - b));
    }
  }
}

/// A group of neighbouring elements: several vectors one after the other.
template <std::size_t Group>
struct within_rows {
  static constexpr bool mixes_lanes = true;
  static constexpr std::size_t vectors = Group / lanes, across = 1;
  static NF_INLINE words factor(const std::uint32_t* factors, std::size_t k) {
    return words::load(factors + k * lanes);
  }
};
/// Groups side by side, up to some cache lines of each row: vectors one below the other.
template <std::size_t Group>
struct down_columns {
  static constexpr bool mixes_lanes = false;
  static constexpr std::size_t vectors = Group, across = 64 / lanes;
  static NF_INLINE words factor(const std::uint32_t* factors, std::size_t k) {
    return splat<words>(factors[k]);
  }
};

/// The transform of the groups of a Shape, whose vectors are `step` bytes apart, in the result
/// `out_step`. All of them are read before one is written.
template <class Shape>
struct hadamard_step {
  // as many vectors at a time as the registers hold
  static constexpr std::size_t most = lanes == 16 || Shape::vectors == 128 ? 16 : 8;
  static constexpr std::size_t first = Shape::vectors < most ? Shape::vectors : most;
  static constexpr std::size_t second = Shape::vectors / first;

  const hadamard_factors& factors;
  words largest = words(0);  ///< magnitudes of the results that are looked at

  /// The signs, and the transform of the vectors from `at` on.
  NF_INLINE void begin(words (&x)[first], const unsigned char* in, std::size_t step,
                       std::size_t at) const {
    NF_UNROLL
    for (std::size_t k = 0; k < first; ++k) {
      x[k] = words::load(in + (at + k) * step) ^ Shape::factor(factors.before, at + k);
      if constexpr (Shape::mixes_lanes) x[k] = lane_butterflies(x[k]);
    }
    vector_butterflies<first>(x);
  }

  /// The last multiplication. The sums of the last stride tell whether there may be a NaN among its
  /// differences: a - b is NaN only where a + b is NaN or Inf.
  NF_INLINE void finish(const words& x, unsigned char* out, std::size_t at, bool is_looked_at,
                        bool stream) {
    using floats = vector<lanes, float>;
    const words factor = Shape::factor(factors.after, at);
    const words product = words::words(floats(x.lanes) * floats(factor.lanes));
    if (is_looked_at) largest = larger(largest, product & words(binary32::sign_mask - 1));
    store(out, product, stream);
  }

  /// In one go.
  NF_INLINE void run_short(const unsigned char* in, std::size_t step, unsigned char* out,
                           std::size_t out_step, bool stream) {
    words x[first];
    begin(x, in, step, 0);
    NF_UNROLL
    for (std::size_t k = 0; k < first; ++k) {
      finish(x[k], out + k * out_step, k, k < (first + 1) / 2, stream);
    }
  }
  /// The strides that lie between the first vectors; then the others.
  NF_INLINE void run_long(const unsigned char* in, std::size_t step, unsigned char* out,
                          std::size_t out_step, std::size_t across, bool stream) {
    words between[Shape::across][Shape::vectors];
    for (std::size_t at = 0; at < Shape::vectors; at += first) {
      for (std::size_t i = 0; i < across; ++i) {
        words x[first];
        begin(x, in + i * sizeof(words), step, at);
        NF_UNROLL
        for (std::size_t k = 0; k < first; ++k) between[i][at + k] = x[k];
      }
    }
    for (std::size_t at = 0; at < first; ++at) {
      for (std::size_t i = 0; i < across; ++i) {
        words x[second];
        NF_UNROLL
        for (std::size_t k = 0; k < second; ++k) x[k] = between[i][at + k * first];
        vector_butterflies<second>(x);
        NF_UNROLL
        for (std::size_t k = 0; k < second; ++k) {
          const std::size_t row = at + k * first;
          finish(x[k], out + row * out_step + i * sizeof(words), row, k < second / 2, stream);
        }
      }
    }
  }
  /// `across` such groups, or rows of them, side by side.
  NF_INLINE void operator()(const unsigned char* in, std::size_t step, unsigned char* out,
                            std::size_t out_step, std::size_t across, bool stream) {
    if constexpr (second != 1) {
      run_long(in, step, out, out_step, across, stream);
    } else {
      for (std::size_t i = 0; i < across; ++i) {
        run_short(in + i * sizeof(words), step, out + i * sizeof(words), out_step, stream);
      }
    }
  }
};

/// Makes every NaN of some vectors the canonical one: which one it is depends on the order of the
/// operands.
NF_INLINE void make_canonical(unsigned char* out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const words x = words::load(out + i * sizeof(words)),
                value = x & words(binary32::sign_mask - 1);
    select_less(words(binary32::infinity_code), value, words(binary32::nan_code), x)
        .store(out + i * sizeof(words));
  }
}

/// Transforms groups that lie one after the other.
template <std::size_t Group>
void transform_rows(const void* in, void* out, std::size_t groups, const hadamard_factors& factors,
                    bool stream) {
  constexpr std::size_t part = 4096 / Group;  // groups
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<unsigned char*>(out);
  for (std::size_t left = groups, count = 0; left != 0; left -= count) {
    count = left < part ? left : part;
    hadamard_step<within_rows<Group>> step{factors};
    for (std::size_t i = 0; i < count; ++i) {
      step(source + i * 4 * Group, sizeof(words), target + i * 4 * Group, sizeof(words), 1, stream);
    }
    if (largest_lane(step.largest) >= binary32::infinity_code)
      make_canonical(target, count * Group / lanes);
    source += count * 4 * Group;
    target += count * 4 * Group;
  }
  if (stream) finish_streaming();
}

/// Transforms groups that lie side by side, their rows `stride` bytes apart.
template <std::size_t Group>
NF_INLINE void transform_tile(const unsigned char* in, std::size_t stride, unsigned char* out,
                              std::size_t out_stride, std::size_t across,
                              const hadamard_factors& factors, bool stream) {
  hadamard_step<down_columns<Group>> step{factors};
  step(in, stride, out, out_stride, across, stream);
  if (largest_lane(step.largest) < binary32::infinity_code) return;
  for (std::size_t row = 0; row < Group; ++row) make_canonical(out + row * out_stride, across);
}

/// The same for less than a vector of columns, `width` bytes, through a copy.
template <std::size_t Group>
NF_INLINE void transform_part(const unsigned char* in, std::size_t stride, unsigned char* out,
                              std::size_t out_stride, std::size_t width,
                              const hadamard_factors& factors) {
  alignas(64) unsigned char copy[Group * sizeof(words)] = {};
  for (std::size_t row = 0; row < Group; ++row) {
    copy_bytes<sizeof(words)>(copy + row * sizeof(words), in + row * stride, width);
  }
  transform_tile<Group>(copy, sizeof(words), copy, sizeof(words), 1, factors, false);
  for (std::size_t row = 0; row < Group; ++row) {
    copy_bytes<sizeof(words)>(out + row * out_stride, copy + row * sizeof(words), width);
  }
}

/// Transforms the groups of a matrix that lie in its columns.
template <std::size_t Group>
void transform_columns(const hadamard_matrix& matrix, const hadamard_factors& factors,
                       bool stream) {
  constexpr std::size_t widest = down_columns<Group>::across;
  const std::size_t stride = 4 * matrix.in_leading, out_stride = 4 * matrix.out_leading;
  for (std::size_t row = 0; row < matrix.rows; row += Group) {
    const auto* source = reinterpret_cast<const unsigned char*>(matrix.in) + row * stride;
    auto* target = reinterpret_cast<unsigned char*>(matrix.out) + row * out_stride;
    for (std::size_t left = matrix.cols / lanes, across = 0; left != 0; left -= across) {
      across = left < widest ? left : widest;
      transform_tile<Group>(source, stride, target, out_stride, across, factors, stream);
      source += across * sizeof(words);
      target += across * sizeof(words);
    }
    if (matrix.cols % lanes != 0)
      transform_part<Group>(source, stride, target, out_stride, 4 * (matrix.cols % lanes), factors);
  }
  if (stream) finish_streaming();
}
