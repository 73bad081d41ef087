// The rounds of Philox4x32. No include guard: codec/philox.hpp includes it for scalar words, and each
// instruction set's region again, where multiply_wide() is an instruction that no expression gets from
// GCC 12. A word of 32 bits may stand in a lane of 64: what is above it is never looked at.

/// One block of Philox4x32 with the given number of rounds.
template <int Rounds, class W>
constexpr NF_FN word_quad<W> philox4x32(const word_quad<W>& counter, const W& key_low,
                                        const W& key_high) {
  word_quad<W> c = counter;
  W k0 = key_low, k1 = key_high;
#pragma GCC unroll 10
  for (int round = 0; round < Rounds; ++round) {
    const wide_product<W> p0 = multiply_wide(W(0xd2511f53u), c.word[0]);
    const wide_product<W> p1 = multiply_wide(W(0xcd9e8d57u), c.word[2]);
    c = {{p1.high ^ c.word[1] ^ k0, p1.low, p0.high ^ c.word[3] ^ k1, p0.low}};
    k0 = k0 + W(0x9e3779b9u);
    k1 = k1 + W(0xbb67ae85u);
  }
  return c;
}
