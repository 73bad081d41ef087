// The loop of array conversion. No include guard: it is included once in each instruction set's
// region and namespace, where it sees `lanes`, load4() and store4().

/// Converts n codes of From to codes of To; element i of the call takes the random bits i of `rounding`.
/// The two arrays are apart, or the same where their elements have the same size: each group of
/// elements is read before it is written.
template <class From, class To, class R, bool Flush>
void convert_array(const void* in, void* out, std::size_t n, const R& rounding,
                   const outcomes& outcome) {
  std::size_t i = 0;
  if constexpr (std::is_same_v<word_for<From, To, R::random_bits>, std::uint32_t>) {
    const auto* source = static_cast<const unsigned char*>(in);
    auto* target = static_cast<unsigned char*>(out);
    constexpr std::size_t group = 4 * lanes;
    for (; n - i >= group; i += group) {
      const group_of<lanes> codes = load4<code_for<From>>(source + i * sizeof(code_for<From>));
      const group_of<lanes> random = random_group<lanes>(rounding, i);
      store4<code_for<To>>(target + i * sizeof(code_for<To>),
                           {transcode_element<From, To, R, Flush>(codes.a, random.a, outcome),
                            transcode_element<From, To, R, Flush>(codes.b, random.b, outcome),
                            transcode_element<From, To, R, Flush>(codes.c, random.c, outcome),
                            transcode_element<From, To, R, Flush>(codes.d, random.d, outcome)});
    }
  }
  convert_elements<From, To, R, Flush>(in, out, i, n, rounding, outcome);
}
