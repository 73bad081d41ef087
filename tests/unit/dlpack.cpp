// SPDX-License-Identifier: MIT
// Tensors go out through DLPack and come back as they were; what no tensor of ours may look like is
// refused.
#include <narrowfloat/io/dlpack.hpp>
#include <narrowfloat/mx.hpp>

#include <array>
#include <cstddef>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace {

using namespace narrowfloat;
using dlpack::Shape;

// The layout is that of dlpack.h on machines with 64 bits.
static_assert(sizeof(dlpack::Tensor) == 48 && offsetof(dlpack::Tensor, ndim) == 16 &&
              offsetof(dlpack::Tensor, dtype) == 20 && offsetof(dlpack::Tensor, shape) == 24 &&
              offsetof(dlpack::Tensor, byte_offset) == 40);
static_assert(sizeof(dlpack::ManagedTensor) == 64 && sizeof(dlpack::ManagedTensorVersioned) == 80 &&
              offsetof(dlpack::ManagedTensorVersioned, deleter) == 16 &&
              offsetof(dlpack::ManagedTensorVersioned, flags) == 24 &&
              offsetof(dlpack::ManagedTensorVersioned, dl_tensor) == 32);
// No temporary is viewed, no view owned.
template <class Values>
concept viewable = requires(Values&& values) {
  dlpack::make_view(std::forward<Values>(values));
};
template <class T, class Any>
concept copyable = requires(const Any& any) {
  dlpack::copy<T>(any);
};
/// A view whose library does not say that it is one.
struct Floats {
  float* values;
  std::size_t n;
  float* begin() const { return values; }
  float* end() const { return values + n; }
};
using PackedFp4 = PackedVector<float4_e2m1fn>;
static_assert(viewable<std::vector<float>&> && viewable<std::span<float>> && viewable<Floats&> &&
              viewable<PackedSpan<float4_e2m1fn>> && viewable<PackedMatrix<const float4_e2m1fn>> &&
              !viewable<std::vector<float>> && !viewable<const std::vector<float>> &&
              !viewable<PackedFp4> && !viewable<std::initializer_list<float>>);
static_assert(dlpack::owning_values<std::vector<bfloat16>> &&
              dlpack::owning_values<std::array<float, 3>> && dlpack::owning_values<PackedFp4> &&
              !dlpack::owning_values<const PackedFp4> && !dlpack::owning_values<Floats> &&
              !dlpack::owning_values<std::initializer_list<float>> &&
              !dlpack::owning_values<std::span<float>> &&
              !dlpack::owning_values<std::vector<tfloat32>>);
static_assert(dlpack::shareable<const float> && !dlpack::shareable<volatile float> &&
              copyable<float, dlpack::Tensor> && !copyable<const float, dlpack::Tensor> &&
              !viewable<std::span<volatile float>>);

template <class F>
std::vector<F> codes(std::size_t n) {
  std::vector<F> made(n);
  for (std::size_t i = 0; i < n; ++i)
    made[i] = F::from_bits(static_cast<typename F::Storage>(i * 37 % (1u << F::width)));
  return made;
}
template <class F>
PackedVector<F> packed_codes(std::size_t n) {
  PackedVector<F> made(n);
  for (std::size_t i = 0; i < n; ++i) made[i] = codes<F>(n)[i];
  return made;
}

template <class A, class B>
bool same(const A& a, const B& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(a[0])) == 0);
}

template <class Managed, class F>
void check_round_trip(std::size_t n, const Shape& shape) {
  const std::vector<F> values = codes<F>(n);
  const auto tensor = dlpack::make_tensor<Managed>(codes<F>(n), shape);
  CHECK(dlpack::shape(*tensor) == shape);
  CHECK((tensor->dl_tensor.data == nullptr) == (n == 0));
  CHECK((tensor->dl_tensor.strides == nullptr) == shape.empty());
  CHECK(same(dlpack::as<F>(*tensor), values));
  CHECK(same(dlpack::as<const F>(*tensor), values));
  CHECK(same(dlpack::copy<F>(*tensor), values));
}

