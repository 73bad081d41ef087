// SPDX-License-Identifier: MIT
// State goes into a safetensors file and comes back: training goes on with the same bits from any
// step. A file that does not fit is refused with the place, and then nothing has changed.
#include <narrowfloat/io/safetensors_state.hpp>
#include <narrowfloat/linalg.hpp>
#include <narrowfloat/scaling.hpp>

#include <functional>

#include "support/optim_forms.hpp"
#include "support/safetensors_file.hpp"

using namespace narrowfloat;
namespace st = narrowfloat::safetensors;

namespace {

constexpr std::size_t size = 5001;  // codes of 4 bits end with half a byte
constexpr unsigned last = 8;

/// An object after it was written to a file and read into a fresh one.
template <class Object>
Object restored(const Object& object, Object fresh) {
  const ScratchFile scratch("state.safetensors");
  st::File file;
  st::add_state(file, "wte.adam", object);
  st::write(scratch.path, file);
  st::read_state(st::read(scratch.path), "wte.adam", fresh);
  return fresh;
}

/// Runs `step` on an object, which is killed before step k; the ends are the same for each k.
template <class Object, class Step>
void check_goes_on(const Object& fresh, Step step) {
  Object straight = fresh;
  for (unsigned t = 0; t < last; ++t) step(straight, t);
  CHECK((test::bytes_of(straight) != test::bytes_of(fresh)));
  for (unsigned killed = 0; killed < last; ++killed) {
    Object object = fresh;
    for (unsigned t = 0; t < last; ++t) {
      if (t == killed) object = restored(object, fresh);
      step(object, t);
    }
    CHECK((test::bytes_of(object) == test::bytes_of(straight)));
  }
}

/// An optimizer and the weights that it moves.
template <class Optimizer, class Weights>
struct Training {
  Optimizer optimizer;
  Weights weights;

  std::vector<StatePart> parts() { return parts_of<StatePart>(*this); }
  std::vector<ConstStatePart> parts() const { return parts_of<ConstStatePart>(*this); }

 private:
  template <class Part, class Self>
  static std::vector<Part> parts_of(Self& self) {
    std::vector<Part> all = self.optimizer.parts();
    for (Part& part : self.weights.parts()) all.push_back(std::move(part));
    return all;
  }
};

template <class Optimizer, class Weights>
void check_training() {
  const Training<Optimizer, Weights> fresh{Optimizer({}, size),
                                           Weights(test::draws(size, 1, 0.1f))};
  check_goes_on(fresh, [](auto& training, unsigned t) {
    training.optimizer.step(training.weights, test::draws(size, 10 + t, 1), {},
                            Stochastic<>{.seed = 5});
  });
}

/// Whose seed, passes and steps reach its histories: by the bits of a cast, and by signs.
struct Recipe {
  ScaledCast<float8_e4m3fn, ScalingMeta<float8_e4m3fn>, Stochastic<>> x{.source = {.window = 3}};
  SplitCast<ScaledCast<float8_e4m3fn, DelayedScaling<float8_e4m3fn>>, FloatCast<>> w;
  ScaledCast<float8_e5m2, DelayedScaling<float8_e5m2>> dy;
  LayerProduct<FusedAccumulator<float>> forward, input_gradient,
      weight_gradient{.rotation = {.group = 16, .random_signs = true}};
};

template <class State>
void check_state(const State& fresh, std::function<void(State&, float)> step) {
  check_goes_on(fresh, [&](State& state, unsigned t) {
    step(state, t == 5 ? 0.0f : static_cast<float>(1 + t * t % 7));
  });
}

}  // namespace

TEST_CASE("state in files: training goes on with the same bits from any step", "[safetensors]") {
  check_training<AdamW<CodebookState, CodebookState>, MasterWeights<bfloat16>>();
  check_training<Ademamix<Codebook4State, ExpandedState, Fp8BlockState>, ResidualWeights<>>();
  check_training<AdamW<Fp8LmFirst, Fp8LmSecond>, Fp8LmWeights>();
  check_training<Sgd<StochasticBfloat16State>, KahanWeights<>>();
  check_training<Lion<FloatState>, RemainderWeights>();
}

