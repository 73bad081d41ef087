// How an array is walked. No include guard: it is included once in each instruction set's region and
// namespace, where it sees `lanes`, prefetch() and finish_streaming().

inline constexpr std::size_t group = 4 * lanes;

/// All lanes alike. In the region, where it is one instruction: outside, GCC 12 makes N insertions of it.
template <class W>
NF_INLINE W splat(lane<W> x) {
  return typename W::words{} + x;
}

/// Runs a step on fewer elements than it takes, through copies: nothing outside the arrays is touched.
template <class Step>
NF_INLINE void run_part(const Step& step, const unsigned char* in, unsigned char* out, std::size_t n,
                        const unsigned char* random) {
  alignas(64) unsigned char source[group * Step::in_bytes] = {};
  alignas(64) unsigned char target[group * Step::out_bytes];
  __builtin_memcpy(source, in, n * Step::in_bytes);
  step(source, target, random, false);
  __builtin_memcpy(out, target, n * Step::out_bytes);
}

/// Runs a step over n elements, `group` at a time. Each group is read before it is written. Streaming stores
/// go past the caches; they begin where `out` is aligned to a cache line, and reads are prefetched.
template <class Step>
NF_INLINE void run_groups(const Step& step, const unsigned char* in, unsigned char* out,
                          std::size_t n, const unsigned char* random, bool stream) {
  constexpr std::size_t line = 64, ahead = 4096;
  std::size_t i = 0;
  if (stream) {
    const std::size_t before_line = -reinterpret_cast<std::uintptr_t>(out) % line;
    stream = before_line % Step::out_bytes == 0;
    if (stream && before_line != 0) {
      i = before_line / Step::out_bytes < n ? before_line / Step::out_bytes : n;
      run_part(step, in, out, i, random);
    }
  }
  for (; n - i >= group; i += group) {
    if (stream) {
#pragma GCC unroll 8
      for (std::size_t byte = 0; byte < group * Step::in_bytes; byte += line) {
        prefetch(in + i * Step::in_bytes + ahead + byte);
      }
    }
    step(in + i * Step::in_bytes, out + i * Step::out_bytes, random + i * Step::random_bytes,
         stream);
  }
  if (stream) finish_streaming();
  if (i != n) {
    run_part(step, in + i * Step::in_bytes, out + i * Step::out_bytes, n - i,
             random + i * Step::random_bytes);
  }
}
