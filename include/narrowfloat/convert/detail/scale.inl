// Floats times one factor. No include guard: it is included once in each instruction set's region
// and namespace, where it sees `lanes` and run_groups().

/// n floats times a factor, rounded to nearest. A NaN stays what it is; the NaN of Inf * 0 is the
/// positive canonical one. If `flush`, subnormal floats are read as zero.
struct scaling {
  static constexpr std::size_t in_bytes = 4, out_bytes = 4, random_bytes = 0;
  words factor;  ///< bits; a sum with a vector of zeros would lose -0
  bool flush;

  NF_INLINE words scaled(words x) const {
    using floats = vector<lanes, float>;
    if (flush) x = flush_subnormals<binary32>(x);
    const words mask(binary32::sign_mask - 1), infinity(binary32::infinity_code);
    const words product = words::words(floats(x.lanes) * floats(factor.lanes));
    const words nan = select_less(infinity, x & mask, x, words(binary32::nan_code));
    return select_less(infinity, product & mask, nan, product);
  }
  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      store(out + k * sizeof(words), scaled(words::load(in + k * sizeof(words))), stream);
    }
  }
};

inline void scale_array(const void* in, void* out, std::size_t n, float factor, bool flush,
                        bool stream) {
  const auto bits = __builtin_bit_cast(std::uint32_t, factor);
  run_groups(scaling{splat<words>(bits), flush}, static_cast<const unsigned char*>(in),
             static_cast<unsigned char*>(out), n, nullptr, stream);
}

/// n floats times a double, in an environment that rounds to nearest, or toward zero if ToOdd: then
/// an inexact float is the odd one of its neighbours, FLT_MAX beyond the range. The product of a
/// float and a float is exact here; that of a float and a rounded inverse is rounded to 49 bits,
/// which tell it from every number of 25 bits that the exact quotient is not. Inf, NaN and the
/// signs of zero as in `scaling`.
template <bool ToOdd>
struct long_scaling {
  static constexpr std::size_t in_bytes = 4, out_bytes = 4, random_bytes = 0;
  long_words factor;

  static NF_INLINE void multiply(const unsigned char* from, const long_words& factor,
                                 long_words& first, long_words& last) {
    load_doubles(from, first, last);
    first = to_49_bits(doubles(first.lanes) * doubles(factor.lanes));
    last = to_49_bits(doubles(last.lanes) * doubles(factor.lanes));
  }
  /// The products of `lanes` floats, some of which are below the normal range and lose more bits
  /// than others do. A call, since it is rare.
  static __attribute__((noinline, cold)) words small_products(const unsigned char* from,
                                                              const long_words& factor) {
    long_words first(0), last(0);
    multiply(from, factor, first, last);
    const words cut =
        opaque(narrow_doubles(first, last));  // or the compiler might widen what was not cut
    doubles low, high;
    widen_floats(cut, low, high);
    const long_words less = first ^ long_words(long_words::words(low)),
                     more = last ^ long_words(long_words::words(high));
    const words lost = every_second_word(less | (less >> 32), more | (more >> 32), false);
    return cut | select_equal(lost, words(0), words(0), words(1));
  }
  /// `small` is 0 where the product is not below the normal range.
  NF_INLINE words product(const unsigned char* from, words& small) const {
    const words x = words::load(from), mask(binary32::sign_mask - 1);
    long_words first(0), last(0);
    multiply(from, factor, first, last);
    if constexpr (ToOdd) {
      first = to_odd_24_bits(first);
      last = to_odd_24_bits(last);
    }
    const words y = narrow_doubles(first, last);
    small = select_less(y & mask, words(std::uint32_t{1} << binary32::mantissa_bits), x & mask,
                        words(0));
    return y;
  }
  /// A NaN x is itself, others are the positive one.
  static NF_INLINE words with_nan(const words& x, const words& y) {
    const words mask(binary32::sign_mask - 1), infinity(binary32::infinity_code);
    const words nan = select_less(infinity, x & mask, x, words(binary32::nan_code));
    return select_less(infinity, y & mask, nan, y);
  }
  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
    words y[4], small[4];
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) y[k] = product(in + k * sizeof(words), small[k]);
    if constexpr (ToOdd) {
      if (has_signs(words(0) - (small[0] | small[1] | small[2] | small[3]))) {
        NF_UNROLL
        for (std::size_t k = 0; k < 4; ++k) y[k] = small_products(in + k * sizeof(words), factor);
      }
    }
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) y[k] = with_nan(words::load(in + k * sizeof(words)), y[k]);
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) store(out + k * sizeof(words), y[k], stream);
  }
};

template <bool ToOdd>
void scale_array_long(const void* in, void* out, std::size_t n, double factor, bool stream) {
  const auto bits = __builtin_bit_cast(std::uint64_t, factor);
  run_groups(long_scaling<ToOdd>{splat<long_words>(bits)}, static_cast<const unsigned char*>(in),
             static_cast<unsigned char*>(out), n, nullptr, stream);
}
