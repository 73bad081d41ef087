// The random words of keyed stochastic rounding. No include guard: it is included once in each
// instruction set's region and namespace, where it sees `long_words` and the rounds of philox.inl.

/// Sets of blocks that are made side by side, since each round of one waits for the round before.
inline constexpr std::size_t sets_together = 3;

/// The products of the numbers of a set's blocks, from 0. Lanes 2 i have the blocks of its first
/// half, lanes 2 i + 1 those of the second, as two stores want them.
struct first_products {
  std::uint64_t of[lanes / 2];

  constexpr first_products() : of{} {
    for (std::size_t k = 0; k < lanes / 2; ++k)
      of[k] = (k / 2 + k % 2 * (lanes / 4)) * std::uint64_t{philox_first};
  }
};

/// Two words of each block after the last round: high ^ before ^ key below, the other one above.
NF_INLINE long_words last_words(const wide_product<long_words>& product, const long_words& before,
                                const long_words& key) {
  const long_words low(0xffffffffu);
  return ((product.low << 32) | (product.low >> 32)) ^ ((before ^ key) & low);
}

/// Blocks of Philox whose numbers have the same upper word. The products of their lower words grow
/// by the same from set to set; what the first two rounds make of the other words is the same for
/// all blocks, so loops take it out.
template <int Rounds>
struct block_run {
  long_words products;  ///< of the next blocks
  word_quad<long_words> counter;
  wide_product<long_words> of_stream;
  round_keys<Rounds, long_words> keys;

  NF_INLINE block_run(std::uint64_t first, std::uint64_t seed, std::uint64_t stream) {
    static constexpr first_products from_zero;
    products =
        long_words::load(from_zero.of) + splat<long_words>((first & 0xffffffffu) * philox_first);
    counter = {{long_words(0), splat<long_words>(first >> 32),
                splat<long_words>(stream & 0xffffffffu), splat<long_words>(stream >> 32)}};
    of_stream = (second_product)(counter);  // in brackets: this region's text, not the scalar one
    keys.low[0] = splat<long_words>(seed & 0xffffffffu);
    keys.high[0] = splat<long_words>(seed >> 32);
    NF_UNROLL
    for (int round = 1; round < Rounds; ++round) {  // separate: else each has a constant of its own
      keys.low[round].lanes = separate((keys.low[round - 1] + long_words(philox_low_step)).lanes);
      keys.high[round].lanes =
          separate((keys.high[round - 1] + long_words(philox_high_step)).lanes);
    }
  }
  /// Writes the next sets.
  template <std::size_t Sets>
  NF_INLINE void next(std::uint32_t* to) {
    word_quad<long_words> c[Sets];
    NF_UNROLL
    for (std::size_t s = 0; s < Sets; ++s) {
      c[s] = (after_products)(counter, {products >> 32, products}, of_stream, keys.low[0],
                              keys.high[0]);
      products = products + long_words(lanes / 2 * std::uint64_t{philox_first});
    }
    NF_UNROLL
    for (int round = 1; round < Rounds - 1; ++round) {
      NF_UNROLL
      for (std::size_t s = 0; s < Sets; ++s)
        c[s] = (after_products)(c[s], (first_product)(c[s]), (second_product)(c[s]),
                                keys.low[round], keys.high[round]);
    }
    NF_UNROLL
    for (std::size_t s = 0; s < Sets; ++s)
      store_pairs_in_turns(to + 2 * lanes * s,
                           last_words((second_product)(c[s]), c[s].word[1], keys.low[Rounds - 1]),
                           last_words((first_product)(c[s]), c[s].word[3], keys.high[Rounds - 1]));
  }
};

// Calls, so that short arrays do not wait for the registers that the loop of long ones saves.

/// Writes the blocks of a few sets, whose numbers have the same upper word.
template <int Rounds, std::size_t Sets>
__attribute__((noinline)) void random_sets(std::uint32_t* to, std::uint64_t first,
                                           std::uint64_t seed, std::uint64_t stream) {
  block_run<Rounds>(first, seed, stream).template next<Sets>(to);
}
/// The same of `count` blocks, and of as many more as whole sets have.
template <int Rounds>
__attribute__((noinline)) void random_run(std::uint32_t* to, std::uint64_t first, std::size_t count,
                                          std::uint64_t seed, std::uint64_t stream) {
  constexpr std::size_t set = lanes / 2;
  block_run<Rounds> run(first, seed, stream);
  std::size_t done = 0;
  for (; done + (sets_together - 1) * set < count; done += sets_together * set)
    run.template next<sets_together>(to + 4 * done);
  for (; done < count; done += set)
    random_sets<Rounds, 1>(to + 4 * done, first + done, seed, stream);
}

/// Writes `count` blocks of Philox, numbered from `first` modulo `modulus` (a power of two), four
/// words each, and up to lanes / 2 - 1 blocks more.
template <int Rounds>
void random_blocks(std::uint32_t* to, std::uint64_t first, std::size_t count, std::uint64_t modulus,
                   std::uint64_t seed, std::uint64_t stream) {
  constexpr std::size_t set = lanes / 2;
  while (count != 0) {
    first = first & (modulus - 1);
    const std::uint64_t before_carry = (std::uint64_t{1} << 32) - (first & 0xffffffffu);
    const std::size_t part = before_carry < count ? before_carry : count;
    if (part <= set) {
      random_sets<Rounds, 1>(to, first, seed, stream);
    } else if (part <= 2 * set) {
      random_sets<Rounds, 2>(to, first, seed, stream);
    } else {
      random_run<Rounds>(to, first, part, seed, stream);
    }
    to += 4 * part;  // over what was written beyond
    first += part;
    count -= part;
  }
}

/// The random bits of elements first ... first + count - 1 of a call, each in a random_element<R>.
///
/// Result    the place of the first one in `buffer`, which has room for count + 8 * lanes elements.
template <class R>
NF_INLINE const unsigned char* draw(const R& rounding, std::uint64_t first, std::size_t count,
                                    std::uint32_t* buffer) {
  using element = random_element<R>;
  auto* const to = reinterpret_cast<unsigned char*>(buffer);
  if constexpr (is_keyed<R>) {
    constexpr std::uint64_t per_block = 16 / sizeof(element);
    const std::uint64_t index = rounding.offset + first, place = index % per_block;
    random_blocks<R::generator::rounds>(
        buffer, index / per_block, (place + count + per_block - 1) / per_block,
        (~std::uint64_t{0} / per_block) + 1, rounding.seed, rounding.stream);
    return to + place * sizeof(element);
  } else {
    rounding.copy(buffer, first, count);
    return to;
  }
}
