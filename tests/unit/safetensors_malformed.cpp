// SPDX-License-Identifier: MIT
// A safetensors file that is wrong anywhere is refused with the place and the reason.
#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/safetensors_file.hpp"

namespace {

// A header with one tensor "t".
std::string tensor(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"t":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets +
         "}}";
}

// A header with U8 tensors a, b at these offsets.
std::string pair(int a_begin, int a_end, int b_begin, int b_end) {
  const auto one = [](const char* name, int begin, int end) {
    return "\"" + std::string(name) + R"(":{"dtype":"U8","shape":[)" + std::to_string(end - begin) +
           R"(],"data_offsets":[)" + std::to_string(begin) + "," + std::to_string(end) + "]}";
  };
  return "{" + one("a", a_begin, a_end) + "," + one("b", b_begin, b_end) + "}";
}

struct Case {
  std::string bytes;
  std::string reason;
};

const std::string all_refused = "all refused";

// The first case whose message lacks its reason, or all_refused.
std::string first_wrong(const std::vector<Case>& cases) {
  const ScratchFile scratch("malformed.safetensors");
  for (const Case& wrong : cases) {
    const std::string got = scratch.refused(wrong.bytes);
    if (!got.starts_with(scratch.path.string() + ": ") || got.find(wrong.reason) == got.npos)
      return "expected \"" + wrong.reason + "\", got \"" + got + "\" for " +
             wrong.bytes.substr(0, 200);
  }
  return all_refused;
}

const std::string two = R"({"dtype":"U8","shape":[2],"data_offsets":[0,2]})";

}  // namespace

TEST_CASE("safetensors: the header's length and start are checked", "[safetensors]") {
  CHECK(first_wrong({
            {"", "byte 0: the file has 0 bytes, fewer than 8"},
            {"1234567", "byte 0: the file has 7 bytes, fewer than 8"},
            {length_bytes(0), "byte 8: the header does not begin with '{'"},
            {length_bytes(3) + "{}", "length 3 is larger than the 2 bytes that follow"},
            {length_bytes(100'000'000) + "{}",
             "length 100000000 is larger than the 2 bytes that follow"},
            {length_bytes(100'000'001) + "{}", "length 100000001 is larger than 100000000"},
            {length_bytes(~std::uint64_t{0}) + "{}",
             "length 18446744073709551615 is larger than 100000000"},
            {length_bytes(~std::uint64_t{0} - 7) + "{}", "is larger than 100000000"},
            {file_of(" {}"), "byte 8: the header does not begin with '{'"},
            {file_of("[]"), "byte 8: the header does not begin with '{'"},
            {file_of("\xef\xbb\xbf{}"), "byte 8: the header does not begin with '{'"},
        }) == all_refused);
}

TEST_CASE("safetensors: the header must be JSON", "[safetensors]") {
  CHECK(first_wrong({
            {file_of("{"), "byte 9: the header is not valid JSON"},
            {file_of("{}}"), "byte 10: the header is not valid JSON"},
            {file_of("{} {}"), "byte 11: the header is not valid JSON"},
            {file_of("{/**/}"), "byte 9: the header is not valid JSON"},
            {file_of("{\"t\":" + two + ",}", 2), "not valid JSON"},
            {file_of("{'t':" + two + "}", 2), "not valid JSON"},
            {file_of(tensor("U8", "[02]", "[0,2]"), 2), "not valid JSON"},
            {file_of(tensor("U8", "[1e999]", "[0,2]"), 2), "not valid JSON"},
            {file_of(std::string("{}\0{}", 5)), "byte 10: a zero byte in the header"},
            {file_of("{\"t\xff\":" + two + "}", 2), "byte 11: the header is not valid JSON"},
            {file_of("{\"t\xc0\xaf\":" + two + "}", 2), "byte 11: the header is not valid JSON"},
            {file_of("{\"\\ud800\":" + two + "}", 2), "not valid JSON"},
            {file_of("{\"\\udc00\":" + two + "}", 2), "not valid JSON"},
            {file_of("{\"t\n\":" + two + "}", 2), "not valid JSON"},
        }) == all_refused);
}

TEST_CASE("safetensors: nesting has no depth to reach", "[safetensors]") {
  const std::string open(1'000'000, '[');
  std::string objects;
  for (int i = 0; i < 200'000; ++i) objects += "{\"a\":";
  CHECK(
      first_wrong({
          {file_of(open), "byte 8: the header does not begin"},
          {file_of("{\"t\":" + open),
           R"(tensor "t": expected an object with dtype, shape and data_offsets, got an array)"},
          {file_of(tensor("U8", open, "[0,2]")),
           R"(tensor "t": expected whole numbers in shape, got an array)"},
          {file_of(tensor("U8", "[2]", open)),
           "expected whole numbers in data_offsets, got an array"},
          {file_of("{\"__metadata__\":" + open), "__metadata__: expected an object, got an array"},
          {file_of(objects), "the header is not valid JSON"},
      }) == all_refused);
}

TEST_CASE("safetensors: nothing appears twice, nothing is missing", "[safetensors]") {
  const std::string again = R"({"dtype":"U8","shape":[2],"data_offsets":[2,4]})";
  CHECK(
      first_wrong({
          {file_of("{\"t\":" + two + ",\"t\":" + two + "}", 2), R"(tensor "t" appears twice)"},
          {file_of("{\"t\":" + two + ",\"u\":" + two + ",\"\\u0074\":" + again + "}", 4),
           R"(tensor "t" appears twice)"},
          {file_of(R"({"t":{"dtype":"U8","dtype":"U8","shape":[2],"data_offsets":[0,2]}})", 2),
           R"(tensor "t": dtype appears twice)"},
          {file_of(R"({"t":{"dtype":"U8","shape":[2],"shape":[2],"data_offsets":[0,2]}})", 2),
           "shape appears twice"},
          {file_of(R"({"t":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"data_offsets":[0,2]}})",
                   2),
           "data_offsets appears twice"},
          {file_of(R"({"__metadata__":{},"__metadata__":{}})"), "__metadata__: appears twice"},
          {file_of(R"({"__metadata__":{"a":"b","a":"c"}})"),
           R"(__metadata__: the key "a" appears twice)"},
          {file_of(R"({"t":{"shape":[2],"data_offsets":[0,2]}})", 2),
           R"(tensor "t": has no dtype)"},
          {file_of(R"({"t":{"dtype":"U8","data_offsets":[0,2]}})", 2),
           R"(tensor "t": has no shape)"},
          {file_of(R"({"t":{"dtype":"U8","shape":[2]}})", 2), R"(tensor "t": has no data_offsets)"},
          {file_of(R"({"t":{}})"), R"(tensor "t": has no dtype)"},
          {file_of(R"({"t":{"Dtype":"U8","shape":[2],"data_offsets":[0,2]}})", 2),
           R"(tensor "t": has no dtype)"},
          {file_of(R"({"t":{"x":[{"dtype":"U8"}],"shape":[2],"data_offsets":[0,2]}})", 2),
           R"(tensor "t": has no dtype)"},
      }) == all_refused);
}

TEST_CASE("safetensors: every value has the right type and range", "[safetensors]") {
  CHECK(first_wrong({
            {file_of(R"({"t":null})"),
             "expected an object with dtype, shape and data_offsets, got null"},
            {file_of(R"({"t":"U8"})"), "data_offsets, got a string"},
            {file_of(R"({"t":{"dtype":7}})"),
             R"(tensor "t": expected a string as dtype, got the number 7)"},
            {file_of(R"({"t":{"dtype":null}})"), "expected a string as dtype, got null"},
            {file_of(R"({"t":{"shape":2}})"), "expected an array as shape, got the number 2"},
            {file_of(R"({"t":{"shape":{}}})"), "expected an array as shape, got an object"},
            {file_of(R"({"t":{"data_offsets":true}})"),
             "expected an array as data_offsets, got a boolean"},
            {file_of(tensor("U8", "[-2]", "[0,2]"), 2),
             R"(tensor "t": expected whole numbers in shape, got the negative number -2)"},
            {file_of(tensor("U8", "[2.0]", "[0,2]"), 2),
             R"(expected whole numbers in shape, got the number "2.0")"},
            {file_of(tensor("U8", "[2e0]", "[0,2]"), 2), R"(got the number "2e0")"},
            {file_of(tensor("U8", "[\"2\"]", "[0,2]"), 2),
             "expected whole numbers in shape, got a string"},
            {file_of(tensor("U8", "[9007199254740993]", "[0,2]"), 2),
             "9007199254740993 is larger than 9007199254740992"},
            {file_of(tensor("U8", "[18446744073709551616]", "[0,2]"), 2),
             R"(got the number "18446744073709551616")"},
            {file_of(tensor("U8", "[2]", "[0,2.5]"), 2),
             R"(expected whole numbers in data_offsets, got the number "2.5")"},
            {file_of(tensor("U8", "[2]", "[-1,1]"), 2), "got the negative number -1"},
            {file_of(tensor("U8", "[2]", "[]"), 2), "data_offsets has 0 numbers, not 2"},
            {file_of(tensor("U8", "[2]", "[0]"), 2), "data_offsets has 1 numbers, not 2"},
            {file_of(tensor("U8", "[2]", "[0,2,2]"), 2), "data_offsets has more than 2 numbers"},
            {file_of(R"({"__metadata__":[]})"), "__metadata__: expected an object, got an array"},
            {file_of(R"({"__metadata__":null,"__metadata__":{}})"), "__metadata__: appears twice"},
            {file_of(R"({"__metadata__":{"a":1}})"),
             R"(__metadata__: expected a string under the key "a", got the number 1)"},
            {file_of(R"({"__metadata__":{"a":{}}})"),
             R"(expected a string under the key "a", got an object)"},
        }) == all_refused);
}

TEST_CASE("safetensors: the data fit their shapes and fill the file", "[safetensors]") {
  const std::string big = "4294967296";
  CHECK(first_wrong({
            {file_of(tensor("F5", "[2]", "[0,2]"), 2), R"(tensor "t": unknown dtype "F5")"},
            {file_of(tensor("", "[2]", "[0,2]"), 2), R"(tensor "t": unknown dtype "")"},
            {file_of(tensor("f32", "[1]", "[0,4]"), 4), R"(unknown dtype "f32")"},
            {file_of(tensor("F32", "[2,3]", "[0,23]"), 23),
             R"(tensor "t": shape [2, 3] of F32 has 24 bytes, but its data have 23)"},
            {file_of(tensor("F64", "[]", "[0,4]"), 4),
             "shape [] of F64 has 8 bytes, but its data have 4"},
            {file_of(tensor("BF16", "[0]", "[0,2]"), 2), "has 0 bytes, but its data have 2"},
            {file_of(tensor("F4", "[3]", "[0,2]"), 2),
             "shape [3] of F4 has 12 bits, not whole bytes"},
            {file_of(tensor("F6_E2M3", "[2]", "[0,2]"), 2), "has 12 bits, not whole bytes"},
            {file_of(tensor("U8", "[" + big + "," + big + "]", "[0,0]")),
             "shape [4294967296, 4294967296] of U8 has too many elements to count"},
            {file_of(tensor("U8", "[0," + big + "," + big + "]", "[0,0]")), "too many elements"},
            {file_of(tensor("F64", "[" + big + ",1073741824]", "[0,0]")), "too many elements"},
            {file_of(tensor("U8", "[2]", "[2,0]"), 2),
             R"(tensor "t": data_offsets [2, 0] end before they begin)"},
            {file_of(tensor("U8", "[3]", "[0,3]"), 2),
             "data_offsets [0, 3] are beyond the 2 bytes of data"},
            {file_of(tensor("U8", "[2]", "[1,3]"), 3),
             "data_offsets [1, 3] leave a gap after byte 0 of the data"},
            {file_of(pair(0, 2, 3, 5), 5),
             R"(tensor "b": data_offsets [3, 5] leave a gap after byte 2)"},
            {file_of(pair(0, 3, 2, 5), 5),
             R"(tensor "b": data_offsets [2, 5] overlap the data before them, which end at 3)"},
            {file_of(pair(0, 5, 1, 2), 5), R"(tensor "b": data_offsets [1, 2] overlap)"},
            {file_of(pair(0, 5, 0, 5), 5), "overlap"},
            {file_of(pair(3, 5, 0, 2), 5), R"(tensor "a": data_offsets [3, 5] leave a gap)"},
            {file_of(pair(0, 2, 2, 4), 5), "data: 1 bytes of no tensor after byte 4 of the data"},
            {file_of("{}", 1), "data: 1 bytes of no tensor after byte 0 of the data"},
        }) == all_refused);
}

TEST_CASE("safetensors: what only looks odd is accepted", "[safetensors]") {
  const ScratchFile scratch("malformed.safetensors");
  for (const std::string& bytes :
       {file_of("{}"), file_of("{ \t\r\n} \n "), file_of(R"({"__metadata__":{}})"),
        file_of(R"({"__metadata__":null})"), file_of(R"({"__metadata__":null,"t":)" + two + "}", 2),
        file_of(
            R"({"t":{"n":null,"dtype":"U8","b":[true,[],{"dtype":[-1,2.5]}],"shape":[2],"s":"",)"
            R"("n":7,"data_offsets":[0,2],"o":{"a":{},"a":0}}})",
            2),
        file_of(pair(2, 4, 0, 2), 4), file_of(pair(2, 2, 0, 2), 2),
        file_of(tensor("F8_E4M3", "[9007199254740992,0]", "[0,0]")),
        file_of(tensor("C64", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "[0,8]"), 8)})
    CHECK(scratch.refused(bytes) == no_error);
}

TEST_CASE("safetensors: messages stay short and printable whatever the file says",
          "[safetensors]") {
  const ScratchFile scratch("malformed.safetensors");
  const std::string name(100'000, 'n');
  for (const std::string& bytes :
       {file_of("{\"" + name + "\":7}"), file_of("{\"\\u001b[31m\xc3\xb6\":7}"),
        file_of("{\"t\xff" + name + "\":7}"), file_of(tensor(name, "[2]", "[0,2]"), 2)}) {
    const std::string got = scratch.refused(bytes);
    CHECK(got.size() < scratch.path.string().size() + 300);
    CHECK(
        got.find_first_not_of(" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
                              "abcdefghijklmnopqrstuvwxyz{|}~",
                              scratch.path.string().size()) == got.npos);
  }
}
