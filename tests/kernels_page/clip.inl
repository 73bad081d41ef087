// Gradients times a factor, clipped to a bound. No include guard: it is included once in each
// instruction set's region and namespace, where it sees `words`, `lanes` and run_groups().

/// Products rounded to nearest; beyond the bound the bound with their sign, NaN the positive
/// canonical one.
struct clipping {
  static constexpr std::size_t in_bytes = 4, out_bytes = 4, random_bytes = 0;  // of an element
  words factor, bound;  ///< as bits, all lanes alike

  NF_INLINE words clipped(const words& x) const {
    using floats = vector<lanes, float>;
    const words sign(binary32::sign_mask), infinity(binary32::infinity_code);
    const words product = (words::words)((floats)x.lanes * (floats)factor.lanes);
    const words magnitude = product & words(binary32::sign_mask - 1);
    const words result = smaller(magnitude, bound) | (product & sign);
    return select_less(infinity, magnitude, words(binary32::nan_code), result);
  }
  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k)
      store(out + k * sizeof(words), clipped(words::load(in + k * sizeof(words))), stream);
  }
};

inline void clip_array(const void* in, void* out, std::size_t n, float factor, float bound,
                       bool stream) {
  const clipping step{splat<words>(__builtin_bit_cast(std::uint32_t, factor)),
                      splat<words>(__builtin_bit_cast(std::uint32_t, bound))};
  run_groups(step, static_cast<const unsigned char*>(in), static_cast<unsigned char*>(out), n,
             nullptr, stream);
}
