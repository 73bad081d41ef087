// The loops of array conversion. No include guard: it is included once in each instruction set's
// region and namespace, where it sees the edge operations, run_groups(), draw() and the loops of
// widen.inl and code_sums.inl. Long because a step, the sources of its numbers and the roundings
// that it chooses among are one kernel.

template <class W>
NF_INLINE bounds<W> splat(const bounds<lane<W>>& of) {
  return {splat<W>(of.positive),   splat<W>(of.negative),
          splat<W>(of.infinity),   splat<W>(of.last_number),
          splat<W>(of.below_zero), of.infinity_is_apart,
          of.zero_is_nan};
}

/// Whether the addends of a rounding to codes of To are looked up.
template <class From, class To, class R>
inline constexpr bool looks_addends_up = [] {
  if constexpr (std::is_same_v<addend_look_up<16>, no_values> || std::is_same_v<From, To> ||
                std::is_same_v<From, binary64> || std::is_same_v<To, binary64>) {
    return false;
  } else {
    return addend_suffices<To, R::rule, R::random_bits>;
  }
}();
/// How Inf and NaN come to their codes.
enum class special_codes {
  masked,    ///< a masked sum makes NaN, a masked move Inf
  all_ones,  ///< NaN is 0x7f, the low bits of the largest float, and so is Inf
  fnuz       ///< a mark becomes NaN as codes are packed, and so is Inf
};
template <class To, int Below>
inline constexpr special_codes special_codes_of =
    !To::has_nan || To::has_infinity         ? special_codes::masked
    : To::width == 8 && To::nan_code == 0x7f ? special_codes::all_ones
    : To::nan_is_negative_zero && Below == 0 ? special_codes::fnuz
                                             : special_codes::masked;

/// Rounds floats by sums that end in the code. LookUp is a parameter so that its functions need not
/// be there where nothing instantiates them.
template <class To, class R, template <std::size_t> class LookUp = addend_look_up>
struct addend_rounding {
  static constexpr int below = bits_below<R::rule, R::random_bits>;
  using table = addend_table<To, below>;
  LookUp<table::size> addends;

  NF_INLINE addend_rounding() : addends(addends_of<To, below>.of) {}

  /// The code of a number above `below` other bits; what is above it is not 0.
  NF_INLINE unsigned_code<words> encoded(const words& number, const words& random,
                                         const bounds<words>& bound) const {
    words bits = number;
    if constexpr (!To::has_nan) bits = addends.marked(number, number, ones, 0);
    const words x = bounded(bits, bound), t = addend(x);
    words code = sum<direction_of(R::rule)>(x, t, bits);
    if constexpr (R::rule == rule::odd)
      code = code | (sum<direction::to_positive>(x, t, bits) & words(1));
    code = with_random<R::rule, R::random_bits>(code, random);
    const bool apart = bound.infinity_is_apart;
    if constexpr (specials == special_codes::all_ones)
      code = addends.marked(code, bits, ones, apart ? ones : 0);
    if constexpr (specials == special_codes::fnuz)
      code = addends.marked(code, bits, above_a_byte, apart ? above_a_byte : 0);
    if constexpr (is_masked) {
      if (apart) code = addends.or_infinity(code, bits, bound.infinity << below);
    }
    if constexpr (!To::is_signed) {
      code = select_below(bits - words(binary32::sign_mask + 1), words(binary32::infinity_code),
                          bound.below_zero << below, code);
    }
    return {code, bits};
  }

  /// The same of a finite number in a signed format, and the addend.
  NF_INLINE words encoded_finite(const words& bits, const words& random, const bounds<words>& bound,
                                 words& t) const {
    const words x = bounded(bits, bound);
    t = addend(x);
    words code = addends.template sum<direction_of(R::rule)>(x, t);
    if constexpr (R::rule == rule::odd)
      code = code | (addends.template sum<direction::to_positive>(x, t) & words(1));
    return with_random<R::rule, R::random_bits>(code, random);
  }
  /// The magnitude of the value of a finite code; exact in every environment.
  NF_INLINE words value(const words& code, const words& t) const {
    using floats = vector<lanes, float>;
    const words mask(~std::uint32_t{0} << below);
    const words y = words::words(floats((code & mask).lanes) - floats(t.lanes));
    return is_directed<R::rule> ? y & words(binary32::sign_mask - 1) : y;
  }

