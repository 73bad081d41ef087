// SPDX-License-Identifier: MIT
// The usual formats of the chooser, to nearest. The named formats' loops are those of the other
// files.
#include <narrowfloat/loops.hpp>
#include <narrowfloat/quantize.hpp>

namespace narrowfloat::detail {

template <class R>
std::vector<Candidate> usual_candidates(in_library, const R& rounding) {
  return usual_candidates(here{}, rounding);
}
template std::vector<Candidate> usual_candidates(in_library, const NearestEven&);

}  // namespace narrowfloat::detail
