// SPDX-License-Identifier: MIT
// A picture of formats, one under the other: their positive values on a logarithmic and on a linear
// line.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <narrowfloat/text.hpp>
#include <span>
#include <string>
#include <vector>

namespace example {

/// A point of a line: where a value lies, and how it is drawn.
struct Tick {
  double value;
  bool is_subnormal, is_power;  ///< of two
};

/// The positive finite values of a format in ascending order; of a wide one as many as are told
/// apart in a picture.
inline std::vector<Tick> positive_values(const narrowfloat::FormatDescription& d) {
  std::vector<Tick> ticks;
  const bool is_scale = !d.has_zero;  // of at most 8 bits
  const std::uint64_t signs = d.format.signedness == narrowfloat::Signedness::is_signed ? 2 : 1;
  const std::uint64_t magnitudes = (d.finite_codes + 1) / signs;
  const std::uint64_t step = std::max<std::uint64_t>(1, std::bit_floor(magnitudes) >> 14);
  const auto next = [&](std::uint64_t code) {
    return 0 < code && code < step ? 2 * code : code + step;
  };
  for (std::uint64_t code = is_scale ? 0 : 1; code < magnitudes; code = next(code)) {
    const double x = narrowfloat::decode_as(d.format, static_cast<std::uint32_t>(code));
    int exponent = 0;
    ticks.push_back({x, x < d.smallest_normal, std::frexp(x, &exponent) == 0.5});
  }
  if (ticks.back().value != d.largest) ticks.push_back({d.largest, false, false});
  return ticks;
}

/// Draws formats; the text is an SVG file.
class NumberLine {
 public:
  explicit NumberLine(std::span<const narrowfloat::FormatDescription> formats) {
    double smallest = formats[0].smallest_positive, largest = formats[0].largest;
    double least_top = largest;  // the linear line shows where the first format ends
    for (const narrowfloat::FormatDescription& d : formats) {
      smallest = std::min(smallest, d.smallest_positive);
      largest = std::max(largest, d.largest);
      least_top = std::min(least_top, d.largest);
    }
    const double binades = std::max(1.0, std::log2(largest) - std::log2(smallest));
    legend();
    panel("positive values on a logarithmic line", formats,
          Axis{true, std::log2(smallest) - 0.03 * binades, std::log2(largest) + 0.09 * binades});
    panel("the same from 0 on, on a linear line", formats, Axis{false, 0, 1.22 * least_top});
  }

  std::string svg() const {
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
        "height=\"{1}\" font-family=\"DejaVu Sans, Verdana, sans-serif\">\n"
        "<defs><pattern id=\"beyond\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
        "patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" fill=\"#fbeee6\"/>"
        "<rect width=\"2\" height=\"6\" fill=\"#f0c9b0\"/></pattern></defs>\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n{2}</svg>\n",
        width, y_ + 8, body_);
  }

 private:
  static constexpr int width = 1000, left = 210, right = 976, row = 50, bar = 30;
  static constexpr const char *normal = "#0072b2", *subnormal = "#e08a00", *faint = "#8a8a8a";

  /// From a value to its place, of the part of a line between two ends; those of a logarithmic one
  /// are powers of two.
  struct Axis {
    bool is_log;
    double first, last;

    double place(double value) const {
      const double at = is_log ? std::log2(value) : value;
      return left + (std::clamp(at, first, last) - first) / (last - first) * (right - left);
    }
    bool shows(double value) const { return (is_log ? std::log2(value) : value) <= last; }
    /// A distance of labels that leaves room for them: 1, 2 or 5 times a power of ten; of powers of
    /// two, at least 1.
    double step() const {
      const double least = (last - first) / 13;
      double decade = std::pow(10, std::floor(std::log10(least)));
      if (is_log) decade = std::max(decade, 1.0);
      for (const double times : {1.0, 2.0, 5.0})
        if (times * decade >= least) return times * decade;
      return 10 * decade;
    }
  };

  std::string body_;
  int y_ = 0;

