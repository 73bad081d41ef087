// SPDX-License-Identifier: MIT
// Arrays of every short length at every place in a cache line, with streaming stores and without:
// what is written is right, and nothing outside is touched. Guard pages on both sides catch every
// access outside.
#include <narrowfloat/convert.hpp>

#include <cstring>
#include <functional>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/guarded_pages.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

// The lengths up to a cache line of bytes, two steps of the widest vectors and a part of a third
// one; then those about the 1024 elements for which random bits are drawn at once.
constexpr std::size_t short_lengths = 63 + 2 * 64 + 3;
constexpr std::size_t long_lengths[] = {960, 1023, 1024, 1025, 1087, 2051};
constexpr std::size_t longest = 2051, places = 64, margin = 128;

/// Codes of every kind, NaN and Inf included.
template <class T>
std::vector<T> samples() {
  std::vector<T> in(longest);
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < longest; ++i) {
    state = state * 1664525u + 1013904223u;
    if constexpr (std::is_same_v<T, float>) {
      const float small = std::bit_cast<float>((state & 0x80ffffffu) | 0x3f000000u);
      in[i] = i % 3 == 0 ? std::bit_cast<float>(state) : small;
    } else if constexpr (std::is_same_v<T, double>) {
      in[i] =
          std::bit_cast<double>(std::uint64_t{(state & 0x803fffffu) | 0x3fc00000u} << 32 | state);
    } else {
      in[i] = from_code<T>(state >> (32 - T::width));
    }
  }
  return in;
}

/// A policy for n elements.
template <class R>
struct policy {
  R rounding = [] {
    R made{};
    if constexpr (requires { made.offset; }) made.seed = 5, made.stream = 7, made.offset = 3;
    return made;
  }();
  const R& of(std::size_t) const { return rounding; }
};
template <int N, nf::StochasticVariant V>
struct policy<nf::StochasticBits<N, V>> {
  std::vector<std::uint32_t> words = [] {
    std::vector<std::uint32_t> all(longest);
    for (std::size_t i = 0; i < longest; ++i) all[i] = static_cast<std::uint32_t>(i) * 2654435761u;
    return all;
  }();
  nf::StochasticBits<N, V> of(std::size_t n) const {
    return nf::StochasticBits<N, V>{std::span(words).first(n)};
  }
};

/// Converts n elements: in, out, n, stream.
using kernel = std::function<void(const unsigned char*, unsigned char*, std::size_t, bool)>;

/// One conversion, run on bytes: an array may lie at any address, which its type would not allow.
/// Not a template, so that one text serves all types.
class Lengths {
 public:
  Lengths(std::string name, std::vector<unsigned char> in, std::size_t in_size,
          std::vector<unsigned char> expected, std::size_t out_size, kernel convert)
      : name_(std::move(name)),
        in_(std::move(in)),
        in_size_(in_size),
        expected_(std::move(expected)),
        out_size_(out_size),
        convert_(std::move(convert)),
        in_pages_(longest * in_size + places),
        out_pages_(longest * out_size + places) {}

  /// Every length and place, each near the page before and near the page after.
  void check(bool stream) {
    for (std::size_t n = 0; n <= short_lengths; ++n) {
      for (std::size_t k = 0; k < places; ++k) check_length(n, k, (k * 5 + n) % places, stream);
    }
    for (const std::size_t n : long_lengths) {
      for (std::size_t k = 0; k < places; k += 3) check_length(n, k, (k * 5 + n) % places, stream);
    }
  }
  std::string report() const { return bad_.report(); }

 private:
  void check_length(std::size_t n, std::size_t in_place, std::size_t out_place, bool stream) {
    const std::size_t in_bytes = n * in_size_, out_bytes = n * out_size_;
    run(in_pages_.begin() + in_place, out_pages_.begin() + out_place, n, stream);
    run(in_pages_.end() - in_place - in_bytes, out_pages_.end() - out_place - out_bytes, n, stream);
    if (in_size_ == out_size_)
      run(out_pages_.begin() + out_place, out_pages_.begin() + out_place, n, stream);
  }

  std::uint64_t bits_at(const unsigned char* at) const {
    std::uint64_t bits = 0;
    std::memcpy(&bits, at, out_size_);  // x86 and AArch64 store the low byte first
    return bits;
  }