TEST_CASE("state in files: the states of scaling and a layer go on", "[safetensors]") {
  using Delayed = DelayedScaling<float8_e4m3fn>;
  check_state<Delayed>({.history_length = 3}, [](Delayed& s, float x) {
    s.record(x);
    s.update();
  });
  using Meta = ScalingMeta<float8_e5m2>;
  check_state<Meta>({.window = 3}, [](Meta& s, float x) {
    s.record(s.in_time() ? x : x / 2);
    s.update();
  });
  using Reduced = AllReduceScale<float8_e4m3fn>;
  check_state<Reduced>({.workers = 3}, [](Reduced& s, float x) { s.update(x); });
  check_state<AutoScale>({}, [](AutoScale& s, float x) { s.update(x == 0 ? 7 : 0, 10); });
  check_state<DynamicLossScale>({.growth_interval = 2},
                                [](DynamicLossScale& s, float x) { s.update(x == 0); });
  check_state<ScalingBias>({}, [](ScalingBias& s, float x) {
    s = {s.bias / 2 + amax_bias<float8_e4m3fnuz>(x, 3).bias};
  });
  CHECK(restored(StaticLossScale{2}, StaticLossScale{}).scale == 2);

  const auto x = test::draws(32 * 16, 1, 1), w = test::draws(16 * 16, 2, 1);
  std::vector<float> y(32 * 16), dx(x.size()), dw(w.size());
  using Layer = Linear<Recipe>;
  const Layer layer({}, 3);
  check_goes_on(layer, [&](Layer& of, unsigned t) {
    of.forward(test::draws(32 * 16, t, 1), w, y, {.rows = 32, .in = 16, .out = 16});
    of.backward(y, dx, dw);
    of.update();
  });
  CHECK(restored(Layer({}, 9), layer).seed == 9);
}

TEST_CASE("state in files: code-book tensors, nested too", "[safetensors]") {
  const auto x = test::draws(20001, 1, 1);
  for (const bool nested : {false, true}) {
    const CodebookOptions options{.nibbles = NibbleOrder::high_first, .nested = nested};
    const auto t = CodebookTensor::quantize(x, nf4_codebook(), options);
    CHECK(restored(t, CodebookTensor::zeros(x.size(), nf4_codebook(), options)) == t);
  }
}

namespace {

st::File saved(const auto& object) {
  st::File file;
  st::add_state(file, "a", object);
  return file;
}
st::Tensor& tensor_of(st::File& file, std::string_view name) {
  return *std::ranges::find(file.tensors, name, &st::Tensor::name);
}

/// Why a file is refused; the object is as it was then.
template <class Object>
std::string refused(const st::File& file, Object object) {
  const std::string before = test::bytes_of(object);
  const std::string reason = reason_of([&] { st::read_state(file, "a", object); });
  CHECK((reason == no_error || test::bytes_of(object) == before));
  return reason;
}

void set_number(st::File& file, std::string_view name, auto x) {
  std::memcpy(tensor_of(file, name).data.data(), &x, sizeof x);
}

}  // namespace

