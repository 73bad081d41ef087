// SPDX-License-Identifier: MIT
// The ids of other libraries: some by hand, each found back, all as docs/interchange.md and CUDA's
// header have them.
#include <narrowfloat/io/ids.hpp>

#include <fstream>
#include <sstream>
#include <string>
#include <type_traits>

#include "support/catch.hpp"

#if __has_include(<library_types.h>)
#include <library_types.h>
#endif

namespace {

using namespace narrowfloat;

static_assert(ids::onnx<float8_e4m3fn>() == 17 && ids::onnx<double>() == 11);
static_assert(ids::dlpack<float8_e4m3fn>() == ids::DlpackType{10, 8});
static_assert(ids::dlpack<float4_e2m1fn>() == ids::DlpackType{17, 4});
static_assert(ids::dlpack<float16>() == ids::DlpackType{2, 16});
static_assert(ids::torch<float8_e8m0fnu>() == 44 && ids::torch_name<float>() == "float32");
static_assert(ids::xla<bfloat16>() == 16 && ids::numpy<float6_e3m2fn>() == "float6_e3m2fn");
static_assert(ids::safetensors<float8_e4m3fn>() == "F8_E4M3" && ids::ggml<bfloat16>() == 30);
// None is no id, and does not fall in with another none.
static_assert(!ids::onnx<float8_e3m4>() && !ids::dlpack<tfloat32>() && !ids::torch<bool>());
static_assert(!ids::cuda<float8_e5m2fnuz>() && !ids::numpy<float8_ue4m3>());

/// Whether `visit` calls its function with T.
template <class T, class Visit>
constexpr bool finds(Visit visit) {
  bool found = false;
  return visit([&]<class Found>() { found = std::is_same_v<Found, T>; }) && found;
}
/// T, which CUDA has no number of its own for, is found as another.
template <class T>
constexpr bool finds_all() {
  constexpr auto code = ids::dlpack<T>();
  constexpr auto is_back = [](auto id, auto visit) {
    return !id || finds<T>([&](auto f) { return visit(*id, f); });
  };
  return is_back(ids::numpy<T>(), [](auto id, auto f) { return ids::visit_numpy(id, f); }) &&
         is_back(code, [](auto id, auto f) { return ids::visit_dlpack(id, f); }) &&
         is_back(ids::onnx<T>(), [](auto id, auto f) { return ids::visit_onnx(id, f); }) &&
         is_back(ids::torch<T>(), [](auto id, auto f) { return ids::visit_torch(id, f); }) &&
         is_back(ids::torch_name<T>(), [](auto id, auto f) { return ids::visit_torch(id, f); }) &&
         is_back(ids::xla<T>(), [](auto id, auto f) { return ids::visit_xla(id, f); }) &&
         is_back(ids::cuda<T>(), [](auto id, auto f) { return ids::visit_cuda(id, f); }) &&
         is_back(ids::safetensors<T>(),
                 [](auto id, auto f) { return ids::visit_safetensors(id, f); }) &&
         is_back(ids::ggml<T>(), [](auto id, auto f) { return ids::visit_ggml(id, f); });
}
template <class... T>
constexpr bool all_are_found_back = (finds_all<T>() && ...);
static_assert(all_are_found_back<float, double, float16, bfloat16, float8_e4m3fn, float8_e5m2,
                                 float8_e4m3, float8_e3m4, float8_e4m3fnuz, float8_e5m2fnuz,
                                 float8_e4m3b11fnuz, float8_e8m0fnu>);
static_assert(all_are_found_back<float6_e2m3fn, float6_e3m2fn, float4_e2m1fn, std::int8_t,
                                 std::int16_t, std::int32_t, std::int64_t, std::uint8_t,
                                 std::uint16_t, std::uint32_t, std::uint64_t>);

constexpr auto never = []<class T>() { throw 0; };
static_assert(!ids::visit_onnx(-1, never) && !ids::visit_torch(8, never) &&
              !ids::visit_torch("", never) && !ids::visit_numpy("float8", never) &&
              !ids::visit_dlpack({10, 16}, never) && !ids::visit_xla(1 << 30, never) &&
              !ids::visit_cuda(-2147483647 - 1, never) && !ids::visit_ggml(39, never) &&
              !ids::visit_safetensors("BOOL", never));

#if __has_include(<library_types.h>)
static_assert(ids::cuda<float>() == CUDA_R_32F && ids::cuda<double>() == CUDA_R_64F &&
              ids::cuda<float16>() == CUDA_R_16F && ids::cuda<bfloat16>() == CUDA_R_16BF);
static_assert(ids::cuda<float8_e4m3fn>() == CUDA_R_8F_E4M3 &&
              ids::cuda<float8_ue4m3>() == CUDA_R_8F_UE4M3 &&
              ids::cuda<float8_e5m2>() == CUDA_R_8F_E5M2 &&
              ids::cuda<float8_e8m0fnu>() == CUDA_R_8F_UE8M0);
static_assert(ids::cuda<float6_e2m3fn>() == CUDA_R_6F_E2M3 &&
              ids::cuda<float6_e3m2fn>() == CUDA_R_6F_E3M2 &&
              ids::cuda<float4_e2m1fn>() == CUDA_R_4F_E2M1);
static_assert(ids::cuda<std::int8_t>() == CUDA_R_8I && ids::cuda<std::int16_t>() == CUDA_R_16I &&
              ids::cuda<std::int32_t>() == CUDA_R_32I && ids::cuda<std::int64_t>() == CUDA_R_64I);
static_assert(ids::cuda<std::uint8_t>() == CUDA_R_8U && ids::cuda<std::uint16_t>() == CUDA_R_16U &&
              ids::cuda<std::uint32_t>() == CUDA_R_32U && ids::cuda<std::uint64_t>() == CUDA_R_64U);
#endif

std::string cell(const std::optional<std::string_view>& name) {
  return name ? "`" + std::string(*name) + "`" : "";
}
std::string cell(std::optional<int> number) { return number ? std::to_string(*number) : ""; }
std::string cell(std::optional<ids::DlpackType> type) {
  return type ? std::to_string(type->code) + ", " + std::to_string(type->bits) : "";
}

/// The line of T in the table of docs/interchange.md; `name` is the library's or C++'s.
template <class T>
std::string line(std::string_view name) {
  std::string text = "|";
  for (const std::string& entry :
       {cell(name), cell(ids::numpy<T>()), cell(ids::dlpack<T>()), cell(ids::onnx<T>()),
        cell(ids::torch<T>()), cell(ids::torch_name<T>()), cell(ids::xla<T>()),
        cell(ids::cuda<T>()), cell(ids::safetensors<T>()), cell(ids::ggml<T>())})
    text += (entry.empty() ? "" : " ") + entry + " |";
  return text + "\n";
}

}  // namespace

TEST_CASE("ids: docs/interchange.md has those of the header, and no others", "[ids]") {
  std::string expected = line<float>("float") + line<double>("double");
  for_each_format([&]<class F>(std::string_view name) { expected += line<F>(name); });
  expected += line<std::int8_t>("std::int8_t") + line<std::int16_t>("std::int16_t") +
              line<std::int32_t>("std::int32_t") + line<std::int64_t>("std::int64_t") +
              line<std::uint8_t>("std::uint8_t") + line<std::uint16_t>("std::uint16_t") +
              line<std::uint32_t>("std::uint32_t") + line<std::uint64_t>("std::uint64_t");
  std::ifstream page(NARROWFLOAT_DATA_DIR "/../../docs/interchange.md");
  std::string found;
  bool is_in_table = false;
  for (std::string text; std::getline(page, text);) {
    if (is_in_table && text.rfind("| `", 0) == 0) found += text + "\n";
    if (text.rfind("| type | NumPy |", 0) == 0) is_in_table = true;
    if (text.empty()) is_in_table = false;
  }
  CHECK(found == expected);
}
