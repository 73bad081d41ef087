// SPDX-License-Identifier: MIT
// A good safetensors file that lost its end or had a byte changed never crashes its reader.
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/safetensors_file.hpp"

namespace {

namespace st = narrowfloat::safetensors;

constexpr std::size_t data_size = 6;

// A small file with all that a file can have.
std::string good_file() {
  return file_of(
      R"({"__metadata__":{"k":"v"},"x":{"dtype":"F16","shape":[2,1],"data_offsets":[0,4]},)"
      R"("y":{"dtype":"F4","shape":[4],"data_offsets":[4,6]}})",
      data_size);
}

std::size_t bytes_in(const st::File& file) {
  std::size_t size = 0;
  for (const st::Tensor& tensor : file.tensors) size += tensor.data.size();
  return size;
}

}  // namespace

TEST_CASE("safetensors: a file cut off anywhere is refused", "[safetensors]") {
  const ScratchFile scratch("cut.safetensors");
  const std::string whole = good_file();
  REQUIRE(scratch.refused(whole) == no_error);
  std::vector<std::size_t> accepted;
  for (std::size_t size = whole.size(); size-- > 0;) {
    std::filesystem::resize_file(scratch.path, size);
    if (scratch.refused() == no_error) accepted.push_back(size);
  }
  CAPTURE(accepted);
  CHECK(accepted.empty());
}

TEST_CASE("safetensors: a file with any byte changed is refused or accounts for its data",
          "[safetensors]") {
  const ScratchFile scratch("changed.safetensors");
  const std::string whole = good_file();
  scratch.fill(whole);
  std::fstream file(scratch.path, std::ios::binary | std::ios::in | std::ios::out);
  const auto change = [&](std::size_t at, char value) {
    file.seekp(static_cast<std::streamoff>(at)).put(value).flush();
  };

  std::size_t refused = 0;
  std::size_t accepted = 0;
  std::vector<std::string> unaccounted;
  for (std::size_t at = 0; at < whole.size() - data_size; ++at) {
    for (int value = 0; value < 256; ++value) {
      if (static_cast<char>(value) == whole[at]) continue;
      change(at, static_cast<char>(value));
      if (scratch.refused() != no_error) {
        ++refused;
        continue;
      }
      ++accepted;
      if (bytes_in(st::read(scratch.path)) != data_size)
        unaccounted.push_back(std::to_string(at) + ": " + std::to_string(value));
    }
    change(at, whole[at]);
  }
  REQUIRE(file.good());
  CAPTURE(unaccounted);
  CHECK(unaccounted.empty());
  // 0x20 to 0x7f but '"' and '\\' are other texts: 93 for k and v, 92 for x and y, since names
  // differ. F16 may be I16 or U16. Every other byte is decisive.
  CHECK(accepted == 2 * 93 + 2 * 92 + 2);
  CHECK(refused + accepted == (whole.size() - data_size) * 255);
}
