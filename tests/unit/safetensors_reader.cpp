// SPDX-License-Identifier: MIT
// Tensors of a safetensors file found, read and written one by one.
#include <sys/resource.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/safetensors_file.hpp"

namespace {

namespace st = narrowfloat::safetensors;

st::Tensor tensor(const std::string& name, std::uint8_t value) {
  return st::make_tensor(name, {2}, std::vector<std::uint8_t>{value, value});
}

std::span<const std::byte> bytes_of(const std::vector<std::uint8_t>& values) {
  return std::as_bytes(std::span(values));
}

// The place of a name, -1 for none.
std::ptrdiff_t place(const st::File& file, const std::string& name) {
  const st::Tensor* const found = file.find(name);
  return found == nullptr ? -1 : found - file.tensors.data();
}

// A thing with a name, whose name counts how often it is looked at.
std::size_t looks = 0;
struct CountedName {
  std::string text;
  operator std::string_view() const { return ++looks, text; }
  friend bool operator==(const CountedName& a, std::string_view b) { return ++looks, a.text == b; }
  friend bool operator==(const CountedName& a, const CountedName& b) {
    return a == std::string_view(b);
  }
};
struct Watched {
  CountedName name;
};

}  // namespace

TEST_CASE("safetensors: a tensor is found whatever was done to the list", "[safetensors]") {
  st::File file{{tensor("a", 1), tensor("b", 2), tensor("c", 3)}, {}};
  CHECK(place(file, "b") == 1);
  CHECK(place(file, "d") == -1);
  st::Tensor& kept = file.tensors[0];
  kept.name = "d";
  CHECK(place(file, "d") == 0);
  CHECK(place(file, "a") == -1);
  std::swap(file.tensors[1].name, file.tensors[2].name);
  CHECK(place(file, "b") == 2);
  CHECK(place(file, "c") == 1);
  file.tensors.push_back(tensor("e", 5));
  CHECK(place(file, "e") == 3);
  file.tensors.erase(file.tensors.begin());
  CHECK(place(file, "d") == -1);
  CHECK(place(file, "e") == 2);
  const st::File copy = file;
  file.tensors.clear();
  CHECK(place(file, "e") == -1);
  CHECK(place(copy, "e") == 2);
  std::vector<std::thread> threads;
  std::vector<std::ptrdiff_t> places(4);
  for (std::ptrdiff_t& each : places) threads.emplace_back([&] { each = place(copy, "b"); });
  for (std::thread& each : threads) each.join();
  CHECK(places == std::vector<std::ptrdiff_t>(4, 1));
}

TEST_CASE("safetensors: of many tensors each is found at once", "[safetensors]") {
  const ScratchFile scratch("reader.many");
  st::File many;
  std::vector<Watched> watched;
  for (int i = 0; i < 3'000; ++i) {
    many.tensors.push_back({"model.layers." + std::to_string(i), st::Dtype::f32, {0}, {}});
    watched.push_back({{many.tensors.back().name}});
  }
  st::write(scratch.path, many);
  const st::File file = st::read(scratch.path);
  const st::Reader reader(scratch.path);
  std::size_t found = 0;
  for (const st::Tensor& each : many.tensors)
    found += file.find(each.name) != nullptr && reader.find(each.name) != nullptr &&
             reader.find(each.name + "_") == nullptr;
  CHECK(found == many.tensors.size());

  // What they are found with looks at 12 names or so for each; one by one, at 1,500.
  looks = 0;
  const narrowfloat::detail::SortedNames sorted(watched);
  CHECK_FALSE(sorted.twin(watched));
  narrowfloat::detail::NameIndex index;
  for (std::size_t i = 0; i < watched.size(); ++i)
    found -= sorted.find(watched, many.tensors[i].name) == i &&
             index.find(watched, many.tensors[i].name) == i;
  CHECK(found == 0);
  CHECK(looks < 100 * watched.size());
}

TEST_CASE("safetensors: a reader gives the header, a tensor, a part of it or a group",
          "[safetensors]") {
  const ScratchFile scratch("reader.file");
  const st::File file{{tensor("w", 1), tensor("w2", 2), tensor("w_scale", 3), tensor("w.m", 4)},
                      {{"w.format", "f"}, {"w2.format", "g"}}};
  st::write(scratch.path, file);
  const st::Reader reader(scratch.path);
  std::filesystem::remove(scratch.path);  // it stays open
  CHECK(reader.entries() == std::vector<st::Entry>{{"w", st::Dtype::u8, {2}},
                                                   {"w2", st::Dtype::u8, {2}},
                                                   {"w_scale", st::Dtype::u8, {2}},
                                                   {"w.m", st::Dtype::u8, {2}}});
  CHECK(reader.metadata() == file.metadata);
  CHECK(reader.files() == std::vector{scratch.path});
  CHECK(reader.find("w_scale") == &reader.entries()[2]);
  CHECK(reader.find("w_") == nullptr);
  CHECK(reader.read("w_scale").data == file.tensors[2].data);
  const st::File group = reader.read_group("w");
  REQUIRE(group.tensors.size() == 3);
  CHECK(group.find("w2") == nullptr);
  CHECK(group.find("w.m")->data == file.tensors[3].data);
  CHECK(group.metadata == std::map<std::string, std::string>{{"w.format", "f"}});

  std::byte one{};
  reader.read("w2", 1, std::span(&one, 1));
  CHECK(one == std::byte{2});
  const std::string path = scratch.path.string();
  CHECK(reason_of([&] { reader.read("x"); }) == path + ": tensor \"x\": is not in the file");
  CHECK(reason_of([&] { reader.read("w", 2, std::span(&one, 1)); }) ==
        path + ": tensor \"w\": has 2 bytes, not 1 from byte 2");
  CHECK(reason_of([&] { reader.read("w", ~std::uint64_t{0}, std::span(&one, 1)); }) != no_error);
}

