# SPDX-License-Identifier: MIT
# An overlay port of the sources that it lies in: vcpkg install narrowfloat --overlay-ports=packaging/vcpkg
if("compiled" IN_LIST FEATURES)
  vcpkg_check_linkage(ONLY_STATIC_LIBRARY)
  set(config_path lib/cmake/narrowfloat)
else()
  set(VCPKG_BUILD_TYPE release) # headers are the same for debugging
  set(config_path share/cmake/narrowfloat)
endif()

set(SOURCE_PATH "${CURRENT_PORT_DIR}/../../..")
vcpkg_check_features(OUT_FEATURE_OPTIONS options FEATURES compiled NARROWFLOAT_INSTALL_COMPILED)
vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS ${options} -DNARROWFLOAT_INSTALL=ON -DNARROWFLOAT_BUILD_TESTS=OFF -DNARROWFLOAT_BUILD_BENCH=OFF
          -DNARROWFLOAT_BUILD_EXAMPLES=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH ${config_path})
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share")

vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
file(INSTALL "${CURRENT_PORT_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
