// SPDX-License-Identifier: MIT
// A unit with exceptions beside failure_handler.cpp: its failed checks throw, and call no handler.
#include <narrowfloat/convert.hpp>
#include <narrowfloat/errors.hpp>
#include <narrowfloat/packed.hpp>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

using namespace narrowfloat;

bool other_unit_throws();
bool other_unit_throws() {
  const FailureHandler before = set_failure_handler([](const char* message) {
    std::printf("a unit with exceptions called the handler: %s\n", message);
    std::_Exit(1);
  });
  const std::vector<float> x(5, 1.5f);
  std::vector<float8_e4m3fn> codes(4);
  int caught = 0;
  try {
    convert(x, codes);
  } catch (const std::invalid_argument& error) {
    caught +=
        error.what() == std::string("narrowfloat::convert: the input has 5 elements, the output 4");
  }
  try {
    static_cast<void>(PackedVector<float6_e2m3fn>(3).at(3));
  } catch (const std::out_of_range& error) {
    caught += error.what() == std::string("narrowfloat::PackedVector::at: element 3 of 3");
  }
  set_failure_handler(before);
  if (caught != 2) std::printf("%d of 2 checks threw what they should\n", caught);
  return caught == 2;
}
