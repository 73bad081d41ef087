// SPDX-License-Identifier: MIT
// The casts of other stacks: what a preset says of a pair of types, and the conversion by it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../../convert.hpp"
#include "../../stats.hpp"
#include "nan.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// How a stack makes the powers of two of E8M0.
enum class scale_cast {
  rounded,  ///< as a number, toward positive
  nearest,  ///< by the exponent field plus the upper fraction bit; zero and negative values are NaN
  nearest_magnitude,  ///< the same of the magnitude; zero is code 0
  up_magnitude        ///< of the magnitude, to the power above; zero is code 0
};

/// What a stack does in one cast, NaN apart.
struct stack_cast {
  bool exists = false;
  Saturation saturation = Saturation::none;
  bool through_float = false;  ///< a double is rounded to float first, and then again
  scale_cast scale = scale_cast::rounded;
};

template <class P, class To, class From>
inline constexpr stack_cast cast_of = P::template cast<To, From>();

template <class P, class To, class From>
inline constexpr bool makes_scale = is_one_of<To, float8_e8m0fnu> && !std::is_same_v<To, From> &&
                                    cast_of<P, To, From>.scale != scale_cast::rounded;

template <class To, class From>
using rounding_of_stack =
    std::conditional_t<is_one_of<To, float8_e8m0fnu> && !std::is_same_v<To, From>, TowardPositive,
                       NearestEven>;

/// The code of a power of two. Of a subnormal float, the exponent field is 0 with or without a set
/// upper fraction bit: so all above 2^-127 becomes 2^-126.
constexpr NF_FN std::uint8_t scale_code(float x, const stack_cast& cast) {
  constexpr std::uint32_t lowest = 0x00400000u, infinity = binary32::infinity_code;  // 2^-127
  const std::uint32_t bits = to_code(x), magnitude = bits & ~binary32::sign_mask;
  if (cast.scale == scale_cast::nearest && bits - 1 >= infinity - 1) return 0xff;
  if (magnitude > infinity) return 0xff;
  std::uint32_t code = 0;
  if (cast.scale == scale_cast::up_magnitude) {
    code = magnitude <= lowest ? 0 : (magnitude + 0x007fffffu) >> 23;
  } else {
    code = magnitude <= lowest ? 0 : (magnitude + lowest) >> 23;
  }
  const std::uint32_t most = cast.saturation == Saturation::finite ? 0xfe : 0xff;
  return static_cast<std::uint8_t>(code < most ? code : most);
}

/// As convert() has it, by the roundings of the stack.
template <class P, class To, class From>
constexpr NF_HD To stack_value(From x) {
  constexpr stack_cast cast = cast_of<P, To, From>;
  if constexpr (makes_scale<P, To, From>) {
    if constexpr (cast.through_float || !std::is_same_v<From, double>)
      return To::from_bits(scale_code(real_number<float>(x), cast));
    else  // odd: neither up nor down to a power of two
      return To::from_bits(scale_code(real_number<float>(x, ToOdd{}), cast));
  } else if constexpr (cast.through_float) {
    return convert_number<To>(real_number<float>(x), rounding_of_stack<To, From>{},
                              cast.saturation);
  } else {
    return convert_number<To>(x, rounding_of_stack<To, From>{}, cast.saturation);
  }
}

template <class T>
inline constexpr bool may_be_nan = [] {
  if constexpr (std::is_same_v<T, double>)
    return true;
  else
    return layout_of<T>::has_nan;
}();

