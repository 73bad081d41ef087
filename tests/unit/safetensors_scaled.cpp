// SPDX-License-Identifier: MIT
// A ScaledTensor goes into a safetensors file and comes back with the same bits; a damaged one is
// refused.
#include <narrowfloat/io/safetensors_scaled.hpp>

#include "support/catch.hpp"
#include "support/safetensors_file.hpp"

namespace {

using namespace narrowfloat;
namespace st = narrowfloat::safetensors;

template <class F>
ScaledTensor<F> example(float scale) {
  return ScaledTensor<F>::quantize(std::vector<float>{1, -2, 3, 0.5f, 100, 0}, Scale{scale});
}

}  // namespace

TEST_CASE("safetensors: scaled tensors come back with the same bits", "[safetensors]") {
  const ScratchFile scratch("scaled.safetensors");
  st::File file;
  const auto a = example<float8_e4m3fn>(7);  // 1 / (1 / 7) is another float
  const auto b = example<float8_e5m2>(0x1.fffffep127f);
  st::add_scaled(file, "a", {2, 3}, a);
  st::add_scaled(file, "b", {6}, b);
  st::write(scratch.path, file);
  st::File read = st::read(scratch.path);
  CHECK(st::read_scaled<float8_e4m3fn>(read, "a") == a);
  CHECK(st::read_scaled<float8_e5m2>(read, "b") == b);
  CHECK(read.find("a")->shape == std::vector<std::size_t>{2, 3});
  CHECK(read.find("a_scale_inv")->as<float>()[0] == a.scale_inv());
  CHECK(1 / a.scale_inv() != a.scale());
  read.metadata.clear();
  CHECK(st::read_scaled<float8_e4m3fn>(read, "a").scale_inv() == a.scale_inv());
}

TEST_CASE("safetensors: scaled tensors that cannot be are refused", "[safetensors]") {
  st::File file;
  CHECK_THROWS_AS(st::add_scaled(file, "a", {4}, example<float8_e4m3fn>(1)), st::Error);
  CHECK(file.tensors.empty());
  st::add_scaled(file, "a", {6}, example<float8_e4m3fn>(1));
  const auto reason = [](const st::File& damaged) {
    return reason_of([&] { st::read_scaled<float8_e4m3fn>(damaged, "a"); });
  };
  CHECK(reason(file) == no_error);
  CHECK(reason({}).find("is not in the file") != std::string::npos);
  st::File other = file;
  other.tensors[1] = st::make_tensor("a_scale_inv", {2}, std::vector<float>{1, 1});
  CHECK(reason(other).find("has 2 elements, not 1") != std::string::npos);
  other.tensors[1] = st::make_tensor("a_scale_inv", {1}, std::vector<float>{0});
  CHECK(reason(other).find("the inverse scale is 0") != std::string::npos);
  for (const char* const scale : {"", "x", "1x", "-1", "nan", "inf", "0"}) {
    other = file;
    other.metadata["a.scale"] = scale;
    CHECK(reason(other) != no_error);
  }
  CHECK(reason_of([&] { st::read_scaled<float8_e5m2>(file, "a"); }) != no_error);
}
