// SPDX-License-Identifier: MIT
// This library's own conversions as a shared library for the program `conformance`.
#include <span>
#include <stdexcept>

#include <narrowfloat/convert.hpp>

#include "narrowfloat_conformance.h"

namespace nf = narrowfloat;

namespace {

template <class F, class... Policies>
void convert(const float* in, void* out, size_t n, Policies... policies) {
  nf::convert(std::span(in, n), std::span(static_cast<F*>(out), n), policies...);
}

}  // namespace

extern "C" {

void narrowfloat_convert(const float* in, void* out, size_t n) {
  convert<nf::float8_e4m3fn>(in, out, n);
}
void narrowfloat_decode(const void* codes, float* out, size_t n) {
  nf::convert(std::span(static_cast<const nf::float8_e4m3fn*>(codes), n), std::span(out, n));
}
void float16_toward_zero(const float* in, void* out, size_t n) {
  convert<nf::float16>(in, out, n, nf::toward_zero, nf::Saturation::propagate);
}
void throws(const float*, void*, size_t) { throw std::runtime_error("no memory"); }
}
