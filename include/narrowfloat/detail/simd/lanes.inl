// What loops do with lanes. No include guard: it is included once in each instruction set's region
// and namespace, where it sees `lanes` and the packs. Changes of lane width stand here too: outside
// a region, GCC 12 takes them apart before it inlines them.

inline constexpr std::size_t group = 4 * lanes;

/// All lanes alike. In the region, where it is one instruction: outside, GCC 12 makes N insertions
/// of it.
template <class W>
NF_INLINE W splat(lane<W> x) {
  return typename W::words{} + x;
}

/// The same of a float: a sum would lose the sign of -0.
NF_INLINE vector<lanes, float> splat_float(float x) {
  return vector<lanes, float>(splat<words>(__builtin_bit_cast(std::uint32_t, x)).lanes);
}

/// Hides where a sum comes from: -ffast-math would let the compiler add in another order.
NF_INLINE words opaque(words x) {
#if defined(__x86_64__) || defined(__SSE__)
  __asm__("" : "+v"(x.lanes));
#elif defined(__aarch64__)
  __asm__("" : "+w"(x.lanes));
#else
  __asm__("" : "+m"(x.lanes));
#endif
  return x;
}

using doubles = vector<lanes / 2, double>;

/// The same of floats and doubles: what follows is an operation of its own.
template <class Lanes>
NF_INLINE Lanes separate(const Lanes& x) {
  return Lanes(opaque(words::words(x)).lanes);
}

/// Words in lanes of 64 bits.
NF_INLINE void widen_words(const words& x, long_words& first, long_words& last) {
  vector<lanes / 2, std::uint32_t> half;
  __builtin_memcpy(&half, &x.lanes, sizeof half);
  first.lanes = __builtin_convertvector(half, long_words::words);
  __builtin_memcpy(&half, reinterpret_cast<const unsigned char*>(&x.lanes) + sizeof half,
                   sizeof half);
  last.lanes = __builtin_convertvector(half, long_words::words);
}

/// All lanes alike, as splat_float().
NF_INLINE doubles splat_double(double x) {
  return doubles(splat<long_words>(__builtin_bit_cast(std::uint64_t, x)).lanes);
}

NF_INLINE void store_doubles(unsigned char* to, const words& x) {
  doubles first, last;
  widen_floats(x, first, last);
  __builtin_memcpy(to, &first, sizeof first);
  __builtin_memcpy(to + sizeof first, &last, sizeof last);
}

/// Doubles to 49 bits: a number with few bits is itself again, whatever two roundings have done to
/// it.
NF_INLINE long_words to_49_bits(const doubles& x) {
  const long_words bits = long_words::words(x);
  return (bits + long_words(8)) & long_words(~std::uint64_t{15});
}

/// Doubles to 24 bits, the last one set where the others are not all 0: a carry out of them becomes
/// it.
NF_INLINE long_words to_odd_24_bits(const long_words& y) {
  constexpr std::uint64_t below = (std::uint64_t{1} << 29) - 1;
  const long_words carried = (y & long_words(below)) + long_words(below);
  return (y | carried) & long_words(~below);
}

/// Doubles to 24 bits, rounded down.
NF_INLINE long_words down_to_24_bits(const long_words& y) {
  const long_words below((std::uint64_t{1} << 29) - 1), zero(0);
  const long_words moved = y + select_less(y, zero, below, zero);  // away from 0 where negative
  return moved - (moved & below);
}

/// The larger ones, and the largest lane, of lanes that are below half of the range if they have 64
/// bits.
template <std::size_t N, class Word>
NF_INLINE pack<N, Word> larger_lanes(const pack<N, Word>& a, const pack<N, Word>& b) {
  return sizeof(Word) <= 4 ? greatest(a, b) : larger(a, b);
}
template <std::size_t N, class Word>
NF_INLINE Word largest_lane(const pack<N, Word>& x) {
  if constexpr (N == 2) {
    return x.lanes[0] < x.lanes[1] ? x.lanes[1] : x.lanes[0];
  } else {
    pack<N / 2, Word> low, high;
    __builtin_memcpy(&low.lanes, &x.lanes, sizeof low.lanes);
    __builtin_memcpy(&high.lanes,
                     reinterpret_cast<const unsigned char*>(&x.lanes) + sizeof low.lanes,
                     sizeof high.lanes);
    return largest_lane(larger_lanes(low, high));
  }
}
