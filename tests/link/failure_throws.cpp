// SPDX-License-Identifier: MIT
// A unit with exceptions beside failure_handler.cpp: its failed checks throw, and call no handler.
#include <narrowfloat/codes.hpp>
#include <narrowfloat/convert.hpp>
#include <narrowfloat/errors.hpp>
#include <narrowfloat/packed.hpp>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

using namespace narrowfloat;

namespace {

template <class Exception, class Call>
bool throws(const std::string& expected, Call call) {
  std::string said = "nothing";
  try {
    call();
  } catch (const Exception& error) {
    said = error.what();
  }
  if (said != expected) std::printf("threw '%s', expected '%s'\n", said.c_str(), expected.c_str());
  return said == expected;
}

}  // namespace

bool other_unit_throws();
bool other_unit_throws() {
  const FailureHandler before = set_failure_handler([](const char* message) {
    std::printf("a unit with exceptions called the handler: %s\n", message);
    std::_Exit(1);
  });
  const std::vector<float> x(5, 1.5f);
  std::vector<float8_e4m3fn> codes(4);
  const std::string sizes = "narrowfloat::convert: the input has 5 elements, the output 4";
  const bool good =
      throws<std::invalid_argument>(sizes, [&] { convert(x, codes); }) &&
      throws<std::invalid_argument>(sizes, [&] { convert(std::vector<long double>(5), codes); }) &&
      throws<std::invalid_argument>(
          "narrowfloat::as_codes: the memory has 3 bytes, no multiple of the 2 of a code",
          [] {
            std::vector<unsigned char> bytes(3);
            static_cast<void>(as_codes<float16>(bytes));
          }) &&
      throws<std::out_of_range>("narrowfloat::PackedVector::at: element 3 of 3",
                                [] { static_cast<void>(PackedVector<float6_e2m3fn>(3).at(3)); });
  set_failure_handler(before);
  return good;
}
