// SPDX-License-Identifier: MIT
// Any text is an index of a safetensors checkpoint or refused, and none names a file in another
// folder.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <narrowfloat/io/safetensors.hpp>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace st = narrowfloat::safetensors::detail;
  st::WeightMap map;
  try {
    map = st::parse_index({reinterpret_cast<const char*>(data), size});
  } catch (const st::Malformed&) {
    return 0;
  }
  for (const auto& [name, file] : map)
    if ((std::filesystem::path("folder") / file).lexically_normal().parent_path() != "folder")
      std::abort();
  if (st::parse_index(st::print_index(map, size)) != map) std::abort();
  return 0;
}
