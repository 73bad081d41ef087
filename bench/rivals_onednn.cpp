// SPDX-License-Identifier: MIT
// oneDNN's reorders between f32 and the 16-bit formats.
#include <optional>
#include <string>

#include "onednn.hpp"
#include "rivals.hpp"

namespace bench {
namespace {

using data_type = dnnl::memory::data_type;

template <data_type From, data_type To>
void reorder(const void* in, void* out, std::size_t n) {
  static std::optional<onednn_reorder> ready;
  if (!ready || ready->n != n) ready.emplace(n, From, To);
  (*ready)(in, out);
}

template <data_type From, data_type To>
void add(rivals& found, std::string_view format, bool encodes) {
  try {
    static_cast<void>(onednn_reorder(64, From, To));
    found.all.push_back({"oneDNN", format, encodes, &reorder<From, To>});
  } catch (const dnnl::error& error) {
    found.left_out.push_back("oneDNN " + std::string(encodes ? "f32 to " : "") +
                             std::string(format) + (encodes ? ": " : " to f32: ") + error.what());
  }
}

}  // namespace

void add_onednn(rivals& found) {
  if (!hold_onednn_to_one_thread()) {
    found.left_out.emplace_back("oneDNN: cannot be held to one thread");
    return;
  }
  add<data_type::f32, data_type::bf16>(found, "bfloat16", true);
  add<data_type::bf16, data_type::f32>(found, "bfloat16", false);
  add<data_type::f32, data_type::f16>(found, "float16", true);
  add<data_type::f16, data_type::f32>(found, "float16", false);
}

}  // namespace bench