/// What the exception of `call` says.
std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}
bool refuses(const char* text, const std::function<void()>& call) {
  return refusal(call).find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("dlpack: what goes out comes back", "[dlpack]") {
  for (const Shape& shape :
       {Shape{}, Shape{1}, Shape{0}, Shape{6}, Shape{2, 3}, Shape{3, 1, 2}, Shape{4, 0, 5}}) {
    std::size_t n = 1;
    for (const std::size_t extent : shape) n *= extent;
    check_round_trip<dlpack::ManagedTensorVersioned, float8_e4m3fn>(n, shape);
    check_round_trip<dlpack::ManagedTensor, float16>(n, shape);
    check_round_trip<dlpack::ManagedTensorVersioned, float6_e3m2fn>(n, shape);  // a byte each

    const auto packed = dlpack::make_tensor(packed_codes<float6_e3m2fn>(n), shape);
    CHECK(packed->flags == 0);
    const auto codes_back = dlpack::packed<const float6_e3m2fn>(*packed);
    CHECK((codes_back == PackedSpan<const float6_e3m2fn>(packed_codes<float6_e3m2fn>(n))));
  }
}

TEST_CASE("dlpack: codes and scales of a block tensor share their owner", "[dlpack]") {
  std::vector<float> values(4 * 64);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) - 99;
  using Blocks = BlockTensor<mxfp4_e2m1>;
  auto blocks = std::make_shared<const Blocks>(Blocks::quantize(values, 4, 64));
  const std::weak_ptr<const Blocks> watch = blocks;
  auto elements = dlpack::make_view(blocks->codes(), blocks);
  auto scales = dlpack::make_view(blocks->scales(), {4, 2}, blocks);
  CHECK(elements->flags == dlpack::flag_read_only);
  CHECK(dlpack::shape(*elements) == Shape{4, 64});
  CHECK(dlpack::packed<const float4_e2m1fn>(*elements).data() == blocks->codes().data());
  CHECK(dlpack::as<const float8_e8m0fnu>(*scales).data() == blocks->scales().data());
  CHECK(refusal([&] { (void)dlpack::as<float8_e8m0fnu>(*scales); }) ==
        "narrowfloat::dlpack::as: the tensor is read-only: ask for const elements");
  blocks.reset();
  elements.reset();
  CHECK_FALSE(watch.expired());
  scales.reset();
  CHECK(watch.expired());

  const auto odd = Blocks::quantize(std::span(values).first(33), 1, 33);
  CHECK(dlpack::shape(*dlpack::make_view(odd.codes())) == Shape{1, 33});
  const auto rows = Blocks::quantize(std::span(values).first(66), 2, 33);
  CHECK(refusal([&] { (void)dlpack::make_view(rows.codes()); }) ==
        "narrowfloat::dlpack::make_view: rows of 33 codes of 4 bits end within a byte, where "
        "DLPack has no gap");
}

TEST_CASE("dlpack: tensors that cannot be made are refused", "[dlpack]") {
  std::vector<float> six(6);
  const std::vector<float> constant(6);
  std::vector<float4_e2m1fn> bytes(6);
  CHECK(refusal([&] {
          (void)dlpack::make_view(six, {2, 4});
        }) ==
        "narrowfloat::dlpack::make_view: a tensor of shape [2, 4] (2 dimensions) for 6 elements");
  CHECK(refuses("(65 dimensions) for 1 elements",
                [&] { (void)dlpack::make_tensor(std::vector<float>(1), Shape(65, 1)); }));
  CHECK(refuses("dlpack::", [&] {
    (void)dlpack::make_tensor(std::vector<float>(), {0, ~std::size_t{0}, 2});
  }));
  CHECK(refuses("dlpack::", [&] { (void)dlpack::make_view<dlpack::ManagedTensor>(constant); }));
  CHECK(refuses("dlpack::", [&] { (void)dlpack::make_view<dlpack::ManagedTensor>(bytes); }));
  CHECK(dlpack::make_view(std::span(six).first(0))->dl_tensor.data == nullptr);
  CHECK(dlpack::make_view(std::span(six).first(0), {0})->dl_tensor.ndim == 1);
  CHECK(dlpack::make_view(std::span(six).first(1), {})->dl_tensor.ndim == 0);
}

TEST_CASE("dlpack: float4_e2m1fn_x2 of torch is two codes an element", "[dlpack]") {
  const auto pairs = dlpack::make_tensor(packed_codes<float4_e2m1fn>(12), {3, 4});
  dlpack::pair_codes(*pairs);
  const dlpack::Tensor& t = pairs->dl_tensor;
  CHECK((t.dtype.lanes == 2 && t.strides[0] == 2 && t.strides[1] == 1));
  CHECK(dlpack::shape(*pairs) == Shape{3, 2});
  CHECK((dlpack::packed<const float4_e2m1fn>(*pairs) ==
         PackedSpan<const float4_e2m1fn>(packed_codes<float4_e2m1fn>(12))));
  CHECK(refuses("[3, 2], 2 lanes", [&] { dlpack::pair_codes(*pairs); }));
  for (const Shape& shape : {Shape{}, Shape{1}}) {
    const auto odd = dlpack::make_tensor(packed_codes<float4_e2m1fn>(1), shape);
    CHECK(refuses("dlpack::", [&] { dlpack::pair_codes(*odd); }));
  }
  for (const std::uint16_t lanes : {std::uint16_t{0}, std::uint16_t{3}}) {
    pairs->dl_tensor.dtype.lanes = lanes;
    CHECK(refuses(" lanes, not", [&] { (void)dlpack::packed<float4_e2m1fn>(*pairs); }));
  }
}

