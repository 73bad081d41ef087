// SPDX-License-Identifier: MIT
// GGUF files spelled out by the format's definition are read, and written again to the byte.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <narrowfloat/io/gguf.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "support/catch.hpp"
#include "support/gguf_file.hpp"

using namespace gguf_file;
using namespace narrowfloat;

namespace {

namespace fs = std::filesystem;

// Every type of value, by its number.
const std::string every_value =
    text("a.u8") + u32(0) + u8(200) + text("a.i8") + u32(1) + u8(0x80) + text("a.u16") + u32(2) +
    u16(65535) + text("a.i16") + u32(3) + u16(0xfffe) + text("a.u32") + u32(4) + u32(4000000000) +
    text("a.i32") + u32(5) + u32(0xffffffff) + text("a.f32") + u32(6) + u32(0x7fc00001) +
    text("a.bool") + u32(7) + u8(1) + text("a.text") + u32(8) +
    text("gr\xc3\xbc\xc3\x9f\xf0\x9f\x99\x82") + text("a.texts") + u32(9) + u32(8) + u64(2) +
    text("") + text("b") +  //
    text("a.nested") + u32(9) + u32(9) + u64(2) + (u32(7) + u64(3) + "\1" + u8(0) + "\1") +
    (u32(12) + u64(0)) +  //
    text("a.u64") + u32(10) + u64(~0ull) + text("a.i64") + u32(11) + u64(~0ull) + text("a.f64") +
    u32(12) + u64(0x3ff8000000000000);

template <class T>
T value_of(const gguf::File& file, const std::string& key) {
  const gguf::Value* const value = file.find_value(key);
  REQUIRE(value != nullptr);
  REQUIRE(std::holds_alternative<T>(*value));
  return std::get<T>(*value);
}

}  // namespace

TEST_CASE("gguf: every type of value is read and written again to the byte", "[gguf]") {
  const std::string bytes = padded(start(0, 14) + every_value);
  const gguf::File file = read(bytes);
  REQUIRE(file.metadata.size() == 14);
  for (const auto& [key, number] : std::vector<std::pair<std::string, std::size_t>>{
           {"a.u8", 0}, {"a.i16", 3}, {"a.bool", 7}, {"a.texts", 9}, {"a.f64", 12}})
    CHECK(file.find_value(key)->index() == number);
  CHECK(value_of<std::uint8_t>(file, "a.u8") == 200);
  CHECK(value_of<std::int8_t>(file, "a.i8") == -128);
  CHECK(value_of<std::uint16_t>(file, "a.u16") == 65535);
  CHECK(value_of<std::int16_t>(file, "a.i16") == -2);
  CHECK(value_of<std::uint32_t>(file, "a.u32") == 4000000000);
  CHECK(value_of<std::int32_t>(file, "a.i32") == -1);
  CHECK(std::isnan(value_of<float>(file, "a.f32")));
  CHECK(value_of<bool>(file, "a.bool"));
  CHECK(value_of<std::string>(file, "a.text") == "gr\xc3\xbc\xc3\x9f\xf0\x9f\x99\x82");
  CHECK(value_of<std::uint64_t>(file, "a.u64") == ~0ull);
  CHECK(value_of<std::int64_t>(file, "a.i64") == -1);
  CHECK(value_of<double>(file, "a.f64") == 1.5);
  CHECK(std::get<std::vector<std::string>>(value_of<gguf::Array>(file, "a.texts").values) ==
        std::vector<std::string>{"", "b"});
  const auto arrays =
      std::get<std::vector<gguf::Array>>(value_of<gguf::Array>(file, "a.nested").values);
  REQUIRE(arrays.size() == 2);
  CHECK(std::get<std::vector<bool>>(arrays[0].values) == std::vector<bool>{true, false, true});
  CHECK(std::get<std::vector<double>>(arrays[1].values).empty());
  CHECK(file.find_value("a.none") == nullptr);
  CHECK(bytes_of(file) == bytes);
  CHECK(refused(start(0, 14) + every_value) == no_error);  // without padding
}

TEST_CASE("gguf: a header may be long", "[gguf]") {
  std::string texts, bytes = start(0, 2) + text("a") + u32(9) + u32(8) + u64(20000);
  for (std::size_t i = 0; i < 20000; ++i) texts += text(std::string(i % 11, 'a'));
  bytes =
      padded(bytes + texts + text("b") + u32(9) + u32(0) + u64(200000) + std::string(200000, 'b'));
  CHECK(bytes_of(read(bytes)) == bytes);
}

