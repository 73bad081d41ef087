# SPDX-License-Identifier: MIT
"""A recipe for Conan 2 of the sources that it lies in: conan create packaging/conan [-o compiled=True]"""
import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, cmake_layout
from conan.tools.files import copy, load, rmdir
from conan.tools.scm import Version

OFF = {f"NARROWFLOAT_BUILD_{part}": False for part in ("TESTS", "BENCH", "EXAMPLES")}
MACHINES = "x86_64", "armv8", "armv8.3", "riscv64", "wasm", "wasm64"


class Narrowfloat(ConanFile):
    name = "narrowfloat"
    license = "MIT"
    description = "Header-only C++20 library of low-precision number formats"
    topics = "fp8", "bfloat16", "mx", "quantization", "header-only"
    settings = "os", "arch", "compiler", "build_type"
    options = {"compiled": [True, False]}  # the library narrowfloat::compiled too
    default_options = {"compiled": False}
    generators = "CMakeToolchain"
    no_copy_source = True

    @property
    def root(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def set_version(self):
        config = load(self, os.path.join(self.root, "include/narrowfloat/config.hpp"))
        self.version = ".".join(re.findall(r"#define NARROWFLOAT_VERSION_\w+ (\d+)", config))

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "src/*"):
            copy(self, pattern, self.root, self.export_sources_folder)

    def configure(self):
        self.package_type = "static-library" if self.options.compiled else "header-library"

    def layout(self):
        cmake_layout(self)

    def validate(self):
        check_min_cppstd(self, 20)
        compiler = self.settings.compiler
        least = {"gcc": 12, "clang": 14}.get(str(compiler), 0)
        if compiler == "msvc" or Version(compiler.version) < least:
            raise ConanInvalidConfiguration(f"narrowfloat needs GCC 12 or Clang 14, not {compiler} {compiler.version}")
        if self.settings.arch not in MACHINES:
            raise ConanInvalidConfiguration(f"narrowfloat is for {', '.join(MACHINES)}, not {self.settings.arch}")

    def package_id(self):
        if not self.info.options.compiled:
            self.info.settings.clear()

    def build(self):
        cmake = CMake(self)
        cmake.configure(variables=OFF | {"NARROWFLOAT_INSTALL_COMPILED": bool(self.options.compiled)})
        if self.options.compiled:
            cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        rmdir(self, os.path.join(self.package_folder, "share"))  # Conan writes its own
        rmdir(self, os.path.join(self.package_folder, "lib", "cmake"))

    def package_info(self):
        headers = self.cpp_info.components["narrowfloat"]
        headers.set_property("cmake_target_name", "narrowfloat::narrowfloat")
        headers.bindirs = headers.libdirs = []
        if self.options.compiled:
            compiled = self.cpp_info.components["compiled"]
            compiled.set_property("cmake_target_name", "narrowfloat::compiled")
            compiled.requires = ["narrowfloat"]
            compiled.libs = ["narrowfloat_compiled"]
            compiled.defines = ["NARROWFLOAT_COMPILED"]
