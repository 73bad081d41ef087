// SPDX-License-Identifier: MIT
// The kernels that decode codes of at most 8 bits where no look-up is faster: processors with
// AVX-512 and without VBMI, AVX2. Every code of every format, as the scalar does.
#include <narrowfloat/convert.hpp>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

template <class F>
void check(Mismatches& bad) {
  if constexpr (F::width <= 8 && nf::lossless_to<F, float>) {
    std::vector<F> in(1000);
    std::vector<float> out(in.size());
    for (std::size_t i = 0; i < in.size(); ++i) {
      in[i] = from_code<F>(static_cast<std::uint32_t>(i) % code_count<F>());
    }
    {
      const nf::detail::float_environment environment(nf::detail::direction::nearest);
      const auto kernel = nf::detail::widen_kernels<nf::detail::layout_of<F>>[nf::active_isa()];
      kernel(in.data(), out.data(), in.size(), false);
    }
    for (std::size_t i = 0; i < in.size(); ++i) {
      bad.expect_equal([] { return name_of<F>(); }, in[i].bits(),
                       bits_of(nf::convert<float>(in[i])), bits_of(out[i]));
    }
  }
}

}  // namespace

TEST_CASE("arrays: codes of at most 8 bits decode without a table as the scalar does", "[isa]") {
  Mismatches bad;
  for_each_format<named_formats>([&]<class F>() { check<F>(bad); });
  for_each_format<custom_formats>([&]<class F>() { check<F>(bad); });
  CHECK(bad.report() == "");
}
