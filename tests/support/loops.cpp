// SPDX-License-Identifier: MIT
// The translation unit of the header that most tests precompile.
