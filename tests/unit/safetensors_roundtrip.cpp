// SPDX-License-Identifier: MIT
// A safetensors file gives back what was written: every dtype, shape, name and text, to the byte.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/safetensors_file.hpp"

namespace {

namespace fs = std::filesystem;
namespace st = narrowfloat::safetensors;

class Folder : public ScratchFolder {
 public:
  Folder() : ScratchFolder("safetensors_roundtrip.folder") {}

  const fs::path file = path / "a.safetensors";
};

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool same(const st::File& a, const st::File& b) {
  const auto same_tensor = [](const st::Tensor& x, const st::Tensor& y) {
    return x.name == y.name && x.dtype == y.dtype && x.shape == y.shape && x.data == y.data;
  };
  return a.metadata == b.metadata && std::equal(a.tensors.begin(), a.tensors.end(),
                                                b.tensors.begin(), b.tensors.end(), same_tensor);
}

template <class T>
st::Tensor all_bytes(const std::string& name) {
  std::vector<std::byte> data(256 * sizeof(T));
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::byte>(i * 7 + i / 256);
  return {name, *st::dtype_of<T>(), {16, 1, 16}, std::move(data)};
}

}  // namespace

TEST_CASE("safetensors: the bytes of a small file are the format's", "[safetensors]") {
  const Folder folder;
  const std::vector<float> values{1.0f, -2.0f};
  st::write(folder.file, {{st::make_tensor("w", {1, 2}, values)}, {{"key", "text"}}});

  const std::string header =
      R"({"__metadata__":{"key":"text"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}})"
      "  ";
  REQUIRE(header.size() == 88);
  const std::string length("\x58\0\0\0\0\0\0\0", 8);
  const std::string data("\0\0\x80\x3f\0\0\0\xc0", 8);
  CHECK(bytes_of(folder.file) == length + header + data);
}

TEST_CASE("safetensors: each C++ type has its dtype", "[safetensors]") {
  using namespace narrowfloat;
  const auto name = []<class T>(T) { return st::dtype_name(*st::dtype_of<T>()); };
  CHECK(name(double{}) == "F64");
  CHECK(name(float{}) == "F32");
  CHECK(name(float16{}) == "F16");
  CHECK(name(bfloat16{}) == "BF16");
  CHECK(name(float8_e4m3fn{}) == "F8_E4M3");
  CHECK(name(float8_e5m2{}) == "F8_E5M2");
  CHECK(name(float8_e8m0fnu{}) == "F8_E8M0");
  CHECK(name(float8_e4m3fnuz{}) == "F8_E4M3FNUZ");
  CHECK(name(float8_e5m2fnuz{}) == "F8_E5M2FNUZ");
  CHECK(name(std::int8_t{}) == "I8");
  CHECK(name(std::uint8_t{}) == "U8");
  CHECK(name(std::int16_t{}) == "I16");
  CHECK(name(std::uint16_t{}) == "U16");
  CHECK(name(std::int32_t{}) == "I32");
  CHECK(name(std::uint32_t{}) == "U32");
  CHECK(name(std::int64_t{}) == "I64");
  CHECK(name(std::uint64_t{}) == "U64");
  CHECK(name(0LL) == "I64");
  STATIC_REQUIRE_FALSE((st::storable<bool> || st::storable<char> || st::storable<char32_t>));
  STATIC_REQUIRE_FALSE(st::storable<float8_e4m3>);
  STATIC_REQUIRE_FALSE(st::storable<float4_e2m1fn>);
}

