// SPDX-License-Identifier: MIT
// No call on code-books raises a floating-point exception flag, and none traps where every
// exception is unmasked.
#include <cfenv>
#include <functional>

#include "support/catch.hpp"
#include "support/codebooks.hpp"

using namespace test;
using nf::CodebookTensor;

namespace {

struct Call {
  const char* name;
  std::function<void()> run;
};

std::vector<float> uneven(std::size_t n) {
  std::vector<float> values(n);
  std::uint32_t state = 3;
  for (float& x : values) x = static_cast<float>(next_random(state) >> 8) * 0x1p-21f - 3.3f;
  values[1] = 0x1p-140f;
  values[2] = 3e38f;
  return values;
}

const std::vector<float> values = uneven(3001);
std::vector<float> out(3001);
std::vector<double> wide(3001);
std::vector<nf::bfloat16> narrow(3001);

/// Those that read or write a tensor of a code-book.
void add_calls(std::vector<Call>& calls, const nf::Codebook& book) {
  for (const bool nested : {false, true}) {
    for (const auto pipeline : {nf::CodebookPipeline::exact, nf::CodebookPipeline::bitsandbytes}) {
      const nf::CodebookOptions options{
          .block_size = 53, .headroom = true, .pipeline = pipeline, .nested = nested};
      const auto t =
          std::make_shared<CodebookTensor>(CodebookTensor::quantize(values, book, options));
      calls.push_back({"quantize", [=] { (void)CodebookTensor::quantize(values, book, options); }});
      calls.push_back({"stochastic quantize", [=] {
                         (void)CodebookTensor::quantize(values, book, options, nf::Stochastic<>{1});
                       }});
      calls.push_back({"zeros", [=] { (void)CodebookTensor::zeros(3001, book, options); }});
      calls.push_back({"assign", [=] { t->assign(values); }});
      calls.push_back({"stochastic assign", [=] { t->assign(values, nf::Stochastic<>{2}); }});
      if (!nested)
        calls.push_back({"assign a range", [=] { t->assign(106, std::span(values).first(106)); }});
      calls.push_back({"dequantize", [=] { t->dequantize(out); }});
      calls.push_back(
          {"dequantize a range", [=] { t->dequantize(53, 53, std::span(out).first(53)); }});
      calls.push_back({"dequantize to double", [=] { t->dequantize(wide); }});
      calls.push_back({"dequantize to bfloat16", [=] { t->dequantize(narrow); }});
      calls.push_back({"scales", [=] { (void)t->scales(); }});
      calls.push_back({"convert codes", [=] { nf::convert(t->codes(), narrow); }});
      calls.push_back({"bits per element", [=] { (void)t->bits_per_element(); }});
    }
  }
}

std::vector<Call> every_call() {
  std::vector<Call> calls{
      {"dynamic_codebook", [] { (void)nf::dynamic_codebook(); }},
      {"linear_codebook", [] { (void)nf::linear_codebook(); }},
      {"nf4_codebook", [] { (void)nf::nf4_codebook(); }},
      {"af4_codebook", [] { (void)nf::af4_codebook(); }},
      {"fp4_bitsandbytes_codebook", [] { (void)nf::fp4_bitsandbytes_codebook(); }},
      {"bitsandbytes_dynamic_codebook", [] { (void)nf::bitsandbytes_dynamic_codebook(); }},
      {"bitsandbytes_dynamic_codebook of 1.13",
       [] {
         (void)nf::bitsandbytes_dynamic_codebook(nf::Signedness::is_unsigned,
                                                 nf::BitsandbytesTable::torch_1_13);
       }},
      {"quantile_codebook", [] { (void)nf::quantile_codebook(values, 5); }},
      {"Codebook",
       [] {
         (void)nf::Codebook{-1, -0x1p-149f, 0x1p-149f, 0.3f, 1};
       }},
      {"without_zero", [] { (void)nf::nf4_codebook().without_zero(); }}};
  for (const NamedBook& named : every_book()) {
    calls.push_back({"nearest", [book = named.book] {
                       for (const float x : values) (void)book.nearest(x);
                     }});
  }
  for (const char* const name : {"dynamic", "nf4", "far apart", "large"})
    for (const NamedBook& named : every_book())
      if (named.name == name) add_calls(calls, named.book);
  return calls;
}

}  // namespace

TEST_CASE("no call on code-books raises a flag", "[environment][codebook]") {
  for (const Call& call : every_call()) {
    std::feclearexcept(FE_ALL_EXCEPT);
    call.run();
    const int raised = std::fetestexcept(FE_ALL_EXCEPT);
    std::feclearexcept(FE_ALL_EXCEPT);
    INFO(call.name);
    CHECK(raised == 0);
  }
}

#if defined(__x86_64__) && defined(__GLIBC__)
TEST_CASE("no call on code-books traps", "[environment][codebook]") {
  for (const Call& call : every_call()) {
    std::feclearexcept(FE_ALL_EXCEPT);
    feenableexcept(FE_ALL_EXCEPT);
    call.run();
    fedisableexcept(FE_ALL_EXCEPT);
  }
  CHECK(std::fetestexcept(FE_ALL_EXCEPT) == 0);
}
#endif
