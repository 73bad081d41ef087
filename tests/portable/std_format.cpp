// SPDX-License-Identifier: MIT
// std::format of a Float: the texts that the fmt library gives. Returns 0 where they are, and where
// there is no <format>.
#include <narrowfloat/formats.hpp>
#include <narrowfloat/io/format.hpp>

#include <cstdio>
#include <string>

#if defined(__cpp_lib_format)
using namespace narrowfloat;

namespace {

int failures = 0;

void expect(const std::string& got, const std::string& expected) {
  if (got == expected) return;
  std::printf("expected '%s', got '%s'\n", expected.c_str(), got.c_str());
  ++failures;
}

template <class... Parts>
void expect_error(const char* specification, const Parts&... parts) {
  try {
    expect(std::vformat(specification, std::make_format_args(parts...)), "an error");
  } catch (const std::format_error&) {
  }
}

}  // namespace

int main() {
  const bfloat16 pi(3.140625);
  expect(std::format("{} {:} {:8}|", float16(65504), float8_e5m2::from_bits(0xfc), pi),
         "65504 -inf     3.14|");
  expect(std::format("{:<8}|{:^8}|{:*>8}|{:<<6}|{:3}|", pi, pi, pi, pi, pi),
         "3.14    |  3.14  |****3.14|3.14<<|3.14|");
  expect(std::format("{:+} {: } {:-} {:*>+8}", pi, pi, -pi, pi), "+3.14  3.14 -3.14 ***+3.14");
  expect(std::format("{:{}}|{:<{}}|{}", pi, 6, pi, 6, 7), "  3.14|3.14  |7");
  expect(std::format("{0:{1}}|{0}", pi, 6), "  3.14|3.14");
  expect(std::format("{:b} {:12b}| {:.<{}b}|", float8_e4m3fn(448), float8_e4m3fn(448),
                     float8_ue4m3(1), 12),
         "0|1111|110   0|1111|110| 0111|000....|");
  expect(std::format("{:.2f} {:.3e} {:+g} {:010.3f} {:.{}f}", pi, float16(65504), float16(0.25), pi,
                     pi, 1),
         "3.14 6.550e+04 +0.25 000003.141 3.1");
  expect(std::format("{:.1e}", Float<5, 3, 300>::from_bits(1)), "1.2e-91");
  for (const char* const wrong : {"{:d}", "{:+b}", "{:bb}", "{:8", "{:{}}", "{:{name}}", "{0:{1}}"})
    expect_error(wrong, pi);
  return failures;
}
#else
int main() {}
#endif
