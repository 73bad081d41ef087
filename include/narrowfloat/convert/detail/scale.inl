// Floats times one factor. No include guard: it is included once in each instruction set's region and
// namespace, where it sees `lanes` and run_groups().

/// n floats times a factor, rounded to nearest. A NaN stays what it is; the NaN of Inf * 0 is the positive
/// canonical one. If `flush`, subnormal floats are read as zero.
struct scaling {
  static constexpr std::size_t in_bytes = 4, out_bytes = 4, random_bytes = 0;
  words factor;  ///< bits; a sum with a vector of zeros would lose -0
  bool flush;

  NF_INLINE words scaled(words x) const {
    using floats = vector<lanes, float>;
    if (flush) x = flush_subnormals<binary32>(x);
    const words mask(binary32::sign_mask - 1), infinity(binary32::infinity_code);
    const words product = (words::words)((floats)x.lanes * (floats)factor.lanes);
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

inline void scale_array(const void* in, void* out, std::size_t n, float factor, bool flush) {
  const auto bits = __builtin_bit_cast(std::uint32_t, factor);
  run_groups(scaling{splat<words>(bits), flush}, static_cast<const unsigned char*>(in),
             static_cast<unsigned char*>(out), n, nullptr, false);
}
