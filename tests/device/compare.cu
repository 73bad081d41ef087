// SPDX-License-Identifier: MIT
// Compares scalar functions on a GPU with the host, bit by bit: every code, all pairs of 8-bit
// codes, 2^24 floats. The host's side takes other ways where there are such: array kernels,
// arithmetic in double.
//   compare            on the GPU; exit code 77 where there is none
//   compare --host     the same functions as host code, a part of the inputs: tests the comparison
//   compare --fault    with one wrong bit in every row: must fail
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "compare.hpp"

using namespace narrowfloat;

namespace {

__host__ __device__ uint64_t mixed(uint64_t i) { return (i + 1) * 0x9e3779b97f4a7c15u >> 32; }
/// One of 2^24 floats: each upper part, with a lower one that is zero for half of them, since ties
/// have zeros there.
__host__ __device__ float float_at(uint64_t i) {
  const auto low = static_cast<std::uint32_t>(mixed(i) & 1 ? mixed(i) >> 8 & 0xff : 0);
  return __builtin_bit_cast(float, static_cast<std::uint32_t>(i) << 8 | low);
}
template <class F>
__host__ __device__ F code_at(uint64_t i) {
  return F::from_bits(static_cast<typename F::Storage>(i));
}
template <class To, class R>
struct FromFloat {
  R rounding;
  Saturation saturation;
  Subnormals subnormals;
  __host__ __device__ uint64_t operator()(uint64_t i) const {
    return bits_of(convert<To>(float_at(i), rounding, saturation, subnormals));
  }
};
template <class To, class P>
struct ByPreset {
  P preset;
  __host__ __device__ uint64_t operator()(uint64_t i) const {
    return bits_of(convert<To>(float_at(i), preset));
  }
};
template <class F>
struct ToFloat {
  __host__ __device__ uint64_t operator()(uint64_t i) const {
    return bits_of(static_cast<float>(code_at<F>(i)));
  }
};

/// Keyed bits: a scalar call takes those of its offset, so each input has its own; arrays take them
/// in a row.
template <class To>
struct Keyed {
  __host__ __device__ uint64_t operator()(uint64_t i) const {
    return bits_of(
        convert<To>(float_at(i * 255), Stochastic<>{.seed = 7, .stream = 8, .offset = i}));
  }
};

enum class Operation { add, sub, mul, div, fma, sqrt };
template <class F>
struct Arithmetic {
  Operation what;
  __host__ __device__ uint64_t operator()(uint64_t i) const {
    const F a = code_at<F>(i >> 8), b = code_at<F>(i & 0xff), c = code_at<F>(i * 7 & 0xff);
    switch (what) {
      case Operation::add:
        return (a + b).bits();
      case Operation::sub:
        return (a - b).bits();
      case Operation::mul:
        return (a * b).bits();
      case Operation::div:
        return (a / b).bits();
      case Operation::fma:
        return fma(a, b, c).bits();
      case Operation::sqrt:
        return sqrt(a).bits();
    }
    return 0;
  }
  /// The same by way of double, which holds every sum and product of 8-bit numbers.
  uint64_t in_double(uint64_t i) const {
    const double a = code_at<F>(i >> 8), b = code_at<F>(i & 0xff), c = code_at<F>(i * 7 & 0xff);
    double x = std::sqrt(a);
    if (what == Operation::add) x = a + b;
    if (what == Operation::sub) x = a - b;
    if (what == Operation::mul) x = a * b;
    if (what == Operation::div) x = a / b;
    if (what == Operation::fma) x = std::fma(a, b, c);
    return convert<F>(std::isnan(x) ? std::fabs(x) : x, nearest_even, Saturation::none).bits();
  }
};

enum class Function { exp, log, sin, tanh, erf, tgamma, cbrt, pow, floor, ilogb, next };
template <class F>
struct Math {
  Function what;
  __host__ __device__ uint64_t operator()(uint64_t i) const {
    const F x = code_at<F>(i), y = code_at<F>(mixed(i));
    switch (what) {
      case Function::exp:
        return exp(x).bits();
      case Function::log:
        return log(x).bits();
      case Function::sin:
        return sin(x).bits();
      case Function::tanh:
        return tanh(x).bits();
      case Function::erf:
        return erf(x).bits();
      case Function::tgamma:
        return tgamma(x).bits();
      case Function::cbrt:
        return cbrt(x).bits();
      case Function::pow:
        return pow(x, y).bits();
      case Function::floor:
        return floor(x).bits();
      case Function::ilogb:
        return static_cast<std::uint32_t>(ilogb(x));
      case Function::next:
        return nextafter(x, y).bits();
    }
    return 0;
  }
};

template <class Format>
struct BlockScale {
  __host__ __device__ uint64_t operator()(uint64_t i) const {
    return scale_of_block<Format>(float_at(i & 0x7fffff), ScaleRule::even).bits();
  }
};

/// A number of the characters of a text, and of what is read from it.
template <class F>
struct Text {
  __host__ __device__ uint64_t operator()(uint64_t i) const {
    char text[400];
    const char* const end = to_chars(text, text + 400, code_at<F>(i)).ptr;
    uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
    for (const char* at = text; at != end; ++at)
      hash = (hash ^ static_cast<unsigned char>(*at)) * 0x100000001b3u;
    F back;
    from_chars(text, end, back);
    return hash << 16 ^ back.bits();
  }
};

template <class To, class R>
void compare_rounding(const char* to, const char* rounding_name, R rounding) {
  for (const auto saturation : {Saturation::finite, Saturation::propagate, Saturation::none}) {
    for (const auto subnormals : {Subnormals::keep, Subnormals::flush}) {
      const char* const names[] = {"finite", "propagate", "none"};
      compare(std::string("float -> ") + to + ", " + rounding_name + ", " +
                  names[static_cast<int>(saturation)] +
                  (subnormals == Subnormals::flush ? ", flush" : ""),
              uint64_t{1} << 24, FromFloat<To, R>{rounding, saturation, subnormals},
              by_arrays<To, float>(float_at, rounding, saturation, subnormals));
    }
  }
}
template <class To>
void compare_format(const char* to) {
  compare_rounding<To>(to, "nearest_even", nearest_even);
  compare_rounding<To>(to, "nearest_away", nearest_away);
  compare_rounding<To>(to, "toward_zero", toward_zero);
  compare_rounding<To>(to, "toward_positive", toward_positive);
  compare_rounding<To>(to, "toward_negative", toward_negative);
  compare_rounding<To>(to, "to_odd", to_odd);
}

template <class F>
void compare_codes(const char* name) {
  compare(std::string("every code of ") + name + " -> float", uint64_t{1} << F::width, ToFloat<F>{},
          by_arrays<float, F>(code_at<F>));
}

template <class F>
void compare_arithmetic(const char* name) {
  const char* const names[] = {"a + b", "a - b", "a * b", "a / b", "fma", "sqrt"};
  for (int k = 0; k < 6; ++k) {
    const Arithmetic<F> body{static_cast<Operation>(k)};
    compare(std::string(names[k]) + " of all pairs of " + name, 1 << 16, body,
            each([=](uint64_t i) { return body.in_double(i); }));
  }
}

void compare_all() {
  compare_format<float8_e4m3fn>("float8_e4m3fn");
  compare_format<float8_e5m2>("float8_e5m2");
  compare_format<float4_e2m1fn>("float4_e2m1fn");
  compare_format<bfloat16>("bfloat16");
  compare_rounding<float16>("float16", "nearest_even", nearest_even);
  compare_rounding<float8_e8m0fnu>("float8_e8m0fnu", "nearest_even", nearest_even);
  compare("float -> float8_e4m3fn, Stochastic", 1 << 16, Keyed<float8_e4m3fn>{},
          each([](uint64_t i) {
            const std::vector<float> in(1, float_at(i * 255));
            std::vector<float8_e4m3fn> out(1);
            convert(in, out, Stochastic<>{.seed = 7, .stream = 8, .offset = i});
            return bits_of(out[0]);
          }));
  compare("float -> float8_e5m2, compat::torch_2", 1 << 24,
          ByPreset<float8_e5m2, compat::Torch2>{compat::torch_2},
          by_arrays<float8_e5m2, float>(float_at, compat::torch_2));

  compare_codes<float8_e4m3fn>("float8_e4m3fn");
  compare_codes<float8_e5m2>("float8_e5m2");
  compare_codes<float4_e2m1fn>("float4_e2m1fn");
  compare_codes<bfloat16>("bfloat16");
  compare_codes<float16>("float16");
  compare_arithmetic<float8_e4m3fn>("float8_e4m3fn");
  compare_arithmetic<float8_e5m2>("float8_e5m2");

  const char* const names[] = {"exp",  "log", "sin",   "tanh",  "erf",      "tgamma",
                               "cbrt", "pow", "floor", "ilogb", "nextafter"};
  for (int k = 0; k < 11; ++k)
    compare(std::string(names[k]) + " of every float16", 1 << 16,
            Math<float16>{static_cast<Function>(k)}, each(Math<float16>{static_cast<Function>(k)}));
  compare("scale of a block of mxfp4_e2m1", 1 << 23, BlockScale<mxfp4_e2m1>{},
          each(BlockScale<mxfp4_e2m1>{}));
  compare("scale of a block of nvfp4", 1 << 23, BlockScale<nvfp4>{}, each(BlockScale<nvfp4>{}));
  compare("text of every bfloat16, and back", 1 << 16, Text<bfloat16>{}, each(Text<bfloat16>{}));
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    mode.on_host = mode.on_host || std::string_view(argv[i]) == "--host";
    mode.has_fault = mode.has_fault || std::string_view(argv[i]) == "--fault";
  }
  int devices = 0;
  if (!mode.on_host && (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0)) {
    std::printf("skipped: no GPU\n");
    return 77;
  }
  std::printf("%-56s %10s %10s\n", mode.on_host ? "as host code" : "on the GPU", "inputs", "wrong");
  compare_all();
  std::printf("%d rows, %d rows without a mismatch\n", rows, rows - wrong_rows);
  return wrong_rows == 0 ? 0 : 1;
}
