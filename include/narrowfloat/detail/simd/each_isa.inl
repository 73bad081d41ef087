// Includes a loop text, the file NF_LOOP, once in the region and the namespace of each instruction
// set; and NF_LOOP_VBMI, where that is defined, for AVX-512 with VBMI. No include guard: every
// kernel's header defines NF_LOOP and includes this file. docs/kernels.md has an example.
// NOLINTBEGIN(readability-duplicate-include)

namespace narrowfloat::detail {
inline namespace NF_BASELINE {
namespace generic {
#include NF_LOOP
}  // namespace generic
}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

#if defined(__x86_64__)
namespace narrowfloat::detail {
inline namespace NF_BASELINE {
NF_TARGET_BEGIN(NF_AVX2)
namespace avx2 {
#include NF_LOOP
}  // namespace avx2
NF_TARGET_END
}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

namespace narrowfloat::detail {
inline namespace NF_BASELINE {
NF_TARGET_BEGIN(NF_AVX512)
namespace avx512 {
#include NF_LOOP
}  // namespace avx512
NF_TARGET_END
}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

#if defined(NF_LOOP_VBMI)
namespace narrowfloat::detail {
inline namespace NF_BASELINE {
NF_TARGET_BEGIN(NF_AVX512_VBMI)
namespace avx512_vbmi {
#include NF_LOOP_VBMI
}  // namespace avx512_vbmi
NF_TARGET_END
}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
#endif
#endif

#if defined(__aarch64__)
namespace narrowfloat::detail {
inline namespace NF_BASELINE {
namespace neon {
#include NF_LOOP
}  // namespace neon
}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
#endif

#undef NF_LOOP
#undef NF_LOOP_VBMI
// NOLINTEND(readability-duplicate-include)
