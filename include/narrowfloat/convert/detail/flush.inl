// Subnormal numbers to zero. No include guard: it is included once in each instruction set's region
// and namespace, where it sees the edge operations and run_groups().

/// Codes to themselves, but for subnormals, which become zero.
template <class Layout>
struct flushing {
  static constexpr std::size_t in_bytes = sizeof(code_for<Layout>), out_bytes = in_bytes,
                               random_bytes = 0;

  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
    if constexpr (in_bytes == 8) {
      NF_UNROLL
      for (std::size_t k = 0; k < 8 * sizeof(long_words); k += sizeof(long_words)) {
        store(out + k, flush_subnormals<Layout>(long_words::load(in + k)), stream);
      }
    } else {
      words x[4] = {words(0), words(0), words(0), words(0)};
      NF_UNROLL
      for (std::size_t k = 0; k < 4; ++k) {
        x[k] = flush_subnormals<Layout>(load_widen<code_for<Layout>>(in + k * lanes * in_bytes));
        if constexpr (in_bytes == 4) store(out + k * sizeof(words), x[k], stream);
      }
      if constexpr (in_bytes == 1) {
        store(out, in_order(pack_codes(x[0], x[1], x[2], x[3])), stream);
      } else if constexpr (in_bytes == 2) {
        store(out, in_order(pack_codes(x[0], x[1])), stream);
        store(out + sizeof(halves), in_order(pack_codes(x[2], x[3])), stream);
      }
    }
  }
};

/// Flushes n codes; `in` and `out` may be the same.
template <class Layout>
void flush_array(const void* in, void* out, std::size_t n) {
  run_groups(flushing<Layout>{}, static_cast<const unsigned char*>(in),
             static_cast<unsigned char*>(out), n, nullptr, false);
}
