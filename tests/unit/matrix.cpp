// SPDX-License-Identifier: MIT
// Matrices with a leading dimension, shapes of blocks, and the override of the instruction set.
#include <narrowfloat/matrix.hpp>

#include <array>
#include <vector>

#include "support/catch.hpp"

using namespace narrowfloat;

namespace {

/// The message of a refusal.
template <class Make>
std::string refusal(const Make& make) {
  try {
    make();
    return "nothing refused";
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("blocks of a matrix: fewer at the ends, the whole of an axis", "[matrix]") {
  constexpr BlockShape tile{16, 128};
  static_assert(tile.down(16) == 1 && tile.down(17) == 2 && tile.across(384) == 3);
  static_assert(tile.down(0) == 0 && tile.across(1) == 1);
  static_assert(BlockShape{} == BlockShape{1, whole});
  static_assert(BlockShape{}.down(7) == 7 && BlockShape{}.across(1000) == 1);
  static_assert(BlockShape{whole, 1}.down(7) == 1 && BlockShape{whole, 1}.across(9) == 9);
  static_assert(BlockShape{whole, whole}.down(0) == 0 && BlockShape{whole, whole}.across(5) == 1);
  constexpr std::size_t longer = std::size_t{whole} + 5;  // than the number that stands for it
  static_assert(BlockShape{}.across(longer) == 1 && BlockShape{}.width(longer) == longer);
}

TEST_CASE("a view of some columns of a wider matrix", "[matrix]") {
  std::vector<int> x(4 * 10);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<int>(i);
  const MatrixView view(std::span<int>(x).subspan(3), 4, 5, 10);
  CHECK(view.size() == 20);
  CHECK(view.row(3)[4] == 37);
  CHECK(view.row(3).size() == 5);
  view.row(1)[0] = -1;
  CHECK(x[13] == -1);
  const MatrixView<const int> constant = view;
  CHECK(constant.row(1).data() == &x[13]);
  const std::array<int, 35> short_of_padding{};
  CHECK_NOTHROW(MatrixView(short_of_padding, 4, 5, 10));  // the last row ends with the range
  CHECK(MatrixView(x, 4, 10).leading() == 10);
  CHECK(MatrixView<int>().empty());
}

TEST_CASE("views that are refused, with the numbers", "[matrix]") {
  const std::vector<int> x(34);
  CHECK(refusal([&] { MatrixView(x, 4, 5, 10); }) ==
        "narrowfloat::MatrixView: 34 elements hold no matrix of 4 x 5 elements with the leading "
        "dimension 10");
  CHECK(refusal([&] { MatrixView(x, 2, 5, 4); }) ==
        "narrowfloat::MatrixView: 34 elements hold no matrix of 2 x 5 elements with the leading "
        "dimension 4");
  CHECK(refusal([&] { MatrixView(x, 5, 7); }) ==
        "narrowfloat::MatrixView: the range has 34 elements, the matrix 5 x 7");
  constexpr std::size_t huge = std::size_t{1} << 62;
  CHECK(refusal([&] { MatrixView(x, 4, huge); }).find("does not fit in memory") !=
        std::string::npos);
  CHECK(refusal([&] { MatrixView(x, huge, 1, 4); }).find("hold no matrix") != std::string::npos);
  CHECK(refusal([&] { MatrixView(x, 3, 1, ~std::size_t{0}); }).find("hold no matrix") !=
        std::string::npos);
  CHECK(refusal([&] { MatrixView(x, 0, 7, 8); }) == "nothing refused");
  CHECK(refusal([&] { MatrixView(x, 7, 0, 8); }) == "nothing refused");
}

TEST_CASE("an instruction set for a scope", "[isa]") {
  const Isa before = active_isa();
  {
    const ScopedIsa outer(Isa::generic);
    CHECK(active_isa() == Isa::generic);
    for (const Isa isa : all_isas) {
      if (isa_available(isa)) {
        const ScopedIsa inner(isa);
        CHECK(active_isa() == isa);
      } else {
        CHECK(refusal([&] { const ScopedIsa refused(isa); }) ==
              "narrowfloat::ScopedIsa: the instruction set " + std::string(isa_name(isa)) +
                  " is not available on this machine");
      }
      CHECK(active_isa() == Isa::generic);
    }
  }
  CHECK(active_isa() == before);
}
