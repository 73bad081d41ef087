// SPDX-License-Identifier: MIT
// Twenty steps of a small language model: the loss falls, and a run that is stopped and gone on
// with ends in the bytes of one that was not, on every instruction set and for any number of
// threads.
#include <memory>

#include "../../examples/train/character_task.hpp"
#include "pieces.hpp"

TEST_CASE("the language model trains, in pieces as in one") {
  using namespace train;
  for (const char* const name : {"fp32", "fp8-hybrid", "mxfp4", "bf16-sr"})
    pieces::check(
        find_recipe(name, {}),
        [](const Recipe& recipe) {
          const GptConfig config{.layers = 1, .width = 64, .heads = 2, .context = 16};
          return std::make_unique<CharacterTask>(NARROWFLOAT_DATA_DIR "/devils-dictionary.txt",
                                                 config, 4, 1, recipe);
        },
        20, 0.95);
}
