// SPDX-License-Identifier: MIT
// Part of every test that runs once per instruction set: skips the test where the machine lacks the
// one that NARROWFLOAT_ISA names, and fails it where another one would run in its place.
#include <narrowfloat/isa.hpp>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

using narrowfloat::Isa;

constexpr int failed = 1, skipped = 77;  // 77 is the SKIP_RETURN_CODE of the test

bool guard() {
  const char* const wanted = std::getenv("NARROWFLOAT_ISA");
  if (wanted == nullptr) return true;
  for (const Isa isa : {Isa::generic, Isa::avx2, Isa::avx512, Isa::neon}) {
    if (narrowfloat::isa_name(isa) != std::string_view{wanted}) continue;
    if (!narrowfloat::isa_available(isa)) {
      std::printf("skipped: this machine lacks %s\n", wanted);
      std::exit(skipped);
    }
    if (narrowfloat::active_isa() == isa) return true;
  }
  std::printf("NARROWFLOAT_ISA=%s does not make that instruction set the active one\n", wanted);
  std::exit(failed);
}

[[maybe_unused]] const bool guarded = guard();  // before main, whichever Catch2 makes it

}  // namespace
