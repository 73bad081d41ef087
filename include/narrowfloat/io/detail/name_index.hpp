// SPDX-License-Identifier: MIT
// Things found by their names: in a list that stays as it is, and in one that may change at any
// time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <mutex>
#include <numeric>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace narrowfloat::detail {

/// The order of the names of a list of things with a member `name`. The list stays as it is.
class SortedNames {
 public:
  SortedNames() = default;
  template <class T>
  explicit SortedNames(const std::vector<T>& list) : places_(list.size()) {
    std::iota(places_.begin(), places_.end(), std::size_t{0});
    std::ranges::sort(places_, {},
                      [&](std::size_t place) { return std::string_view(list[place].name); });
  }

  /// The place of a name, or none.
  template <class T>
  std::optional<std::size_t> find(const std::vector<T>& list, std::string_view name) const {
    const auto found = from(list, name);
    if (found == places_.end() || list[*found].name != name) return std::nullopt;
    return *found;
  }

  /// The places of the names that begin with a text.
  template <class T>
  std::vector<std::size_t> beginning_with(const std::vector<T>& list, std::string_view text) const {
    const auto first = from(list, text);
    const auto last = std::find_if(first, places_.end(), [&](std::size_t place) {
      return !std::string_view(list[place].name).starts_with(text);
    });
    return {first, last};
  }

  /// A name that appears twice, or none.
  template <class T>
  std::optional<std::string_view> twin(const std::vector<T>& list) const {
    const auto same = [&](std::size_t a, std::size_t b) { return list[a].name == list[b].name; };
    const auto found = std::ranges::adjacent_find(places_, same);
    if (found == places_.end()) return std::nullopt;
    return list[*found].name;
  }

 private:
  template <class T>
  std::vector<std::size_t>::const_iterator from(const std::vector<T>& list,
                                                std::string_view name) const {
    return std::ranges::lower_bound(
        places_, name, {}, [&](std::size_t place) { return std::string_view(list[place].name); });
  }

  std::vector<std::size_t> places_;
};

/// Remembers where names were in a list that anyone may change between two calls. What it finds is
/// looked at, and what it does not find is looked for in the whole list, so that a list changed by
/// hand costs time, never a wrong answer.
class NameIndex {
 public:
  NameIndex() = default;
  NameIndex(const NameIndex&) {}  // a copy makes its own
  NameIndex& operator=(const NameIndex&) {
    forget();
    return *this;
  }

  /// The place of a name in the list, or none. Threads may look at the same time.
  template <class T>
  std::optional<std::size_t> find(const std::vector<T>& list, std::string_view name) {
    const std::lock_guard lock(mutex_);
    if (list.size() < known_) forget();
    for (; known_ < list.size(); ++known_) places_.try_emplace(hash(list[known_].name), known_);
    const auto guess = places_.find(hash(name));
    if (guess != places_.end() && list[guess->second].name == name) return guess->second;
    const auto found = std::ranges::find(list, name, &T::name);
    if (found == list.end()) return std::nullopt;
    forget();  // names have changed
    return static_cast<std::size_t>(found - list.begin());
  }

 private:
  static std::size_t hash(std::string_view name) { return std::hash<std::string_view>{}(name); }

  void forget() {
    places_.clear();
    known_ = 0;
  }

  std::mutex mutex_;
  std::unordered_map<std::size_t, std::size_t> places_;  // by hash; names move when lists grow
  std::size_t known_ = 0;                                // how many of the list are in places_
};

}  // namespace narrowfloat::detail
