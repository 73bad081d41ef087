// How an array is walked. No include guard: it is included once in each instruction set's region
// and namespace, where it sees the loops of lanes.inl, prefetch() and finish_streaming().

/// Copies `count` bytes, less than Capacity. Not a call: one would cost as much as a whole step. By
/// vectors with a mask, where there are such; Masked is a parameter so that its functions need not
/// be there where nothing instantiates them.
template <std::size_t Capacity, class Masked = masked_bytes>
NF_INLINE void copy_bytes(unsigned char* to, const unsigned char* from, std::size_t count) {
  if constexpr (!std::is_same_v<Masked, no_values>) {
    NF_UNROLL
    for (std::size_t i = 0; i < Capacity; i += sizeof(bytes)) {
      if (count > i) Masked::store(to + i, Masked::load(from + i, count - i), count - i);
    }
  } else {
    if constexpr (Capacity > 32) {
#pragma GCC unroll 1
      for (; count >= 32; count -= 32, to += 32, from += 32) __builtin_memcpy(to, from, 32);
    }
    NF_UNROLL
    for (std::size_t size = 16; size != 0; size /= 2) {
      if ((count & size) == 0) continue;
      __builtin_memcpy(to, from, size);
      to += size;
      from += size;
    }
  }
}
/// The same, and zeros up to Capacity.
template <std::size_t Capacity, class Masked = masked_bytes>
NF_INLINE void copy_filled(unsigned char* to, const unsigned char* from, std::size_t count) {
  if constexpr (!std::is_same_v<Masked, no_values>) {
    NF_UNROLL
    for (std::size_t i = 0; i < Capacity; i += sizeof(bytes))
      (count > i ? Masked::load(from + i, count - i) : bytes(0)).store(to + i);
  } else {
    __builtin_memset(to, 0, Capacity);
    copy_bytes<Capacity>(to, from, count);
  }
}

/// What a step is made of: its parameters, or a copy.
template <class Step>
NF_INLINE auto parameters_of(const Step& step) {
  if constexpr (requires { step.parameters; }) {
    return step.parameters;
  } else {
    return step;
  }
}

/// Runs a step that is not of the loop: on fewer elements than it takes, through copies, so that
/// nothing outside the arrays is touched; or on a whole group. A call, which makes the step anew:
/// the text of a step is compiled twice, not four times, and the step of the loop stays in
/// registers.
template <class Step, class Parameters>
__attribute__((noinline)) void run_part(Parameters parameters, const unsigned char* in,
                                        unsigned char* out, std::size_t n,
                                        const unsigned char* random) {
  const Step step(parameters);
  alignas(64) unsigned char source[group * Step::in_bytes];
  alignas(64) unsigned char target[group * Step::out_bytes];
  const bool is_whole = n == group;
  if (!is_whole) copy_filled<sizeof source>(source, in, n * Step::in_bytes);
  step(is_whole ? in : source, is_whole ? out : target, random, false);
  if (!is_whole) copy_bytes<sizeof target>(out, target, n * Step::out_bytes);
}

/// Calls for the elements, of Bytes each, that a loop takes some groups later.
template <std::size_t Bytes>
NF_INLINE void prefetch_group(const unsigned char* in) {
  constexpr std::size_t line = 64, ahead = 4096;
  NF_UNROLL
  for (std::size_t byte = 0; byte < group * Bytes; byte += line) prefetch(in + ahead + byte);
}

/// Runs a step over n elements, `group` at a time. Each group is read before it is written.
/// Streaming stores go past the caches; they begin where `out` is aligned to a vector. Reads are
/// then prefetched, but for narrowing on a processor that reads ahead.
template <class Step>
NF_INLINE void run_groups(const Step& step, const unsigned char* in, unsigned char* out,
                          std::size_t n, const unsigned char* random, bool stream) {
  constexpr std::size_t alignment = 4 * lanes;
  std::size_t i = 0;
  bool prefetches = false;
  if (stream) {
    prefetches = Step::out_bytes > Step::in_bytes || !find_cpu_features().reads_ahead;
    const std::size_t misaligned = -reinterpret_cast<std::uintptr_t>(out) % alignment;
    stream = misaligned % Step::out_bytes == 0;
    if (stream && misaligned != 0) {  // less than a group
      i = misaligned / Step::out_bytes < n ? misaligned / Step::out_bytes : n;
      run_part<Step>(parameters_of(step), in, out, i, random);
    }
  }
  for (; n - i >= group; i += group) {
    if (prefetches) [[unlikely]]
      prefetch_group<Step::in_bytes>(in + i * Step::in_bytes);
    step(in + i * Step::in_bytes, out + i * Step::out_bytes, random + i * Step::random_bytes,
         stream);
  }
  if (stream) finish_streaming();
  if (i == n) return;
  if constexpr (Step::in_bytes != Step::out_bytes) {
    // The arrays are apart: the last group may begin among elements that are done.
    if (n >= group) i = n - group;
  }
  run_part<Step>(parameters_of(step), in + i * Step::in_bytes, out + i * Step::out_bytes, n - i,
                 random + i * Step::random_bytes);
}

/// The same of a step made here. A call: Clang 14 would read constants of the loop from the stack
/// in every round, where others stand round the loop.
template <class Step, class Parameters>
__attribute__((noinline)) void run_all(const Parameters& parameters, const unsigned char* in,
                                       unsigned char* out, std::size_t n,
                                       const unsigned char* random, bool stream) {
  run_groups(Step(parameters), in, out, n, random, stream);
}
