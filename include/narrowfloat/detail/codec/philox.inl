// The rounds of Philox4x32. No include guard: codec/philox.hpp includes it for scalar words, and
// each instruction set's region again, where multiply_wide() is an instruction that no expression
// gets from GCC 12. A word of 32 bits may stand in a lane of 64: what is above it is never looked
// at. Calls are in brackets: they mean this text's functions, not the scalar ones.

/// The products of words 0 and 2 in a round.
template <class W>
constexpr NF_FN wide_product<W> first_product(const word_quad<W>& c) {
  return multiply_wide(W(philox_first), c.word[0]);
}
template <class W>
constexpr NF_FN wide_product<W> second_product(const word_quad<W>& c) {
  return multiply_wide(W(philox_second), c.word[2]);
}
/// A round after its products.
template <class W>
constexpr NF_FN word_quad<W> after_products(const word_quad<W>& c, const wide_product<W>& first,
                                            const wide_product<W>& second, const W& low_key,
                                            const W& high_key) {
  return {{second.high ^ c.word[1] ^ low_key, second.low, first.high ^ c.word[3] ^ high_key,
           first.low}};
}

/// One block of Philox4x32 with the given number of rounds.
template <int Rounds, class W>
constexpr NF_FN word_quad<W> philox4x32(const word_quad<W>& counter,
                                        const round_keys<Rounds, W>& keys) {
  word_quad<W> c = counter;
  NF_UNROLL
  for (int round = 0; round < Rounds; ++round)
    c = (after_products)(c, (first_product)(c), (second_product)(c), keys.low[round],
                         keys.high[round]);
  return c;
}
