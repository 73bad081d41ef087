// SPDX-License-Identifier: MIT
// Blocks whose values, codes and scales begin, or end, at an inaccessible page: no byte outside is
// read or written.
#include <cstring>

#include "support/block_check.hpp"
#include "support/catch.hpp"
#include "support/guarded_pages.hpp"

using namespace test;

namespace {

/// A copy of some memory at the start of guarded pages, or at their end.
template <class T>
T* placed(GuardedPages& pages, const T* from, std::size_t n, bool at_end) {
  unsigned char* const to = at_end ? pages.end() - n * sizeof(T) : pages.begin();
  if (n != 0) std::memcpy(to, from, n * sizeof(T));
  return reinterpret_cast<T*>(to);
}

template <class Format, class Out>
void check_shape(std::size_t rows, std::size_t cols, int axis, Mismatches& bad) {
  const auto place = static_cast<std::uint64_t>(axis);
  static GuardedPages in(1 << 16), codes(1 << 16), scales(1 << 16), out(1 << 17), bits(1 << 12);
  const auto values = sample_block(rows * cols, 3, 7);
  const auto expected = nf::BlockTensor<Format>::quantize(values, rows, cols, {.axis = axis});
  std::vector<Out> numbers(values.size());
  expected.dequantize(numbers);
  std::vector<std::uint8_t> mask((values.size() + 7) / 8);
  bad.expect(
      nf::BlockTensor<Format>::quantize(values, mask, rows, cols, {.axis = axis}) == expected,
      [] { return std::string("with a mask"); }, place, 0, 0);
  const auto where = [&] { return std::to_string(rows) + " x " + std::to_string(cols); };
  for (const bool at_end : {false, true}) {
    const float* const source = placed(in, values.data(), values.size(), at_end);
    const auto tensor = nf::BlockTensor<Format>::quantize(std::span(source, values.size()), rows,
                                                          cols, {.axis = axis});
    bad.expect(tensor == expected, where, place, 0, 0);
    // BlockTensor has its memory from std::vector: its loops, over other memory.
    const auto bytes = expected.codes().bytes();
    const std::uint8_t* const from = placed(codes, bytes.data(), bytes.size(), at_end);
    const auto* const by =
        placed(scales, expected.scales().data(), expected.scales().size(), at_end);
    const std::vector<Out> zeros(values.size());
    Out* const to = placed(out, zeros.data(), zeros.size(), at_end);
    const auto whole = nf::detail::grid_of<Format>("test", rows, cols, axis);
    const auto grid =
        nf::detail::grid_of_part<typename Format::element>(whole, {0, 0, rows, cols}, cols);
    nf::detail::dequantize_blocks<Format>(from, by, expected.tensor_scale(), grid,
                                          {0, 0, grid.rows, grid.cols},
                                          nf::detail::part_values<Out>{to, cols}, false);
    bad.expect(std::memcmp(to, numbers.data(), numbers.size() * sizeof(Out)) == 0, where, place, 0,
               0);
    const std::vector<std::uint8_t> no_codes(bytes.size(), 0xa5);
    const std::vector<typename Format::scale> no_scales(expected.scales().size());
    auto* const new_codes = placed(codes, no_codes.data(), no_codes.size(), at_end);
    const std::vector<std::uint8_t> no_bits(mask.size());
    auto* const new_bits = placed(bits, no_bits.data(), no_bits.size(), at_end);
    auto* const new_scales = placed(scales, no_scales.data(), no_scales.size(), at_end);
    nf::detail::quantize_blocks<Format>(nf::detail::part_values<const float>{source, cols}, grid,
                                        {0, 0, grid.rows, grid.cols}, {.axis = axis},
                                        nf::detail::tensor_factors{expected.tensor_scale()},
                                        nf::detail::scale_source::blocks, nf::nearest_even,
                                        new_scales, new_codes, nf::detail::mask_place{new_bits});
    bad.expect(std::memcmp(new_codes, bytes.data(), bytes.size()) == 0 &&
                   std::memcmp(new_bits, mask.data(), mask.size()) == 0 &&
                   std::memcmp(new_scales, expected.scales().data(),
                               no_scales.size() * sizeof(typename Format::scale)) == 0,
               where, place, 1, 0);
  }
}

template <class Format>
void check_format(Mismatches& bad) {
  for (const std::size_t rows : {1u, 3u})
    for (std::size_t cols = 1; cols <= 200; cols += cols < 40 ? 1 : 13)
      check_shape<Format, float>(rows, cols, 1, bad);
  for (std::size_t rows = 1; rows <= 70; rows += 11) check_shape<Format, float>(rows, 9, 0, bad);
  check_shape<Format, float>(3, 2050, 1, bad);
  check_shape<Format, double>(3, 1100, 1, bad);
}

}  // namespace

TEST_CASE("no byte outside a tensor is touched", "[block]") {
  Mismatches bad;
  for_each_format<mx_formats>([&]<class Format>() { check_format<Format>(bad); });
  check_format<nf::nvfp4>(bad);
  check_format<nf::nvfp4_2d>(bad);
  check_format<nf::BlockFormat<nf::float4_e2m1fn, nf::float8_e8m0fnu, 5>>(bad);
  CHECK(bad.report() == "");
}
