// SPDX-License-Identifier: MIT
// Codes of 4 and 6 bits go into a safetensors file and come back as packed numbers; so do scales.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/safetensors_file.hpp"

namespace {

using namespace narrowfloat;
namespace st = narrowfloat::safetensors;

// 64 codes, each at least once.
template <class F>
PackedVector<F> every_code() {
  PackedVector<F> codes(64);
  for (std::size_t i = 0; i < codes.size(); ++i)
    codes[i] = F::from_bits(static_cast<typename F::Storage>(i * 37 % (1u << F::width)));
  return codes;
}

template <class F>
void check_round_trip(st::Dtype dtype) {
  const ScratchFile scratch("packed.safetensors");
  const PackedVector<F> codes = every_code<F>();
  st::write(scratch.path, {{st::make_packed_tensor("t", {4, 16}, codes)}, {}});
  const st::File file = st::read(scratch.path);
  REQUIRE(file.find("t") != nullptr);
  CHECK(file.find("t")->dtype == dtype);
  CHECK(file.find("t")->shape == std::vector<std::size_t>{4, 16});
  CHECK(file.find("t")->data.size() == 64 * F::width / 8);
  CHECK(file.find("t")->packed<F>() == PackedSpan<const F>(codes));
}

st::Tensor bytes(st::Dtype dtype, std::vector<std::size_t> shape, std::size_t size) {
  return {"t", dtype, std::move(shape), std::vector<std::byte>(size)};
}

}  // namespace

TEST_CASE("safetensors: packed codes come back in each dtype", "[safetensors]") {
  check_round_trip<float4_e2m1fn>(st::Dtype::f4);
  check_round_trip<float6_e2m3fn>(st::Dtype::f6_e2m3);
  check_round_trip<float6_e3m2fn>(st::Dtype::f6_e3m2);
  check_round_trip<float8_e4m3fn>(st::Dtype::f8_e4m3);
  check_round_trip<float8_e8m0fnu>(st::Dtype::f8_e8m0);
  check_round_trip<bfloat16>(st::Dtype::bf16);
  STATIC_REQUIRE_FALSE(st::storable_packed<float>);
  STATIC_REQUIRE_FALSE(st::storable_packed<float8_ue4m3>);
}

TEST_CASE("safetensors: the first of two FP4 codes is in the low bits", "[safetensors]") {
  const PackedVector<float4_e2m1fn> codes{float4_e2m1fn(1.0f), float4_e2m1fn(-6.0f)};
  const st::Tensor tensor = st::make_packed_tensor("t", {2}, codes);
  CHECK(tensor.data == std::vector<std::byte>{std::byte{0xf2}});
}

TEST_CASE("safetensors: packed views are of their format, shape and data alone", "[safetensors]") {
  const auto reason = [](const st::Tensor& tensor) {
    return reason_of([&] { tensor.packed<float6_e2m3fn>(); });
  };
  CHECK(reason(bytes(st::Dtype::f6_e2m3, {2, 2}, 3)) == no_error);
  CHECK(reason(bytes(st::Dtype::f6_e2m3, {0, 2}, 0)) == no_error);
  CHECK(reason(bytes(st::Dtype::f6_e3m2, {4}, 3)) == "tensor \"t\": is F6_E3M2, not F6_E2M3");
  CHECK(reason(bytes(st::Dtype::f6_e2m3, {3}, 3)) ==
        "tensor \"t\": shape [3] of F6_E2M3 has 18 bits, not whole bytes");
  CHECK(reason(bytes(st::Dtype::f6_e2m3, {4}, 4)) ==
        "tensor \"t\": shape [4] of F6_E2M3 has 3 bytes, but its data have 4");
}

TEST_CASE("safetensors: a packed tensor that the format cannot hold is not made", "[safetensors]") {
  const auto reason = [](std::vector<std::size_t> shape, std::size_t n) {
    return reason_of([&] { st::make_packed_tensor("t", shape, PackedVector<float4_e2m1fn>(n)); });
  };
  CHECK(reason({2, 3}, 6) == no_error);
  CHECK(reason({3}, 3) == "tensor \"t\": shape [3] of F4 has 12 bits, not whole bytes");
  CHECK(reason({4}, 6) == "tensor \"t\": shape [4] of F4 has 2 bytes, but its data have 3");
  CHECK(reason({6}, 5) == "tensor \"t\": the shape has 6 elements, the codes 5");
}

TEST_CASE("safetensors: a file in memory is read as one on disk is", "[safetensors]") {
  const auto read = [](const std::string& text) {
    return st::read(std::as_bytes(std::span(text)));
  };
  const std::string good = file_of(R"({"x":{"dtype":"F4","shape":[4],"data_offsets":[0,2]}})", 2);
  CHECK(read(good).find("x")->data == std::vector<std::byte>(2, std::byte{0x11}));
  CHECK(reason_of([&] { read(good + "!"); }) ==
        "data: 1 bytes of no tensor after byte 2 of the data");
  CHECK(reason_of([&] { read(""); }) == "byte 0: the file has 0 bytes, fewer than 8");
}
