// SPDX-License-Identifier: MIT
// DelayedScaling follows Transformer Engine's recipe over scripted steps: a history that rolls, two
// algorithms and those of the user, idle steps, amaxes that say nothing; a copy goes on with the
// same bits.
#include <narrowfloat/scaling/delayed.hpp>

#include <cmath>
#include <limits>
#include <optional>

#include "support/catch.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float largest = std::numeric_limits<float>::max();

/// The recipe again, on a plain list: the oldest step first, this step apart.
struct Plain {
  explicit Plain(std::size_t length) : finished(length - 1) {}
  void step(float amax, float format_max, int margin, bool most_recent, bool idle_keeps) {
    if (idle_keeps && amax == 0) return;
    bool poisoned = !std::isfinite(amax);
    float found = amax;
    for (const float x : finished) {
      if (most_recent) break;
      if (!std::isfinite(x)) poisoned = true;
      if (x > found) found = x;
    }
    finished.push_back(amax);
    finished.erase(finished.begin());
    if (poisoned || found == 0) return;
    const float next = format_max / found / std::ldexp(1.0f, margin);
    scale = std::isinf(next) ? largest : next;
  }
  std::vector<float> finished;
  float scale = 1;
};

/// Steps with every kind of amax.
std::vector<float> script() {
  std::vector<float> amaxes{1.0f, 3.0f,      0.0f, 448.0f, 2e30f,        1e-40f, 5.0f,  infinity,
                            7.0f, 0x1p-149f, 0.0f, 0.0f,   not_a_number, 11.0f,  1e-3f, largest};
  std::uint32_t state = 3;
  for (int i = 0; i < 300; ++i) {
    state = state * 1664525u + 1013904223u;
    const float x = std::bit_cast<float>((state >> 3 & 0x7fffffu) | (100 + (state >> 27)) << 23);
    amaxes.push_back(i % 41 == 7 ? infinity : i % 13 == 2 ? 0.0f : x);
  }
  return amaxes;
}

template <class F>
void check_script(std::size_t length, int margin, bool most_recent, bool idle_keeps,
                  nf::NonFiniteAmax nan) {
  nf::DelayedScaling<F> s{
      .history_length = length,
      .margin = margin,
      .amax_algorithm = most_recent ? nf::AmaxAlgorithm::most_recent : nf::AmaxAlgorithm::max,
      .unused_step = idle_keeps ? nf::UnusedStep::keep : nf::UnusedStep::roll,
      .non_finite = nan};
  Plain plain(length);
  std::optional<nf::DelayedScaling<F>> saved;
  const std::vector<float> amaxes = script();
  const auto format_max = static_cast<float>(from_code<F>(nf::detail::layout_of<F>::max_code));
  for (std::size_t i = 0; i < amaxes.size(); ++i) {
    if (i == amaxes.size() / 2) {  // the saved copy takes over in the middle
      saved = s;
      for (int k = 0; k < 5; ++k) {
        s.record(0.001f);
        s.update();
      }
      s = *saved;
    }
    s.record(amaxes[i] / 2);  // the larger of two uses counts; Inf / 2 is Inf
    s.record(-amaxes[i]);     // a magnitude
    s.update();
    const bool dropped = std::isnan(amaxes[i]) && nan == nf::NonFiniteAmax::drop_nan;
    plain.step(dropped ? 0 : amaxes[i], format_max, margin, most_recent, idle_keeps);
    REQUIRE(bits_of(s.scale) == bits_of(plain.scale));
    REQUIRE(bits_of(s.scale_inv()) == bits_of(1 / plain.scale));
    REQUIRE(s.amax_history[0] == 0);
    for (std::size_t k = 1; k < length; ++k) {
      REQUIRE(std::fpclassify(s.amax_history[k]) == std::fpclassify(plain.finished[k - 1]));
      if (!std::isnan(s.amax_history[k])) REQUIRE(s.amax_history[k] == plain.finished[k - 1]);
    }
  }
}

}  // namespace