  void run(unsigned char* in, unsigned char* out, std::size_t n, bool stream) {
    const std::size_t out_bytes = n * out_size_;
    unsigned char* const first = std::max(out_pages_.begin(), out - margin);
    unsigned char* const last = std::min(out_pages_.end(), out + out_bytes + margin);
    std::fill(first, last, untouched);
    std::memcpy(in, in_.data(), n * in_size_);
    convert_(in, out, n, stream);

    const auto where = [&] {
      return name_ + ", length " + std::to_string(n) + ", places " +
             std::to_string(reinterpret_cast<std::uintptr_t>(in) % places) + " and " +
             std::to_string(reinterpret_cast<std::uintptr_t>(out) % places) +
             (stream ? ", streaming" : "");
    };
    const bool is_right = std::memcmp(out, expected_.data(), out_bytes) == 0;
    if (is_right) bad_.expect_equal(where, n, 0, 0);
    for (std::size_t i = 0; i < n && !is_right; ++i) {
      bad_.expect_equal(where, i, bits_at(expected_.data() + i * out_size_),
                        bits_at(out + i * out_size_));
    }
    const auto check_untouched = [&](const unsigned char* from, const unsigned char* to) {
      const auto* const touched =
          std::find_if(from, to, [](unsigned char byte) { return byte != untouched; });
      if (touched != to)
        bad_.expect_equal(where, static_cast<std::uint64_t>(touched - first), untouched, *touched);
    };
    check_untouched(first, out);
    check_untouched(out + out_bytes, last);
  }

  static constexpr unsigned char untouched = 0xa5;
  std::string name_;
  std::vector<unsigned char> in_;
  std::size_t in_size_;
  std::vector<unsigned char> expected_;
  std::size_t out_size_;
  kernel convert_;
  GuardedPages in_pages_, out_pages_;
  Mismatches bad_;
};

template <class T>
std::vector<unsigned char> bytes_of(const std::vector<T>& values) {
  std::vector<unsigned char> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

template <class From, class To, class R = nf::NearestEven>
void check() {
  constexpr nf::Saturation saturation = nf::default_saturation<To>;
  const policy<R> how;
  const std::vector<From> in = samples<From>();
  std::vector<To> expected(longest);
  const R& rounding = how.of(longest);
  for (std::size_t i = 0; i < longest; ++i) {
    expected[i] =
        nf::detail::convert_number<To>(in[i], rounding, saturation, nf::Subnormals::keep, i);
  }
  Lengths lengths(
      name_of<From>() + " to " + name_of<To>(), bytes_of(in), sizeof(From), bytes_of(expected),
      sizeof(To), [&](const unsigned char* from, unsigned char* to, std::size_t n, bool stream) {
        nf::detail::run_kernel<nf::detail::layout_of<From>, nf::detail::layout_of<To>>(
            nf::active_isa(), from, to, n, how.of(n), nf::detail::saturates_in(saturation), stream);
      });
  lengths.check(false);
  lengths.check(true);
  CHECK(lengths.report() == "");
}

}  // namespace

TEST_CASE("arrays of every length, from float: right, and nothing outside is touched", "[isa]") {
  check<float, nf::float8_e4m3fn>();
  check<float, nf::float8_e5m2, nf::TowardNegative>();
  check<float, nf::float6_e2m3fn>();
  check<float, nf::bfloat16>();
  check<float, nf::bfloat16, nf::ToOdd>();
  check<float, nf::float16>();
  check<float, nf::tfloat32>();
  check<float, float>();
  check<float, double>();
}

TEST_CASE("arrays of every length, to float: right, and nothing outside is touched", "[isa]") {
  check<nf::float8_e4m3fn, float>();
  check<nf::float8_e5m2, float>();
  check<nf::float8_e8m0fnu, float>();
  check<nf::bfloat16, float>();
  check<nf::float16, float>();
  check<nf::tfloat32, float>();
  check<double, float>();
}

TEST_CASE("arrays of every length, between formats: right, and nothing outside is touched",
          "[isa]") {
  check<nf::float8_e4m3fn, nf::float8_e5m2>();
  check<nf::float8_e5m2, nf::float16>();
  check<nf::float4_e2m1fn, nf::bfloat16>();
  check<nf::float16, nf::float8_e4m3fn>();
  check<nf::float16, nf::bfloat16>();
  check<double, nf::float8_e4m3fn>();
  check<double, nf::bfloat16>();
  check<nf::float8_e4m3fn, double>();
}

TEST_CASE("arrays of every length, stochastic: right, and nothing outside is touched", "[isa]") {
  check<float, nf::float8_e4m3fn, nf::Stochastic<>>();
  check<float, nf::bfloat16, nf::Stochastic<24>>();
  check<nf::bfloat16, nf::float8_e5m2, nf::Stochastic<8>>();
  check<double, nf::float16, nf::Stochastic<>>();
  check<float, nf::float8_e4m3fn, nf::StochasticC<8>>();
  check<float, nf::tfloat32, nf::StochasticA<32>>();
  check<double, nf::float8_e5m2, nf::StochasticB<16>>();
}

TEST_CASE("arrays of different sizes are refused before anything is written", "[isa]") {
  std::vector<float> in(7, 1.0f);
  std::vector<nf::float8_e4m3fn> out(6, nf::float8_e4m3fn::from_bits(0x55));
  CHECK_THROWS_AS(nf::convert(in, out), std::invalid_argument);
  CHECK_THROWS_WITH(nf::convert(in, out),
                    "narrowfloat::convert: the input has 7 elements, the output 6");
  CHECK(out[0].bits() == 0x55);
}