 private:
  static constexpr special_codes specials = special_codes_of<To, below>;
  static constexpr bool is_masked = To::has_nan && specials == special_codes::masked;
  static constexpr int ones = LookUp<table::size>::ones,
                       above_a_byte = LookUp<table::size>::above_a_byte;

  static NF_INLINE words bounded(const words& bits, const bounds<words>& bound) {
    if constexpr (is_directed<R::rule>) return limited(bits, bound.positive, bound.negative);
    return LookUp<table::size>::limited(bits, bound.positive);
  }
  /// The addend of a bounded number, with its sign.
  NF_INLINE words addend(const words& x) const {
    const words lowest(table::lowest_field << 23);
    if constexpr (!is_directed<R::rule>) return addends.of(larger(x, lowest) >> 23);
    const words value = x & words(binary32::sign_mask - 1);
    return addends.of(larger(value, lowest) >> 23) | (x & words(binary32::sign_mask));
  }
  /// The sum; the code of NaN where `bits` are one, but where marked() makes it. An inexact one is
  /// odd up or down.
  template <direction D>
  static NF_INLINE words sum(const words& x, const words& t, const words& bits) {
    if constexpr (is_masked) {
      return LookUp<table::size>::template sum<D>(x, t, bits, words(To::nan_code << below));
    } else {
      return LookUp<table::size>::template sum<D>(x, t);
    }
  }
};

/// The codes that addend_rounding has left above Below other bits, with their signs. Halves is a
/// parameter so that pack_signed() need not be there where nothing instantiates it.
template <class To, int Below, class Halves = halves,
          template <std::size_t> class LookUp = addend_look_up>
NF_INLINE bytes code_bytes(const unsigned_code<words> (&x)[4]) {
  Halves codes[2], signs[2], unused;
  NF_UNROLL
  for (std::size_t k = 0; k < 2; ++k) {
    const unsigned_code<words>&a = x[2 * k], &b = x[2 * k + 1];
    split_halves(a.sign, b.sign, signs[k], unused);
    if constexpr (Below <= 8) {
      split_halves(a.magnitude, b.magnitude, unused, codes[k]);
      codes[k] = codes[k] >> Below;
    } else {
      split_halves(a.magnitude, b.magnitude, codes[k], unused);
      codes[k] = codes[k] & Halves(To::magnitude_mask);
    }
  }
  // A signed pack leaves the low byte of all ones alone, an unsigned one makes 0xff of what is
  // above a byte.
  constexpr special_codes specials = special_codes_of<To, Below>;
  bytes code = specials == special_codes::all_ones
                   ? pack_signed(codes[0], codes[1])
                   : pack_codes(codes[0], codes[1]).template as<std::uint8_t>();
  if constexpr (specials == special_codes::fnuz) code = least(code, bytes(To::nan_code));
  const bytes sign = pack_signed(signs[0], signs[1]);
  if constexpr (To::width == 8 && To::has_signed_zero)
    return in_split_order(LookUp<16>::with_sign(code, sign));
  return in_split_order(join_sign<To>(code, sign));
}

/// The numbers that a step converts: codes of a format as they are,
template <class From>
struct plain_source {
  using number = From;
  static constexpr std::size_t in_bytes = sizeof(code_for<From>);
  NF_INLINE words load(const unsigned char* from) const { return load_widen<code_for<From>>(from); }
};
/// or floats times a factor, rounded to nearest in any environment. It is a number and not 0: so a
/// product is NaN where the float is one, with its sign;
template <class Arithmetic = nearest_arithmetic>
struct scaled_source {
  using number = binary32;
  static constexpr std::size_t in_bytes = 4;
  words factor;