TEST_CASE("delayed scaling: as the recipe, step by step", "[scaling][delayed]") {
  for (const std::size_t length : {1u, 2u, 5u, 16u}) {
    for (const int margin : {0, 1, 3}) {
      for (const int options : {0, 1, 2, 3}) {
        for (const auto nan : {nf::NonFiniteAmax::drop_nan, nf::NonFiniteAmax::keep}) {
          check_script<nf::float8_e4m3fn>(length, margin, options & 1, options & 2, nan);
          check_script<nf::float8_e5m2>(length, margin, options & 1, options & 2, nan);
        }
      }
    }
  }
}

TEST_CASE("delayed scaling: the values of a short run", "[scaling][delayed]") {
  nf::DelayedScaling<nf::float8_e4m3fn> s{.history_length = 3};
  CHECK(s.scale == 1);
  CHECK(s.amax_history == std::vector<float>{0, 0, 0});
  const auto step = [&](float amax) {
    s.record(amax);
    s.update();
  };
  step(7);
  CHECK(s.scale == 64);
  CHECK(s.amax_history == std::vector<float>{0, 0, 7});
  step(3.5f);
  CHECK(s.scale == 64);  // 7 is still there
  CHECK(s.amax_history == std::vector<float>{0, 7, 3.5f});
  step(1.75f);
  CHECK(s.scale == 64);
  CHECK(s.amax_history == std::vector<float>{0, 3.5f, 1.75f});
  step(1);
  CHECK(s.scale == 128);  // 7 has gone
  step(0);
  CHECK(s.amax_history == std::vector<float>{0, 1.75f, 1});  // an idle step moves nothing
  s.unused_step = nf::UnusedStep::roll;
  step(0);
  CHECK(s.scale == 256);  // of 1.75, 1, 0
  CHECK(s.amax_history == std::vector<float>{0, 1, 0});
}

TEST_CASE("delayed scaling: one NaN costs nothing, unless it is kept", "[scaling][delayed]") {
  using nf::NonFiniteAmax;
  const struct {
    float bad;
    NonFiniteAmax non_finite;
    bool freezes;
  } cases[] = {
      {infinity, NonFiniteAmax::drop_nan, true}, {infinity, NonFiniteAmax::keep, true},
      {infinity, NonFiniteAmax::discard, false}, {not_a_number, NonFiniteAmax::drop_nan, false},
      {not_a_number, NonFiniteAmax::keep, true}, {not_a_number, NonFiniteAmax::discard, false}};
  for (const auto& c : cases) {
    nf::DelayedScaling<nf::float8_e4m3fn> s{.history_length = 3, .non_finite = c.non_finite};
    for (const float amax : {7.0f, c.bad, 14.0f}) {
      s.record(amax);
      s.update();
    }
    CHECK(s.scale == (c.freezes ? 64 : 32));
    for (int i = 0; i < 2; ++i) {
      s.record(14);
      s.update();
    }
    CHECK(s.scale == 32);  // the third step after it
  }
  CHECK(nf::DelayedScaling<nf::float8_e4m3fn>{}.non_finite == NonFiniteAmax::drop_nan);
}

TEST_CASE("delayed scaling: a NaN in a restored history counts for nothing", "[scaling][delayed]") {
  nf::DelayedScaling<nf::float8_e4m3fn> s{.history_length = 3,
                                          .amax_history = {0, not_a_number, 3.5f}};
  s.record(1.75f);
  s.update();
  CHECK(s.scale == 128);
  s.non_finite = nf::NonFiniteAmax::keep;
  s.amax_history = {0, not_a_number, 3.5f};
  s.record(7);
  s.update();
  CHECK(s.scale == 128);
}

