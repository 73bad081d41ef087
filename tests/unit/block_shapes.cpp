// SPDX-License-Identifier: MIT
// Shapes far beyond the memory: refused with a reason, by every function that takes one, before
// anything is allocated.
#include <functional>
#include <string>

#include "support/blocks.hpp"
#include "support/catch.hpp"

using namespace test;

namespace {

using MX = nf::BlockTensor<nf::mxfp4_e2m1>;
using NV = nf::BlockTensor<nf::nvfp4>;
using Scale = nf::float8_e8m0fnu;

struct Entry {
  const char* name;
  std::function<void(std::size_t, std::size_t)> call;
};

const std::vector<float> few(6, 1.0f);
const std::vector<Scale> one(1, Scale::from_bits(127));
const std::vector<std::uint8_t> bytes(34);

const Entry entries[] = {
    {"BlockTensor::quantize", [](auto r, auto c) { (void)MX::quantize(few, r, c); }},
    {"BlockTensor::quantize", [](auto r, auto c) { (void)MX::quantize(few, r, c, one); }},
    {"BlockTensor::quantize", [](auto r, auto c) { (void)NV::quantize(few, r, c, {.axis = 0}); }},
    {"BlockTensor::assign", [](auto r, auto c) { MX().assign(few, r, c); }},
    {"BlockTensor::quantize_both", [](auto r, auto c) { (void)NV::quantize_both(few, r, c); }},
    {"BlockTensor::from_parts", [](auto r, auto c) { (void)MX::from_parts(bytes, one, r, c); }},
    {"BlockTensor::from_parts", [](auto r, auto c) { (void)MX::from_parts({}, {}, r, c, 0); }},
    {"from_ggml_mxfp4", [](auto r, auto c) { (void)nf::from_ggml_mxfp4(bytes, r, c); }},
    {"swizzle_scales", [](auto r, auto c) { (void)nf::swizzle_scales<Scale>(one, r, c); }},
    {"unswizzle_scales", [](auto r, auto c) { (void)nf::unswizzle_scales<Scale>(one, r, c); }},
    {"MatrixView", [](auto r, auto c) { (void)nf::MatrixView(few, r, c); }},
};

}  // namespace

TEST_CASE("huge shapes are refused by every entry", "[block][mx]") {
  const std::size_t sizes[] = {3,
                               std::size_t{1} << 17,
                               std::size_t{1} << 31,
                               std::size_t{1} << 32,
                               std::size_t{1} << 40,
                               std::size_t{1} << 57,
                               std::size_t{1} << 60,
                               (std::size_t{1} << 60) - 32,
                               std::size_t{1} << 63,
                               ~std::size_t{0} / 3,
                               ~std::size_t{31},
                               ~std::size_t{0}};
  std::string wrong;
  for (const Entry& entry : entries) {
    for (const std::size_t rows : sizes) {
      for (const std::size_t cols : sizes) {
        std::string what = "nothing";
        try {
          entry.call(rows, cols);
        } catch (const std::invalid_argument& error) {
          what = error.what();
        } catch (const std::exception& error) {
          what = std::string("another error: ") + error.what();
        }
        if (what.starts_with(std::string("narrowfloat::") + entry.name + ": ")) continue;
        wrong += std::string(entry.name) + " " + std::to_string(rows) + " x " +
                 std::to_string(cols) + ": " + what + "\n";
      }
    }
  }
  CHECK(wrong == "");
}

TEST_CASE("however many empty rows", "[block]") {
  const std::size_t many = ~std::size_t{0};
  for (const auto& [rows, cols] : {std::pair<std::size_t, std::size_t>{many, 0}, {0, many}}) {
    const std::vector<float> none;
    CHECK(MX::quantize(none, rows, cols).empty());
    CHECK(NV::quantize_both(none, rows, cols).second.empty());
    CHECK(NV::from_parts({}, {}, rows, cols).empty());
    CHECK(nf::swizzle_scales<Scale>({}, rows, cols).empty());
    CHECK(nf::unswizzle_scales<Scale>({}, rows, cols).empty());
    std::vector<float> out;
    nf::convert(MX::quantize(none, rows, cols).codes(), out);
  }
}

TEST_CASE("ggml blocks take all their bytes and no more", "[mx]") {
  CHECK_THROWS_WITH(nf::from_ggml_mxfp4(std::vector<std::uint8_t>(45636), 8, 32),
                    "narrowfloat::from_ggml_mxfp4: 8 x 32 elements in bytes take 136, not 45636");
  CHECK_THROWS_AS(nf::from_ggml_mxfp4(std::vector<std::uint8_t>(135), 8, 32),
                  std::invalid_argument);
  CHECK(nf::from_ggml_mxfp4(std::vector<std::uint8_t>(136), 8, 32).rows() == 8);
}