TEST_CASE("safetensors: the dtypes without a C++ type have their names and sizes",
          "[safetensors]") {
  using enum st::Dtype;
  const std::vector<std::tuple<st::Dtype, std::string, std::size_t>> dtypes{
      {boolean, "BOOL", 8},   {u8, "U8", 8},    {i8, "I8", 8},    {i16, "I16", 16},
      {u16, "U16", 16},       {i32, "I32", 32}, {u32, "U32", 32}, {c64, "C64", 64},
      {i64, "I64", 64},       {u64, "U64", 64}, {f4, "F4", 4},    {f6_e2m3, "F6_E2M3", 6},
      {f6_e3m2, "F6_E3M2", 6}};
  for (const auto& [dtype, name, bits] : dtypes) {
    CAPTURE(name);
    CHECK(st::dtype_name(dtype) == name);
    CHECK(st::dtype_bits(dtype) == bits);
  }
}

TEST_CASE("safetensors: every typed tensor comes back, in its order and to the byte",
          "[safetensors]") {
  using namespace narrowfloat;
  const Folder folder;
  const st::File file{
      {all_bytes<float8_e4m3fn>("z"), all_bytes<double>("a"), all_bytes<float8_e5m2>("b"),
       all_bytes<float>(""), all_bytes<float8_e8m0fnu>("quote\" \\ \n \x01"),
       all_bytes<float16>("gr\xc3\xb6\xc3\x9f"
                          "e"),
       all_bytes<bfloat16>("a.b/c"), all_bytes<float8_e4m3fnuz>("y"),
       all_bytes<float8_e5m2fnuz>(std::string(1, '\0'))},
      {{"", ""}, {"format", "pt"}, {"\xe2\x82\xac", "line\nline"}}};
  st::write(folder.file, file);
  CHECK(same(st::read(folder.file), file));
  CHECK(fs::file_size(folder.file) % 8 == 0);

  const std::string first = bytes_of(folder.file);
  st::write(folder.file, st::read(folder.file));
  CHECK(bytes_of(folder.file) == first);
}

TEST_CASE("safetensors: values are viewed as their type and as no other", "[safetensors]") {
  using namespace narrowfloat;
  const Folder folder;
  std::vector<float16> halves(65536);
  for (std::size_t i = 0; i < halves.size(); ++i)
    halves[i] = float16::from_bits(static_cast<std::uint16_t>(i));
  st::write(folder.file, {{st::make_tensor("bytes", {3}, std::vector<float8_e5m2>(3)),
                           st::make_tensor("halves", {256, 256}, halves)},
                          {}});
  const st::File file = st::read(folder.file);

  REQUIRE(file.find("halves") != nullptr);
  const auto view = file.find("halves")->as<float16>();
  REQUIRE(reinterpret_cast<std::uintptr_t>(view.data()) % alignof(float16) == 0);
  CHECK(std::equal(view.begin(), view.end(), halves.begin(), halves.end(),
                   [](float16 a, float16 b) { return a.bits() == b.bits(); }));
  CHECK(file.find("half") == nullptr);
  CHECK(reason_of([&] { file.find("halves")->as<bfloat16>(); }) ==
        "tensor \"halves\": is F16, not BF16");
}

TEST_CASE("safetensors: empty tensors, scalars and packed elements keep their shape",
          "[safetensors]") {
  const Folder folder;
  const std::vector<std::byte> three(3, std::byte{0x5a});
  const std::size_t huge = std::size_t{1} << 53;
  const st::File file{{{"empty", st::Dtype::f64, {0}, {}},
                       {"scalar", st::Dtype::u8, {}, {std::byte{7}}},
                       {"fours", st::Dtype::f4, {2, 3}, three},
                       {"sixes", st::Dtype::f6_e2m3, {4}, three},
                       {"empty too", st::Dtype::boolean, {huge, 0}, {}},
                       {"other sixes", st::Dtype::f6_e3m2, {4, 1}, three}},
                      {}};
  st::write(folder.file, file);
  CHECK(same(st::read(folder.file), file));

  st::write(folder.file, {});
  CHECK(same(st::read(folder.file), {}));
  CHECK(bytes_of(folder.file).substr(8) == "{}      ");
}

