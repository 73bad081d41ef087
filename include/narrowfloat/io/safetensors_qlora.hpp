// SPDX-License-Identifier: MIT
// Matrices of 4-bit code-books in safetensors files as bitsandbytes, and so QLoRA, writes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../quantize.hpp"
#include "safetensors.hpp"

namespace narrowfloat::safetensors {

/// A tensor of bitsandbytes: codes of NF4 or FP4 and their scales, the shape of the numbers, and
/// the dtype that it dequantizes to.
struct QloraTensor {
  /// The codes and their scales.
  CodebookTensor tensor;
  /// The shape of the numbers.
  std::vector<std::size_t> shape;
  std::string dtype = "bfloat16";  ///< float32, float16 or bfloat16
};

namespace detail {

inline bool is_qlora_dtype(std::string_view text) {
  return text == "float32" || text == "float16" || text == "bfloat16";
}

/// What the tensor NAME.quant_state.bitsandbytes__nf4 (or fp4) says, a JSON text.
class QloraState {
 public:
  QloraState(const File& file, const std::string& name) {
    const Tensor* const nf4 = file.find(name + begin + "nf4");
    const Tensor* const fp4 = file.find(name + begin + "fp4");
    if (nf4 == nullptr && fp4 == nullptr)
      fail_at(name + begin + "nf4", "is not in the file, nor is " + quote(name + begin + "fp4"));
    if (nf4 != nullptr && fp4 != nullptr) fail_at(nf4->name, "is in the file, and so is fp4");
    const Tensor& found = nf4 != nullptr ? *nf4 : *fp4;
    name_ = found.name;
    if (found.dtype != Dtype::u8) fail("is " + std::string(dtype_name(found.dtype)) + ", not U8");
    const auto text = found.data;
    json_ = nlohmann::json::parse(reinterpret_cast<const char*>(text.data()),
                                  reinterpret_cast<const char*>(text.data()) + text.size(), nullptr,
                                  false);
    if (!json_.is_object()) fail("holds no JSON object");
    if (string("quant_type") != (nf4 != nullptr ? "nf4" : "fp4"))
      fail("its quant_type is " + quote(string("quant_type")));
  }

  [[noreturn]] void fail(const std::string& reason) const { fail_at(name_, reason); }
  bool has(const char* key) const { return json_.contains(key); }
  std::string string(const char* key) const {
    if (!has(key) || !json_[key].is_string()) fail("has no text " + quote(key));
    return json_[key].get<std::string>();
  }
  float number(const char* key) const {
    if (!has(key) || !json_[key].is_number()) fail("has no number " + quote(key));
    const auto number = json_[key].get<double>();
    if (!(number >= -largest_float && number <= largest_float))
      fail("its " + std::string(key) + " is beyond the floats");
    return static_cast<float>(number);
  }
  std::size_t size(const char* key) const {
    if (!has(key)) fail("has no number " + quote(key));
    return size(json_[key], key);
  }
  std::vector<std::size_t> shape() const {
    if (!has("shape") || !json_["shape"].is_array()) fail("has no array \"shape\"");
    std::vector<std::size_t> shape;
    for (const nlohmann::json& extent : json_["shape"]) shape.push_back(size(extent, "shape"));
    return shape;
  }

  static constexpr const char* begin = ".quant_state.bitsandbytes__";

 private:
  static constexpr auto largest_float = static_cast<double>(std::numeric_limits<float>::max());

  std::size_t size(const nlohmann::json& value, const char* key) const {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() == 0 ||
        value.get<std::uint64_t>() > largest_number)
      fail(
          "its " + std::string(key) + " holds " +
          (value.is_number() ? value.dump() : "a value of type " + std::string(value.type_name())) +
          ", not a whole number from 1 to 2^53");
    return value.get<std::size_t>();
  }

