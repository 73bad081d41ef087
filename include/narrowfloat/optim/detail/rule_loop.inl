// The loop of the rules of optimizers. No include guard: it is included once in each instruction
// set's region and namespace.

/// A group of floats as the rules see it: each operation is rounded on its own, to nearest.
struct float_group {
  vector<lanes, float> x;

  NF_INLINE float_group() : x(splat_float(0)) {}
  NF_INLINE explicit float_group(float all) : x(splat_float(all)) {}
  NF_INLINE float_group(const words& bits) : x(vector<lanes, float>(bits.lanes)) {}
  static NF_INLINE float_group rounded(const vector<lanes, float>& x) {
    return opaque(words::words(x));
  }
  NF_INLINE words bits() const { return words::words(x); }

  friend NF_INLINE float_group operator+(const float_group& a, const float_group& b) {
    return rounded(a.x + b.x);
  }
  friend NF_INLINE float_group operator-(const float_group& a, const float_group& b) {
    return rounded(a.x - b.x);
  }
  friend NF_INLINE float_group operator*(const float_group& a, const float_group& b) {
    return rounded(a.x * b.x);
  }
  friend NF_INLINE float_group operator/(const float_group& a, const float_group& b) {
    return rounded(quotient(a.x, b.x));
  }
  friend NF_INLINE float_group square_root(const float_group& a) {
    return rounded(square_root(a.x));
  }
  /// 1 or -1 with the sign of a; a itself where it is 0 or NaN.
  friend NF_INLINE float_group sign(const float_group& a) {
    const words sign_mask(binary32::sign_mask), bits = a.bits();
    const words magnitude = bits & words(binary32::sign_mask - 1);
    const words one = (bits & sign_mask) | words(0x3f800000u);
    const words some = select_less(words(0), magnitude, one, bits);
    return select_less(words(binary32::infinity_code), magnitude, bits, some);
  }
  /// The larger of two numbers that are positive or 0; a NaN is larger than Inf.
  friend NF_INLINE float_group larger(const float_group& a, const float_group& b) {
    return (larger)(a.bits(), b.bits());
  }
};

using G = float_group;

NF_INLINE G update_of(const GradientDescentRule::Step& c, const G& w, const G& g, G*) {
  return g + G(c.l2) * w;
}
NF_INLINE G update_of(const SgdRule::Step& c, const G& w, const G& gradient, G* s) {
  const G g = gradient + G(c.l2) * w;
  s[0] = G(c.momentum) * s[0] + G(c.gain) * g;
  return G(c.ahead) * s[0] + G(c.now) * g;
}
NF_INLINE G update_of(const AdamStep& c, const G& w, const G& gradient, G* s) {
  const G g = c.l2 == 0.0f ? gradient : gradient + G(c.l2) * w;
  s[0] = G(c.beta1) * s[0] + G(c.rest1) * g;
  s[1] = G(c.beta2) * s[1] + G(c.rest2) * (g * g);
  return (s[0] * G(c.inverse1)) / (square_root(s[1]) * G(c.root2) + G(c.eps));
}
NF_INLINE G update_of(const LionRule::Step& c, const G&, const G& g, G* s) {
  const G u = sign(G(c.beta1) * s[0] + G(c.rest1) * g);
  s[0] = G(c.beta2) * s[0] + G(c.rest2) * g;
  return u;
}
NF_INLINE G update_of(const AdagradRule::Step& c, const G& w, const G& gradient, G* s) {
  const G g = gradient + G(c.l2) * w;
  s[0] = s[0] + g * g;
  return g / (square_root(s[0]) + G(c.eps));
}
NF_INLINE G update_of(const RmspropRule::Step& c, const G& w, const G& gradient, G* s) {
  const G g = gradient + G(c.l2) * w;
  s[0] = G(c.alpha) * s[0] + G(c.rest) * (g * g);
  return g / (square_root(s[0]) + G(c.eps));
}
NF_INLINE G update_of(const AdemamixRule::Step& c, const G&, const G& g, G* s) {
  s[0] = G(c.beta1) * s[0] + G(c.rest1) * g;
  s[1] = G(c.beta2) * s[1] + G(c.rest2) * (g * g);
  s[2] = G(c.beta3) * s[2] + G(c.rest3) * g;
  return (s[0] * G(c.inverse1) + G(c.alpha) * s[2]) / (square_root(s[1]) * G(c.root2) + G(c.eps));
}
NF_INLINE G update_of(const LambRule::Step& c, const G& w, const G& g, G* s) {
  const AdamStep& adam = c;
  return update_of(adam, w, g, s) + G(c.with_weights) * w;
}
NF_INLINE G update_of(const LarsRule::Step& c, const G& w, const G& g, G* s) {
  return s[0] = G(c.momentum) * s[0] + G(c.ratio) * (g + G(c.l2) * w);
}

/// A rule that is not of the library brings its formula along. In the baseline's loop alone: a
/// function outside of a region cannot call what is inside.
template <class Step>
requires rule_formula<Step, G> NF_INLINE G update_of(const Step& c, const G& w, const G& g, G* s) {
  return c.update(w, g, s);
}

