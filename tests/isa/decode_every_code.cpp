// SPDX-License-Identifier: MIT
// Every code of every format of at most 16 bits to float, on the active instruction set, as the
// oracle says.
#include <narrowfloat/convert.hpp>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

template <class F>
void check_decode() {
  if constexpr (F::width <= 16) {
    constexpr oracle::Format format = oracle_format<F>();
    std::vector<F> codes;
    for (std::uint32_t code = 0; code < code_count<F>(); ++code)
      codes.push_back(from_code<F>(code));
    std::vector<float> out(codes.size());
    nf::convert(codes, out);
    Mismatches bad;
    for (std::uint32_t code = 0; code < code_count<F>(); ++code) {
      const std::uint32_t expected = oracle::round(oracle::binary32, oracle::decode(format, code),
                                                   {}, oracle::Saturation::none);
      bad.expect_equal([] { return name_of<F>(); }, code, expected, bits_of(out[code]));
    }
    CHECK(bad.report() == "");
  }
}

}  // namespace

TEST_CASE("arrays: every code of the named formats decodes as the oracle says", "[isa]") {
  for_each_format<named_formats>([]<class F>() { check_decode<F>(); });
}

TEST_CASE("arrays: every code of the custom formats decodes as the oracle says", "[isa]") {
  for_each_format<distinct_formats>([]<class F>() { check_decode<F>(); });
}
