// Floats past the caches. No include guard: it is included once in each instruction set's region
// and namespace, where it sees `lanes` and store().

/// Copies n floats, whole packs, past the caches to where packs are aligned; in the end
/// finish_streaming().
inline void stream_floats(const float* in, std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; i += lanes) {
    store(reinterpret_cast<unsigned char*>(out + i), words::load(in + i), true);
  }
}
inline void end_streaming() { finish_streaming(); }
