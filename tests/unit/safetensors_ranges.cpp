// SPDX-License-Identifier: MIT
// Plain ranges of numbers in safetensors files: a tensor under the name itself, checked as the
// state of objects is.
#include <narrowfloat/io/safetensors_state.hpp>

#include <array>
#include <vector>

#include "support/catch.hpp"

using namespace narrowfloat;
namespace st = narrowfloat::safetensors;
using Catch::Matchers::Contains;

namespace {

template <class Range>
void check_comes_back(const Range& values, std::string_view dtype, const std::string& format) {
  st::File file;
  st::add_state(file, "w", values);
  REQUIRE(file.tensors.size() == 1);
  CHECK(file.tensors[0].name == "w");
  CHECK(st::dtype_name(file.tensors[0].dtype) == dtype);
  CHECK((file.metadata.count("w.format") == 0 ? "" : file.metadata.at("w.format")) == format);
  Range read{values};
  for (auto& x : read) x = {};
  st::read_state(file, "w", read);
  CHECK((read == values));
}

}  // namespace

TEST_CASE("ranges in files: floats, doubles, formats with a dtype and without", "[safetensors]") {
  check_comes_back(std::vector<float>{1, -2, 0.5f}, "F32", "");
  check_comes_back(std::array<double, 2>{1, 1e-300}, "F64", "");
  check_comes_back(std::vector<bfloat16>{bfloat16(1.0f), bfloat16(-3.0f)}, "BF16", "");
  check_comes_back(std::vector<float16_e6m9>{float16_e6m9(1.0f), float16_e6m9(-3.0f)}, "U16",
                   "float16_e6m9");
}

TEST_CASE("ranges in files: what does not fit is refused and leaves them alone", "[safetensors]") {
  st::File file;
  st::add_state(file, "w", std::vector<float16_e6m9>(3));
  std::vector<float16_e6m9> longer(4, float16_e6m9(1.0f));
  CHECK_THROWS_WITH(st::read_state(file, "w", longer),
                    Contains("\"w\"") && Contains("U16 of 3 elements, not U16 of 4"));
  std::vector<float> floats(3, 1.0f);
  CHECK_THROWS_WITH(st::read_state(file, "w", floats), Contains("not F32 of 3 elements"));
  std::vector<float16> others(3, float16(1.0f));
  CHECK_THROWS_WITH(st::read_state(file, "w", others), Contains("\"w\""));
  CHECK_THROWS_WITH(st::read_state(file, "v", floats), Contains("\"v\": is not in the file"));
  CHECK((floats == std::vector<float>(3, 1.0f)));
  CHECK((longer == std::vector<float16_e6m9>(4, float16_e6m9(1.0f))));
}

TEST_CASE("state_part: types, bytes, what may be written", "[safetensors]") {
  std::uint64_t steps = 7;
  const std::array<float, 3> m{};
  const auto of_steps = state_part("steps", steps);
  const auto of_m = state_part("m", std::span(m));
  static_assert(std::is_same_v<decltype(of_steps), const StatePart>);
  static_assert(std::is_same_v<decltype(of_m), const ConstStatePart>);
  CHECK(of_steps.type == "uint64");
  CHECK(of_steps.bytes.size() == 8);
  CHECK(of_m.type == "float32");
  CHECK((of_m.bytes.data() == reinterpret_cast<const std::byte*>(m.data())));
}