TEST_CASE("delayed scaling: a scale that is none is refused, and nothing changes",
          "[scaling][delayed]") {
  for (const float bad : {0.0f, -0.0f, -2.0f, infinity, -infinity, not_a_number, 0x1p-128f}) {
    nf::DelayedScaling<nf::float8_e4m3fn> s{.history_length = 2, .scale = bad};
    CHECK_THROWS_AS(s.record(1), std::invalid_argument);
    CHECK_THROWS_AS(s.update(), std::invalid_argument);
    CHECK_THROWS_AS(s.reduce([](float mine) { return mine; }), std::invalid_argument);
    CHECK_THROWS_AS(s.scale_inv(), std::invalid_argument);
    CHECK(s.amax_history == std::vector<float>{0, 0});
  }
  nf::DelayedScaling<nf::float8_e4m3fn> s{.history_length = 2, .scale = -2};
  CHECK_THROWS_WITH(s.update(),
                    "narrowfloat::DelayedScaling::update: the scale is -2, not a number "
                    "from 2^-127 to the largest float");
}

TEST_CASE("delayed scaling: the end of float's range", "[scaling][delayed]") {
  nf::DelayedScaling<nf::float8_e5m2> s{.history_length = 1};
  s.record(0x1p-149f);
  s.update();
  CHECK(s.scale == largest);
  nf::DelayedScaling<nf::float8_e4m3fn> low{.history_length = 1, .margin = 100};
  low.record(largest);
  low.update();
  CHECK(low.scale == 0x1p-126f);
  CHECK(low.scale_inv() == 0x1p126f);
}

TEST_CASE("delayed scaling: workers that reduce have one scale", "[scaling][delayed]") {
  std::vector<nf::DelayedScaling<nf::float8_e5m2>> workers(3, {.history_length = 4});
  const float amaxes[] = {1.0f, 28.0f, 3.0f};
  float shared = 0;
  for (int i = 0; i < 3; ++i) {
    workers[static_cast<std::size_t>(i)].record(amaxes[i]);
    shared = std::max(shared, amaxes[i]);
  }
  for (auto& worker : workers) {
    worker.reduce([&](float mine) {
      CHECK(mine <= shared);
      return shared;
    });
    worker.update();
    CHECK(worker.scale == 2048);
    CHECK(worker.amax_history[3] == 28);
  }
}

TEST_CASE("delayed scaling: an algorithm of the user's", "[scaling][delayed]") {
  nf::DelayedScaling<nf::float8_e4m3fn> s{.history_length = 4};
  const auto mean = [](std::span<const float> history) {
    float sum = 0;
    for (const float x : history) sum += x;
    return sum / static_cast<float>(history.size());
  };
  s.record(28);
  s.update(mean);
  CHECK(s.scale == 64);
  s.record(28);
  s.update(mean);
  CHECK(s.scale == 32);
}

TEST_CASE("delayed scaling: a history of another length is refused", "[scaling][delayed]") {
  nf::DelayedScaling<nf::float8_e4m3fn> s{.history_length = 4};
  s.history_length = 5;
  const std::string message =
      ": the amax history has 4 entries, its length is 5 and must be at least 1";
  CHECK_THROWS_WITH(s.record(1), "narrowfloat::DelayedScaling::record" + message);
  CHECK_THROWS_WITH(s.update(), "narrowfloat::DelayedScaling::update" + message);
  nf::DelayedScaling<nf::float8_e4m3fn> none{.history_length = 0};
  CHECK_THROWS_AS(none.record(1), std::invalid_argument);
}

TEST_CASE("hybrid: forward E4M3, backward E5M2", "[scaling][delayed]") {
  nf::DelayedScaling<nf::HybridFormats::forward> forward;
  nf::DelayedScaling<nf::HybridFormats::backward> backward;
  CHECK(forward.amax_history.size() == 1024);
  forward.record(1);
  forward.update();
  backward.record(1);
  backward.update();
  CHECK(forward.scale == 448);
  CHECK(backward.scale == 57344);
}
