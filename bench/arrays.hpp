// SPDX-License-Identifier: MIT
// The arrays that the conversions read and write.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <narrowfloat/isa.hpp>
#include <new>
#include <vector>

#include "kernels.hpp"
#include "machine.hpp"
#include "tensors.hpp"

namespace bench {

/// Memory on page bounds, already touched.
class buffer {
 public:
  explicit buffer(std::size_t bytes) {
    constexpr std::size_t page = 4096;
    const std::size_t whole = (bytes + page - 1) / page * page;
    data_.reset(static_cast<unsigned char*>(std::aligned_alloc(page, whole)));
    if (!data_) throw std::bad_alloc();
    std::memset(data_.get(), 0, whole);
  }
  unsigned char* data() const { return data_.get(); }

  /// Repeats the first `pattern` bytes over `bytes`.
  void repeat(std::size_t pattern, std::size_t bytes) const {
    for (std::size_t done = pattern; done < bytes; done += std::min(done, bytes - done)) {
      std::memcpy(data() + done, data(), std::min(done, bytes - done));
    }
  }

 private:
  struct release {
    void operator()(unsigned char* p) const { std::free(p); }
  };
  std::unique_ptr<unsigned char, release> data_;
};

/// Arrays of the tensors' values and of their codes, and one for what becomes of them.
class arrays {
 public:
  /// `largest`: bytes of the f32 side, the most that resize() will be asked for.
  arrays(const std::vector<tensor>& tensors, std::size_t largest)
      : all_(concatenate(tensors)), values_(largest), codes_(largest), results_(largest) {}

  /// Puts the values in place.
  void resize(std::size_t f32_bytes) {
    size_ = f32_bytes / sizeof(float);
    sample_ = sample(all_, size_);
    std::memcpy(values_.data(), sample_.data(), sample_.size() * sizeof(float));
    values_.repeat(sample_.size() * sizeof(float), f32_bytes);
    prepared_ = nullptr;
  }
  /// Elements.
  std::size_t size() const { return size_; }

  const unsigned char* in(const kernel& of) const {
    return of.encodes() ? values_.data() : codes_.data();
  }
  unsigned char* out() const { return results_.data(); }

  /// Puts the codes that a conversion reads in place, unless they are there; then settle().
  void prepare(const kernel& of) {
    if (!of.encodes() && prepared_ != of.encode) {
      const auto code_bytes = static_cast<std::size_t>(of.bytes.in_bytes);
      of.encode(narrowfloat::active_isa(), sample_.data(), codes_.data(), sample_.size());
      codes_.repeat(sample_.size() * code_bytes, size_ * code_bytes);
      prepared_ = of.encode;
    }
    settle(of);
  }
  /// Puts large arrays of codes out of the caches, where prepare() may have left some of them: all
  /// that read them, copies too, begin alike.
  void settle(const kernel& of) const {
    if (of.encodes() || size_ * sizeof(float) <= last_level_cache_) return;
    unsigned char sum = 0;
    for (std::size_t i = 0; i < size_ * sizeof(float); i += 64) sum ^= values_.data()[i];
    *results_.data() = sum;
  }

 private:
  std::vector<float> all_, sample_;
  buffer values_, codes_, results_;
  std::size_t size_ = 0;
  convert_function prepared_ = nullptr;
  std::size_t last_level_cache_ = last_level_cache();
};

}  // namespace bench
