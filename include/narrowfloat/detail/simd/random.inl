// The random words of keyed stochastic rounding. No include guard: it is included once in each
// instruction set's region and namespace, where it sees `long_words` and philox4x32().

/// Writes `count` blocks of Philox, numbered from `first` modulo `modulus` (a power of two), four words each,
/// and up to lanes / 2 - 1 more.
template <int Rounds>
void random_blocks(std::uint32_t* to, std::uint64_t first, std::size_t count, std::uint64_t modulus,
                   std::uint64_t seed, std::uint64_t stream) {
  constexpr std::size_t per_step = lanes / 2;
  std::uint64_t numbers[per_step];
  for (std::size_t k = 0; k < per_step; ++k) numbers[k] = first + k;
  const long_words low(0xffffffffu), mask = splat<long_words>(modulus - 1);
  const long_words stream_low = splat<long_words>(stream & 0xffffffffu);
  const long_words stream_high = splat<long_words>(stream >> 32);
  round_keys<Rounds, long_words> keys;
  keys.low[0] = splat<long_words>(seed & 0xffffffffu);
  keys.high[0] = splat<long_words>(seed >> 32);
  NF_UNROLL
  for (int round = 1; round < Rounds; ++round) {
    keys.low[round] = keys.low[round - 1] + long_words(philox_low_step);
    keys.high[round] = keys.high[round - 1] + long_words(philox_high_step);
  }
  long_words block = long_words::load(numbers);
  for (std::size_t done = 0; done < count; done += per_step) {
    const long_words number = block & mask;
    // in brackets: this region's text, not the scalar one
    const word_quad<long_words> random =
        (philox4x32<Rounds, long_words>)(word_quad<long_words>{{number, number >> 32, stream_low,
                                                                stream_high}},
                                         keys);
    const auto& word = random.word;
    // the two halves of each block, in turns
    store_in_turns(to + 4 * done, (word[0] & low) | (word[1] << 32),
                   (word[2] & low) | (word[3] << 32));
    block = block + long_words(per_step);
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
