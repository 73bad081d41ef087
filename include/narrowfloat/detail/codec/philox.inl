// The rounds of Philox4x32. No include guard: codec/philox.hpp includes it for scalar words, and each
// instruction set's region again, where multiply_wide() is an instruction that no expression gets from
// GCC 12. A word of 32 bits may stand in a lane of 64: what is above it is never looked at.

/// One block of Philox4x32 with the given number of rounds.
template <int Rounds, class W>
constexpr NF_FN word_quad<W> philox4x32(const word_quad<W>& counter,
                                        const round_keys<Rounds, W>& keys) {
  word_quad<W> c = counter;
  NF_UNROLL
  for (int round = 0; round < Rounds; ++round) {
    const wide_product<W> p0 = multiply_wide(W(0xd2511f53u), c.word[0]);
    const wide_product<W> p1 = multiply_wide(W(0xcd9e8d57u), c.word[2]);
    c = {{p1.high ^ c.word[1] ^ keys.low[round], p1.low, p0.high ^ c.word[3] ^ keys.high[round],
          p0.low}};
  }
  return c;
}
