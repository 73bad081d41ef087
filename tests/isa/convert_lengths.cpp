// SPDX-License-Identifier: MIT
// Arrays of every short length and misalignment: what is written is right, and nothing else is
// touched; guard pages on both sides catch every access outside.
#include <narrowfloat/convert.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <span>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

/// Memory with an inaccessible page on each side.
class GuardedPages {
 public:
  explicit GuardedPages(std::size_t bytes)
      : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    size_ = (bytes + page_ - 1) / page_ * page_;
    base_ = mmap(nullptr, size_ + 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                 -1, 0);
    REQUIRE(base_ != MAP_FAILED);
    REQUIRE(mprotect(base_, page_, PROT_NONE) == 0);
    REQUIRE(mprotect(begin() + size_, page_, PROT_NONE) == 0);
  }
  ~GuardedPages() { munmap(base_, size_ + 2 * page_); }
  GuardedPages(const GuardedPages&) = delete;
  GuardedPages& operator=(const GuardedPages&) = delete;

  unsigned char* begin() { return static_cast<unsigned char*>(base_) + page_; }
  unsigned char* end() { return begin() + size_; }

 private:
  std::size_t page_, size_ = 0;
  void* base_ = nullptr;
};

/// n elements at an offset in elements from the start, or up to an offset from the end.
template <class T>
std::span<T> at_start(GuardedPages& pages, std::size_t n, std::size_t offset) {
  return {reinterpret_cast<T*>(pages.begin()) + offset, n};
}
template <class T>
std::span<T> at_end(GuardedPages& pages, std::size_t n, std::size_t offset) {
  return {reinterpret_cast<T*>(pages.end()) - offset - n, n};
}

float sample(std::size_t i) {
  return (i % 2 == 0 ? 1.0f : -1.0f) * static_cast<float>(i * i % 977) / 31.0f;
}

template <class From, class To>
void check_span(std::span<From> in, std::span<To> out, unsigned char* out_begin,
                unsigned char* out_end, Mismatches& bad) {
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = From(sample(i));
  std::fill(out_begin, out_end, static_cast<unsigned char>(0xa5));
  nf::convert(in, out);
  const auto where = [&] { return name_of<To>() + " length " + std::to_string(in.size()); };
  for (std::size_t i = 0; i < in.size(); ++i) {
    bad.expect_equal(where, i, bits_of(nf::convert<To>(in[i])), bits_of(out[i]));
  }
  const auto* const first = reinterpret_cast<const unsigned char*>(out.data());
  const auto* const last = first + out.size_bytes();
  for (const unsigned char* byte = out_begin; byte != out_end; ++byte) {
    if (byte < first || byte >= last)
      bad.expect_equal(where, static_cast<std::uint64_t>(byte - out_begin), 0xa5, *byte);
  }
}

template <class From, class To>
void check_lengths() {
  constexpr std::size_t longest = 4 * 16 + 3 + 64;
  GuardedPages in(longest * sizeof(From) + 256), out(longest * sizeof(To) + 256);
  Mismatches bad;
  for (std::size_t n = 0; n <= longest; ++n) {
    for (std::size_t offset = 0; offset < 8; ++offset) {
      check_span(at_start<From>(in, n, offset), at_start<To>(out, n, (offset * 3) % 8), out.begin(),
                 out.end(), bad);
      check_span(at_end<From>(in, n, offset), at_end<To>(out, n, (offset * 5) % 8), out.begin(),
                 out.end(), bad);
    }
  }
  CHECK(bad.report() == "");
}

}  // namespace

TEST_CASE("arrays of every length touch nothing outside", "[isa]") {
  check_lengths<float, nf::float8_e4m3fn>();
  check_lengths<float, nf::bfloat16>();
  check_lengths<float, nf::tfloat32>();
  check_lengths<nf::float8_e5m2, float>();
  check_lengths<nf::float16, float>();
  check_lengths<nf::float16, nf::float8_e4m3fn>();
}

TEST_CASE("arrays are converted in place where elements have the same size", "[isa]") {
  std::vector<nf::float16> codes(1000);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = nf::float16(sample(i));
  const std::vector<nf::float16> before = codes;
  const std::span<nf::bfloat16> same(reinterpret_cast<nf::bfloat16*>(codes.data()), codes.size());
  nf::convert(codes, same);
  Mismatches bad;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    bad.expect_equal([] { return std::string("in place"); }, i,
                     nf::convert<nf::bfloat16>(before[i]).bits(), codes[i].bits());
  }
  CHECK(bad.report() == "");
}

TEST_CASE("arrays of different sizes are refused before anything is written", "[isa]") {
  std::vector<float> in(7, 1.0f);
  std::vector<nf::float8_e4m3fn> out(6, nf::float8_e4m3fn::from_bits(0x55));
  CHECK_THROWS_AS(nf::convert(in, out), std::invalid_argument);
  CHECK_THROWS_WITH(nf::convert(in, out),
                    "narrowfloat::convert: the input has 7 elements, the output 6");
  CHECK(out[0].bits() == 0x55);
}
