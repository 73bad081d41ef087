// SPDX-License-Identifier: MIT
// What a call does whose arguments fail a check: it throws, or without exceptions calls a handler.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include "config.hpp"

namespace narrowfloat {

/// Takes the message of a failed check, which begins with the call, in a program without
/// exceptions. It does not return: when it does, the program aborts.
using FailureHandler = void (*)(const char* message);

namespace detail {
/// Of all units of the program; null: the message goes to the standard error stream.
inline constinit FailureHandler failure_handler = nullptr;
}  // namespace detail

/// Sets what a failed check calls in units that were compiled with -fno-exceptions, and returns
/// what it called before.
///
/// Special   null, as at the start: the message is printed to the standard error stream, and the
///           program aborts. A shared object whose symbols are hidden (-fvisibility=hidden) has a
///           handler of its own, which is set there.
/// Requires  a handler that throws nothing.
/// Promises  noexcept, thread-safe; nothing has been written when the handler is called. Units with
///           exceptions throw all the same.
///
/// Example   const FailureHandler log = [](const char* message) { std::printf("%s\n", message); };
///           const FailureHandler before = set_failure_handler(log);
///           assert(set_failure_handler(before) == log);
NF_INLINE FailureHandler set_failure_handler(FailureHandler handler) noexcept {
  return __atomic_exchange_n(&detail::failure_handler, handler, __ATOMIC_ACQ_REL);
}

namespace detail {
inline namespace NF_BASELINE {

/// Throws an exception for the function that the caller called; without exceptions, calls the
/// handler.
template <class Exception>
[[noreturn]] void fail(const char* call, const std::string& what) {
  const std::string message = std::string("narrowfloat::") + call + ": " + what;
#if defined(__cpp_exceptions)
  throw Exception(message);
#else
  const FailureHandler handler = __atomic_load_n(&failure_handler, __ATOMIC_ACQUIRE);
  if (handler != nullptr) {
    handler(message.c_str());
  } else {
    std::fprintf(stderr, "%s\n", message.c_str());
  }
  std::abort();
#endif
}

}  // namespace NF_BASELINE
}  // namespace detail
}  // namespace narrowfloat
