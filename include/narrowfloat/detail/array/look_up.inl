// Conversion by look-up. No include guard: it is included once in each instruction set's region and
// namespace, where it sees byte_table, store_pairs() and run_groups().

/// A byte to a byte.
template <class Table>
struct look_up_bytes {
  static constexpr std::size_t in_bytes = 1, out_bytes = 1, random_bytes = 0;
  const code_table* parameters;
  Table low;

  NF_INLINE explicit look_up_bytes(const code_table* table) : parameters(table), low(table->low) {}
  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
    store(out, low.find(bytes::load(in)), stream);
  }
};

/// A byte to 2 or 4 bytes. Four bytes are a float, of which the table has the upper half.
template <std::size_t OutBytes, class Table>
struct look_up_pairs {
  static constexpr std::size_t in_bytes = 1, out_bytes = OutBytes, random_bytes = 0;
  const code_table* parameters;
  Table low, high;

  NF_INLINE explicit look_up_pairs(const code_table* table)
      : parameters(table), low(table->low), high(table->high) {}
  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
    const bytes code = bytes::load(in);
    store_pairs<OutBytes>(out, low.find(code), high.find(code), stream);
  }
};

/// Converts n codes of one byte by a table to elements of OutBytes bytes. Four bytes are a float,
/// of which the table has the upper half.
template <std::size_t OutBytes>
void look_up(const void* in, void* out, std::size_t n, const code_table& table,
             [[maybe_unused]] bool stream) {
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<unsigned char*>(out);
  if constexpr (std::is_same_v<byte_table, no_values>) {
    using element =
        std::conditional_t<OutBytes == 1, std::uint8_t,
                           std::conditional_t<OutBytes == 2, std::uint16_t, std::uint32_t>>;
    for (std::size_t i = 0; i < n; ++i) {
      auto result = static_cast<element>(table.low[source[i]]);
      if constexpr (OutBytes > 1) result |= static_cast<element>(table.high[source[i]] << 8);
      if constexpr (OutBytes == 4) result <<= 16;
      __builtin_memcpy(target + i * OutBytes, &result, OutBytes);
    }
  } else {
    using step = std::conditional_t<OutBytes == 1, look_up_bytes<byte_table>,
                                    look_up_pairs<OutBytes, byte_table>>;
    run_groups(step(&table), source, target, n, nullptr, stream);
  }
}

/// A byte to a float times a factor.
template <class Table>
struct look_up_products {
  static constexpr std::size_t in_bytes = 1, out_bytes = 4, random_bytes = 0;
  Table low, high;
  vector<lanes, float> factor;

  NF_INLINE look_up_products(const code_table& table, float by)
      : low(table.low), high(table.high), factor(splat_float(by)) {}
  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
    const bytes code = bytes::load(in);
    const auto low_part = low.find(code), high_part = high.find(code);
    NF_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      const words x = floats_of_pairs(low_part, high_part, k);
      const words y = words::words(vector<lanes, float>(x.lanes) * factor);
      store(out + k * sizeof(words), y, stream);
    }
  }
};

/// Writes the floats of n codes times a factor, a number that is not 0, in an environment that
/// rounds to nearest.
template <class Table = byte_table>
void look_up_scaled(const void* in, void* out, std::size_t n, const code_table& table, float factor,
                    bool stream) {
  run_groups(look_up_products<Table>(table, factor), static_cast<const unsigned char*>(in),
             static_cast<unsigned char*>(out), n, nullptr, stream);
}
