// SPDX-License-Identifier: MIT
// Checkpoints of several files: written with an index, read by it, refused where index and files
// differ.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/safetensors_file.hpp"

namespace {

namespace fs = std::filesystem;
namespace st = narrowfloat::safetensors;

class Folder : public ScratchFolder {
 public:
  Folder() : ScratchFolder("safetensors_shards.folder") {}

  void fill(const std::string& name, const std::string& bytes) const {
    std::ofstream(path / name, std::ios::binary) << bytes;
  }
  std::string bytes_of(const std::string& name) const {
    std::ifstream in(path / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  std::set<std::string> names() const {
    std::set<std::string> found;
    for (const auto& each : fs::directory_iterator(path)) found.insert(each.path().filename());
    return found;
  }

  const fs::path index = path / "model.safetensors.index.json";
};

st::Tensor tensor(const std::string& name, std::size_t size) {
  return {
      name, st::Dtype::u8, {size}, std::vector<std::byte>(size, static_cast<std::byte>(name[0]))};
}

std::string shard(int at, int count) {
  return "model-0000" + std::to_string(at) + "-of-0000" + std::to_string(count) + ".safetensors";
}

const std::string a_in = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
const std::string b_in = R"({"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";

}  // namespace

TEST_CASE("safetensors: a checkpoint is split, indexed and read as one", "[safetensors]") {
  const Folder folder;
  const st::File file{
      {tensor("c", 4), tensor("b", 5), tensor("large", 20), tensor("a", 1), tensor("none", 0)},
      {{"format", "pt"}}};
  st::write(folder.index, file, {.largest_shard = 9});
  CHECK(folder.names() == std::set<std::string>{shard(1, 3), shard(2, 3), shard(3, 3),
                                                "model.safetensors.index.json"});
  CHECK(folder.bytes_of("model.safetensors.index.json") == R"({
  "metadata": {
    "total_size": 30
  },
  "weight_map": {
    "a": "model-00003-of-00003.safetensors",
    "b": "model-00001-of-00003.safetensors",
    "c": "model-00001-of-00003.safetensors",
    "large": "model-00002-of-00003.safetensors",
    "none": "model-00003-of-00003.safetensors"
  }
}
)");
  const st::File first = st::read(folder.path / shard(1, 3));
  CHECK(first.tensors.size() == 2);
  CHECK(first.metadata == file.metadata);

