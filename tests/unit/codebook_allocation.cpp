// SPDX-License-Identifier: MIT
// Tensors of code-books and int8 matrices are assigned and read without an allocation, and parts
// that do not fit are refused before any.
#include <narrowfloat/quantize/codebook_tensor.hpp>
#include <narrowfloat/quantize/int8_matrix.hpp>

#include <cstdlib>
#include <new>

#include "support/catch.hpp"
#include "support/formats.hpp"

using namespace test;
using nf::CodebookTensor, nf::Int8Matrix;

namespace {
std::size_t allocations = 0, bytes = 0;
}

// Not inlined: GCC would warn of free() for what new has returned.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  bytes += size;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

TEST_CASE("code-books: what has its memory takes no other", "[codebook]") {
  std::vector<float> in(9001, 1.5f), out(9001);
  std::vector<nf::bfloat16> narrow(9001, nf::bfloat16(2));
  std::vector<double> wide(9001);
  in[3] = INFINITY;
  for (const auto& book : {nf::nf4_codebook(), nf::dynamic_codebook()}) {
    for (const std::size_t block : {64u, 3000u}) {
      auto t = CodebookTensor::quantize(in, book, {.block_size = block, .headroom = true});
      const std::size_t before = allocations;
      REQUIRE(before > 0);
      t.assign(in);
      t.assign(in, nf::Stochastic<>{1});
      t.assign(narrow);
      t.assign(3000 / block * block, std::span(in).first(block));
      t.dequantize(out);
      t.dequantize(narrow);
      t.dequantize(wide);
      t.dequantize(block, block, std::span(out).first(block));
      nf::convert(t.codes(), out);
      const std::size_t after = allocations;
      CHECK(after == before);
    }
  }
}

TEST_CASE("int8: a matrix is read without an allocation", "[int8]") {
  const std::vector<float> in(9000, 1.5f);
  std::vector<float> out(9000);
  const auto q = Int8Matrix::quantize(in, 90, 100);
  const std::size_t before = allocations;
  q.dequantize(out);
  q.dequantize(100, 200, std::span(out).first(200));
  nf::convert(q.codes(), out);
  const std::size_t after = allocations;
  CHECK(after == before);
}

TEST_CASE("int8: columns take memory by their number, however long they are", "[int8]") {
  const std::size_t rows = 160, cols = 4096;
  const std::vector<float> in(rows * cols, 1.5f);
  std::vector<std::int8_t> codes(in.size());
  std::vector<float> scales(cols);
  const std::size_t before = bytes;
  nf::quantize_int8(in, codes, scales, rows, cols, {.block = {nf::whole, 1}});
  const std::size_t after = bytes;
  CHECK(after - before == cols * (2 * sizeof(float) + sizeof(double)));
}

TEST_CASE("parts are compared before memory is taken", "[codebook][int8]") {
  const std::vector<std::uint8_t> few(10);
  const std::vector<std::int8_t> codes(10);
  const std::vector<float> one(1);
  const auto book = nf::dynamic_codebook();
  const nf::NestedScales nested{few, one, 0, book};
  for (const std::size_t n : {std::size_t{1} << 27, std::size_t{1} << 34, std::size_t{1} << 50}) {
    const std::size_t before = bytes;
    CHECK_THROWS_AS(CodebookTensor::from_parts(few, one, n, book), std::invalid_argument);
    CHECK_THROWS_AS(CodebookTensor::from_parts(few, nested, n, book), std::invalid_argument);
    CHECK_THROWS_AS(Int8Matrix::from_parts(codes, one, n, 1), std::invalid_argument);
    CHECK_THROWS_AS(Int8Matrix::quantize(one, 2, n), std::invalid_argument);
    CHECK(bytes - before < 100000);  // of the messages and of Catch
  }
}
