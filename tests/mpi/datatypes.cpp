// SPDX-License-Identifier: MIT
// Numbers and packed codes travel by their datatypes: those of every named format arrive as sent.
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <narrowfloat/codes.hpp>
#include <narrowfloat/formats.hpp>
#include <narrowfloat/io/mpi.hpp>
#include <narrowfloat/packed.hpp>

namespace nf = narrowfloat;

namespace {

int failures = 0, rank = 0;

void expect(bool is_so, std::string_view what) {
  if (is_so) return;
  std::printf("rank %d: %s\n", rank, std::string(what).c_str());
  ++failures;
}

template <class T>
void check_numbers(const std::vector<T>& numbers, std::string_view name) {
  int size = 0;
  MPI_Type_size(nf::mpi::datatype<T>(), &size);
  expect(size == sizeof(T), name);
  std::vector<T> got(numbers.size());
  if (rank == 0) got = numbers;
  MPI_Bcast(got.data(), static_cast<int>(got.size()), nf::mpi::datatype<T>(), 0, MPI_COMM_WORLD);
  expect(got == numbers, name);
}

template <class F>
void check_packed(const std::vector<F>& codes, std::string_view name) {
  nf::PackedVector<F> sent(codes.size()), got(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) sent[i] = codes[i];
  if (rank == 0) got = sent;
  nf::mpi::Datatype run = nf::mpi::packed_datatype<F>(codes.size());
  run = nf::mpi::packed_datatype<F>(codes.size());
  int size = 0;
  MPI_Type_size(run.get(), &size);
  expect(size == (1001 * F::width + 7) / 8, name);
  MPI_Bcast(got.data(), 1, run.get(), 0, MPI_COMM_WORLD);
  bool equal = true;
  for (std::size_t i = 0; i < codes.size(); ++i) equal = equal && got[i] == sent[i];
  expect(equal, name);
}

}  // namespace

int main() {
  MPI_Init(nullptr, nullptr);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  nf::for_each_format([]<class F>(std::string_view name) {
    std::vector<F> codes;
    for (unsigned i = 0; i < 1001; ++i)
      codes.push_back(F::from_bits(static_cast<typename F::Storage>(i * 40503)));
    for (F& code : codes) {
      if (code != code) code = F::from_bits(0);  // NaN is not equal to itself
    }
    check_numbers(codes, name);
    if constexpr (F::width <= 16) check_packed(codes, name);
  });
  check_numbers(std::vector<float>{1, 0x1p-149f}, "float");
  check_numbers(std::vector<double>{1, 0x1p-1074}, "double");
  const nf::mpi::Datatype large =
      nf::mpi::packed_datatype<nf::float8_e5m2>(std::size_t{5} << 30 | 3);
  MPI_Count bytes = 0;
  MPI_Type_size_x(large.get(), &bytes);
  expect(bytes == (MPI_Count{5} << 30) + 3, "a run of more than 2^31 bytes");
  MPI_Finalize();
  return failures;
}