  std::string name_;
  nlohmann::json json_;
};

/// The elements of a tensor that has so many. Throws Error for another dtype or number.
template <class T>
std::span<const T> elements_of(const File& file, const std::string& name, Dtype dtype,
                               std::size_t count) {
  const Tensor* const found = file.find(name);
  if (found == nullptr) fail_at(name, "is not in the file");
  if (found->dtype != dtype)
    fail_at(name, "is " + std::string(dtype_name(found->dtype)) + ", not " +
                      std::string(dtype_name(dtype)));
  if (found->data.size() / sizeof(T) != count || found->data.size() % sizeof(T) != 0)
    fail_at(name, "has " + std::to_string(found->data.size()) + " bytes, not those of " +
                      std::to_string(count) + " elements");
  return {reinterpret_cast<const T*>(found->data.data()), count};
}

}  // namespace detail

/// Reads a tensor that bitsandbytes quantized to NF4 or FP4: NAME (the codes, the first of a byte
/// in its high bits), NAME.absmax, NAME.quant_map, NAME.quant_state.bitsandbytes__nf4 or ...__fp4
/// and, where scales are nested (double quantization), NAME.nested_absmax and
/// NAME.nested_quant_map.
///
/// Result    codes, scales and code-books as they are in the file. dequantize() to floats gives
///           those of bitsandbytes' dequantize_4bit() to float32, bit for bit.
/// Special   throws Error with the tensor and the reason where one is absent, has another dtype or
///           number of elements than the rest says, a code-book that is none, or a state that is no
///           JSON object with quant_type, blocksize, a dtype of QloraTensor and shape. The dtype of
///           the codes may be any (bitsandbytes' quant_storage): their bytes count.
///
/// Example   st::File file;  // or st::read("model.safetensors")
///           const auto nf4 = CodebookTensor::quantize(weights, nf4_codebook());
///           st::add_qlora(file, "up_proj.weight", {nf4, {rows, cols}});
///           const st::QloraTensor w = st::read_qlora(file, "up_proj.weight");
///           std::vector<float> numbers(w.tensor.size());
///           w.tensor.dequantize(numbers);
///           assert(w.shape[1] == cols && w.dtype == "bfloat16");
inline QloraTensor read_qlora(const File& file, const std::string& name) {
  const detail::QloraState state(file, name);
  if (!detail::is_qlora_dtype(state.string("dtype")))
    state.fail("bitsandbytes has no dtype " + detail::quote(state.string("dtype")));
  QloraTensor read{CodebookTensor::zeros(0, nf4_codebook()), state.shape(), state.string("dtype")};
  const auto counted = narrowfloat::detail::times_extents(1, read.shape);
  if (!counted || *counted > detail::largest_number)
    state.fail("the shape has too many elements to count");
  const std::size_t n = *counted;
  CodebookOptions options{.block_size = state.size("blocksize"),
                          .pipeline = CodebookPipeline::bitsandbytes,
                          .nibbles = NibbleOrder::high_first};
  const std::size_t blocks = narrowfloat::detail::ceil_divided(n, options.block_size);
  const Tensor* const codes = file.find(name);
  if (codes == nullptr) detail::fail_at(name, "is not in the file");
  const auto bytes = detail::elements_of<std::uint8_t>(file, name, codes->dtype,
                                                       narrowfloat::detail::ceil_divided(n, 2));
  const auto book_of = [&](const std::string& which, std::size_t size) {
    const auto values = detail::elements_of<float>(file, name + which, Dtype::f32, size);
    return Codebook(values, CodeOrder::any);
  };
  try {
    const Codebook book = book_of(".quant_map", 16);
    if (!state.has("nested_offset")) {
      const auto absmax = detail::elements_of<float>(file, name + ".absmax", Dtype::f32, blocks);
      read.tensor = CodebookTensor::from_parts(bytes, absmax, n, book, options);
      return read;
    }
    if (state.size("nested_blocksize") != 256) state.fail("its nested_blocksize is not 256");
    const NestedScales scales{
        detail::elements_of<std::uint8_t>(file, name + ".absmax", Dtype::u8, blocks),
        detail::elements_of<float>(file, name + ".nested_absmax", Dtype::f32,
                                   narrowfloat::detail::ceil_divided(blocks, 256)),
        state.number("nested_offset"), book_of(".nested_quant_map", 256)};
    read.tensor = CodebookTensor::from_parts(bytes, scales, n, book, options);
    return read;
  } catch (const std::invalid_argument& invalid) {
    detail::fail_at(name, invalid.what());
  }
}