  NF_INLINE explicit scaled_source(float x)
      : factor(splat<words>(__builtin_bit_cast(std::uint32_t, x))) {}
  NF_INLINE words load(const unsigned char* from) const {
    return Arithmetic::product(words::load(from), factor);
  }
};
// Words and Odd are parameters so that their functions need not be there where nothing instantiates
// them.
/// or half-words of binary16 or bfloat16, two packs at once, as the floats that they are; a NaN is
/// any of its sign;
template <class From, class Words = words>
struct half_source {
  using number = binary32;
  static constexpr std::size_t in_bytes = 2;
  NF_INLINE void load(const unsigned char* from, Words& first, Words& last) const {
    if constexpr (is_upper_half<From>) {
      widen_high(halves::load(from), first, last);
    } else {
      load_half(from, first, last);
    }
  }
};
/// or doubles as floats that To takes for them when it rounds by R.
template <class To, class R, class Odd = odd_floats>
struct double_source {
  using number = binary32;
  static constexpr std::size_t in_bytes = 8;
  static constexpr bool is_normal =
      R::random_bits == 0 && !is_directed<R::rule> && R::rule != rule::odd && To::is_signed &&
      !To::is_scale && To::quantum > -125 && To::mantissa_bits <= Odd::normal_mantissa_bits;
  NF_INLINE words load(const unsigned char* from) const {
    const long_words first = long_words::load(from),
                     last = long_words::load(from + sizeof(long_words));
    if constexpr (is_normal) return Odd::of_normal(first, last);
    return Odd::of(first, last);
  }
};

/// Two packs of the numbers of a source, and four.
template <class Source, class Words>
NF_INLINE void load_pair(const Source& source, const unsigned char* from, Words& first,
                         Words& last) {
  if constexpr (requires { source.load(from, first, last); }) {
    source.load(from, first, last);
  } else {
    first = source.load(from);
    last = source.load(from + lanes * Source::in_bytes);
  }
}
template <class Source, class Words>
NF_INLINE void load_all(const Source& source, const unsigned char* from, Words (&x)[4]) {
  load_pair(source, from, x[0], x[1]);
  load_pair(source, from + 2 * lanes * Source::in_bytes, x[2], x[3]);
}

/// What a conversion is made of.
template <class Source>
struct conversion_parameters {
  saturates policy;
  Source source;
};
/// Codes of From to codes of To, 4 * lanes a step, through the formulas.
template <class From, class To, class R, class Source = plain_source<From>>
struct conversion {
  using number = typename Source::number;
  static constexpr std::size_t in_bytes = sizeof(code_for<From>), out_bytes = sizeof(code_for<To>);
  static constexpr bool is_random = R::random_bits != 0;
  static constexpr std::size_t random_bytes = is_random ? sizeof(random_element<R>) : 0;
  static constexpr int unused_bits = 8 * static_cast<int>(random_bytes) - R::random_bits;
  static constexpr bool from_double = std::is_same_v<number, binary64>;
  static constexpr bool to_double = std::is_same_v<To, binary64>;
  // Words of 64 bits take in double sources; to double, the loops convert to float first.
  using source_words = std::conditional_t<from_double, long_words, words>;
  using target = std::conditional_t<to_double, binary32, To>;
  static constexpr std::size_t packs =
      4 * lanes * sizeof(lane<source_words>) / sizeof(source_words);

  static constexpr bool looks_up = looks_addends_up<number, To, R>;
  static constexpr int below = bits_below<R::rule, R::random_bits>;

  bounds<source_words> bound;
  std::conditional_t<looks_up, addend_rounding<To, R>, no_values> addends;
  conversion_parameters<Source> parameters;

  NF_INLINE explicit conversion(const conversion_parameters<Source>& with)
      : bound(splat<source_words>(
            bounds_for<target, R::rule, R::random_bits, lane<source_words>>(with.policy))),
        parameters(with) {}

