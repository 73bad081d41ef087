// What forms of weights and states do to arrays. No include guard: it is included once in each
// instruction set's region and namespace.

namespace forms {

using single = vector<lanes, float>;

/// Each operation rounded on its own, to nearest.
NF_INLINE single added(const single& a, const single& b) { return separate(a + b); }
NF_INLINE single less(const single& a, const single& b) { return separate(a - b); }
NF_INLINE single times(const single& a, const single& b) { return separate(a * b); }
NF_INLINE words bits_of(const single& x) { return words::words(x); }
NF_INLINE single floats_of(const words& x) { return single(x.lanes); }
NF_INLINE words magnitude_of(const words& x) { return x & words(binary32::sign_mask - 1); }
/// The same NaN on every processor.
NF_INLINE words with_one_nan(const words& x) {
  return select_less(words(binary32::infinity_code), magnitude_of(x), words(binary32::nan_code), x);
}

// ---- bfloat16 and what it leaves of a float ----

/// A float to its two halves. Half an ulp of bfloat16 and more rounds the upper half up; the lower
/// one still tells. What is left for NaN are the pairs whose upper half is NaN, and of those whose
/// payload lies in the lower half alone: Inf, and 0 with a lower half that rounds up.
NF_INLINE words split_word(const words& x) {
  const words magnitude = magnitude_of(x), rounds = (x >> 15) & words(1);
  // without a comparison: GCC 12 takes that of a single bit apart
  const words late = x & (words(0x8000ffffu) | (rounds - words(1)));
  const words nan = select_less(magnitude, words(0x7f810000u), late, x);
  return select_less(words(binary32::infinity_code), magnitude, nan, x + (rounds << 16));
}
NF_INLINE words join_word(const words& x) {
  const words half(0x8000), magnitude = magnitude_of(x);
  const words back = select_less(words(0x7f80ffffu), magnitude, x, x - words(0x10000));
  const words whole = select_less(magnitude, words(0x10000), x | words(0x7f800000u), back);
  return select_equal(x & half, words(0), x, whole);
}

inline void split_array(const float* in, void* high, void* low, std::size_t n) {
  constexpr std::size_t step = 2 * lanes, width = sizeof(std::uint16_t);
  auto* const upper = static_cast<unsigned char*>(high);
  auto* const lower = static_cast<unsigned char*>(low);
  const auto split =
      [](const float* from, unsigned char* to, unsigned char* rest) __attribute__((always_inline)) {
    halves first, last;
    split_halves(split_word(words::load(from)), split_word(words::load(from + lanes)), first, last);
    in_split_order(first).store(to);
    in_split_order(last).store(rest);
  };
  std::size_t i = 0;
  for (; n - i >= step; i += step) split(in + i, upper + i * width, lower + i * width);
  if (i == n) return;
  float from[step] = {};
  unsigned char to[step * width], rest[step * width];
  __builtin_memcpy(from, in + i, (n - i) * sizeof *in);
  split(from, to, rest);
  __builtin_memcpy(upper + i * width, to, (n - i) * width);
  __builtin_memcpy(lower + i * width, rest, (n - i) * width);
}

inline void join_array(const void* high, const void* low, float* out, std::size_t n) {
  constexpr std::size_t width = sizeof(std::uint16_t);
  const auto* const upper = static_cast<const unsigned char*>(high);
  const auto* const lower = static_cast<const unsigned char*>(low);
  const auto join = [](const unsigned char* from, const unsigned char* rest, float* to)
      __attribute__((always_inline)) {
    const words x = load_widen<std::uint16_t>(from) << 16, y = load_widen<std::uint16_t>(rest);
    join_word(x | y).store(to);
  };
  std::size_t i = 0;
  for (; n - i >= lanes; i += lanes) join(upper + i * width, lower + i * width, out + i);
  if (i == n) return;
  unsigned char from[lanes * width] = {}, rest[lanes * width] = {};
  float to[lanes];
  __builtin_memcpy(from, upper + i * width, (n - i) * width);
  __builtin_memcpy(rest, lower + i * width, (n - i) * width);
  join(from, rest, to);
  __builtin_memcpy(out + i, to, (n - i) * sizeof *out);
}

// ---- Numbers of two parts ----

/// out[i] = f(a[i], b[i]).
template <class F>
NF_INLINE void for_two_floats(const float* a, const float* b, float* out, std::size_t n, F f) {
  std::size_t i = 0;
  for (; n - i >= lanes; i += lanes) f(words::load(a + i), words::load(b + i)).store(out + i);
  if (i == n) return;
  float x[lanes] = {}, y[lanes] = {};
  __builtin_memcpy(x, a + i, (n - i) * sizeof *a);
  __builtin_memcpy(y, b + i, (n - i) * sizeof *b);
  f(words::load(x), words::load(y)).store(x);
  __builtin_memcpy(out + i, x, (n - i) * sizeof *out);
}

/// Where a is 0 the sum is b: the sign of a zero b stays.
inline void sum_array(const float* a, const float* b, float* out, std::size_t n) {
  for_two_floats(
      a, b, out, n, [](const words& x, const words& y) __attribute__((always_inline)) {
        const words sum = with_one_nan(bits_of(added(floats_of(x), floats_of(y))));
        return select_equal(magnitude_of(x), words(0), y, sum);
      });
}
inline void rest_array(const float* a, const float* b, float* out, std::size_t n) {
  for_two_floats(
      a, b, out, n, [](const words& x, const words& y) __attribute__((always_inline)) {
        const words rest = with_one_nan(bits_of(less(floats_of(x), floats_of(y))));
        const words none =
            select_less(words(binary32::infinity_code - 1), magnitude_of(y), words(0), rest);
        return select_equal(magnitude_of(y), words(0), x, none);
      });
}

// ---- Powers ----

/// log2 of a positive number, in two floats: the exponent, and the logarithm of what lies in
/// [sqrt(1/2), sqrt(2)).
struct logarithm {
  single whole, part;
};
NF_INLINE logarithm logarithm_of(const words& magnitude) {
  const words least_normal(0x00800000u), root(0x3f3504f3u);
  const words larger_one = bits_of(times(floats_of(magnitude), splat_float(0x1p24f)));
  const words x = select_less(magnitude, least_normal, larger_one, magnitude);
  const words lost = select_less(magnitude, least_normal, words(128 + 24), words(128));
  const words above = x - root + words(0x40000000u);
  const words exponent = (above >> 23) - lost;
  const single m = floats_of((above & words(0x7fffffu)) + root);
  const single one = splat_float(1), t = quotient(less(m, one), added(m, one));
  const single s = times(t, t);
  // log2(m) = 2 / ln(2) (t + t^3 / 3 + ...): |t| < 0.172, so what is left out is below 2^-30 of it
  single sum = added(splat_float(1.0f / 7), times(s, splat_float(1.0f / 9)));
  sum = added(splat_float(1.0f / 5), times(s, sum));
  sum = added(splat_float(1.0f / 3), times(s, sum));
  sum = added(one, times(s, sum));
  return {floats_of(float_bits(exponent)), times(times(t, splat_float(2.8853900817779268f)), sum)};
}

/// 2^z of -125 <= z <= 1; what is below is 2^-125.
NF_INLINE single power_of_two_of(const single& all) {
  const words most(0x42fa0000u);  // 125
  const single z =
      floats_of(select_less(most, magnitude_of(bits_of(all)), words(0xc2fa0000u), bits_of(all)));
  const single magic = splat_float(0x1.8p23f), shifted = added(z, magic);
  const single f = less(z, less(shifted, magic));  // within +-1/2
  // ln(2)^j / j!: what is left out is below 2^-27 of it
  single sum = added(splat_float(1.5403530e-4f), times(f, splat_float(1.5252734e-5f)));
  sum = added(splat_float(1.3333558e-3f), times(f, sum));
  sum = added(splat_float(9.6181291e-3f), times(f, sum));
  sum = added(splat_float(5.5504109e-2f), times(f, sum));
  sum = added(splat_float(2.4022651e-1f), times(f, sum));
  sum = added(splat_float(6.9314718e-1f), times(f, sum));
  sum = added(splat_float(1), times(f, sum));
  return floats_of(bits_of(sum) + (bits_of(shifted) << 23));
}

/// At the base itself the factor, exactly: both logarithms are the same.
inline void power_array(const float* in, float* out, std::size_t n, const power_map& map) {
  const logarithm base = logarithm_of(splat<words>(__builtin_bit_cast(std::uint32_t, map.base)));
  const single power = splat_float(map.power), factor = splat_float(map.factor);
  const auto raise = [&](const float* from, float* to) __attribute__((always_inline)) {
    const words x = words::load(from), magnitude = magnitude_of(x);
    const logarithm all = logarithm_of(magnitude);
    const single z = times(added(less(all.whole, base.whole), less(all.part, base.part)), power);
    const words y = bits_of(times(power_of_two_of(z), factor));
    (select_equal(magnitude, words(0), words(0), y) | (x & words(binary32::sign_mask))).store(to);
  };
  std::size_t i = 0;
  for (; n - i >= lanes; i += lanes) raise(in + i, out + i);
  if (i == n) return;
  float last[lanes] = {};
  __builtin_memcpy(last, in + i, (n - i) * sizeof *in);
  raise(last, last);
  __builtin_memcpy(out + i, last, (n - i) * sizeof *out);
}

// ---- AXPY ----

/// a + b rounded to odd: the nearest sum and its exact error (Knuth's TwoSum), which says on which
/// side of it the exact one lies.
NF_INLINE long_words odd_double_sum(const doubles& a, const doubles& b) {
  const doubles s = separate(a + b), t = separate(s - a);
  const doubles lost = separate(separate(a - separate(s - t)) + separate(b - t));
  const long_words bits = long_words::words(s), error = long_words::words(lost) << 1;
  const long_words zero(0), infinity(std::uint64_t{0x7ff} << 52);
  // 1 where something is lost: all of it in integers
  const long_words inexact = (error | (zero - error)) >> 63;
  const long_words apart = (bits ^ long_words::words(lost)) >> 63;
  const long_words odd = (bits - (apart & inexact)) | inexact;
  const long_words magnitude = bits & long_words(~(std::uint64_t{1} << 63));
  const long_words nan(std::uint64_t{0x7ff8} << 48);
  return select_less(magnitude, infinity, odd, select_less(infinity, magnitude, nan, bits));
}

inline void axpy_array(float factor, const float* x, const float* y, double* out, std::size_t n) {
  const single all = splat_float(factor);
  doubles a, unused;
  widen_floats(bits_of(all), a, unused);
  const auto add = [&](const float* from, const float* to, double* sums)
      __attribute__((always_inline)) {
    doubles x0, x1, y0, y1;
    widen_floats(words::load(from), x0, x1);
    widen_floats(words::load(to), y0, y1);
    odd_double_sum(separate(x0 * a), y0).store(sums);  // the product is exact
    odd_double_sum(separate(x1 * a), y1).store(sums + lanes / 2);
  };
  std::size_t i = 0;
  for (; n - i >= lanes; i += lanes) add(x + i, y + i, out + i);
  if (i == n) return;
  float from[lanes] = {}, to[lanes] = {};
  double sums[lanes];
  __builtin_memcpy(from, x + i, (n - i) * sizeof *x);
  __builtin_memcpy(to, y + i, (n - i) * sizeof *y);
  add(from, to, sums);
  __builtin_memcpy(out + i, sums, (n - i) * sizeof *out);
}

}  // namespace forms