/// The inverse of read_qlora(): what bitsandbytes, transformers and peft load with load_in_4bit.
///
/// Result    four tensors at the end of file.tensors, six of nested scales.
/// Special   throws Error, and leaves the file as it was, unless the shape has as many elements as
///           the tensor and some, the code-book is nf4_codebook() or fp4_bitsandbytes_codebook(),
///           the block size a power of two from 32 to 4096 and the dtype one of bitsandbytes': what
///           it would not read, or read as other numbers.
inline void add_qlora(File& file, const std::string& name, const QloraTensor& added) {
  const auto fail = [&](const std::string& reason) { detail::fail_at(name, reason); };
  const CodebookTensor& tensor = added.tensor;
  const bool is_nf4 = tensor.codebook() == nf4_codebook();
  if (!is_nf4 && tensor.codebook() != fp4_bitsandbytes_codebook())
    fail("bitsandbytes has the code-books nf4 and fp4 alone");
  const std::size_t block = tensor.block_size();
  if (block < 32 || block > 4096 || (block & (block - 1)) != 0)
    fail("bitsandbytes has no blocks of " + std::to_string(block));
  if (!detail::is_qlora_dtype(added.dtype))
    fail("bitsandbytes has no dtype " + detail::quote(added.dtype));
  const auto n = narrowfloat::detail::times_extents(1, added.shape);
  if (!n) fail("the shape has too many elements to count");
  if (*n != tensor.size() || *n == 0)
    fail("the shape has " + std::to_string(*n) + " elements, the tensor " +
         std::to_string(tensor.size()));

  nlohmann::json state{{"quant_type", is_nf4 ? "nf4" : "fp4"},
                       {"blocksize", block},
                       {"dtype", added.dtype},
                       {"shape", added.shape}};
  const auto codes = tensor.codes().bytes();
  std::vector<std::uint8_t> bytes(codes.begin(), codes.end());
  if (tensor.options().nibbles == NibbleOrder::low_first)
    for (std::uint8_t& pair : bytes) pair = static_cast<std::uint8_t>(pair << 4 | pair >> 4);
  std::vector<Tensor> made;
  const auto make = [&](const std::string& suffix, const std::vector<std::size_t>& shape,
                        const auto& values) {
    made.push_back(make_tensor(name + suffix, shape, values));
  };
  make("", {bytes.size(), 1}, bytes);
  make(".quant_map", {16}, tensor.codebook().values());
  if (tensor.options().nested) {
    const NestedScales scales = tensor.nested_scales();
    if (!narrowfloat::detail::is_finite(scales.mean))
      fail("the mean of the nested scales is not finite");
    state["nested_blocksize"] = 256;
    state["nested_dtype"] = "float32";
    state["nested_offset"] = static_cast<double>(scales.mean);
    make(".absmax", {scales.codes.size()}, scales.codes);
    make(".nested_absmax", {scales.scales.size()}, scales.scales);
    make(".nested_quant_map", {scales.book.size()}, scales.book.values());
  } else {
    const std::vector<float> scales = tensor.scales();
    make(".absmax", {scales.size()}, scales);
  }
  const std::string text = state.dump();
  make(detail::QloraState::begin + std::string(is_nf4 ? "nf4" : "fp4"), {text.size()},
       std::vector<std::uint8_t>(text.begin(), text.end()));
  for (Tensor& each : made) file.tensors.push_back(std::move(each));
}

}  // namespace narrowfloat::safetensors
