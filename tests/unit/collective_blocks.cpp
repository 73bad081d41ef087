// SPDX-License-Identifier: MIT
// all_reduce() with blocks on the wire: each rank's blocks, their exact sums, and the blocks of
// those, for every number and order of ranks, segment and executor.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <narrowfloat/collective.hpp>
#include <narrowfloat/mx.hpp>

#include "support/big_sum.hpp"
#include "support/catch.hpp"
#include "support/executors.hpp"
#include "support/thread_ranks.hpp"

namespace nf = narrowfloat;

namespace {

using Vector = std::vector<float>;

/// What is read back of values that are quantized.
template <class Format, class R>
Vector read_back(const nf::BlockWire<Format>& wire, const Vector& values, const R& rounding) {
  Vector out(values.size());
  nf::BlockTensor<Format>::quantize(values, 1, values.size(), wire.options, rounding)
      .dequantize(out);
  return out;
}
template <class R>
Vector read_back(const nf::Int8Wire& wire, const Vector& values, const R& rounding) {
  Vector out;
  for (std::size_t first = 0; first < values.size(); first += wire.block) {
    const auto block =
        std::span(values).subspan(first, std::min(wire.block, values.size() - first));
    R own = rounding;
    if constexpr (requires { own.offset; }) own.offset += first;
    Vector part(block.size());
    nf::Int8Matrix::quantize(block, 1, block.size(), {}, own).dequantize(part);
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

/// The exact sum of an element of all, rounded to odd: to a float.
float exact_sum(const std::vector<Vector>& all, std::size_t i) {
  test::BigSum sum;
  for (const Vector& values : all) {
    if (std::isnan(values[i])) return values[i];
    sum.add(oracle::from_f32_bits(std::bit_cast<std::uint32_t>(values[i])));
  }
  return std::bit_cast<float>(oracle::round(oracle::binary32, sum.exact(), {oracle::Mode::to_odd},
                                            oracle::Saturation::none));
}

std::vector<std::uint32_t> bits_of(const std::vector<Vector>& all) {
  std::vector<std::uint32_t> bits;
  for (const Vector& values : all) {
    for (const float x : values)
      bits.push_back(std::isnan(x) ? 1 : std::bit_cast<std::uint32_t>(x));
  }
  return bits;
}

template <class Wire, class R>
void check(const Wire& wire, R rounding, int ranks, std::size_t n, int binades, bool has_nan) {
  std::mt19937_64 random(n + static_cast<std::size_t>(ranks));
  std::vector<Vector> inputs(static_cast<std::size_t>(ranks), Vector(n)), residuals = inputs;
  for (std::size_t r = 0; r < inputs.size(); ++r) {
    for (std::size_t i = 0; i < n; ++i) {
      const auto draw = [&] {
        int exponent = -static_cast<int>(random() % static_cast<unsigned>(binades));
        if (binades == 100 && r % 2 != 0) exponent -= 60;  // what decides ties of the others' sums
        return std::ldexp(static_cast<float>(static_cast<int>(random() % 4001) - 2000), exponent);
      };
      inputs[r][i] = draw();
      residuals[r][i] = draw() * 0.01f;
    }
    if (has_nan && n > 3) inputs[r][3] = std::numeric_limits<float>::quiet_NaN();
  }
  std::vector<Vector> decoded, rests = residuals;
  for (std::size_t r = 0; r < inputs.size(); ++r) {
    Vector values = inputs[r];
    for (std::size_t i = 0; i < n; ++i) values[i] += residuals[r][i];
    decoded.push_back(read_back(wire, values, rounding));
    for (std::size_t i = 0; i < n; ++i) {
      const float rest = values[i] - decoded[r][i];
      rests[r][i] = std::isfinite(rest) ? rest : 0;
    }
  }
  Vector sums;
  for (std::size_t i = 0; i < n; ++i) sums.push_back(exact_sum(decoded, i));
  R of_sums = rounding;
  if constexpr (requires { of_sums.stream; }) of_sums.stream += std::uint64_t{1} << 63;
  Vector mean = read_back(wire, sums, of_sums);
  for (float& x : mean) x /= static_cast<float>(ranks);

  const auto reduce = [&](std::size_t segment, std::size_t turn) {
    std::vector<Vector> means(inputs.size()), own(inputs.size());
    test::ThreadRanks::run(ranks, [&](auto& group) {
      const std::size_t r = (static_cast<std::size_t>(group.rank()) + turn) % inputs.size();
      means[r] = inputs[r];
      own[r] = residuals[r];
      nf::all_reduce(group, means[r], wire, {.residuals = own[r], .segment = segment}, rounding,
                     test::Threads{2});
    });
    INFO(ranks << " ranks, " << n << " elements, segment " << segment << ", binades " << binades);
    CHECK(bits_of(means) == bits_of(std::vector<Vector>(inputs.size(), mean)));
    CHECK(bits_of(own) == bits_of(rests));
  };
  reduce(std::size_t{1} << 20, 0);
  reduce(100, 1);
  reduce(std::numeric_limits<std::size_t>::max(), 0);
}

template <class Wire>
void check_wire(const Wire& wire) {
  for (int ranks = 1; ranks <= 7; ++ranks) {
    const auto n = static_cast<std::size_t>(ranks * ranks * ranks % 11 * 97 + ranks % 3);
    check(wire, nf::nearest_even, ranks, n, ranks % 2 == 0 ? 100 : 8, ranks == 5);
    check(wire, nf::Stochastic<>{.seed = 3, .stream = 1}, ranks, n, 20, false);
  }
}

}  // namespace

TEST_CASE("all_reduce with blocks: as defined, for ranks in any order", "[collective]") {
  check_wire(nf::BlockWire<nf::mxfp8_e4m3>{});
  check_wire(nf::BlockWire<nf::mxfp4_e2m1>{{.rule = nf::ScaleRule::ceil}});
  check_wire(nf::Int8Wire{.block = 40});
  check(nf::BlockWire<nf::mxfp8_e5m2>{}, nf::nearest_even, 3, 30011, 12, false);
}

TEST_CASE("all_reduce with blocks: bytes, and what is refused", "[collective]") {
  test::ThreadRanks::run(2, [](auto& ranks) {
    Vector values(32 * 64, 1.0f);
    nf::all_reduce(ranks, values, nf::BlockWire<nf::mxfp8_e4m3>{});
    if (ranks.bytes_sent() != 33 * 64) throw std::logic_error("bytes");
  });
  nf::SingleRank alone;
  Vector values(3), residuals(2);
  CHECK_THROWS_WITH(nf::all_reduce(alone, values, nf::Int8Wire{.block = 0}),
                    "narrowfloat::all_reduce: the block is 0");
  CHECK_THROWS_WITH(nf::all_reduce(alone, values, nf::Int8Wire{}, {.residuals = residuals}),
                    "narrowfloat::all_reduce: 2 residuals of 3 gradients");
  CHECK_THROWS_WITH(
      nf::all_reduce(alone, values, nf::BlockWire<nf::mxfp8_e4m3>{{.three_quarters = true}}),
      "narrowfloat::all_reduce: three_quarters is not for the wire: its reader has 4/3");
  const auto one_of_two = [&] {
    test::ThreadRanks::run(2, [&](auto& ranks) {
      Vector own(3);
      nf::all_reduce(ranks, own, nf::Int8Wire{.block = ranks.rank() == 0 ? 1u : 0u});
    });
  };
  CHECK_THROWS_WITH(one_of_two(),
                    "narrowfloat::all_reduce: the arguments of 1 of the other ranks do not fit");
}

TEST_CASE("all_reduce with blocks: nothing is clipped by default", "[collective]") {
  nf::SingleRank alone;
  Vector values(64, 0.99f);
  nf::all_reduce(alone, values, nf::BlockWire<nf::mxfp8_e4m3>{});
  CHECK(values == Vector(64, 1.0f));
}

TEST_CASE("all_reduce with blocks: the largest segments and blocks", "[collective]") {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  check(nf::Int8Wire{.block = most}, nf::nearest_even, 1, 64, 8, false);
  check(nf::Int8Wire{.block = most / 2 + 60}, nf::nearest_even, 3, 64, 8, false);
  nf::SingleRank alone;
  Vector values{1, -3, 3}, residuals{0.5f, 1, 0};
  nf::all_reduce(alone, values, nf::Int8Wire{.block = 1},
                 {.residuals = residuals, .segment = most});
  CHECK((values == Vector{1.5f, -2, 3} && residuals == Vector(3)));
}
