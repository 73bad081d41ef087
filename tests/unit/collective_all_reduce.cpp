// SPDX-License-Identifier: MIT
// all_reduce(): codes, their exact sums, residuals and counts are those of the definition, element
// by element, for every number and order of ranks, segment and executor.
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <narrowfloat/collective.hpp>

#include "support/big_sum.hpp"
#include "support/catch.hpp"
#include "support/draws.hpp"
#include "support/executors.hpp"
#include "support/formats.hpp"
#include "support/thread_ranks.hpp"

namespace {

namespace nf = narrowfloat;
using Vector = std::vector<float>;

struct Case {
  int ranks = 1;
  std::size_t n = 0;
  bool feeds_back = false, has_mu = false, sums = false;
  nf::Saturation saturation = nf::Saturation::finite;
  int binades = 8;       ///< of the magnitudes
  bool special = false;  ///< NaN and Inf among them
  oracle::Mode mode = oracle::Mode::nearest_even;
};

struct Result {
  std::vector<Vector> means, residuals;  ///< of the ranks
  std::vector<nf::AllReduceReport> reports;

  std::vector<std::uint32_t> bits() const {
    std::vector<std::uint32_t> all;
    for (const auto& of_ranks : {means, residuals}) {
      for (const Vector& values : of_ranks) {
        for (const float x : values) all.push_back(std::bit_cast<std::uint32_t>(x));
      }
    }
    for (const nf::AllReduceReport& r : reports) {
      for (const std::uint64_t x : {r.inputs_beyond, r.sums_beyond, r.sums_attained})
        all.push_back(static_cast<std::uint32_t>(x));
      all.push_back(std::bit_cast<std::uint32_t>(r.amax));
      all.push_back(std::bit_cast<std::uint32_t>(r.scale));
    }
    return all;
  }
};

constexpr std::uint64_t seed = 11, stream = 3, offset = 5;
constexpr double mu_of_test = 1.75;

std::vector<Vector> inputs_of(std::mt19937_64& random, const Case& of) {
  std::vector<Vector> all(static_cast<std::size_t>(of.ranks), Vector(of.n));
  std::vector<unsigned> shared(of.n);  // exponents of some elements are alike on all ranks
  for (unsigned& x : shared) x = static_cast<unsigned>(random());
  for (Vector& values : all) {
    for (std::size_t i = 0; i < of.n; ++i) {
      float& x = values[i];
      const auto mantissa = static_cast<float>(random() % 4096);
      const unsigned draw = i % 2 == 0 ? shared[i] : static_cast<unsigned>(random());
      const int exponent = -static_cast<int>(draw % static_cast<unsigned>(of.binades));
      x = std::ldexp(random() % 2 == 0 ? mantissa : -mantissa, exponent - 12);
      if (of.special && random() % 16 == 0) {
        constexpr float inf = std::numeric_limits<float>::infinity();
        x = random() % 3 == 0 ? std::numeric_limits<float>::quiet_NaN()
                              : (random() % 2 == 0 ? inf : -inf);
      }
    }
  }
  return all;
}

template <class F>
nf::AllReduceScale<F> scale_before() {
  return {.exponent = 2, .scale = 4, .scale_inv = 0.25f};
}

template <class F, class R, class Executor>
Result reduced(const Case& of, const std::vector<Vector>& inputs, const R& rounding,
               std::size_t segment, const Executor& executor) {
  Result result{inputs, inputs, std::vector<nf::AllReduceReport>(inputs.size())};
  for (Vector& residuals : result.residuals) {
    for (float& x : residuals) x = of.feeds_back ? std::isfinite(x) ? x * 0.125f : 0 : 0;
  }
  test::ThreadRanks::run(of.ranks, [&](auto& ranks) {
    const auto me = static_cast<std::size_t>(ranks.rank());
    nf::AutoScale mu{.mu = mu_of_test};
    auto scale = scale_before<F>();
    const nf::AllReduceOptions options{
        .residuals = of.feeds_back ? std::span(result.residuals[me]) : std::span<float>(),
        .mu = of.has_mu ? &mu : nullptr,
        .sums = of.sums,
        .saturation = of.saturation,
        .segment = segment};
    result.reports[me] =
        nf::all_reduce(ranks, result.means[me], scale, options, rounding, executor);
  });
  return result;
}

/// Whether |x| > y, a value of a format.
bool is_larger(const oracle::Exact& x, const oracle::Exact& y) {
  if (x.is_zero() || test::exponent_of(x) != test::exponent_of(y))
    return !x.is_zero() && test::exponent_of(x) > test::exponent_of(y);
  const oracle::Wide a = x.significand << std::max(0, x.exponent - y.exponent);
  const oracle::Wide b = y.significand << std::max(0, y.exponent - x.exponent);
  return a > b || (a == b && x.tail);
}

/// The definition.
template <class F>
Result expected(const Case& of, const std::vector<Vector>& inputs) {
  constexpr oracle::Format format = test::oracle_format<F>();
  const auto saturation = static_cast<oracle::Saturation>(static_cast<int>(of.saturation));
  const auto rounding = [&](std::uint64_t further, std::size_t i) {
    return oracle::Rounding{of.mode, 16,
                            oracle::keyed_bits(16, seed, stream + further, offset + i)};
  };
  Result result{inputs, std::vector<Vector>(inputs.size(), Vector(of.n)), {}};
  nf::AllReduceReport report;
  for (Vector& values : result.means) {
    for (float& x : values) {
      if (of.feeds_back) x += std::isfinite(x) ? x * 0.125f : 0;
      const float magnitude =
          std::isfinite(x) ? std::fabs(x) : std::numeric_limits<float>::infinity();
      report.amax = std::max(report.amax, magnitude);
    }
  }
  auto scale = scale_before<F>();
  scale.workers = of.ranks;
  scale.update(report.amax);
  report.scale = of.has_mu ? scale.scale * static_cast<float>(mu_of_test) : scale.scale;
  const float inverse = of.has_mu ? 1 / report.scale : scale.scale_inv;
  const float decoding = of.sums ? inverse : inverse / static_cast<float>(of.ranks);
  const oracle::Exact largest = oracle::decode(format, oracle::largest_finite_code(format, false));
  const auto is_beyond = [&](const oracle::Exact& x) {
    return test::is_finite(x) && is_larger(x, largest);
  };
  const auto value_of = [&](std::uint32_t code) {
    return static_cast<float>(F::from_bits(static_cast<typename F::Storage>(code)));
  };
  for (std::size_t i = 0; i < of.n; ++i) {
    test::BigSum sum;
    oracle::Exact specials;
    for (std::size_t r = 0; r < inputs.size(); ++r) {
      const float x = result.means[r][i];
      const oracle::Exact product =
          oracle::from_f32_bits(std::bit_cast<std::uint32_t>(x * report.scale));
      report.inputs_beyond += is_beyond(product) ? 1 : 0;
      const std::uint32_t code = oracle::round(format, product, rounding(0, i), saturation);
      const oracle::Exact value = oracle::decode(format, code);
      if (test::is_finite(value))
        sum.add(value);
      else
        specials = oracle::sum(specials, value);
      const float rest = x - value_of(code) * inverse;
      result.residuals[r][i] = of.feeds_back && std::isfinite(rest) ? rest : 0;
    }
    const bool is_finite = test::is_finite(specials);
    const oracle::Exact total = is_finite ? sum.exact() : specials;
    const std::uint32_t code =
        oracle::round(format, total, rounding(std::uint64_t{1} << 63, i), saturation);
    report.sums_beyond += is_beyond(total) ? 1 : 0;
    const oracle::Exact rounded = oracle::decode(format, code);
    const bool attains = !test::is_finite(rounded) || (rounded.significand == largest.significand &&
                                                       rounded.exponent == largest.exponent);
    report.sums_attained += is_finite && attains ? 1 : 0;
    const float mean = value_of(code) * decoding;
    for (Vector& values : result.means) values[i] = mean;
  }
  result.reports.assign(inputs.size(), report);
  return result;
}

template <class F, class R>
void check(const Case& of, const R& rounding, std::mt19937_64& random) {
  std::vector<Vector> inputs = inputs_of(random, of);
  INFO(of.ranks << " ranks, " << of.n << " elements, width " << F::width << ", binades "
                << of.binades << ", mode " << static_cast<int>(of.mode));
  const auto wanted = expected<F>(of, inputs).bits();
  CHECK(reduced<F>(of, inputs, rounding, std::size_t{1} << 20, nf::SerialExecutor{}).bits() ==
        wanted);
  CHECK(reduced<F>(of, inputs, rounding, 10, test::Threads{2}).bits() == wanted);
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  CHECK(reduced<F>(of, inputs, rounding, most, nf::SerialExecutor{}).bits() == wanted);
  std::rotate(inputs.begin(), inputs.begin() + 1, inputs.end());  // the same set
  auto turned = reduced<F>(of, inputs, rounding, 64, nf::SerialExecutor{});
  std::rotate(turned.residuals.begin(), turned.residuals.end() - 1, turned.residuals.end());
  CHECK(turned.bits() == wanted);
}

template <class F>
void check_format(std::mt19937_64& random) {
  const nf::Stochastic<> keyed{.seed = seed, .stream = stream, .offset = offset};
  for (int ranks = 1; ranks <= 7; ++ranks) {
    Case of{.ranks = ranks, .n = static_cast<std::size_t>(random() % 300)};
    if (ranks < 4) of.n = of.n % 8;
    if (ranks == F::mantissa_bits) of.n = 1;
    if (ranks == F::exponent_bits) of.n = 0;
    of.feeds_back = random() % 2 == 0;
    of.has_mu = random() % 2 == 0 && F::exponent_bits < 8;  // else the scale is the largest
    of.sums = random() % 2 == 0;
    of.special = random() % 2 == 0;
    if (F::exponent_bits == 8) of.binades = of.special ? 140 : 100;  // subnormals, at the old scale
    of.saturation = static_cast<nf::Saturation>(random() % 3);
    check<F>(of, nf::nearest_even, random);
    of.mode = oracle::Mode::toward_zero;
    check<F>(of, nf::toward_zero, random);
    of.mode = oracle::Mode::stochastic_c;
    check<F>(of, keyed, random);
  }
}

}  // namespace

TEST_CASE("all_reduce: as defined, for ranks in any order", "[collective]") {
  std::mt19937_64 random(1);
  check_format<nf::float8_e4m3fn>(random);
  check_format<nf::float8_e5m2>(random);
  check_format<nf::bfloat16>(random);
  check_format<nf::float4_e2m1fn>(random);
  check_format<nf::float8_e4m3fnuz>(random);
  const Case large{.ranks = 2, .n = 3 * 65536 + 7, .feeds_back = true};
  check<nf::float8_e4m3fn>(large, nf::nearest_even, random);
}
