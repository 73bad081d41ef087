// SPDX-License-Identifier: MIT
// Eigen's casts between arrays of float, Eigen::half and Eigen::bfloat16.
#include <Eigen/Core>
#include <cstddef>

#include "rivals.hpp"

namespace bench {
namespace {

template <class From, class To>
void cast(const void* in, void* out, std::size_t n) {
  using from_array = Eigen::Array<From, Eigen::Dynamic, 1>;
  using to_array = Eigen::Array<To, Eigen::Dynamic, 1>;
  const auto size = static_cast<Eigen::Index>(n);
  const Eigen::Map<const from_array, Eigen::Aligned64> source(static_cast<const From*>(in), size);
  Eigen::Map<to_array, Eigen::Aligned64> target(static_cast<To*>(out), size);
  target = source.template cast<To>();
}

}  // namespace

void add_eigen(rivals& found) {
  found.all.push_back({"Eigen", "bfloat16", true, &cast<float, Eigen::bfloat16>});
  found.all.push_back({"Eigen", "bfloat16", false, &cast<Eigen::bfloat16, float>});
  found.all.push_back({"Eigen", "float16", true, &cast<float, Eigen::half>});
  found.all.push_back({"Eigen", "float16", false, &cast<Eigen::half, float>});
}

}  // namespace bench