/// What a rule that looks at the whole tensor first adds up the squares of, in two sums of doubles.
struct survey_terms {
  G first, second;
};
/// g / max(sqrt(v), eps) where a rule keeps the second moment v, else u: what update clipping takes
/// the mean square of.
template <class Step>
NF_INLINE survey_terms clipping_terms(const Step& c, const G& g, const G* s, const G& u) {
  if constexpr (requires { Step::second_moment; }) {
    return {g / larger(square_root(s[Step::second_moment]), G(c.eps)), G()};
  } else {
    return {u, G()};
  }
}
NF_INLINE survey_terms terms_of(const StableAdamWRule::Step& c, const G&, const G& g, const G* s,
                                const G& u) {
  return clipping_terms(c, g, s, u);
}
template <class Inner>
NF_INLINE survey_terms terms_of(const clipped_step<Inner>& c, const G&, const G& g, const G* s,
                                const G& u) {
  return clipping_terms<Inner>(c, g, s, u);
}
NF_INLINE survey_terms terms_of(const LambRule::Step&, const G& w, const G&, const G*, const G& u) {
  return {w, u};
}
NF_INLINE survey_terms terms_of(const LarsRule::Step&, const G& w, const G& g, const G*, const G&) {
  return {w, g};
}

/// Adds the squares of a row of floats to sums of their own: as many in every instruction set.
NF_INLINE void add_squares(double* sums, const words& x) {
  doubles first, last;
  widen_floats(x, first, last);
  first *= first;  // exact, so it is all the same whether the compiler fuses
  last *= last;
  doubles a, b;
  __builtin_memcpy(&a, sums, sizeof a);
  __builtin_memcpy(&b, sums + lanes / 2, sizeof b);
  a = separate(a + first);
  b = separate(b + last);
  __builtin_memcpy(sums, &a, sizeof a);
  __builtin_memcpy(sums + lanes / 2, &b, sizeof b);
}

/// All ones in the first `count` lanes from `at` on, of rule_row.
NF_INLINE words lanes_of_row(std::size_t at, std::size_t count) {
  return words::load(row_mask.word + rule_row - count + at);
}

/// Calls for the weights and gradients that lie a part later.
NF_INLINE void call_for_row(const rule_part& part, std::size_t at) {
  prefetch(reinterpret_cast<const unsigned char*>(part.weights + at + part_elements));
  prefetch(reinterpret_cast<const unsigned char*>(part.gradients + at + part_elements));
}

/// One row of rule_row elements: `count` of them count, the others lie there too.
template <bool Surveys, std::size_t States, class Step>
NF_INLINE void step_row(const Step& step, const rule_part& part, std::size_t at, std::size_t count,
                        rule_totals& totals) {
  NF_UNROLL
  for (std::size_t k = 0; k < rule_row; k += lanes) {
    const std::size_t i = at + k;
    const G w = words::load(part.weights + i);
    const G g = G(words::load(part.gradients + i)) * G(part.factor);
    G state[States + 1];
    NF_UNROLL
    for (std::size_t s = 0; s < States; ++s) state[s] = words::load(part.state[s] + i);
    const G u = update_of(step, w, g, state);
    if constexpr (Surveys) {
      const survey_terms terms = terms_of(step, w, g, state, u);
      const words mask = lanes_of_row(k, count);
      add_squares(totals.sum[0] + k, terms.first.bits() & mask);
      add_squares(totals.sum[1] + k, terms.second.bits() & mask);
    } else {
      const G rate(step.rate), decay(step.decay);
      if (step.order == DecayOrder::before) {
        (w - (rate * u + decay * w)).bits().store(part.new_weights + i);
      } else {
        const G moved = w - rate * u;
        (moved - decay * moved).bits().store(part.new_weights + i);
      }
      NF_UNROLL
      for (std::size_t s = 0; s < States; ++s) state[s].bits().store(part.new_state[s] + i);
      const words magnitude = u.bits() & words(binary32::sign_mask - 1) & lanes_of_row(k, count);
      larger(words::load(totals.largest + k), magnitude).store(totals.largest + k);
    }
  }
}

/// The step of n elements: new weights and states are written, or the sums of a survey are made.
template <bool Surveys, std::size_t States, class Step>
void run_rule(const Step& step, const rule_part& part, rule_totals& totals) {
  const Step mine = step;  // in registers: no store changes it
  rule_totals sums = totals;
  std::size_t i = 0;
  for (; part.n - i >= rule_row; i += rule_row) {
    if (part.ahead) call_for_row(part, i);
    step_row<Surveys, States>(mine, part, i, rule_row, sums);
  }
  if (i < part.n) step_row<Surveys, States>(mine, part, i, part.n - i, sums);
  totals = sums;
}

/// Joins a row of floats times a factor, of which `count` count.
NF_INLINE void measure_row(const float* row, std::size_t count, const G& factor,
                           rule_totals& totals) {
  NF_UNROLL
  for (std::size_t k = 0; k < rule_row; k += lanes) {
    const words x = (G(words::load(row + k)) * factor).bits() & lanes_of_row(k, count);
    const words magnitude = x & words(binary32::sign_mask - 1);
    larger(words::load(totals.largest + k), magnitude).store(totals.largest + k);
    add_squares(totals.sum[0] + k, x);
  }
}

/// Joins n floats times a factor to their largest magnitude and the sum of their squares.
inline void measure_gradients(const float* in, std::size_t n, float factor, rule_totals& totals) {
  const G by(factor);
  rule_totals sums = totals;
  std::size_t i = 0;
  for (; n - i >= rule_row; i += rule_row) measure_row(in + i, rule_row, by, sums);
  if (i < n) {
    float last[rule_row] = {};
    __builtin_memcpy(last, in + i, (n - i) * sizeof(float));
    measure_row(last, n - i, by, sums);
  }
  totals = sums;
}
