// SPDX-License-Identifier: MIT
// oneDNN's reorder between f32 and int8 by one scale that is known beforehand: it looks for no
// largest magnitude.
#include <optional>

#include "onednn.hpp"
#include "quantizers.hpp"

namespace bench {
namespace {

class onednn_int8 : public quantizer {
 public:
  void quantize(const float* in, std::size_t n) override {
    using type = onednn_reorder::data_type;
    if (codes_.size() != n) {
      codes_.resize(n);
      there_.emplace(n, type::f32, type::s8, 127.0f);
      back_.emplace(n, type::s8, type::f32, 1 / 127.0f);
    }
    (*there_)(in, codes_.data());
  }
  void dequantize(float* out) const override { (*back_)(codes_.data(), out); }

 private:
  std::vector<signed char> codes_;
  std::optional<onednn_reorder> there_;
  mutable std::optional<onednn_reorder> back_;  // a reorder holds its arrays
};

}  // namespace

void add_onednn_quantizers(std::vector<quantizer_entry>& all) {
  if (!hold_onednn_to_one_thread()) return;
  all.push_back({"int8",
                 "oneDNN, scale given",
                 8,
                 {},
                 {},
                 []() -> std::unique_ptr<quantizer> { return std::make_unique<onednn_int8>(); },
                 false});
}

}  // namespace bench
