// Codes of OCP FP8 by a processor's own instructions. No include guard: it is included once in the
// namespace of an instruction set that has such instructions, where it sees the packs. They are
// parameters, so that a test can put a model of the published definitions in their place.

/// E4M3 by way of binary16, which holds each float to the last bit that decides: what was cut off
/// is the odd last one. Instructions are to_half(), two packs cut to binary16, and e4m3(), two of
/// those rounded to nearest.
template <class Instructions>
struct fp8_of_halves {
  template <class To>
  static constexpr bool has =
      std::is_same_v<To, layout<4, 3, 7, Specials::fn, Signedness::is_signed>>;

  /// Saturating, Inf becomes the largest number, too; otherwise NaN.
  template <class To>
  static NF_INLINE bytes codes(const words (&x)[4], bool saturates) {
    const words below((1 << 13) - 1), last(1 << 13);
    words odd[4];
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) odd[k] = x[k] | (((x[k] & below) + below) & last);
    return Instructions::e4m3(Instructions::to_half(odd[0], odd[1]),
                              Instructions::to_half(odd[2], odd[3]), saturates);
  }
};

/// Both formats, from floats, rounded once. The instruction gives NaN without its sign, which it
/// gets back.
template <class Instructions>
struct fp8_of_floats {
  template <class To>
  static constexpr bool has =
      std::is_same_v<To, layout<4, 3, 7, Specials::fn, Signedness::is_signed>> ||
      std::is_same_v<To, layout<5, 2, 15, Specials::ieee, Signedness::is_signed>>;

  /// Saturating, Inf becomes the largest number, too; otherwise Inf, or NaN.
  template <class To>
  static NF_INLINE bytes codes(const words (&x)[4], bool saturates) {
    return join_sign<To>(Instructions::template codes<To::mantissa_bits == 3>(x, saturates),
                         sign_bytes(x));
  }
};