  /// The random bits of elements k * lanes ... (k + 1) * lanes - 1 of the step.
  NF_INLINE words random_part(const unsigned char* random, std::size_t k) const {
    if constexpr (!is_random) return words(0);
    const words bits = load_widen<random_element<R>>(random + k * lanes * random_bytes);
    return is_keyed<R> ? bits >> unused_bits : bits & words(~0u >> unused_bits);
  }

  NF_INLINE unsigned_code<source_words> transcoded(const source_words& code,
                                                   const source_words& random) const {
    if constexpr (looks_up) {
      words bits = opaque(code);  // GCC 12 would read it from the array three times
      if constexpr (!std::is_same_v<number, binary32>) bits = decode<number>(code);
      return addends.encoded(bits, random, bound);
    } else {
      return transcode<number, target, R::rule, R::random_bits>(code, random, bound);
    }
  }

  /// The codes of elements k * lanes ... (k + 1) * lanes - 1, of words,
  NF_INLINE unsigned_code<words> part(const words& x, const unsigned char* random,
                                      std::size_t k) const {
    if constexpr (to_double) {
      return {to_float<number>(x), words(0)};
    } else {
      return transcoded(x, random_part(random, k));
    }
  }
  /// or of doubles.
  NF_INLINE unsigned_code<words> part(const unsigned char* in, const unsigned char* random,
                                      std::size_t k) const {
    in += k * lanes * in_bytes;
    long_words first_bits(0), last_bits(0);
    if constexpr (is_random) widen_words(random_part(random, k), first_bits, last_bits);
    const auto first = transcoded(long_words::load(in), first_bits);
    const auto last = transcoded(long_words::load(in + sizeof(long_words)), last_bits);
    return {every_second_word(first.magnitude, last.magnitude, false),
            every_second_word(first.sign, last.sign, true)};
  }

  NF_INLINE void operator()(const unsigned char* in, unsigned char* out,
                            const unsigned char* random, bool stream) const {
    if constexpr (from_double) {
      const unsigned_code<words> x[4] = {part(in, random, 0), part(in, random, 1),
                                         part(in, random, 2), part(in, random, 3)};
      store_all(out, x, stream);
    } else {
      words numbers[4];
      load_all(parameters.source, in, numbers);
      if constexpr (sums_show_codes<number, To, R>) {
        store(out, code_sums<To, R>::step(*this, numbers, random), stream);
      } else {
        const unsigned_code<words> x[4] = {part(numbers[0], random, 0), part(numbers[1], random, 1),
                                           part(numbers[2], random, 2),
                                           part(numbers[3], random, 3)};
        store_all(out, x, stream);
      }
    }
  }

  static NF_INLINE void store_all(unsigned char* out, const unsigned_code<words> (&x)[4],
                                  bool stream) {
    if constexpr (looks_up) {
      store(out, code_bytes<To, below>(x), stream);
    } else if constexpr (out_bytes == 1) {
      const bytes codes =
          pack_codes(x[0].magnitude, x[1].magnitude, x[2].magnitude, x[3].magnitude);
      const bytes signs = pack_signs(x[0].sign, x[1].sign, x[2].sign, x[3].sign);
      store(out, in_order(join_sign<To>(codes, signs)), stream);
    } else if constexpr (out_bytes == 2) {
      NF_UNROLL
      for (std::size_t k = 0; k < 4; k += 2) {
        const halves codes = pack_codes(x[k].magnitude, x[k + 1].magnitude);
        const halves signs = pack_signs(x[k].sign, x[k + 1].sign);
        store(out + k * sizeof(words) / 2, in_order(join_sign<To>(codes, signs)), stream);
      }
    } else {
      NF_UNROLL
      for (std::size_t k = 0; k < 4; ++k) {
        unsigned char* const to = out + k * lanes * out_bytes;
        if constexpr (to_double) {
          store_doubles(to, x[k].magnitude);
        } else if constexpr (keeps_sign<From, To, std::uint32_t> && !from_double) {
          store(to, x[k].magnitude, stream);
        } else {
          store(to, join_sign<To>(x[k].magnitude, x[k].sign), stream);
        }
      }
    }
  }
};

