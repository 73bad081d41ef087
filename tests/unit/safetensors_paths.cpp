// SPDX-License-Identifier: MIT
// Where a safetensors file is written: through links, never in the place of what is no file. And
// scales that are none.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <narrowfloat/io/safetensors_state.hpp>
#include <narrowfloat/optim.hpp>
#include <string>
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

TEST_CASE("what is no regular file is not read, a link is followed", "[safetensors]") {
  const ScratchFile pipe("paths.read_pipe"), target("paths.read"), link("paths.read_link");
  REQUIRE(mkfifo(pipe.path.c_str(), 0600) == 0);
  for (const std::filesystem::path& path :
       {pipe.path, std::filesystem::path("/dev/null"), std::filesystem::path("/")})
    CHECK(reason_of([&] { st::read(path); }).starts_with(path.string() + ": is no regular file"));
  st::write(target.path, {{st::make_tensor("w", {1}, std::vector<float>{1})}, {}});
  std::filesystem::create_symlink(std::filesystem::absolute(target.path), link.path);
  CHECK(st::read(link.path).tensors.size() == 1);
}

TEST_CASE("what a killed writer leaves is removed by the next, a living one's file is not",
          "[safetensors]") {
  const ScratchFile file("paths.killed");
  const auto pending = [&] {
    std::vector<std::string> names;
    for (const auto& each : std::filesystem::directory_iterator(file.path.parent_path()))
      if (each.path().filename().string().starts_with("paths.killed."))
        names.push_back(each.path().filename());
    return names;
  };
  const std::vector<st::Entry> entries{{"w", st::Dtype::u8, {2}}};
  const std::byte bytes[2]{};
  st::write(file.path, {});
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    st::Writer writer(file.path, entries);
    writer.write("w", bytes);
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  CHECK(st::read(file.path).tensors.empty());
  CHECK(pending().size() == 1);

  st::Writer living(file.path, entries);
  CHECK(pending() == std::vector{"paths.killed." + std::to_string(getpid()) + ".0.pending"});
  st::write(file.path, {});
  CHECK(pending().size() == 1);
  living.write("w", bytes);
  living.commit();
  CHECK(pending().empty());
  CHECK(st::read(file.path).tensors.size() == 1);
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