TEST_CASE("safetensors: a reader reads what is asked for alone", "[safetensors]") {
  const ScratchFile scratch("reader.large");
  constexpr std::uint64_t size = std::uint64_t{1}
                                 << 36;  // 64 GiB, of which the file system keeps none
  std::string header =
      R"({"a":{"dtype":"U8","shape":[68719476735],"data_offsets":[0,68719476735]},)"
      R"("b":{"dtype":"U8","shape":[1],"data_offsets":[68719476735,68719476736]}})";
  scratch.fill(length_bytes(header.size()) + header);
  std::filesystem::resize_file(scratch.path, 8 + header.size() + size);
  const st::Reader reader(scratch.path);
  std::filesystem::resize_file(scratch.path, 7 + header.size() + size);
  std::byte one{1};
  reader.read("a", size - 2, std::span(&one, 1));
  CHECK(one == std::byte{});
  CHECK(reason_of([&] {
          reader.read("b");
        }).starts_with(scratch.path.string() + ": tensor \"b\": the data cannot be read: "));
}

TEST_CASE("safetensors: a writer takes tensors in any order, whole or by parts", "[safetensors]") {
  const ScratchFile scratch("writer.file"), whole("writer.whole");
  const auto refused = [&](const std::string& what, auto action) {
    CHECK(reason_of(action).starts_with(scratch.path.string() + ": " + what));
  };
  const st::File file{{tensor("a", 1), st::make_tensor("b", {1}, std::vector<float>{7})},
                      {{"k", "v"}}};
  const std::vector<st::Entry> entries{{"a", st::Dtype::u8, {2}}, {"b", st::Dtype::f32, {1}}};
  {
    st::Writer writer(scratch.path, entries, file.metadata);
    writer.write(file.tensors[1]);
    writer.write("a", bytes_of({1}));
    refused(R"(tensor "a": 1 of its 2 bytes were written before)",
            [&] { writer.write(file.tensors[0]); });
    refused(R"(tensor "a": shape [2] of U8 has 2 bytes, but its data have 1)",
            [&] { writer.commit(); });
    refused(R"(tensor "a": shape [2] of U8 has 2 bytes, but its data have 3)", [&] {
      writer.write("a", bytes_of({1, 1}));
    });
    refused(R"(tensor "c": is not among the writer's)", [&] { writer.write(tensor("c", 1)); });
    refused(R"(tensor "b": its dtype or shape is not)", [&] { writer.write(tensor("b", 1)); });
    CHECK_FALSE(std::filesystem::exists(scratch.path));
    writer.write("a", bytes_of({1}));
    rlimit usual{};
    getrlimit(RLIMIT_NOFILE, &usual);
    const rlimit none{0, usual.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    const std::string reason = reason_of([&] { writer.commit(); });
    setrlimit(RLIMIT_NOFILE, &usual);
    CHECK(reason.find("Too many open files") != reason.npos);
    writer.commit();
  }
  st::write(whole.path, file);
  const auto content = [](const ScratchFile& of) {
    std::ifstream in(of.path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  CHECK(content(scratch) == content(whole));

  st::write(scratch.path, file, {.aligned = true});
  CHECK(st::Reader(scratch.path).entries() == std::vector{entries[1], entries[0]});
  refused(R"(tensor "a" appears twice)", [&] {
    st::Writer(scratch.path, {entries[0], entries[0]});
  });
  refused(R"(tensor "f": shape [3] of F4 has 12 bits)", [&] {
    st::Writer(scratch.path, {{"f", st::Dtype::f4, {3}}});
  });
  CHECK(st::Entry{"f", st::Dtype::f4, {4, 3}}.size_bytes() == 6);
}

TEST_CASE("safetensors: integers are viewed as theirs, truth values as bytes", "[safetensors]") {
  const std::vector<std::int64_t> values{-1, std::int64_t{1} << 62};
  const st::Tensor made = st::make_tensor("i", {2}, values);
  CHECK(std::ranges::equal(made.as<std::int64_t>(), values));
  CHECK(reason_of([&] { made.as<std::uint64_t>(); }) == "tensor \"i\": is I64, not U64");
  const st::Tensor truths{"b", st::Dtype::boolean, {2}, {std::byte{1}, std::byte{0}}};
  CHECK(truths.as<std::uint8_t>()[0] == 1);
  CHECK(reason_of([&] { truths.as<std::int8_t>(); }) == "tensor \"b\": is BOOL, not I8");
}
