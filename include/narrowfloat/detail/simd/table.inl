// The loops of conversion by look-up. No include guard: it is included once in each instruction set's
// region and namespace, where it sees byte_table, store_pairs() and run_groups().

/// A byte to a byte.
struct look_up_bytes {
  static constexpr std::size_t in_bytes = 1, out_bytes = 1, random_bytes = 0;
  byte_table low;

  NF_INLINE explicit look_up_bytes(const code_table& table) : low(table.low) {}
  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
    store(out, low.find(bytes::load(in)), stream);
  }
};

/// A byte to 2 or 4 bytes. Four bytes are a float, of which the table has the upper half.
template <std::size_t OutBytes>
struct look_up_pairs {
  static constexpr std::size_t in_bytes = 1, out_bytes = OutBytes, random_bytes = 0;
  byte_table low, high;

  NF_INLINE explicit look_up_pairs(const code_table& table) : low(table.low), high(table.high) {}
  NF_INLINE void operator()(const unsigned char* in, unsigned char* out, const unsigned char*,
                            bool stream) const {
    const bytes code = bytes::load(in);
    store_pairs<OutBytes>(out, low.find(code), high.find(code), stream);
  }
};

/// Converts n codes of one byte by a table to elements of OutBytes bytes.
template <std::size_t OutBytes>
void look_up(const void* in, void* out, std::size_t n, const code_table& table, bool stream) {
  using step = std::conditional_t<OutBytes == 1, look_up_bytes, look_up_pairs<OutBytes>>;
  run_groups(step(table), static_cast<const unsigned char*>(in), static_cast<unsigned char*>(out),
             n, nullptr, stream);
}
