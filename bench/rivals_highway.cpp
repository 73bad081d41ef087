// SPDX-License-Identifier: MIT
// Highway's promotions and demotions, for the widest instruction set that it finds at run time.
#include <cstddef>
#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rivals_highway.cpp"  // this file, once for each instruction set
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "rivals.hpp"

HWY_BEFORE_NAMESPACE();
namespace bench {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class Narrow>
HWY_INLINE void promote(const void* in, void* out, std::size_t n) {
  const hn::ScalableTag<float> wide;
  const hn::Rebind<Narrow, decltype(wide)> narrow;
  const auto* source = static_cast<const Narrow*>(in);
  auto* target = static_cast<float*>(out);
  for (std::size_t i = 0; i < n; i += hn::Lanes(wide)) {
    hn::StoreU(hn::PromoteTo(wide, hn::LoadU(narrow, source + i)), wide, target + i);
  }
}

template <class Narrow, class Prepare>
HWY_INLINE void demote(const void* in, void* out, std::size_t n, Prepare prepare) {
  const hn::ScalableTag<float> wide;
  const hn::Rebind<Narrow, decltype(wide)> narrow;
  const auto* source = static_cast<const float*>(in);
  auto* target = static_cast<Narrow*>(out);
  for (std::size_t i = 0; i < n; i += hn::Lanes(wide)) {
    const auto x = prepare(hn::LoadU(wide, source + i));
    hn::StoreU(hn::DemoteTo(narrow, x), narrow, target + i);
  }
}

/// Leaves to the truncation that follows what rounding to nearest even leaves, and a quiet NaN.
struct round_to_bfloat16 {
  template <class V>
  HWY_INLINE V operator()(V x) const {
    const hn::DFromV<V> wide;
    const hn::RebindToUnsigned<decltype(wide)> words;
    const auto bits = hn::BitCast(words, x);
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(words, 1));
    const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(words, 0x7fff)));
    const auto quiet = hn::Or(bits, hn::Set(words, 0x400000));
    return hn::IfThenElse(hn::IsNaN(x), hn::BitCast(wide, quiet), hn::BitCast(wide, rounded));
  }
};

struct as_it_is {
  template <class V>
  HWY_INLINE V operator()(V x) const {
    return x;
  }
};

void from_bfloat16(const void* in, void* out, std::size_t n) {
  promote<hwy::bfloat16_t>(in, out, n);
}
void from_float16(const void* in, void* out, std::size_t n) { promote<hwy::float16_t>(in, out, n); }
void to_bfloat16(const void* in, void* out, std::size_t n) {
  demote<hwy::bfloat16_t>(in, out, n, as_it_is{});
}
void to_bfloat16_rounded(const void* in, void* out, std::size_t n) {
  demote<hwy::bfloat16_t>(in, out, n, round_to_bfloat16{});
}
void to_float16(const void* in, void* out, std::size_t n) {
  demote<hwy::float16_t>(in, out, n, as_it_is{});
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace bench
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bench {

HWY_EXPORT(from_bfloat16);
HWY_EXPORT(from_float16);
HWY_EXPORT(to_bfloat16);
HWY_EXPORT(to_bfloat16_rounded);
HWY_EXPORT(to_float16);

// The first call of each chooses the instruction set.
void run_from_bfloat16(const void* in, void* out, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(from_bfloat16)(in, out, n);
}
void run_from_float16(const void* in, void* out, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(from_float16)(in, out, n);
}
void run_to_bfloat16(const void* in, void* out, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(to_bfloat16)(in, out, n);
}
void run_to_bfloat16_rounded(const void* in, void* out, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(to_bfloat16_rounded)(in, out, n);
}
void run_to_float16(const void* in, void* out, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(to_float16)(in, out, n);
}

void add_highway(rivals& found) {
  found.all.push_back({"Highway", "bfloat16", true, &run_to_bfloat16});
  found.all.push_back({"Highway, rounded by hand", "bfloat16", true, &run_to_bfloat16_rounded});
  found.all.push_back({"Highway", "bfloat16", false, &run_from_bfloat16});
  found.all.push_back({"Highway", "float16", true, &run_to_float16});
  found.all.push_back({"Highway", "float16", false, &run_from_float16});
}

}  // namespace bench
#endif  // HWY_ONCE