  void text(double x, double y, int size, const char* color, const char* anchor,
            const std::string& content, bool is_bold = false) {
    body_ += fmt::format(
        "<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{}\" fill=\"{}\" text-anchor=\"{}\"{}>{}"
        "</text>\n",
        x, y, size, color, anchor, is_bold ? " font-weight=\"bold\"" : "", content);
  }
  void box(double x, double y, double w, double h, const char* fill) {
    if (w > 0)
      body_ += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\"/>\n", x,
          y, w, h, fill);
  }
  void strokes(const std::string& path, const char* color, double wide) {
    if (!path.empty())
      body_ += fmt::format("<path d=\"{}\" stroke=\"{}\" stroke-width=\"{}\" fill=\"none\"/>\n",
                           path, color, wide);
  }
  void power_of_two(double x, double y, int exponent) {
    text(x, y, 10, "#555555", "end", "2");
    text(x, y - 4, 8, "#555555", "start", std::to_string(exponent));
  }

  void legend() {
    y_ = 26;
    const auto entry = [&](double x, const char* fill, const char* what) {
      box(x, y_ - 10, 14, 12, fill);
      text(x + 20, y_, 11, "#333333", "start", what);
    };
    entry(left, normal, "normal values; powers of two are longer");
    entry(left + 290, subnormal, "subnormal values");
    entry(left + 440, "url(#beyond)", "beyond the largest value: overflow");
  }

  void panel(const char* title, std::span<const narrowfloat::FormatDescription> formats,
             const Axis& axis) {
    y_ += 34;
    text(left, y_, 12, "#333333", "start", title);
    y_ += 10;
    const int top = y_, bottom = y_ + row * static_cast<int>(formats.size());
    for (double at = std::ceil(axis.first / axis.step()) * axis.step(); at <= axis.last;
         at += axis.step()) {
      const double x = left + (at - axis.first) / (axis.last - axis.first) * (right - left);
      strokes(fmt::format("M{:.1f} {}V{}", x, top, bottom + 4), "#e4e4e4", 1);
      if (axis.is_log)
        power_of_two(x, bottom + 18, static_cast<int>(at));
      else
        text(x, bottom + 18, 10, "#555555", "middle", fmt::format("{:.4g}", at));
    }
    for (const narrowfloat::FormatDescription& d : formats) line(d, axis);
    y_ = bottom + 24;
  }

  void line(const narrowfloat::FormatDescription& d, const Axis& axis) {
    const int middle = y_ + row / 2;
    const bool is_signed = d.format.signedness == narrowfloat::Signedness::is_signed;
    text(left - 14, middle - 1, 12, "black", "end", d.name(), true);
    text(left - 14, middle + 13, 9, faint, "end",
         fmt::format("{} bits: {}{} exponent, {} mantissa", d.width, is_signed ? "1 sign, " : "",
                     d.format.exponent_bits, d.format.mantissa_bits));
    const double begin = axis.is_log ? axis.place(d.smallest_positive) : left;
    const double end = axis.place(d.largest), full = axis.place(d.smallest_normal);
    box(begin, middle - bar / 2, end - begin, bar, "#eaf3f9");
    if (d.has_subnormals) box(begin, middle - bar / 2, full - begin, bar, "#fdf1dc");
    if (axis.shows(d.largest)) box(end, middle - bar / 2, right - end, bar, "url(#beyond)");

    std::string paths[2];
    double last[2] = {
        -1,
        // of powers of two and of others: what lies nearer than half a pixel is not told apart
        -1};
    for (const Tick& tick : positive_values(d)) {
      if (!axis.shows(tick.value)) break;
      const double x = axis.place(tick.value);
      if (x - last[tick.is_power ? 1 : 0] < 0.5) continue;
      last[tick.is_power ? 1 : 0] = x;
      const int half = tick.is_power ? bar / 2 : bar / 4;
      paths[tick.is_subnormal ? 1 : 0] += fmt::format("M{:.1f} {}v{}", x, middle - half, 2 * half);
    }
    strokes(paths[0], normal, 1);
    strokes(paths[1], subnormal, 1);
    if (axis.shows(d.largest))
      text(end + 5, middle + 4, 10, "#9c4a1a", "start",
           fmt::format("{:.{}g}", d.largest, d.largest < 1e6 ? 6 : 4));
    y_ += row;
  }
};

}  // namespace example