TEST_CASE("state in files: what does not fit is refused with the place", "[safetensors]") {
  using Adam8 = AdamW<CodebookState, CodebookState>;
  std::vector<float> w(size, 0.5f);
  Adam8 trained({}, size);
  trained.step(w, test::draws(size, 1, 1));
  const st::File file = saved(trained);
  const Adam8 fresh({}, size);
  CHECK(refused(file, fresh) == no_error);
  CHECK(file.tensors[0].name == "a.steps");
  CHECK(file.tensors[0].shape == std::vector<std::size_t>{1});

  st::File damaged = file;
  damaged.tensors.pop_back();
  CHECK(refused(damaged, fresh) == "tensor \"a.v.scales\": is not in the file");
  damaged = file;
  tensor_of(damaged, "a.v.codes").dtype = st::Dtype::i8;
  CHECK(refused(damaged, fresh) ==
        "tensor \"a.v.codes\": is I8 of 5001 elements, not U8 of 5001 elements");
  CHECK(refused(file, Adam8({}, size + 1)) ==
        "tensor \"a.m.codes\": is U8 of 5001 elements, not U8 of 5002 elements");
  CHECK(refused(file, Adam8({}, 100)) == "tensor \"a.m.values\": is not in the file");
  damaged = file;
  damaged.metadata.erase("a.v.codes.format");
  CHECK(refused(damaged, fresh)
            .starts_with(
                "tensor \"a.v.codes\": its format is none by the metadata, not \"code-book "));
  damaged.metadata["a.v.codes.format"] = damaged.metadata["a.m.codes.format"];
  CHECK(refused(damaged, fresh).find("\"a.v.codes\": its format is \"code-book") !=
        std::string::npos);
  damaged = file;
  tensor_of(damaged, "a.v.codes").data[3] = std::byte{255};
  CHECK(refused(damaged, fresh) ==
        "tensor \"a.v.codes\": code 255 of element 3 is beyond a code-book of 255 values");

  const auto nested = CodebookTensor::zeros(9, Codebook{-1, 0, 1}, {.nested = true});
  damaged = saved(nested);
  CHECK(refused(damaged, CodebookTensor::zeros(9, nf4_codebook(), {.nested = true})) != no_error);
  CHECK(refused(damaged,
                CodebookTensor::zeros(9, nested.codebook(), {.block_size = 32, .nested = true}))
            .find("blocks of 64\" by the metadata, not") != std::string::npos);
  tensor_of(damaged, "a.codes").data[4] = std::byte{0x11};
  CHECK(refused(damaged, nested) == "tensor \"a.codes\": the nibble after the last code is not 0");
  tensor_of(damaged, "a.codes").data[4] = std::byte{0x03};
  CHECK(refused(damaged, nested) ==
        "tensor \"a.codes\": code 3 of element 8 is beyond a code-book of 3 values");
}

TEST_CASE("state in files: scales that are none, formats without a dtype, unknown types",
          "[safetensors]") {
  const auto refuses = [](const auto& object, const char* name, auto number, const char* reason) {
    st::File damaged = saved(object);
    set_number(damaged, name, number);
    CHECK(refused(damaged, object) == std::string("tensor \"") + name + "\": is " + reason);
  };
  const char* const no_scale = "0, not a number from 2^-127 to the largest float";
  refuses(DelayedScaling<float8_e4m3fn>{.history_length = 2}, "a.scale", 0.0f, no_scale);
  refuses(ScalingMeta<float8_e4m3fn>{}, "a.scale_inv", 0.0f, no_scale);
  refuses(AllReduceScale<float8_e4m3fn>{}, "a.exponent", 128, "128, outside [-127, 127]");
  refuses(AutoScale{}, "a.mu", 0.0, "0, outside [2^-126, 2^127]");
  refuses(ScalingBias{}, "a.bias", -32, "-32, outside [-31, 31]");
  refuses(DynamicLossScale{}, "a.scale", 0.0f, no_scale);

  const std::vector<float> ones(4, 1.0f);
  const st::File file = saved(ResidualWeights<>(ones));
  CHECK(file.find("a.residuals")->dtype == st::Dtype::u16);
  CHECK(file.metadata.at("a.residuals.format") == "float16_e6m9");
  CHECK(refused(file, ResidualWeights<float8_e4m3fnuz>(ones)) ==
        "tensor \"a.values\": is U8 of 4 elements, not F8_E4M3FNUZ of 4 elements");
  CHECK(refused(file, ResidualWeights<float8_e4m3b11fnuz>(ones)) ==
        "tensor \"a.values\": its format is \"float8_e4m3b11\" by the metadata, not "
        "\"float8_e4m3b11fnuz\"");

  struct Own {
    std::vector<StatePart> parts() { return {{"x", "decimal", {}}}; }
    std::vector<ConstStatePart> parts() const { return {{"x", "decimal", {}}}; }
  };
  CHECK(reason_of([] { saved(Own{}); }) ==
        "tensor \"a.x\": a file has no numbers of type \"decimal\"");
}
