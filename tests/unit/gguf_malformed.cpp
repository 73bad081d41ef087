// SPDX-License-Identifier: MIT
// A GGUF file that is wrong anywhere is refused with the place and the reason.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/gguf_file.hpp"

using namespace gguf_file;

namespace {

struct Case {
  std::string bytes;
  std::string reason;
};

const std::string all_refused = "all refused";

// The first case whose message lacks its reason, or all_refused.
std::string first_wrong(const std::vector<Case>& cases) {
  for (const Case& wrong : cases) {
    const std::string got = refused(wrong.bytes);
    if (got.find(wrong.reason) == got.npos)
      return "expected \"" + wrong.reason + "\", got \"" + got + "\"";
  }
  return all_refused;
}

// A file with one key and its value.
std::string value(const std::string& bytes) { return start(0, 1) + text("k") + bytes; }

// A header, and so many bytes of data.
std::string with_data(const std::string& header, std::size_t size) {
  return padded(header) + std::string(size, '\x11');
}

// A small file with all that a file can have.
const std::string good_header = start(2, 2) + text("general.alignment") + u32(4) + u32(8) +
                                text("k") + u32(9) + u32(8) + u64(1) + text("v") +
                                tensor("x", {2, 1}, 1, 0) + tensor("y", {32}, 39, 8);
std::string good_file() {
  return padded(padded(good_header, 8) + std::string(4, '\x11'), 8) + std::string(17, '\x11');
}

}  // namespace

TEST_CASE("gguf: the start and the counts are checked", "[gguf]") {
  CHECK(
      first_wrong({
          {"", "byte 0: \"GGUF\" takes 4 bytes, and 0 are left"},
          {"GGUF", "byte 4: the version takes 4 bytes, and 0 are left"},
          {"GGML" + u32(3) + u64(0) + u64(0), R"(byte 0: the file begins with "GGML", not "GGUF")"},
          {start(0, 0, 1), "byte 4: version 1 is neither 2 nor 3"},
          {start(0, 0, 4), "byte 4: version 4 is neither 2 nor 3"},
          {start(0, 0, 0x03000000), "the file may be big-endian"},
          {"GGUF" + u32(3) + u64(0), "byte 16: the number of keys takes 8 bytes, and 0 are left"},
          {start(1, 0),
           "byte 8: the number of tensors 1 is more than the 8 bytes that are left can hold"},
          {start(~0ull, 0), "the number of tensors 18446744073709551615 is more than"},
          {start(0, 1ull << 60),
           "byte 16: the number of keys 1152921504606846976 is more than the 0"},
      }) == all_refused);
}

TEST_CASE("gguf: keys and values are the format's", "[gguf]") {
  std::string deep = value(u32(9));
  for (int i = 0; i < 100000; ++i) deep += u32(9) + u64(1);
  CHECK(
      first_wrong({
          {start(0, 1) + text("") + u32(0) + u8(0) + u8(0), "byte 24: key 0: a key is empty"},
          {start(0, 1) + text("k\xc3\xbc") + u32(0) + u8(0), R"(the key "k\xc3\xbc" is not ASCII)"},
          {start(0, 1) + text(std::string(65536, 'k')) + u32(0) + u8(0),
           "a key of 65536 bytes is longer than 65535"},
          {start(0, 1) + u64(99) + "k" + u32(0) + u8(0),
           "byte 24: key 0: its length 99 is more than the 6"},
          {value(u32(13) + u8(0)), R"(byte 33: key "k": type 13 is none)"},
          {value(u32(~0u) + u8(0)), "type 4294967295 is none"},
          {value(u32(7) + u8(2)), R"(byte 37: key "k": a bool is 2, neither 0 nor 1)"},
          {value(u32(10) + u32(0)), R"(byte 37: key "k": a value takes 8 bytes, and 4 are left)"},
          {value(u32(8) + text("\xff")), R"(byte 37: key "k": the text "\xff" is not UTF-8)"},
          {value(u32(8) + text("\xc0\xaf")), "not UTF-8"},
          {value(u32(8) + text("\xe0\x80\xaf")), "not UTF-8"},
          {value(u32(8) + text("\xed\xa0\x80")), "not UTF-8"},
          {value(u32(8) + text("\xf4\x90\x80\x80")), "not UTF-8"},
          {value(u32(8) + text("a\xe2\x82")), "not UTF-8"},
          {value(u32(8) + u64(~0ull)),
           "the length of a text 18446744073709551615 is more than the 0"},
          {value(u32(9) + u32(4) + u64(2) + u32(0)),
           "the length of an array 2 is more than the 4 bytes"},
          {value(u32(9) + u32(8) + u64(2) + u64(0)),
           "the length of an array 2 is more than the 8 bytes"},
          {value(u32(9) + u32(0) + u64(1ull << 63)), "the length of an array 9223372036854775808"},
          {value(u32(9) + u32(7) + u64(2) + "\1\3"), "a bool is 3"},
          {value(u32(9) + u32(99) + u64(0)), "type 99 is none"},
          {deep, R"(key "k": arrays are nested deeper than 8)"},
          {start(0, 2) + text("k") + u32(0) + u8(0) + text("k") + u32(7) + u8(0),
           R"(key "k" appears twice)"},
          {start(0, 1) + text("general.alignment") + u32(10) + u64(32),
           R"(key "general.alignment": its type is 10, not 4)"},
          {start(0, 1) + text("general.alignment") + u32(4) + u32(0),
           "0 is no power of two from 8 on"},
          {start(0, 1) + text("general.alignment") + u32(4) + u32(24),
           "24 is no power of two from 8 on"},
          {value(u32(0) + u8(1)) + "\1", "byte 38: the padding takes 26 bytes, and 1 are left"},
          {padded(value(u32(0) + u8(1))) + "\1", "byte 64: 1 bytes of no tensor"},
      }) == all_refused);
}

