// SPDX-License-Identifier: MIT
// Where a safetensors file is written: through links, never in the place of what is no file. And scales that are none.
#include <sys/stat.h>

#include <filesystem>
#include <narrowfloat/io/safetensors_state.hpp>
#include <narrowfloat/optim.hpp>
#include <vector>

#include "support/optim_forms.hpp"
#include "support/safetensors_file.hpp"

using namespace narrowfloat;
namespace st = narrowfloat::safetensors;

TEST_CASE("a file is written to where a link leads, and the link stays", "[safetensors]") {
  const ScratchFile target("paths.target"), link("paths.link");
  st::File file;
  st::add_state(file, "w", std::vector<float>{1, 2});
  st::write(target.path, {});
  std::filesystem::create_symlink(std::filesystem::absolute(target.path), link.path);
  st::write(link.path, file);
  CHECK(std::filesystem::is_symlink(link.path));
  CHECK(st::read(target.path).tensors.size() == 1);
}

TEST_CASE("what is no file is left alone", "[safetensors]") {
  const ScratchFile pipe("paths.pipe");
  REQUIRE(mkfifo(pipe.path.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(st::write(pipe.path, {}), Catch::Contains("which is no file"));
  CHECK(std::filesystem::is_fifo(pipe.path));
  CHECK_THROWS_AS(st::write(std::filesystem::path("."), {}), std::exception);
}

TEST_CASE("scales of FP8 states and weights that are none are refused", "[safetensors]") {
  const auto check = [](auto object, const std::string& name) {
    st::File file;
    st::add_state(file, "x", object);
    const auto before = test::bytes_of(object);
    for (const float wrong : {0.0f, -1.0f, __builtin_inff(), __builtin_nanf(""), 0x1p-127f}) {
      st::File damaged = file;
      for (st::Tensor& t : damaged.tensors)
        if (t.name == "x." + name) std::memcpy(t.data.data(), &wrong, sizeof wrong);
      CHECK_THROWS_WITH(st::read_state(damaged, "x", object),
                        Catch::Contains("\"x." + name + "\"") && Catch::Contains("no scale"));
      CHECK((test::bytes_of(object) == before));
    }
    st::read_state(file, "x", object);
  };
  check(Fp8LmWeights(std::vector<float>(10, 0.5f)), "scale");
  check(Fp8LmWeights(std::vector<float>(10, 0.5f)), "code_scale");
  check(Fp8LmFirst(10, Signedness::is_signed), "scale");
  check(Fp8LmSecond(10, Signedness::is_unsigned), "scale");
  check(Fp8State(10, Signedness::is_signed), "scale");
}
