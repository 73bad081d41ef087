// What training code asks of an array beside its conversion. No include guard: it is included once in each
// instruction set's region and namespace, where it sees `lanes`.

/// The largest magnitude, as bits, of n floats or doubles; a NaN is larger than Inf.
template <class Word>
Word largest_magnitude(const void* in, std::size_t n) {
  constexpr std::size_t count = sizeof(words) / sizeof(Word);
  using pack_type = pack<count, Word>;
  constexpr Word mask = wide<Word>::sign_mask - 1;
  const auto* source = static_cast<const unsigned char*>(in);
  pack_type most[4] = {pack_type(0), pack_type(0), pack_type(0), pack_type(0)};
  std::size_t i = 0;
  for (; n - i >= 4 * count; i += 4 * count) {
#pragma GCC unroll 4
    for (std::size_t k = 0; k < 4; ++k) {
      const pack_type x = pack_type::load(source + (i + k * count) * sizeof(Word));
      most[k] = larger(most[k], x & pack_type(mask));
    }
  }
  const pack_type all = larger(larger(most[0], most[1]), larger(most[2], most[3]));
  Word result = 0;
  for (std::size_t k = 0; k < count; ++k) result = larger<Word>(result, all.lanes[k]);
  for (; i < n; ++i) {
    Word x = 0;
    __builtin_memcpy(&x, source + i * sizeof x, sizeof x);
    result = larger<Word>(result, x & mask);
  }
  return result;
}

/// n floats times a factor, rounded to nearest. A NaN stays what it is; the NaN of Inf * 0 is the positive
/// canonical one. If `flush`, subnormal floats are read as zero.
struct scaling {
  static constexpr std::size_t in_bytes = 4, out_bytes = 4, random_bytes = 0;
  float factor;
  bool flush;

  NF_INLINE words scaled(words x) const {
    using floats = vector<lanes, float>;
    if (flush) x = flush_subnormals<binary32>(x);
    const words mask(binary32::sign_mask - 1), infinity(binary32::infinity_code);
    const words product = (words::words)((floats)x.lanes * (floats{} + factor));
    const words nan = select_less(infinity, x & mask, x, words(binary32::nan_code));
    return select_less(infinity, product & mask, nan, product);
  }
  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
#pragma GCC unroll 4
    for (std::size_t k = 0; k < 4; ++k) {
      store(out + k * sizeof(words), scaled(words::load(in + k * sizeof(words))), stream);
    }
  }
};

inline void scale_array(const void* in, void* out, std::size_t n, float factor, bool flush) {
  run_groups(scaling{factor, flush}, static_cast<const unsigned char*>(in),
             static_cast<unsigned char*>(out), n, nullptr, false);
}