// Words is a parameter so that to_half() need not be there where nothing instantiates it.

/// float to binary16 by the instruction, which overflows to Inf as IEEE 754 has it and keeps NaN
/// payloads.
template <class Source, class Words = words>
struct float_to_half {
  static constexpr std::size_t in_bytes = Source::in_bytes, out_bytes = 2, random_bytes = 0;
  Source source;

  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
    NF_UNROLL
    for (std::size_t k = 0; k < 2; ++k, in += 2 * lanes * in_bytes, out += sizeof(halves)) {
      Words first(0), last(0);
      load_pair(source, in, first, last);
      const halves code = to_half(first, last);
      store(out, with_canonical_nan<binary16>(code), stream);
    }
  }
};

/// float to the format of its upper half, overflowing to Inf as IEEE 754 has it: the half-words of
/// the floats in lanes of 16 bits, where the lower half only decides whether the upper one goes up.
template <rule Rule, class Source>
struct float_to_upper_half {
  static constexpr std::size_t in_bytes = Source::in_bytes, out_bytes = 2, random_bytes = 0;
  Source source;

  /// The upper half, or the next one where the magnitude goes up.
  static NF_INLINE halves rounded(const halves& high, const halves& low) {
    const halves zero(0), one(1), middle(0x8000), next = high + one;
    if constexpr (Rule == rule::floor) return high;
    if constexpr (Rule == rule::odd) return select_equal(low, zero, high, high | one);
    if constexpr (Rule == rule::half_up) return high + (low >> 15);
    if constexpr (Rule ==
                  rule::half_even) {  // above the middle, or on it and the upper half is odd
      return select_below(middle, low | (high & one), next, high);
    }
    const halves negative = high >> 15;
    const halves away = high + (Rule == rule::up_if_negative ? negative : negative ^ one);
    return select_equal(low, zero, high, away);
  }

  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
    NF_UNROLL
    for (std::size_t k = 0; k < 2; ++k, in += 2 * lanes * in_bytes, out += sizeof(halves)) {
      words first(0), last(0);
      halves high(0), low(0);
      load_pair(source, in, first, last);
      split_halves(first, last, high, low);
      // A NaN is above Inf; its payload may lie in the lower half alone.
      const halves value = high & halves(bfloat::sign_mask - 1), infinity(bfloat::infinity_code);
      const halves last_number = select_equal(low, halves(0), infinity, infinity - halves(1));
      const halves nan = (high & halves(bfloat::sign_mask)) | halves(bfloat::nan_code);
      const halves code = select_less(last_number, value, nan, rounded(high, low));
      store(out, in_split_order(code), stream);
    }
  }
};

/// Doubles to float by the instruction, which overflows to Inf as IEEE 754 has it.
struct double_to_float {
  static constexpr std::size_t in_bytes = 8, out_bytes = 4, random_bytes = 0;

  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k, in += 2 * sizeof(long_words), out += sizeof(words)) {
      const words x =
          narrow_doubles(long_words::load(in), long_words::load(in + sizeof(long_words)));
      store(out, to_float<binary32>(opaque(x)), stream);
    }
  }
};

/// Whether half-words are rounded as floats, which they become in an instruction or two. Copies
/// keep their codes, and floats that are results have the canonical NaN.
template <class From, class To>
inline constexpr bool loads_halves = (is_upper_half<From> ||
                                      (converts_half && std::is_same_v<From, binary16>)) &&
                                     !std::is_same_v<From, To> && !std::is_same_v<To, binary32>;