  const st::Reader reader(folder.index);
  CHECK(reader.metadata() == file.metadata);
  CHECK(reader.files() == std::vector{folder.path / shard(1, 3), folder.path / shard(2, 3),
                                      folder.path / shard(3, 3)});
  const st::File read = st::read(folder.index);
  REQUIRE(read.tensors.size() == file.tensors.size());
  for (std::size_t i = 0; i < file.tensors.size(); ++i) {
    CHECK(read.tensors[i].name == file.tensors[i].name);
    CHECK(read.tensors[i].data == file.tensors[i].data);
    CHECK(reader.read(file.tensors[i].name).data == file.tensors[i].data);
  }
}

TEST_CASE("safetensors: nothing of an index is there before all is written", "[safetensors]") {
  const Folder folder;
  const std::vector<st::Entry> entries{{"a", st::Dtype::u8, {1}}, {"b", st::Dtype::u8, {1}}};
  const auto put = [&](bool commit) {
    st::Writer writer(folder.index, entries, {}, {.largest_shard = 1});
    CHECK(writer.files() ==
          std::vector{folder.path / shard(1, 2), folder.path / shard(2, 2), folder.index});
    writer.write(tensor("a", 1));
    CHECK_THROWS_AS(st::Reader(writer.pending()), st::Error);
    if (!commit) return;
    writer.write(tensor("b", 1));
    const st::Reader pending(writer.pending());
    CHECK(pending.entries() == entries);
    CHECK(pending.read("a").data == tensor("a", 1).data);
    writer.commit();
  };
  put(false);
  CHECK(folder.names().empty());
  put(true);
  CHECK(folder.names().size() == 3);

  const fs::path shard1 = folder.path / shard(1, 2);
  CHECK(reason_of([&] {
          st::Reader(std::vector{shard1, shard1});
        }) == "tensor \"a\": is in " + shard1.string() + " and in " + shard1.string());

  // A file that cannot be put in its place: the old index went before the first file came.
  fs::remove(folder.path / shard(2, 2));
  st::Writer writer(folder.index, entries, {}, {.largest_shard = 1});
  writer.write(tensor("a", 1));
  writer.write(tensor("b", 1));
  fs::create_directory(folder.path / shard(2, 2));
  CHECK(reason_of([&] { writer.commit(); }).starts_with(folder.index.string() + ": "));
  CHECK_FALSE(fs::exists(folder.index));
  fs::remove(folder.path / shard(2, 2));
  for (int i = 0; i < 2; ++i) {  // the rest; then nothing is left to do
    writer.commit();
    CHECK(st::Reader(folder.index).entries() == entries);
  }
}

TEST_CASE("safetensors: an index has names in UTF-8 and what can be counted", "[safetensors]") {
  const Folder folder;
  CHECK(reason_of([&] {
          st::Writer(folder.path / "\xff.index.json", {{"a", st::Dtype::u8, {1}}});
        })
            .ends_with(
                "the name of a file, \"\\ufffd-00001-of-00001.safetensors\", is not valid UTF-8"));
  CHECK(folder.names().empty());
  const std::size_t half = std::size_t{1} << 52;
  const std::vector<st::Entry> large{{"a", st::Dtype::u8, {half}},
                                     {"b", st::Dtype::u8, {half + 1}}};
  CHECK(reason_of([&] { st::Writer(folder.index, large); }) ==
        folder.index.string() +
            ": tensor \"b\": its data end at byte 9007199254740993 of all, beyond 2^53");
}

TEST_CASE("safetensors: an index may have more in it, its files other texts", "[safetensors]") {
  const Folder folder;
  const auto with_metadata = [](const std::string& texts, const std::string& rest) {
    return file_of("{\"__metadata__\":{" + texts + "}," + rest.substr(1), 1);
  };
  folder.fill("1", with_metadata(R"("x":"same","y":"1","a.format":"f")", a_in));
  folder.fill("2", with_metadata(R"("x":"same","y":"2")", b_in));
  folder.fill("model.safetensors.index.json",
              R"( {"metadata":{"total_size":7.5,"a":[null,{"weight_map":true}]},)"
              R"("weight_map":{"b":"2","a":"1"},"x":[[1],-1]} )");
  const st::Reader reader(folder.index);
  CHECK(reader.entries() ==
        std::vector<st::Entry>{{"a", st::Dtype::u8, {1}}, {"b", st::Dtype::u8, {1}}});
  CHECK(reader.metadata() == std::map<std::string, std::string>{{"x", "same"}, {"a.format", "f"}});
  folder.fill("model.safetensors.index.json", R"({"weight_map":{}})");
  CHECK(st::read(folder.index).tensors.empty());
}

TEST_CASE("safetensors: an index that is wrong anywhere is refused", "[safetensors]") {
  const Folder folder;
  folder.fill("1", file_of(a_in, 1));
  folder.fill("2", file_of(b_in, 1));
  folder.fill("both", file_of(a_in.substr(0, a_in.size() - 1) +
                                  R"(,"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                              2));
  folder.fill("damaged", "");
  fs::create_directory(folder.path / "folder");
  const auto map = [](const std::string& text) { return "{\"weight_map\":{" + text + "}}"; };
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "byte 0: the index is not valid JSON"},
      {"[]", "expected an object as the index, got an array"},
      {"7", "expected an object as the index, got a number"},
      {"{}", "the index has no weight_map"},
      {R"({"metadata":{"weight_map":{}}})", "the index has no weight_map"},
      {R"({"weight_map":[]})", "expected an object as the weight_map, got an array"},
      {R"({"weight_map":null})", "expected an object as the weight_map, got null"},
      {R"({"weight_map":{},"weight_map":{}})", "the weight_map appears twice"},
      {map(R"("a":"1"},)"), "the index is not valid JSON"},
      {map(R"("a":"1")") + std::string("\0", 1), "a zero byte in the index"},
      {map(R"("a":1)"), R"(tensor "a": expected the name of a file, got a number)"},
      {map(R"("a":["1"])"), R"(tensor "a": expected the name of a file, got an array)"},
      {map(R"("a":{"a":"1"})"), R"(tensor "a": expected the name of a file, got an object)"},
      {map(R"("a":"1","\u0061":"1")"), R"(tensor "a" appears twice in the weight_map)"},
      {map(R"("a":"../1")"), R"(tensor "a": its file "../1" is no name in the index's folder)"},
      {map(R"("a":"/1")"), R"(its file "/1" is no name)"},
      {map(R"("a":"..")"), R"(its file ".." is no name)"},
      {map(R"("a":"")"), R"(its file "" is no name)"},
      {map(R"("a":"1\u0000")"), R"(its file "1\u0000" is no name)"},
      {map(R"("a":"absent")"), "/absent: No such file"},
      {map(R"("a":"folder")"), "/folder: is no regular file"},
      {map(R"("a":"damaged")"), "/damaged: byte 0: the file has 0 bytes"},
      {map(R"("a":"1","b":"1")"), R"(tensor "b": is not in "1", where the weight_map has it)"},
      {map(R"("a":"2")"), R"(tensor "b": is in "2", and by the weight_map in no file)"},
      {map(R"("a":"both")"), R"(tensor "b": is in "both", and by the weight_map in no file)"},
      {map(R"("a":"both","b":"2")"), R"(tensor "b": is in "both", and by the weight_map in "2")"}};
  for (const auto& [text, reason] : cases) {
    folder.fill("model.safetensors.index.json", text);
    const std::string got = reason_of([&] { st::Reader reader(folder.index); });
    CAPTURE(text, got, reason);
    CHECK(got.starts_with(folder.path.string() + "/"));
    CHECK(got.find(reason) != got.npos);
  }
}
