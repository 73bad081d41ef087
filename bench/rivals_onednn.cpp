// SPDX-License-Identifier: MIT
// oneDNN's reorders between f32 and the 16-bit formats, held to one thread.
#include <dlfcn.h>

#include <cstddef>
#include <dnnl.hpp>
#include <optional>
#include <string>

#include "rivals.hpp"

namespace bench {
namespace {

using data_type = dnnl::memory::data_type;

const dnnl::engine& processor() {
  static const dnnl::engine only(dnnl::engine::kind::cpu, 0);
  return only;
}

/// The reorder of arrays of one length, which is made once, as its users do.
struct prepared {
  std::size_t n;
  dnnl::memory in, out;
  dnnl::reorder run;

  prepared(std::size_t length, data_type from, data_type to)
      : n(length),
        in(description(length, from), processor(), DNNL_MEMORY_NONE),
        out(description(length, to), processor(), DNNL_MEMORY_NONE),
        run(in, out) {}

  static dnnl::memory::desc description(std::size_t length, data_type type) {
    return {{static_cast<dnnl::memory::dim>(length)}, type, dnnl::memory::format_tag::a};
  }
};

template <data_type From, data_type To>
void reorder(const void* in, void* out, std::size_t n) {
  static std::optional<prepared> ready;
  static dnnl::stream stream(processor());
  if (!ready || ready->n != n) ready.emplace(n, From, To);
  ready->in.set_data_handle(const_cast<void*>(in));  // it takes no pointer to const, and only reads
  ready->out.set_data_handle(out);
  ready->run.execute(stream, ready->in, ready->out);
  stream.wait();
}

/// Holds the library to this thread, whose time is what counts. False where it cannot be held.
bool hold_to_one_thread() {
  const unsigned runtime = dnnl::version()->cpu_runtime;
  if (runtime == DNNL_RUNTIME_SEQ) return true;
  if (runtime != DNNL_RUNTIME_OMP) return false;
  // found by name: the library's OpenMP may not be that of the compiler
  void* const found = dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  if (found == nullptr) return false;
  reinterpret_cast<void (*)(int)>(found)(1);
  return true;
}

template <data_type From, data_type To>
void add(rivals& found, std::string_view format, bool encodes) {
  try {
    static_cast<void>(prepared(64, From, To));  // throws if the library has no such reorder
    found.all.push_back({"oneDNN", format, encodes, &reorder<From, To>});
  } catch (const dnnl::error& error) {
    found.left_out.push_back("oneDNN " + std::string(encodes ? "f32 to " : "") +
                             std::string(format) + (encodes ? ": " : " to f32: ") + error.what());
  }
}

}  // namespace

void add_onednn(rivals& found) {
  if (!hold_to_one_thread()) {
    found.left_out.emplace_back("oneDNN: cannot be held to one thread");
    return;
  }
  add<data_type::f32, data_type::bf16>(found, "bfloat16", true);
  add<data_type::bf16, data_type::f32>(found, "bfloat16", false);
  add<data_type::f32, data_type::f16>(found, "float16", true);
  add<data_type::f16, data_type::f32>(found, "float16", false);
}

}  // namespace bench
