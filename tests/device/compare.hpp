// SPDX-License-Identifier: MIT
// Rows of a table: a function of indices run on the GPU, or as host code, beside the results that
// it should have.
#pragma once

#include <narrowfloat/narrowfloat.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

using std::uint64_t;

inline struct Mode { bool on_host = false, has_fault = false; } mode;
inline int rows = 0, wrong_rows = 0;

template <class Body>
__global__ void run(Body body, uint64_t first, uint64_t step, uint64_t n, uint64_t* out) {
  const uint64_t i = uint64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < n) out[i] = body(first + i * step);
}

/// Results of a body for the inputs first, first + step ...; on the device, or here.
template <class Body>
std::vector<uint64_t> results_of(Body body, uint64_t first, uint64_t step, uint64_t n) {
  std::vector<uint64_t> out(n);
  if (mode.on_host) {
    for (uint64_t i = 0; i < n; ++i) out[i] = body(first + i * step);
    return out;
  }
  uint64_t* there = nullptr;
  cudaError_t error = cudaMalloc(&there, n * sizeof *there);
  if (error == cudaSuccess) {
    run<<<static_cast<unsigned>((n + 255) / 256), 256>>>(body, first, step, n, there);
    error = cudaGetLastError();
  }
  if (error == cudaSuccess)
    error = cudaMemcpy(out.data(), there, n * sizeof *there, cudaMemcpyDeviceToHost);
  cudaFree(there);
  if (error != cudaSuccess) {
    std::printf("CUDA: %s\n", cudaGetErrorString(error));
    std::exit(1);
  }
  return out;
}

/// A row of the table: a body against reference(indices, expected).
template <class Body, class Reference>
void compare(const std::string& name, uint64_t count, Body body, Reference reference) {
  constexpr uint64_t part = uint64_t{1} << 20, sample = 4001;
  // An odd step meets every low part of an index in turn.
  const uint64_t step = mode.on_host && count > sample ? count / sample | 1 : 1;
  uint64_t done = 0, wrong = 0, first_wrong = 0;
  std::vector<uint64_t> indices, expected;
  for (uint64_t first = 0; first < count; first += part * step) {
    const uint64_t n = std::min(part, (count - first + step - 1) / step);
    indices.resize(n);
    expected.resize(n);
    for (uint64_t i = 0; i < n; ++i) indices[i] = first + i * step;
    reference(indices, expected);
    std::vector<uint64_t> found = results_of(body, first, step, n);
    if (mode.has_fault && first == 0) found[n / 2] ^= 1;
    for (uint64_t i = 0; i < n; ++i)
      if (found[i] != expected[i] && wrong++ == 0) first_wrong = indices[i];
    done += n;
  }
  std::printf("%-56s %10llu %10llu", name.c_str(), static_cast<unsigned long long>(done),
              static_cast<unsigned long long>(wrong));
  if (wrong != 0) std::printf("  first: input %llu", static_cast<unsigned long long>(first_wrong));
  std::printf("\n");
  ++rows;
  if (wrong != 0) ++wrong_rows;
}

/// The reference of a function of one input.
template <class F>
auto each(F f) {
  return [f](const std::vector<uint64_t>& indices, std::vector<uint64_t>& expected) {
    for (std::size_t i = 0; i < indices.size(); ++i) expected[i] = f(indices[i]);
  };
}
template <class T>
__host__ __device__ uint64_t bits_of(T x) {
  return static_cast<uint64_t>(narrowfloat::detail::number_traits<T>::to_code(x));
}
/// That of a conversion of arrays.
template <class To, class From, class At, class... Policies>
auto by_arrays(At at, Policies... policies) {
  return [=](const std::vector<uint64_t>& indices, std::vector<uint64_t>& expected) {
    std::vector<From> in(indices.size());
    std::vector<To> out(indices.size());
    for (std::size_t i = 0; i < in.size(); ++i) in[i] = at(indices[i]);
    narrowfloat::convert(in, out, policies...);
    for (std::size_t i = 0; i < in.size(); ++i) expected[i] = bits_of(out[i]);
  };
}