TEST_CASE("gguf: tensors are read in their order, each from the alignment on", "[gguf]") {
  for (const std::uint32_t version : {2u, 3u}) {
    for (const std::uint32_t alignment : {8u, 32u, 64u}) {
      const std::string key =
          alignment == 32 ? "" : text("general.alignment") + u32(4) + u32(alignment);
      const std::uint64_t step = alignment == 64 ? 64 : 32;
      const std::string header = start(6, alignment == 32 ? 0 : 1, version) + key +
                                 tensor("w", {3, 2}, 0, 0) +
                                 tensor("h", {2}, 1, alignment == 8 ? 24 : step) +
                                 tensor("b", {1, 1, 1, 1}, 30, alignment == 8 ? 32 : 2 * step) +
                                 tensor("none", {0, 5}, 2, alignment == 8 ? 40 : 3 * step) +
                                 tensor("scalar", {}, 27, alignment == 8 ? 40 : 3 * step) +
                                 tensor("q", {256, 2}, 12, alignment == 8 ? 48 : 4 * step);
      const std::string w = u32(0x3f800000) + u32(0xc0000000) + u32(0) + u32(0x40400000) +
                            u32(0x7f800000) + u32(0x80000000);
      const std::string body = padded(w, alignment) + padded(u16(0x3c00) + u16(0xfbff), alignment) +
                               padded(u16(0x3fc0), alignment) + padded(u64(5), alignment);
      const std::string bytes = padded(header, alignment) + body + std::string(288, '\x5a');
      const gguf::File file = read(bytes);
      REQUIRE(file.tensors.size() == 6);
      CHECK(file.find("w")->shape == std::vector<std::size_t>{2, 3});
      CHECK(file.find("w")->as<float>()[3] == 3);
      CHECK(file.find("h")->as<float16>()[1] == -65504);
      CHECK(file.find("b")->as<bfloat16>()[0] == 1.5f);
      CHECK(file.find("b")->shape == std::vector<std::size_t>{1, 1, 1, 1});
      CHECK(file.find("none")->data.empty());
      CHECK(file.find("scalar")->as<std::int64_t>()[0] == 5);
      CHECK(file.find("q")->data == std::vector<std::byte>(288, std::byte{0x5a}));
      CHECK(file.find("q")->type == gguf::Type::q4_k);
      CHECK(reason_of([&] { file.find("h")->as<bfloat16>(); }) == "tensor \"h\": is F16, not BF16");
      std::string again = padded(bytes, alignment);
      again[4] = 3;
      CHECK(bytes_of(file) == again);
    }
  }
}

TEST_CASE("gguf: what cannot be read back is not written, and the old file stays", "[gguf]") {
  const fs::path path = fs::current_path() / "gguf_unit.gguf";
  const auto contents = [&] {
    std::ifstream in(path, std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(in), {}};
  };
  const gguf::Tensor good = gguf::make_tensor("good", {2}, std::vector<float>{1, 2});
  gguf::write(path, {{good}, {{"k", std::uint32_t{1}}}});
  const std::string before = contents();
  CHECK(gguf::read(path).find("good")->as<float>()[1] == 2);
  CHECK(bytes_of(gguf::read(path)) == before);

  const auto array = [](auto... values) { return gguf::Array{std::vector{values...}}; };
  gguf::Array deep;
  for (int i = 0; i < 8; ++i) deep = array(deep);
  using Strings = std::vector<std::string>;
  const std::vector<std::pair<gguf::File, std::string>> cases{
      {{{good, good}, {}}, R"(tensor "good" appears twice)"},
      {{{}, {{"k", true}, {"k", false}}}, R"(key "k" appears twice)"},
      {{{gguf::make_tensor("x", {3}, std::vector<float>{1, 2})}, {}},
       R"(tensor "x": shape [3] of F32 has 12 bytes, but its data have 8)"},
      {{{{"x", gguf::Type::mxfp4, {33}, {}}}, {}}, "rows of 33, no whole blocks of 32"},
      {{{{"x", gguf::Type{5}, {1}, {}}}, {}}, R"(tensor "x": type 5 is not known)"},
      {{{{"x", gguf::Type::i8, {1, 1, 1, 1, 0}, {}}}, {}}, "has 5 extents, more than 4"},
      {{{{std::string(65, 'x'), gguf::Type::i8, {0}, {}}}, {}}, "a name of 65 bytes"},
      {{{{"\xff", gguf::Type::i8, {0}, {}}}, {}}, "is not UTF-8"},
      {{{}, {{"", true}}}, "a key is empty"},
      {{{}, {{"k", std::string("\xff")}}}, R"(key "k": the text "\xff" is not UTF-8)"},
      {{{}, {{"k", gguf::Array{Strings{"a", "\xff"}}}}}, "is not UTF-8"},
      {{{}, {{"k", array(gguf::Array{Strings{"\xff"}})}}}, "is not UTF-8"},
      {{{}, {{"k", deep}}}, "arrays are nested deeper than 8"},
      {{{}, {{"general.alignment", std::uint32_t{4}}}}, "4 is no power of two from 8 on"}};
  for (const auto& [file, reason] : cases) {
    const std::string got = reason_of([&, &wrong = file] { gguf::write(path, wrong); });
    CAPTURE(got, reason);
    CHECK(got.starts_with(path.string() + ": "));
    CHECK(got.find(reason) != got.npos);
  }
  CHECK(contents() == before);
  std::ofstream(path, std::ios::binary | std::ios::app) << "x";
  CHECK(reason_of([&] { gguf::read(path); }).starts_with(path.string() + ": byte "));
  fs::remove(path);
  for (const fs::path& absent : {path, fs::path("/dev/null"), fs::current_path()})
    CHECK(reason_of([&] { gguf::read(absent); }).starts_with(absent.string() + ": "));
}