/// Whether a stack has another code than convert() for some NaN: tried with the least, the
/// canonical and the largest one of both signs, since a stack drops the payload or moves it.
template <class P, class To, class From>
constexpr NF_HD bool finds_own_nan() {
  using code = code_of<From>;
  const code sign = static_cast<code>(layout_of<From>::sign_mask), least = least_nan<From>();
  const code ones = static_cast<code>(~sign), canonical = canonical_nan<From>(false);
  for (const code magnitude : {least, canonical, ones}) {
    for (const code tried : {magnitude, static_cast<code>(magnitude | sign)}) {
      const From x = number_traits<From>::from_code(tried);
      if (is_nan(x) && P::template nan<To>(x) != to_code(stack_value<P, To>(x))) return true;
    }
  }
  return false;
}
template <class P, class To, class From>
constexpr NF_HD bool has_own_nan() {
  if constexpr (std::is_same_v<To, From> || !may_be_nan<From> || makes_scale<P, To, From>)
    return false;
  else
    return finds_own_nan<P, To, From>();
}

/// One number, as the stack casts it.
template <class P, class To, class From>
constexpr NF_HD To stack_number(From x) {
  if constexpr (std::is_same_v<To, From>) {
    return x;
  } else {
    if constexpr (has_own_nan<P, To, From>()) {
      if (is_nan(x)) return number_traits<To>::from_code(P::template nan<To>(x));
    }
    return stack_value<P, To>(x);
  }
}

/// Whether one of n numbers is NaN, by the kernels that find the largest magnitude: a NaN is larger
/// than Inf.
template <class From>
bool has_nan(Isa isa, const From* in, std::size_t n) {
  if constexpr (is_one_of<From, float, double>) {
    const auto bits = largest_bits(place_of<true>(), isa, in, n);
    return is_nan(number_traits<From>::from_code(bits));
  } else {
    using layout = layout_of<From>;
    const auto mask = static_cast<code_of<From>>(layout::magnitude_mask);
    return is_nan_code<layout>(largest_code(place_of<true>(), isa, static_cast<const void*>(in), n,
                                            mask, layout::nan_is_negative_zero));
  }
}

/// The numbers of a part of an array: by the kernels of convert(), then NaN again where the stack
/// has other codes.
template <class P, class From, class To>
void stack_part(Isa isa, const From* in, To* out, std::size_t n, bool stream) {
  constexpr stack_cast cast = cast_of<P, To, From>;
  constexpr Subnormals keep = Subnormals::keep;
  if constexpr (makes_scale<P, To, From>) {
    for (std::size_t i = 0; i < n; ++i) out[i] = stack_value<P, To>(in[i]);
  } else {
    [[maybe_unused]] From kept[part_elements];  // `in` may be the memory of `out`
    [[maybe_unused]] bool corrects = false;
    if constexpr (has_own_nan<P, To, From>()) {
      corrects = has_nan(isa, in, n);
      if (corrects) std::copy_n(in, n, kept);
    }
    if constexpr (cast.through_float && !is_one_of<To, float, From>) {
      float floats[part_elements];
      convert_part(isa, in, floats, n, nearest_even, Saturation::none, keep, false);
      convert_part(isa, static_cast<const float*>(floats), out, n, rounding_of_stack<To, From>{},
                   cast.saturation, keep, stream);
    } else {
      convert_part(isa, in, out, n, rounding_of_stack<To, From>{}, cast.saturation, keep, stream);
    }
    if constexpr (has_own_nan<P, To, From>()) {
      for (std::size_t i = 0; corrects && i < n; ++i)
        if (is_nan(kept[i])) out[i] = number_traits<To>::from_code(P::template nan<To>(kept[i]));
    }
  }
}

/// n numbers of an array of `all`.
template <class P, class From, class To>
void stack_array(Isa isa, const From* in, To* out, std::size_t n, std::size_t all) {
  constexpr stack_cast cast = cast_of<P, To, From>;
  const bool stream = leave_caches<From, To>(n, all);
  if constexpr (has_own_nan<P, To, From>() || makes_scale<P, To, From> ||
                (cast.through_float && !std::is_same_v<To, From>)) {
    for (std::size_t done = 0, count = 0; done < n; done += count) {
      count = next_part(out + done, n - done);
      stack_part<P>(isa, in + done, out + done, count, stream);
    }
  } else {
    convert_part(isa, in, out, n, rounding_of_stack<To, From>{}, cast.saturation, Subnormals::keep,
                 stream);
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail
