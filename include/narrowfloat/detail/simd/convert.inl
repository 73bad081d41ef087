// The loop of array conversion. No include guard: it is included once in each instruction set's
// region and namespace, where it sees `lanes`, load4() and store4().

/// Converts n codes of From to codes of To; element i of the call takes the random bits i of
/// `rounding`. The two arrays are apart, or the same where their elements have the same size: each
/// group of elements is read before it is written.
template <class From, class To, class R, bool Flush>
void convert_array(const void* in, void* out, std::size_t n, const R& rounding,
                   const outcomes& outcome) {
  using W = word_for<From, To, R::random_bits>;
  using from_code = code_for<From>;
  using to_code = code_for<To>;
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<unsigned char*>(out);
  std::size_t i = 0;
  if constexpr (std::is_same_v<W, std::uint32_t>) {
    constexpr std::size_t group = 4 * lanes;
    for (; n - i >= group; i += group) {
      const group_of<lanes> words = load4<from_code>(source + i * sizeof(from_code));
      const group_of<lanes> random = random_group<lanes>(rounding, i);
      store4<to_code>(
          target + i * sizeof(to_code),
          {transcode<From, To, R::rule, R::random_bits, Flush>(words.a, random.a, outcome),
           transcode<From, To, R::rule, R::random_bits, Flush>(words.b, random.b, outcome),
           transcode<From, To, R::rule, R::random_bits, Flush>(words.c, random.c, outcome),
           transcode<From, To, R::rule, R::random_bits, Flush>(words.d, random.d, outcome)});
    }
  }
  for (; i < n; ++i) {
    from_code code;
    __builtin_memcpy(&code, source + i * sizeof code, sizeof code);
    const auto result = static_cast<to_code>(
        transcode<From, To, R::rule, R::random_bits, Flush, W>(code, rounding.word(i), outcome));
    __builtin_memcpy(target + i * sizeof result, &result, sizeof result);
  }
}