/// Whether doubles are rounded as floats rounded to odd.
template <class From, class To, class R>
inline constexpr bool loads_odd_floats = [] {
  if constexpr (!std::is_same_v<From, binary64> || std::is_same_v<odd_floats, no_values> ||
                std::is_same_v<To, binary32> || std::is_same_v<To, binary64>)
    return false;
  else
    return odd_float_suffices<To, R> && fits_32_bits<binary32, To, R::random_bits>();
}();

/// As convert_array() of the numbers of a source.
template <class From, class To, class R, class Source>
NF_INLINE void convert_source(const Source& numbers, const void* in, void* out, std::size_t n,
                              const R& rounding, saturates policy, bool stream) {
  using step = conversion<From, To, R, Source>;
  constexpr bool is_float = std::is_same_v<typename Source::number, binary32>;
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<unsigned char*>(out);
  if constexpr (!has_vector_formula<From, To, R::random_bits>()) {
    convert_elements<From, To>(in, out, n, rounding, policy);
  } else if constexpr (R::random_bits != 0) {
    constexpr std::size_t most = (step::random_bytes == 4 ? 2 : 4) * part_elements;
    std::uint32_t buffer[most * step::random_bytes / sizeof(std::uint32_t) + 8 * lanes];
    for (std::size_t done = 0; done < n;) {
      // streaming, the first part ends where the next ones begin on a cache line
      const std::size_t misaligned =
          stream ? reinterpret_cast<std::uintptr_t>(target + done * step::out_bytes) % 64 /
                       step::out_bytes
                 : 0;
      const std::size_t part = n - done < most - misaligned ? n - done : most - misaligned;
      const unsigned char* const random = draw(rounding, done, part, buffer);
      run_all<step>(conversion_parameters<Source>{policy, numbers}, source + done * step::in_bytes,
                    target + done * step::out_bytes, part, random, stream);
      done += part;
    }
  } else {
    if constexpr (std::is_same_v<To, binary64> && From::has_infinity) {
      if (policy.infinity) {  // the largest double is no float
        convert_elements<From, To>(in, out, n, rounding, policy);
        return;
      }
    }
    if constexpr (std::is_same_v<From, binary64> && std::is_same_v<To, binary32> &&
                  R::rule != rule::half_up && R::rule != rule::odd) {
      if (!policy.overflow) {
        run_groups(double_to_float{}, source, target, n, nullptr, stream);
        return;
      }
    }
    if constexpr (is_float && is_upper_half<To>) {
      if (!policy.overflow) {
        run_groups(float_to_upper_half<R::rule, Source>{numbers}, source, target, n, nullptr,
                   stream);
        return;
      }
    }
    if constexpr (is_float && converts_half && is_hardware_half<To, R::rule>) {
      if (!policy.overflow) {
        run_groups(float_to_half<Source>{numbers}, source, target, n, nullptr, stream);
        return;
      }
    }
    if (convert_to_fp8<From, To, R>(numbers, source, target, n, policy, stream)) return;
    run_groups(step({policy, numbers}), source, target, n, nullptr, stream);
  }
}

/// Converts n codes of From, or floats times a factor, to codes of To; element i of the call takes
/// the random bits i of `rounding`. The two arrays are apart, or the same where their elements have
/// the same size.
template <class From, class To, class R>
void convert_array(const void* in, void* out, std::size_t n, const R& rounding, saturates policy,
                   bool stream, float factor) {
  if constexpr (!std::is_same_v<nearest_arithmetic, no_values> && multiplies<From, To, R>()) {
    if (factor != 1) {
      convert_source<From, To>(scaled_source(factor), in, out, n, rounding, policy, stream);
      return;
    }
  }
  if constexpr (loads_odd_floats<From, To, R>) {
    convert_source<From, To>(double_source<To, R>{}, in, out, n, rounding, policy, stream);
  } else if constexpr (loads_halves<From, To>) {
    convert_source<From, To>(half_source<From>{}, in, out, n, rounding, policy, stream);
  } else {
    convert_source<From, To>(plain_source<From>{}, in, out, n, rounding, policy, stream);
  }
}