TEST_CASE("dlpack: what cannot be a tensor of ours is refused", "[dlpack]") {
  using Managed = dlpack::ManagedTensorVersioned;
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::pair<const char*, std::function<void(Managed&)>> cases[] = {
      {"of DLPack 2.0, not 1.x",
       [](Managed& m) {
         m.version = {2, 0};
       }},
      {"the flags 8", [](Managed& m) { m.flags = 8; }},
      {"a device of type 2,", [](Managed& m) { m.dl_tensor.device.device_type = 2; }},
      {"of code 2, 64 bits, 1 lanes, not float32: of code 2, 32 bits, 1 lanes",
       [](Managed& m) { m.dl_tensor.dtype.bits = 64; }},
      {"of code 0, 32", [](Managed& m) { m.dl_tensor.dtype.code = 0; }},
      {"0 lanes", [](Managed& m) { m.dl_tensor.dtype.lanes = 0; }},
      {"2 lanes", [](Managed& m) { m.dl_tensor.dtype.lanes = 2; }},
      {"-1 dimensions", [](Managed& m) { m.dl_tensor.ndim = -1; }},
      {"65 dimensions", [](Managed& m) { m.dl_tensor.ndim = 65; }},
      {"a null pointer for its shape", [](Managed& m) { m.dl_tensor.shape = nullptr; }},
      {"axis 1 of the tensor has the extent -3", [](Managed& m) { m.dl_tensor.shape[1] = -3; }},
      {"[2, 9223372036854775807]", [=](Managed& m) { m.dl_tensor.shape[1] = most; }},
      {"does not fit in memory", [=](Managed& m) { m.dl_tensor.shape[1] = most / 8; }},
      {"a null pointer to them", [](Managed& m) { m.dl_tensor.data = nullptr; }},
      {"have no addresses", [](Managed& m) { m.dl_tensor.byte_offset = ~std::uint64_t{7}; }},
      {"have no addresses", [](Managed& m) { m.dl_tensor.byte_offset = PTRDIFF_MAX + 1ull; }},
      {"have no addresses",
       [](Managed& m) {
         m.dl_tensor.data = reinterpret_cast<void*>(~std::uintptr_t{63});
         m.dl_tensor.byte_offset = 64;
       }},
      {"begin 2 bytes after a multiple of 4", [](Managed& m) { m.dl_tensor.byte_offset = 2; }},
      {"axis 0 of the shape [2, 3] has the stride 4, not 3: the tensor is not row-major",
       [](Managed& m) { m.dl_tensor.strides[0] = 4; }},
      {"axis 1", [](Managed& m) { m.dl_tensor.strides[1] = 0; }}};
  for (const auto& [text, spoil] : cases) {
    const auto tensor = dlpack::make_tensor(std::vector<float>(6), {2, 3});
    spoil(*tensor);
    const std::string said = refusal([&] { (void)dlpack::as<float>(*tensor); });
    CAPTURE(text, said);
    CHECK((said.rfind("narrowfloat::dlpack::as: ", 0) == 0 && said.find(text) != said.npos));
  }

  const auto padded = dlpack::make_tensor(codes<float4_e2m1fn>(3), {3});
  CHECK(padded->flags == dlpack::flag_padded);
  CHECK(refuses("a byte each", [&] { (void)dlpack::packed<float4_e2m1fn>(*padded); }));
  static_cast<std::uint8_t*>(padded->dl_tensor.data)[1] = 16;
  CHECK(refusal([&] { (void)dlpack::as<const float4_e2m1fn>(*padded); }) ==
        "narrowfloat::dlpack::as: byte 1 is 16, no code of 4 bits");
  CHECK(refuses("byte 1", [&] { (void)dlpack::copy<float4_e2m1fn>(*padded); }));
  padded->flags = 0;
  CHECK(refuses("no byte each", [&] { (void)dlpack::as<float4_e2m1fn>(*padded); }));
}
