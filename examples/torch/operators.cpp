// SPDX-License-Identifier: MIT
// Operators for PyTorch: casts to E4M3, at random too, and MXFP8 blocks, of float32 and bfloat16
// tensors in the CPU's memory. torch.ops.narrowfloat has them once compare.py, or
// torch.ops.load_library, has loaded the library.
#include <ATen/ATen.h>
#include <ATen/DLConvertor.h>
#include <torch/library.h>

#include <cstdint>
#include <memory>
#include <narrowfloat/io/dlpack.hpp>
#include <narrowfloat/loops.hpp>
#include <narrowfloat/narrowfloat.hpp>
#include <optional>
#include <tuple>

namespace {

namespace nf = narrowfloat;
namespace dlpack = narrowfloat::dlpack;
using Shared = DLManagedTensorVersioned;  // torch's

/// Calls f with the elements of x. What is neither type, not contiguous or elsewhere is refused,
/// and says so.
template <class Function>
void with_elements(const at::Tensor& x, Function f) {
  const dlpack::Pointer<Shared> shared(at::toDLPackVersioned(x));
  if (x.scalar_type() == at::kBFloat16)
    f(dlpack::as<const nf::bfloat16>(*shared));
  else
    f(dlpack::as<const float>(*shared));
}

nf::Stochastic<> at_random(std::int64_t seed) { return {.seed = static_cast<std::uint64_t>(seed)}; }

/// The bits of x.to(torch.float8_e4m3fn), or, with a seed, each value rounded up or down at random.
at::Tensor convert_e4m3(const at::Tensor& x, std::optional<std::int64_t> seed) {
  const at::Tensor codes = at::empty(x.sizes(), at::kFloat8_e4m3fn);
  const dlpack::Pointer<Shared> shared(at::toDLPackVersioned(codes));
  const auto out = dlpack::as<nf::float8_e4m3fn>(*shared);
  with_elements(x, [&](auto in) {
    if (seed)
      nf::convert(in, out, at_random(*seed));
    else
      nf::convert(in, out, nf::compat::torch_2);
  });
  return codes;
}

/// The rows of a matrix in blocks of 32: its codes and a scale a block, two tensors in the memory
/// of one BlockTensor.
std::tuple<at::Tensor, at::Tensor> quantize_mxfp8(const at::Tensor& x,
                                                  std::optional<std::int64_t> seed) {
  using Blocks = nf::BlockTensor<nf::mxfp8_e4m3>;
  TORCH_CHECK(x.dim() == 2, "quantize_mxfp8: x has ", x.dim(), " dimensions, not 2");
  const auto rows = static_cast<std::size_t>(x.size(0)), cols = static_cast<std::size_t>(x.size(1));
  auto blocks = std::make_shared<Blocks>();
  with_elements(x, [&](auto in) {
    *blocks = seed ? Blocks::quantize(in, rows, cols, {}, at_random(*seed))
                   : Blocks::quantize(in, rows, cols);
  });
  auto codes = dlpack::make_view<Shared>(blocks->codes(), blocks);
  auto scales = dlpack::make_view<Shared>(blocks->scales(),
                                          {blocks->block_rows(), blocks->block_cols()}, blocks);
  return {at::fromDLPackVersioned(codes.release()), at::fromDLPackVersioned(scales.release())};
}

}  // namespace

TORCH_LIBRARY(narrowfloat, library) {
  library.def("convert_e4m3(Tensor x, int? seed=None) -> Tensor", &convert_e4m3);
  library.def("quantize_mxfp8(Tensor x, int? seed=None) -> (Tensor, Tensor)", &quantize_mxfp8);
}
