// SPDX-License-Identifier: MIT
// oneDNN's reorders of arrays, held to one thread: for the rivals that the library has among the
// conversions and the quantizers.
#pragma once

#include <dlfcn.h>

#include <cstddef>
#include <dnnl.hpp>

namespace bench {

inline const dnnl::engine& onednn_processor() {
  static const dnnl::engine only(dnnl::engine::kind::cpu, 0);
  return only;
}

/// The reorder of arrays of one length, which is made once, as its users do. Throws dnnl::error if
/// the library has no such reorder.
struct onednn_reorder {
  using data_type = dnnl::memory::data_type;

  std::size_t n;
  dnnl::memory in, out;
  dnnl::reorder run;
  dnnl::stream stream;

  /// The numbers are multiplied by the scale.
  onednn_reorder(std::size_t length, data_type from, data_type to, float scale = 1)
      : n(length),
        in(description(length, from), onednn_processor(), DNNL_MEMORY_NONE),
        out(description(length, to), onednn_processor(), DNNL_MEMORY_NONE),
        run(in, out, attributes(scale)),
        stream(onednn_processor()) {}

  void operator()(const void* from, void* to) {
    in.set_data_handle(const_cast<void*>(from));  // it takes no pointer to const, and only reads
    out.set_data_handle(to);
    run.execute(stream, in, out);
    stream.wait();
  }

 private:
  static dnnl::memory::desc description(std::size_t length, data_type type) {
    return {{static_cast<dnnl::memory::dim>(length)}, type, dnnl::memory::format_tag::a};
  }
  static dnnl::primitive_attr attributes(float scale) {
    dnnl::primitive_attr of;
    if (scale != 1) of.set_output_scales(0, {scale});
    return of;
  }
};

/// Holds the library to this thread, whose time is what counts. False where it cannot be held.
inline bool hold_onednn_to_one_thread() {
  const unsigned runtime = dnnl::version()->cpu_runtime;
  if (runtime == DNNL_RUNTIME_SEQ) return true;
  if (runtime != DNNL_RUNTIME_OMP) return false;
  // found by name: the library's OpenMP may not be that of the compiler
  void* const found = dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  if (found == nullptr) return false;
  reinterpret_cast<void (*)(int)>(found)(1);
  return true;
}

}  // namespace bench
