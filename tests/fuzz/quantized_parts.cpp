// SPDX-License-Identifier: MIT
// Any shape and any parts are a tensor of a code-book or an int8 matrix, or refused: no crash, and
// no memory for what is refused. What is made can be read, written and made again, whole and by
// ranges.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <stdexcept>
#include <vector>

#include <narrowfloat/quantize/codebook_tensor.hpp>
#include <narrowfloat/quantize/int8_matrix.hpp>

namespace {

using namespace narrowfloat;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Numbers from the front of some bytes; 0 where they end.
struct Source {
  std::span<const std::uint8_t> bytes;
  template <class T>
  T take() {
    T x{};
    const std::size_t n = std::min(bytes.size(), sizeof x);
    if (n != 0) std::memcpy(&x, bytes.data(), n);
    bytes = bytes.subspan(n);
    return x;
  }
};

template <class F>
void attempt(const F& f) {
  try {
    f();
  } catch (const std::invalid_argument&) {
  }
}

/// Whole and by a range, as any caller may ask.
template <class Tensor>
void use(Tensor& tensor, std::size_t first, std::size_t count) {
  std::vector<float> numbers(tensor.size());
  tensor.dequantize(numbers);
  attempt([&] {
    tensor.dequantize(first, count, std::span(numbers).first(std::min(count, numbers.size())));
  });
  for (float& x : numbers) x = static_cast<float>(first % 97) * 0.25f;
  attempt([&] { tensor.assign(first, std::span(numbers).first(std::min(count, numbers.size()))); });
  tensor.assign(numbers, Stochastic<>{first, count});
}

void make_codebook_tensor(Source source) {
  static const Codebook books[] = {nf4_codebook(), dynamic_codebook(), Codebook{0, 0.5f, 1}};
  const auto n = source.take<std::uint64_t>(), block = source.take<std::uint64_t>();
  const auto first = source.take<std::uint64_t>(), count = source.take<std::uint64_t>();
  const auto flags = source.take<std::uint8_t>(), scales = source.take<std::uint8_t>(),
             outer = source.take<std::uint8_t>();
  const std::vector<float> some(256, 0.5f);
  const CodebookOptions options{
      .block_size = block, .nibbles = flags & 1 ? NibbleOrder::high_first : NibbleOrder::low_first};
  const Codebook& book = books[flags / 2 % 3];
  attempt([&] {
    auto t =
        CodebookTensor::from_parts(source.bytes, std::span(some).first(scales), n, book, options);
    require(t == CodebookTensor::from_parts(t.codes().bytes(), t.scales(), n, book, options));
    use(t, first, count);
  });
  attempt([&] {
    const std::vector<std::uint8_t> codes(scales, flags);
    const NestedScales nested{codes, std::span(some).first(outer), 0.25f, books[1]};
    auto t = CodebookTensor::from_parts(source.bytes, nested, n, book, options);
    require(t ==
            CodebookTensor::from_parts(t.codes().bytes(), t.nested_scales(), n, book, t.options()));
    use(t, first, count);
  });
}

void make_int8_matrix(Source source) {
  constexpr BlockShape shapes[] = {{1, whole}, {whole, 1}, {whole, whole}, {2, 2}};
  const auto rows = source.take<std::uint64_t>(), cols = source.take<std::uint64_t>();
  const auto first = source.take<std::uint64_t>(), count = source.take<std::uint64_t>();
  const auto flags = source.take<std::uint8_t>(), scales = source.take<std::uint8_t>();
  source.take<std::uint8_t>();
  const std::vector<float> some(256, 0.5f);
  std::vector<std::int8_t> codes(source.bytes.size());
  if (!codes.empty()) std::memcpy(codes.data(), source.bytes.data(), codes.size());
  attempt([&] {
    const Int8Options options{.block = shapes[flags % 4]};
    auto t = Int8Matrix::from_parts(codes, std::span(some).first(scales), rows, cols, options);
    require(t == Int8Matrix::from_parts(t.codes(), t.scales(), rows, cols, options));
    require(t == t.transposed().transposed());
    use(t, first, count);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  make_codebook_tensor({{data, size}});
  make_int8_matrix({{data, size}});
  return 0;
}
