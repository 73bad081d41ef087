// SPDX-License-Identifier: MIT
// An unsigned format has no minus, not even that of a float.
// expect: deleted.*operator-|overload resolution selected deleted operator '-'
#include <narrowfloat/formats.hpp>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
auto minus = -static_cast<float>(float8_ue4m3(1));
#else
auto minus = -float8_ue4m3(1);
#endif
