// SPDX-License-Identifier: MIT
// Where the signs of a Hadamard transform come from, and what it refuses.
#include <narrowfloat/hadamard.hpp>

#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace narrowfloat;

namespace {

std::string signs_of(const HadamardSigns& signs, std::size_t n) {
  std::string text;
  for (std::size_t i = 0; i < n; ++i) text += signs[i] > 0 ? '+' : '-';
  return text;
}

/// The message of a refusal; the output must be as it was.
std::string refusal(std::size_t size_in, std::size_t size_out, std::size_t rows, std::size_t cols,
                    const HadamardOptions& options) {
  const std::vector<float> in(size_in, 1.0f);
  std::vector<float> out(size_out, -7.0f);
  const std::string call = "narrowfloat::hadamard:";
  std::string message = "nothing refused";
  try {
    hadamard(in, out, rows, cols, options);
  } catch (const std::invalid_argument& error) {
    message = error.what();
  }
  try {
    inverse_hadamard(in, out, rows, cols, options);
    message += ", nor the inverse";
  } catch (const std::invalid_argument& error) {
    CHECK(error.what() == message.replace(0, call.size(), "narrowfloat::inverse_hadamard:"));
    message.replace(0, sizeof "narrowfloat::inverse_hadamard:" - 1, call);
  }
  for (const float x : out) CHECK(x == -7.0f);
  return message;
}

template <class Signs>
std::string refused_signs(const Signs& signs) {
  try {
    const HadamardSigns made(signs);
    return "nothing refused";
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("random signs are the top bits of bytes of Philox", "[hadamard]") {
  constexpr std::uint64_t seed = 0x0123456789abcdef, stream = 0xfedcba9876543210;
  const HadamardSigns signs = HadamardSigns::random(seed, stream);
  CHECK(signs.size() == 0);
  std::size_t negative = 0;
  for (std::uint32_t block = 0; block < 8; ++block) {
    const auto words = philox4x32_10({block, 0, 0x76543210, 0xfedcba98}, {0x89abcdef, 0x01234567});
    for (std::size_t byte = 0; byte < 16; ++byte) {
      const bool top = (words[byte / 4] >> (8 * (byte % 4) + 7) & 1) != 0;
      negative += top ? 1 : 0;
      CHECK(signs[16 * block + byte] == (top ? -1 : 1));
    }
  }
  CHECK(negative > 44);
  CHECK(negative < 84);
  CHECK(signs_of(HadamardSigns::random(seed), 128) != signs_of(signs, 128));
  CHECK(signs_of(HadamardSigns::random(seed, 0), 128) ==
        signs_of(HadamardSigns::random(seed), 128));
}

TEST_CASE("signs are known when the program is compiled", "[hadamard]") {
  static_assert(HadamardSigns::random(1)[0] == (element_bits<1>(1, 0, 0) != 0 ? -1 : 1));
  static_assert(HadamardSigns()[127] == 1);
  static_assert(transformer_engine_signs.size() == 16);
  CHECK(signs_of(transformer_engine_signs, 16) == "+++-+------+-+--");
}

TEST_CASE("signs from numbers of any signed type", "[hadamard]") {
  const std::vector<std::int8_t> bytes{1, -1, -1, 1};
  const float floats[] = {1.0f, -1.0f, -1.0f, 1.0f};
  CHECK(signs_of(HadamardSigns(bytes), 4) == "+--+");
  CHECK(signs_of(HadamardSigns(floats), 4) == "+--+");
  CHECK(HadamardSigns(floats).size() == 4);
  CHECK(refused_signs(std::vector<int>{1, -1, 0}) ==
        "narrowfloat::HadamardSigns: sign 2 of a transform is 0, neither 1 nor -1");
  CHECK(refused_signs(std::vector<int>{-2}) ==
        "narrowfloat::HadamardSigns: sign 0 of a transform is -2, neither 1 nor -1");
  CHECK(refused_signs(std::vector<int>(129, 1)) ==
        "narrowfloat::HadamardSigns: a transform has at most 128 signs, not 129");
  CHECK(refused_signs(std::vector<int>(128, 1)) == "nothing refused");
}

TEST_CASE("transforms that are refused, with the numbers", "[hadamard]") {
  CHECK(refusal(63, 64, 4, 16, {}) ==
        "narrowfloat::hadamard: the input has 63 elements, the matrix 4 x 16");
  CHECK(refusal(64, 65, 4, 16, {}) ==
        "narrowfloat::hadamard: the output has 65 elements, the matrix 4 x 16");
  CHECK(refusal(0, 0, SIZE_MAX / 2, 32, {}).find("does not fit in memory") != std::string::npos);
  for (const std::size_t group : {0u, 1u, 8u, 48u, 256u}) {
    CHECK(refusal(256, 256, 1, 256, {.group = group}) ==
          "narrowfloat::hadamard: a group has 16, 32, 64 or 128 elements, not " +
              std::to_string(group));
  }
  CHECK(refusal(96, 96, 2, 48, {.group = 32}) ==
        "narrowfloat::hadamard: 48 columns are no multiple of the group of 32");
  CHECK(refusal(64, 64, 4, 16, {.axis = 0}) ==
        "narrowfloat::hadamard: 4 rows are no multiple of the group of 16");
  CHECK(refusal(64, 64, 4, 16, {.axis = -2}) ==
        "narrowfloat::hadamard: 4 rows are no multiple of the group of 16");
  CHECK(refusal(64, 64, 4, 16, {.axis = 2}) ==
        "narrowfloat::hadamard: the axis of a matrix is 0, 1, -1 or -2, not 2");
  CHECK(refusal(64, 64, 4, 16, {.axis = -3}) ==
        "narrowfloat::hadamard: the axis of a matrix is 0, 1, -1 or -2, not -3");
  CHECK(refusal(64, 64, 1, 64, {.group = 64, .signs = transformer_engine_signs}) ==
        "narrowfloat::hadamard: 16 signs do not fit a group of 64");
}

TEST_CASE("empty matrices are no error", "[hadamard]") {
  std::vector<float> none;
  CHECK_NOTHROW(hadamard(none, none, 0, 16));
  CHECK_NOTHROW(hadamard(none, none, 3, 0));
  CHECK_NOTHROW(hadamard(none, none, 0, 5, {.axis = 0}));
  CHECK_NOTHROW(hadamard(none, none, std::size_t{1} << 60, 0, {.axis = 0}));  // at once
  CHECK_NOTHROW(inverse_hadamard(none, none, 128, 0, {.group = 128, .axis = 0}));
}