TEST_CASE("safetensors: what cannot be read back is not written, and the old file stays",
          "[safetensors]") {
  const Folder folder;
  const std::vector<float> two{1, 2};
  const st::Tensor good = st::make_tensor("good", {2}, two);
  st::write(folder.file, {{good}, {}});
  const std::string before = bytes_of(folder.file);
  const std::size_t huge = std::size_t{1} << 53;

  const std::vector<std::pair<st::File, std::string>> cases{
      {{{good, good}, {}}, R"(tensor "good" appears twice)"},
      {{{st::make_tensor("__metadata__", {2}, two)}, {}}, "taken by the file's metadata"},
      {{{good, st::make_tensor("x", {3}, two)}, {}},
       R"(tensor "x": shape [3] of F32 has 12 bytes, but its data have 8)"},
      {{{{"x", st::Dtype::f4, {3}, {std::byte{}}}}, {}}, "has 12 bits, not whole bytes"},
      {{{{"x", st::Dtype::u8, {huge, huge}, {}}}, {}}, "too many elements"},
      {{{{"x", st::Dtype::u8, {huge + 1, 0}, {}}}, {}},
       "9007199254740993 is larger than 9007199254740992"},
      {{{st::make_tensor("\xff", {2}, two)}, {}}, "not valid UTF-8"},
      {{{good}, {{"key", "\xc3"}}}, "__metadata__: a name, key or value is not valid UTF-8"}};
  for (const auto& [file, reason] : cases) {
    const std::string got = reason_of([&, &wrong = file] { st::write(folder.file, wrong); });
    CAPTURE(got, reason);
    CHECK(got.starts_with(folder.file.string() + ": "));
    CHECK(got.find(reason) != got.npos);
  }
  CHECK(bytes_of(folder.file) == before);
}

TEST_CASE("safetensors: a file that cannot be put in place leaves nothing behind",
          "[safetensors]") {
  const Folder folder;
  const fs::path occupied = folder.path / "occupied";
  fs::create_directories(occupied / "inside");
  const auto write_to = [](const fs::path& path) {
    return reason_of([&] { st::write(path, {}); });
  };
  CHECK(write_to(occupied).starts_with(occupied.string() + ": "));
  CHECK(write_to(folder.path / "absent" / "a").find("cannot create") != std::string::npos);
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);

  // Files that no writer left stay.
  const std::vector<std::string> others{"a.safetensors.1.pending", "a.safetensors.1.x.pending",
                                        "a.safetensors.1.0.pending2", "b.safetensors.1.0.pending"};
  for (const std::string& name : others) std::ofstream(folder.path / name) << "another's";
  CHECK(write_to(folder.file) == no_error);
  for (const std::string& name : others) CHECK(bytes_of(folder.path / name) == "another's");
  CHECK(same(st::read(folder.file), {}));
}

TEST_CASE("safetensors: a path that is no file is an error", "[safetensors]") {
  const Folder folder;
  for (const fs::path& path : {folder.path, folder.path / "absent", fs::path("/dev/null")})
    CHECK(reason_of([&] { st::read(path); }).starts_with(path.string() + ": "));
}

TEST_CASE("safetensors: the examples' tensors are there and finite", "[safetensors]") {
  const st::File file = st::read(NARROWFLOAT_DATA_DIR "/digits.safetensors");
  CHECK(file.tensors.size() == 12);
  REQUIRE(file.find("layer1.weight.adam_v") != nullptr);
  CHECK(file.find("layer1.weight.adam_v")->shape == std::vector<std::size_t>{4, 64, 64});
  std::size_t numbers = 0;
  std::size_t not_finite = 0;
  for (const st::Tensor& tensor : file.tensors) {
    for (const float value : tensor.as<float>()) not_finite += !std::isfinite(value);
    numbers += tensor.as<float>().size();
  }
  CHECK(numbers == 4 * 3 * (64 + 10) * 64 + (64 + 10) * 64 + 2 * 1437 * (64 + 10));
  CHECK(not_finite == 0);
}
