// The FP8 conversions of AArch64 (FEAT_FP8). No include guard: it is included once in the namespace
// of Advanced SIMD, where the flags of the translation unit allow them and the user asks for them
// (NARROWFLOAT_HARDWARE_FP8). Never run yet.

struct arm_fp8 {
  /// The nearest codes of E4M3 or E5M2; NaN is positive.
  template <bool IsE4M3>
  static NF_INLINE bytes codes(const words (&x)[4], bool saturates) {
    const fpm_t format =
        __arm_set_fpm_dst_format(__arm_fpm_init(), IsE4M3 ? __ARM_FPM_E4M3 : __ARM_FPM_E5M2);
    const fpm_t mode =
        __arm_set_fpm_overflow_cvt(format, saturates ? __ARM_FPM_SATURATE : __ARM_FPM_INFNAN);
    const mfloat8x8_t low =
        vcvt_mf8_f32_fpm(float32x4_t(x[0].lanes), float32x4_t(x[1].lanes), mode);
    return bytes::words(vreinterpretq_u8_mf8(
        vcvt_high_mf8_f32_fpm(low, float32x4_t(x[2].lanes), float32x4_t(x[3].lanes), mode)));
  }
};
using fp8_codes = fp8_of_floats<arm_fp8>;
