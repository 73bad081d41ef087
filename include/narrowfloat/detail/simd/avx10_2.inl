// The FP8 conversions of AVX10.2. No include guard: it is included once in the namespace and region
// of AVX-512, where the flags of the translation unit allow them and the user asks for them
// (NARROWFLOAT_HARDWARE_FP8). Never run yet.

struct avx10_2 {
  /// Two packs of floats, cut to binary16 in any environment, in order.
  static NF_INLINE halves to_half(const words& first, const words& last) {
    constexpr int to_zero = _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC;
    return halves::words(_mm512_cvtx_round2ps_ph(__m512(last.lanes), __m512(first.lanes), to_zero));
  }
  /// The nearest codes of E4M3, in order.
  static NF_INLINE bytes e4m3(const halves& first, const halves& last, bool saturates) {
    const __m512h a = __m512h(first.lanes), b = __m512h(last.lanes);
    return bytes::words(saturates ? _mm512_cvts_2ph_hf8(b, a) : _mm512_cvt2ph_hf8(b, a));
  }
};
using fp8_codes = fp8_of_halves<avx10_2>;
