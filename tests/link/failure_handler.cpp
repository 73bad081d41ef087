// SPDX-License-Identifier: MIT
// Compiled with -fno-exceptions: a failed check calls the handler, or prints its message, and
// aborts; it has written nothing before. A unit with exceptions in the same program throws all the
// same.
#include <narrowfloat/loops.hpp>
#include <narrowfloat/narrowfloat.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#ifdef __cpp_exceptions
#error "this test is for -fno-exceptions"
#endif

using namespace narrowfloat;

// failure_throws.cpp, where it is linked.
[[gnu::weak]] bool other_unit_throws();

namespace {

const std::vector<float> x(5, 1.5f);
std::vector<float8_e4m3fn> codes(4, float8_e4m3fn::from_bits(0x5a));

void convert_too_few() { convert(x, codes); }
void read_beyond() { static_cast<void>(PackedVector<float6_e2m3fn>(3).at(3)); }
void read_columns() {
  static_cast<void>(LayerTensor<std::vector<float>>(x, std::nullopt).columns());
}
void take_absent_isa() { const ScopedIsa absent(isa_available(Isa::neon) ? Isa::avx2 : Isa::neon); }
void take_odd_bytes() {
  std::vector<unsigned char> bytes(3);
  static_cast<void>(as_codes<float16>(bytes));
}
void convert_too_few_long_doubles() { convert(std::vector<long double>(5), codes); }
void count_too_few() {
  static_cast<void>(mse_bias<float8_e4m3fnuz>(x, std::vector<std::uint64_t>(4)));
}

bool is_untouched() {
  for (const float8_e4m3fn code : codes) {
    if (code.bits() != 0x5a) return false;
  }
  return true;
}
void report_and_leave(const char* message) {
  std::fprintf(stderr, "handler: %s %d", message, is_untouched());
  std::_Exit(7);
}
void report_and_return(const char* message) { std::fprintf(stderr, "handler: %s", message); }

// What a call says in a process of its own, and how that ends.
bool ends(const char* what, FailureHandler handler, void (*call)(), const std::string& expected,
          int expected_exit) {
  int ends_of_pipe[2];
  if (pipe(ends_of_pipe) != 0) return false;
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends_of_pipe[1], STDERR_FILENO);
    set_failure_handler(handler);
    call();
    std::_Exit(0);
  }
  close(ends_of_pipe[1]);
  std::string said;
  char part[256];
  for (ssize_t n; (n = read(ends_of_pipe[0], part, sizeof part)) > 0;)
    said.append(part, static_cast<std::size_t>(n));
  close(ends_of_pipe[0]);
  int status = 0;
  waitpid(child, &status, 0);
  const int exit = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  // An emulator of another machine says in a line what ended the program.
  if (const std::size_t at = said.find("qemu: "); at != std::string::npos)
    said.erase(at, said.find('\n', at) + 1 - at);
  if (said == expected && exit == expected_exit) return true;
  std::printf("%s: said '%s', expected '%s'; ended by %d, expected %d\n", what, said.c_str(),
              expected.c_str(), exit, expected_exit);
  return false;
}

}  // namespace

int main() {
  const std::string sizes = "narrowfloat::convert: the input has 5 elements, the output 4",
                    beyond = "narrowfloat::PackedVector::at: element 3 of 3",
                    columns =
                        "narrowfloat::LayerTensor::columns: the tensor was quantized for "
                        "evaluation, which has no backward pass",
                    bytes =
                        "narrowfloat::as_codes: the memory has 3 bytes, no multiple of the 2 of a "
                        "code",
                    counts = "narrowfloat::mse_bias: 5 values and 4 counts",
                    absent = "narrowfloat::ScopedIsa: the instruction set " +
                             std::string(isa_available(Isa::neon) ? "avx2" : "neon") +
                             " is not available on this machine";
  bool good = ends("no handler", nullptr, convert_too_few, sizes + "\n", -SIGABRT);
  good &= ends("a handler that returns", report_and_return, convert_too_few, "handler: " + sizes,
               -SIGABRT);
  good &= ends("convert", report_and_leave, convert_too_few, "handler: " + sizes + " 1", 7);
  good &= ends("at", report_and_leave, read_beyond, "handler: " + beyond + " 1", 7);
  good &= ends("columns", report_and_leave, read_columns, "handler: " + columns + " 1", 7);
  good &= ends("as_codes", report_and_leave, take_odd_bytes, "handler: " + bytes + " 1", 7);
  good &= ends("long double", report_and_leave, convert_too_few_long_doubles,
               "handler: " + sizes + " 1", 7);
  good &= ends("mse_bias", report_and_leave, count_too_few, "handler: " + counts + " 1", 7);
  good &= ends("ScopedIsa", report_and_leave, take_absent_isa, "handler: " + absent + " 1", 7);
  good &= set_failure_handler(report_and_leave) == nullptr;
  good &= set_failure_handler(nullptr) == report_and_leave;
  if (other_unit_throws != nullptr) good &= other_unit_throws();
  return good ? 0 : 1;
}
