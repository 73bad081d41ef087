// Codes to the floats of the same values. No include guard: it is included once in each instruction
// set's region and namespace, where it sees `lanes`, the edge operations and run_groups().

/// The bits of the float of a code; a NaN is canonical.
template <class From>
NF_INLINE words to_float(const words& code) {
  if constexpr (std::is_same_v<From, binary32>) {
    const words value = code & words(binary32::sign_mask - 1);
    const words nan = (code & words(binary32::sign_mask)) | words(binary32::nan_code);
    return select_less(words(binary32::infinity_code), value, nan, code);
  } else {
    return decode<From>(code);
  }
}

/// Half-words of binary16 or bfloat; a NaN becomes the canonical one of its sign.
template <class Layout>
NF_INLINE halves with_canonical_nan(const halves& code) {
  const halves value = code & halves(Layout::sign_mask - 1);
  const halves nan = (code & halves(Layout::sign_mask)) | halves(Layout::nan_code);
  return select_less(halves(Layout::infinity_code), value, nan, code);
}

/// Codes that are the upper bits of a binary16 or bfloat16, to float: the half-words of a step in
/// lanes of 16 bits, then widened. Words is a parameter so that from_half() need not be there where
/// nothing instantiates it.
template <class From, class Words = words>
struct half_to_float {
  static constexpr std::size_t in_bytes = sizeof(code_for<From>), out_bytes = 4, random_bytes = 0;

  static NF_INLINE halves half_words(const unsigned char* in) {
    if constexpr (in_bytes == 2) {
      return with_canonical_nan<From>(halves::load(in));
    } else {
      const halves code = load_widen_bytes(in), value = code & halves(From::magnitude_mask);
      halves half = value << (binary16::mantissa_bits - From::mantissa_bits);
      if constexpr (From::has_infinity) {
        half =
            select_equal(value, halves(From::infinity_code), halves(binary16::infinity_code), half);
      }
      if constexpr (From::has_nan && !From::nan_is_negative_zero) {
        constexpr std::uint32_t last_number = From::max_code + (From::has_infinity ? 1 : 0);
        half = select_less(halves(last_number), value, halves(binary16::nan_code), half);
      }
      if constexpr (From::is_signed) {
        half = half | ((code & halves(From::sign_mask)) << (16 - From::width));
      }
      if constexpr (From::nan_is_negative_zero) {
        half = select_equal(code, halves(From::sign_mask), halves(binary16::nan_code), half);
      }
      return half;
    }
  }

  /// The floats of 2 * lanes half-words,
  static NF_INLINE void floats(const halves& code, Words& first, Words& last) {
    if constexpr (is_upper_half<From>) {
      widen_high(code, first, last);
    } else {
      from_half(code, first, last);
      if constexpr (From::bias != binary16::bias) {
        first = times_power_of_two(first, binary16::bias - From::bias);
        last = times_power_of_two(last, binary16::bias - From::bias);
      }
    }
  }
  /// and of codes.
  static NF_INLINE void floats(const unsigned char* in, Words& first, Words& last) {
    floats(half_words(in), first, last);
  }

  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
    NF_UNROLL
    for (std::size_t k = 0; k < 2; ++k, in += 2 * lanes * in_bytes, out += 2 * sizeof(words)) {
      Words first(0), last(0);
      floats(in, first, last);
      store(out, first, stream);
      store(out + sizeof(words), last, stream);
    }
  }
};

/// Codes to floats, one formula for every lane.
template <class From>
struct widening {
  static constexpr std::size_t in_bytes = sizeof(code_for<From>), out_bytes = 4, random_bytes = 0;

  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      const words code = load_widen<code_for<From>>(in + k * lanes * in_bytes);
      store(out + k * sizeof(words), to_float<From>(code), stream);
    }
  }
};

/// Whether codes become floats by half-words.
template <class From>
inline constexpr bool widens_through_half = is_upper_half<From> ||
                                            (converts_half && is_in_half<From>());

/// Codes to floats times a factor.
template <class From>
struct scaled_widening {
  static constexpr std::size_t in_bytes = sizeof(code_for<From>), out_bytes = 4, random_bytes = 0;
  words factor;

  NF_INLINE words scaled(const words& x) const {
    using floats = vector<lanes, float>;
    // opaque: -ffast-math might multiply the factor by a power of two of the decoding first
    return words::words(floats(opaque(x).lanes) * floats(factor.lanes));
  }
  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
    NF_UNROLL
    for (std::size_t k = 0; k < 2; ++k, in += 2 * lanes * in_bytes, out += 2 * sizeof(words)) {
      words first(0), last(0);
      if constexpr (widens_through_half<From>) {
        half_to_float<From>::floats(in, first, last);
      } else {
        first = to_float<From>(load_widen<code_for<From>>(in));
        last = to_float<From>(load_widen<code_for<From>>(in + lanes * in_bytes));
      }
      store(out, scaled(first), stream);
      store(out + sizeof(words), scaled(last), stream);
    }
  }
};

/// Writes the floats of n codes times a factor, a number that is not 0, in an environment that
/// rounds to nearest; the arrays as for widen_array().
template <class From>
void widen_scaled_array(const void* in, void* out, std::size_t n, float factor, bool stream) {
  run_groups(scaled_widening<From>{splat<words>(__builtin_bit_cast(std::uint32_t, factor))},
             static_cast<const unsigned char*>(in), static_cast<unsigned char*>(out), n, nullptr,
             stream);
}

/// Writes the floats of n codes; the arrays are apart, or the same where their elements have the
/// same size.
template <class From>
void widen_array(const void* in, void* out, std::size_t n, bool stream) {
  using step = std::conditional_t<widens_through_half<From>, half_to_float<From>, widening<From>>;
  run_groups(step{}, static_cast<const unsigned char*>(in), static_cast<unsigned char*>(out), n,
             nullptr, stream);
}
