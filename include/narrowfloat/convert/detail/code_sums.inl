// Floats to codes of a byte by sums that end in them. No include guard: it is included once in each
// instruction set's region and namespace, where it sees the edge operations.

/// Whether the codes of To are the low bits of sums.
template <class From, class To, class R>
inline constexpr bool sums_show_codes = [] {
  if constexpr (std::is_same_v<bytes_of_sums, no_values> || std::is_same_v<From, To> ||
                std::is_same_v<From, binary64> || std::is_same_v<To, binary64>) {
    return false;
  } else {
    return sum_shows_code<To, R::rule, R::random_bits>;
  }
}();

/// Rounds floats by sums whose low bits are the code and a constant. That is taken away, and NaN
/// gets its code, in bytes, of four packs at once. Edge is a parameter so that its functions need
/// not be there where nothing instantiates them.
template <class To, class R, class Edge = bytes_of_sums>
struct code_sums {
  static constexpr int below = bits_below<R::rule, R::random_bits>,
                       up = binary32::mantissa_bits - To::mantissa_bits - below;
  static constexpr auto lowest = static_cast<std::uint32_t>(To::min_exponent + 127);
  static constexpr std::uint32_t constant = lowest << To::mantissa_bits;

  /// Of a step of conversion.
  template <class Step>
  static NF_INLINE bytes step(const Step& convert, const words (&x)[4],
                              const unsigned char* random) {
    using number = typename Step::number;
    words numbers[4], bits[4];
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      numbers[k] = x[k];
      if constexpr (!std::is_same_v<number, binary32>) numbers[k] = decode<number>(x[k]);
      bits[k] = convert.random_part(random, k);
    }
    return codes(numbers, bits, convert.bound);
  }
  /// The codes of four packs of numbers, with their signs.
  static NF_INLINE bytes codes(const words (&numbers)[4], const words (&random)[4],
                               const bounds<words>& bound) {
    words limited[4], sums[4];
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      limited[k] = Edge::limited(numbers[k], bound.positive);
      sums[k] = with_random<R::rule, R::random_bits>(sum(limited[k]), random[k]);
    }
    if (bound.infinity_is_apart) {
      const words code = (bound.infinity + words(constant)) << below;
      NF_UNROLL
      for (std::size_t k = 0; k < 4; ++k)
        // opaque: GCC 12 would compare where Inf is not apart, too
        sums[k] = select_equal(opaque(numbers[k]) & words(binary32::sign_mask - 1),
                               words(binary32::infinity_code), code, sums[k]);
    }
    bytes code = Edge::template low<below>(sums) - bytes(constant);
    const bytes sign = sign_bytes(numbers), is_nan = Edge::is_nan(limited);
    if constexpr (To::width == 8 && To::has_signed_nan && To::nan_code == 0x7f) {
      return Edge::with_sign(code | is_nan, sign);
    } else {
      if constexpr (below == 16) code = code & bytes(0x7f);  // less the sum's exponent
      constexpr std::uint32_t nan = To::has_nan ? To::nan_code : To::max_code;
      constexpr bool nan_drops_sign = To::has_signed_zero && !To::has_signed_nan;
      const bytes all = (code & bytes(~is_nan.lanes)) | (is_nan & bytes(nan));
      return join_sign<To>(all, nan_drops_sign ? bytes(sign.lanes & ~is_nan.lanes) : sign);
    }
  }

 private:
  /// As round_by_sum(), but for the constant.
  static NF_INLINE words sum(const words& x) {
    const words power = larger(x & words(binary32::infinity_code), words(lowest << 23));
    return float_sum<direction_of(R::rule)>(x, power, up) + (power >> up);
  }
};

/// Whether the processor's own instructions round floats to codes of To.
template <class From, class To, class R, class Edge = fp8_codes>
inline constexpr bool has_fp8_codes = [] {
  if constexpr (std::is_same_v<Edge, no_values> || std::is_same_v<From, To> ||
                std::is_same_v<From, binary64> || R::rule != rule::half_even ||
                R::random_bits != 0) {
    return false;
  } else {
    return Edge::template has<To>;
  }
}();

/// The step of such a conversion.
template <class From, class To, class Source, class Edge = fp8_codes>
struct fp8_conversion {
  using number = typename Source::number;
  static constexpr std::size_t in_bytes = sizeof(code_for<From>), out_bytes = 1, random_bytes = 0;
  Source source;
  bool saturates;

  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
    words x[4];
    load_all(source, in, x);
    if constexpr (!std::is_same_v<number, binary32>) {
      NF_UNROLL
      for (std::size_t k = 0; k < 4; ++k) x[k] = decode<number>(x[k]);
    }
    store(out, Edge::template codes<To>(x, saturates), stream);
  }
};

/// Converts by it; or returns false, where what becomes of Inf is no instruction's way.
template <class From, class To, class R, class Source>
NF_INLINE bool convert_to_fp8(const Source& numbers, const unsigned char* in, unsigned char* out,
                              std::size_t n, saturates policy, bool stream) {
  if constexpr (has_fp8_codes<From, To, R>) {
    if (policy.overflow != policy.infinity) return false;
    run_groups(fp8_conversion<From, To, Source>{numbers, policy.overflow}, in, out, n, nullptr,
               stream);
    return true;
  }
  return false;
}
