// What blocks lose under a scale, in float. No include guard: it is included once in each
// instruction set's region and namespace, where it sees the loops of lanes.inl.

/// The sum of lanes, by halves. Not by memcpy, which GCC 12 takes through memory.
NF_INLINE float total(const vector<4, float>& x) { return (x[0] + x[2]) + (x[1] + x[3]); }
NF_INLINE float total(const vector<8, float>& x) {
  return total(__builtin_shufflevector(x, x, 0, 1, 2, 3) +
               __builtin_shufflevector(x, x, 4, 5, 6, 7));
}
NF_INLINE float total(const vector<16, float>& x) {
  return total(__builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7) +
               __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15));
}

/// The magnitudes of elements, nearest to quotients, and those of the quotients, for up to a part
/// of floats: from codes that have been encoded.
template <class Code, bool Divides>
struct encoded_elements {
  using stored = code_for<typename Code::stored>;
  stored codes[part_elements];

  NF_INLINE encoded_elements(const float* in, std::size_t n, std::size_t first, int shift,
                             const float* factors, const element_encoding& how) {
    encode_blocks<Code, NearestEven, Divides>(in, n, first, shift, factors, nearest_even, how,
                                              codes);
    for (std::size_t i = n; i % lanes != 0; ++i) codes[i] = 0;
  }
  NF_INLINE words operator()(const words&, std::size_t i) const {
    return Code::template to_float<words>(
               load_widen<stored>(reinterpret_cast<const unsigned char*>(codes + i))) &
           words(binary32::sign_mask - 1);
  }
};
/// From the sums that end in the codes.
template <class Code>
struct summed_elements {
  using to = typename Code::rounded;
  bounds<words> bound;
  addend_rounding<to, NearestEven> addends;

  NF_INLINE summed_elements(const float*, std::size_t, std::size_t, int, const float*,
                            const element_encoding& how)
      : bound(splat<words>(bounds_for<to, rule::half_even, 0, std::uint32_t>(how.policy))) {}
  NF_INLINE words operator()(const words& quotient, std::size_t) const {
    words t(0);
    const words code = addends.encoded_finite(quotient, words(0), bound, t);
    return addends.value(code, t);
  }
};
template <class Code, bool Divides>
using nearest_elements_of =
    std::conditional_t<!Divides && !Code::is_fixed && Code::rounded::is_signed &&
                           looks_addends_up<binary32, typename Code::rounded, NearestEven>,
                       summed_elements<Code>, encoded_elements<Code, Divides>>;

/// Adds what n quotients, at most a part of floats times factors, differ by from their nearest
/// elements, or the squares of it, to sums[column >> shift], where columns are first, first + 1 ...
/// shift is 0 or at least 4. Without Divides, changes[column >> shift] is not 0 where an element is
/// not half of what `elements` says, which takes the elements. All arrays have room for whole
/// packs; what is after the last value is 0.
template <class Code, bool IsSquared, bool Divides>
void add_losses(const float* in, std::size_t n, std::size_t first, int shift, const float* factors,
                const element_encoding& how, float* sums, std::uint32_t* changes, float* elements) {
  using floats = vector<lanes, float>;
  const nearest_elements_of<Code, Divides> nearest(in, n, first, shift, factors, how);
  const words mask(binary32::sign_mask - 1);
  const auto add = [&](std::size_t i, const words& factor, floats& loss, words& changed)
      __attribute__((always_inline)) {
    const words quotient = block_product{}(words::load(in + i), factor);
    const words element = nearest(quotient, i);
    const words error =
        words(words::words(floats((quotient & mask).lanes) - floats(element.lanes)));
    if constexpr (IsSquared) {
      loss = multiply_add(floats(error.lanes), floats(error.lanes), loss);
    } else {
      loss += floats((error & mask).lanes);
    }
    if constexpr (!Divides) {
      const words twice = words::words(floats(element.lanes) + floats(element.lanes));
      changed = changed | (twice ^ words::load(elements + i));
      element.store(elements + i);
    }
  };
  if (shift == 0) {
    for (std::size_t i = 0; i < n; i += lanes) {
      const std::size_t column = first + i;
      floats loss;
      __builtin_memcpy(&loss, sums + column, sizeof loss);
      words changed = words::load(changes + column);
      add(i, words::load(factors + column), loss, changed);
      __builtin_memcpy(sums + column, &loss, sizeof loss);
      changed.store(changes + column);
    }
    return;
  }
  for (std::size_t i = 0; i < n;) {
    const std::size_t place = (first + i) >> shift, end_of_group = ((place + 1) << shift) - first,
                      end = end_of_group < n ? end_of_group : n;
    const words factor = factors_at(factors, first + i, shift);
    floats loss{};
    words changed(0);
    for (; i < end; i += lanes) add(i, factor, loss, changed);
    i = end;
    sums[place] += total(loss);
    if constexpr (!Divides) changes[place] |= has_signs(words(0) - changed) ? 1u : 0u;
  }
}
