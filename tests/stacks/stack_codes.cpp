// SPDX-License-Identifier: MIT
// What convert() gives under a preset, for scripts/compare_stacks. It reads requests, a line
// "preset from to count" and `count` codes of type `from`, and answers each by a line with the
// bytes of a code of type `to`, 0 where there is no such cast, and the codes.
#include <narrowfloat/compat.hpp>

#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

using namespace narrowfloat;

namespace {

using codes = std::vector<char>;
using conversion = std::function<codes(const codes&)>;
std::map<std::string, std::pair<std::size_t, conversion>> table;
std::map<std::string, std::size_t> sizes;

template <class T>
std::string type_name() {
  if constexpr (std::is_floating_point_v<T>)
    return sizeof(T) == 4 ? "float32" : "float64";
  else
    return std::string(format_name<T>());
}

template <class P, class To, class From>
codes run(const codes& bytes) {
  std::vector<From> in(bytes.size() / sizeof(From));
  __builtin_memcpy(static_cast<void*>(in.data()), bytes.data(), bytes.size());
  std::vector<To> out(in.size());
  if constexpr (std::is_same_v<From, float> ||
                std::is_same_v<To, float>)  // the kernels of the compiled library
    convert(in, out, P{});
  else
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = convert<To>(in[i], P{});
  codes answer(out.size() * sizeof(To));
  __builtin_memcpy(answer.data(), out.data(), answer.size());
  return answer;
}

using types = std::tuple<float, double, float16, bfloat16, float8_e4m3fn, float8_e5m2, float8_e4m3,
                         float8_e3m4, float8_e4m3fnuz, float8_e5m2fnuz, float8_e4m3b11fnuz,
                         float8_e8m0fnu, float6_e2m3fn, float6_e3m2fn, float4_e2m1fn>;

template <class P, class To, class From>
void add_cast(const std::string& preset) {
  if constexpr (detail::cast_of<P, To, From>.exists)
    table[preset + " " + type_name<From>() + " " + type_name<To>()] = {sizeof(To),
                                                                       run<P, To, From>};
}

template <class P, class From, class... To>
void add_source(const std::string& preset, std::tuple<To...>*) {
  sizes[type_name<From>()] = sizeof(From);
  (add_cast<P, To, From>(preset), ...);
}

template <class P, class... From>
void add_preset(const std::string& preset, std::tuple<From...>* all) {
  (add_source<P, From>(preset, all), ...);
}

template <class P>
void add(const std::string& preset, P) {
  add_preset<P>(preset, static_cast<types*>(nullptr));
}

}  // namespace

int main() {
  add("torch_2", compat::torch_2);
  add("ml_dtypes", compat::ml_dtypes);
  add("jax", compat::jax);
  add("onnx_saturate", compat::onnx_saturate);
  add("onnx_wrap", compat::onnx_wrap);
  add("onnxruntime", compat::onnxruntime);
  std::string preset, from, to;
  std::size_t count = 0;
  while (std::cin >> preset >> from >> to >> count && std::cin.get() == '\n') {
    const auto found = table.find(preset + " " + from + " " + to);
    codes in(count * sizes[from]);
    std::cin.read(in.data(), static_cast<std::streamsize>(in.size()));
    if (found == table.end()) {
      std::cout << "0\n" << std::flush;
      continue;
    }
    std::cout << found->second.first << "\n";
    const codes out = found->second.second(in);
    std::cout.write(out.data(), static_cast<std::streamsize>(out.size())) << std::flush;
  }
}