TEST_CASE("gguf: every tensor has a name, a shape, a type and its own bytes", "[gguf]") {
  const auto one = [](const std::string& bytes, std::size_t size = 64) {
    return with_data(start(1, 0) + bytes, size);
  };
  const auto two = [](std::uint64_t second, std::size_t size) {
    return with_data(start(2, 0) + tensor("a", {40}, 24, 0) + tensor("b", {8}, 24, second), size);
  };
  const auto offset = [](int got) {
    return "tensor \"b\": its offset is " + std::to_string(got) +
           ", not 64, the first multiple of 32 after the data before it";
  };
  const std::string apart = padded(std::string(40, '\x11')) + u64(0);
  const std::string header =
      padded(start(2, 0) + tensor("a", {40}, 24, 0) + tensor("b", {8}, 24, 64));
  REQUIRE(refused(header + apart) == no_error);
  REQUIRE(refused(header + padded(apart)) == no_error);
  CHECK(
      first_wrong({
          {one(tensor(std::string(65, 'n'), {1}, 24, 0)),
           "byte 24: tensor 0: a name of 65 bytes is longer than 64"},
          {one(tensor("\x80", {1}, 24, 0)), "byte 24: tensor 0: the text \"\\x80\" is not UTF-8"},
          {one(tensor("t", {1, 1, 1, 1, 1}, 24, 0)),
           R"(byte 33: tensor "t": has 5 extents, more than 4)"},
          {one(text("t") + u32(~0u)), "has 4294967295 extents, more than 4"},
          {start(1, 0) + text("t") + u32(4) + u64(1) + u64(1),
           R"(tensor "t": its shape takes 32 bytes, and 16)"},
          {one(tensor("t", {32}, 4, 0)), R"(byte 45: tensor "t": type 4 is not known)"},
          {one(tensor("t", {32}, 31, 0)), "type 31 is not known"},
          {one(tensor("t", {32}, 43, 0)), "type 43 is not known"},
          {one(tensor("t", {16}, 39, 0)),
           "shape [16] of MXFP4 has rows of 16, no whole blocks of 32"},
          {one(tensor("t", {32, 2}, 40, 0)),
           "shape [2, 32] of NVFP4 has rows of 32, no whole blocks of 64"},
          {one(tensor("t", {}, 12, 0)), "shape [] of Q4_K has rows of 1, no whole blocks of 256"},
          {one(tensor("t", {1ull << 63}, 24, 0)), "too many elements to count"},
          {one(tensor("t", {1ull << 40, 1ull << 40}, 24, 0)), "too many elements to count"},
          {one(tensor("t", {0, 1ull << 40, 1ull << 40}, 24, 0)), "too many elements to count"},
          {one(tensor("t", {1ull << 50}, 0, 0)),
           R"(tensor "t": its 4503599627370496 bytes from byte 64 on)"},
          {one(tensor("t", {65}, 24, 0)), "its 65 bytes from byte 64 on are beyond the file's 128"},
          {start(1, 0) + tensor("t", {0}, 24, 0),
           "its 0 bytes from byte 64 on are beyond the file's 57"},
          {one(tensor("t", {65}, 24, 32)), "its offset is 32, not 0"},
          {one(tensor("t", {64}, 24, ~0ull - 31)), "its offset is 18446744073709551584, not 0"},
          {two(0, 72), offset(0)},
          {two(40, 72), offset(40)},
          {two(96, 104), offset(96)},
          {two(64, 71), "its 8 bytes from byte 160 on are beyond the file's 167"},
          {two(64, 72), "byte 136: the padding has the byte 17, not 0"},
          {header + apart + u8(0), "byte 168: the padding takes 24 bytes, and 1 are left"},
          {header + apart + std::string(23, '\0') + "\1",
           "byte 191: the padding has the byte 1, not 0"},
          {header + padded(apart) + u8(0), "byte 192: 1 bytes of no tensor"},
          {start(2, 0) + tensor("t", {0}, 24, 0) + tensor("t", {0}, 24, 0),
           R"(tensor "t" appears twice)"},
      }) == all_refused);
}

TEST_CASE("gguf: a file cut off anywhere is refused", "[gguf]") {
  const std::string bytes = good_file();
  REQUIRE(refused(bytes) == no_error);
  std::vector<std::size_t> accepted;
  for (std::size_t size = bytes.size(); size-- > 0;)
    if (refused(bytes.substr(0, size)) == no_error) accepted.push_back(size);
  CHECK(accepted == std::vector<std::size_t>{});
}

TEST_CASE("gguf: a file with any byte changed is refused or accounts for its bytes", "[gguf]") {
  const std::string bytes = good_file();
  const std::size_t header = bytes.size() - 25;
  std::size_t accepted = 0, unaccounted = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int flip = 1; flip < 256; ++flip) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      gguf::File file;
      if (reason_of([&] { file = read(changed); }) != no_error) continue;
      accepted += at < header;
      changed[4] = 3;
      unaccounted += bytes_of(file) != padded(changed, 8);
    }
  }
  CHECK(unaccounted == 0);
  // The version may be 2. k, v, x and y may be any other ASCII, x and y not each other. F16 may be
  // BF16, I16, F32 or I32, and the extents up to 4 bytes more, which are padding else. And by
  // chance a key of 21 bytes takes in what follows it.
  CHECK(accepted == 1 + 2 * 127 + 2 * 126 + 4 + 3 + 1);
}
