// What the scaling recipes ask of an array. No include guard: it is included once in each
// instruction set's region and namespace, where it sees run_groups() and the loops of scale.inl.

/// As `scaling`; keeps the largest magnitude of the products, as bits.
struct unscaling {
  static constexpr std::size_t in_bytes = 4, out_bytes = 4, random_bytes = 0;
  scaling by;
  words* largest;  ///< the step itself is constant

  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
    const words mask(binary32::sign_mask - 1);
    words most = *largest;
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      const words product = by.scaled(words::load(in + k * sizeof(words)));
      most = larger(most, product & mask);
      store(out + k * sizeof(words), product, stream);
    }
    *largest = most;
  }
};

/// Multiplies n floats by a factor, rounded to nearest, and returns the largest magnitude of the
/// products, as bits: a NaN is larger than Inf. The zeros that fill a last part become zeros or,
/// where the factor makes NaN of them, what it makes of the elements beside them as well.
inline std::uint32_t unscale_array(const void* in, void* out, std::size_t n, float factor,
                                   bool stream) {
  const auto bits = __builtin_bit_cast(std::uint32_t, factor);
  words most(0);
  run_groups(unscaling{{splat<words>(bits), false}, &most}, static_cast<const unsigned char*>(in),
             static_cast<unsigned char*>(out), n, nullptr, stream);
  return largest_lane(most);
}
