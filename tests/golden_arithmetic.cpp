// SPDX-License-Identifier: MIT
// The library agrees with every golden row of arithmetic and of Philox.
#include <narrowfloat/math.hpp>
#include <narrowfloat/random.hpp>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/golden.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

template <class F>
void expect_code(Mismatches& bad, const std::string& what, std::uint64_t input,
                 std::uint32_t expected, F got) {
  constexpr oracle::Format format = oracle_format<F>();
  const bool both_nan = oracle::is_nan(format, expected) && oracle::is_nan(format, got.bits());
  bad.expect(
      both_nan || expected == got.bits(), [&] { return what; }, input, expected, got.bits());
}

template <class F>
F apply(const std::string& operation, F a, F b) {
  if (operation == "add") return a + b;
  if (operation == "mul") return a * b;
  if (operation == "div") return a / b;
  FAIL("unknown operation " << operation);
  return a;
}

template <class F>
void check_bytes(const std::string& type) {
  for (const std::string operation : {"add", "mul", "div"}) {
    const golden::Table table("arith/" + type + "_" + operation + ".csv");
    REQUIRE(table.rows().size() == 2000);
    Mismatches bad;
    for (const auto& row : table.rows()) {
      const auto a = static_cast<std::uint32_t>(golden::hex(row[0]));
      const auto b = static_cast<std::uint32_t>(golden::hex(row[1]));
      expect_code(bad, type + " " + operation, a << 8 | b,
                  static_cast<std::uint32_t>(golden::hex(row[2])),
                  apply(operation, from_code<F>(a), from_code<F>(b)));
    }
    CHECK(bad.report() == "");
  }
}

template <class F>
void check_halves(const std::string& type) {
  for (const std::string operation : {"add", "mul", "div", "fma", "sqrt"}) {
    const auto words = golden::read_words("arith/" + type + "_" + operation + ".u16");
    const std::size_t operands = operation == "fma" ? 3 : operation == "sqrt" ? 1 : 2;
    REQUIRE(words.size() == 8000 * (operands + 1));
    Mismatches bad;
    for (std::size_t i = 0; i < words.size(); i += operands + 1) {
      const auto at = [&](std::size_t k) { return F::from_bits(words[i + k]); };
      const F got = operation == "fma"    ? nf::fma(at(0), at(1), at(2))
                    : operation == "sqrt" ? nf::sqrt(at(0))
                                          : apply(operation, at(0), at(1));
      expect_code(bad, type + " " + operation, words[i], words[i + operands], got);
    }
    CHECK(bad.report() == "");
  }
}

}  // namespace

TEST_CASE("golden: arithmetic on 8-bit formats", "[golden]") {
  check_bytes<nf::float8_e4m3fn>("float8_e4m3fn");
  check_bytes<nf::float8_e5m2>("float8_e5m2");
  check_bytes<nf::float8_e4m3fnuz>("float8_e4m3fnuz");
  check_bytes<nf::float8_e3m4>("float8_e3m4");
}

TEST_CASE("golden: arithmetic on float16 and bfloat16", "[golden]") {
  check_halves<nf::float16>("float16");
  check_halves<nf::bfloat16>("bfloat16");
}

TEST_CASE("golden: Philox4x32 of ten and of seven rounds", "[golden]") {
  const golden::Table table("philox4x32.csv");
  Mismatches bad;
  for (const auto& row : table.rows()) {
    const auto rounds = golden::decimal(row[0]);
    const auto word = [&](std::size_t k) {
      return static_cast<std::uint32_t>(golden::hex(row[k]));
    };
    const std::array counter{word(1), word(2), word(3), word(4)};
    const std::array key{word(5), word(6)};
    REQUIRE((rounds == 10 || rounds == 7));
    const auto got =
        rounds == 10 ? nf::philox4x32_10(counter, key) : nf::philox4x32_7(counter, key);
    for (std::size_t k = 0; k < 4; ++k) {
      bad.expect_equal([] { return std::string("philox"); }, k, word(7 + k), got[k]);
    }
  }
  CHECK(bad.report() == "");
}
