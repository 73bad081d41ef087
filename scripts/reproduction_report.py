# SPDX-License-Identifier: MIT
"""The report of scripts/reproduce: tables, plots and a line for each paper, of the results of its runs."""
import json
import platform
import re
import statistics

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "0.2")
FAINT = "0.88"

# What papers say, and the runs that answer: (paper, claim, runs).
PAPERS = [
    ("Mixed precision (Micikevicius et al. 2018)", "float16 with a float master copy and a loss scale trains as float does",
     ["mixed-fp16", "fp16-unscaled"]),
    ("bfloat16 without a master copy", "stochastic rounding or Kahan's compensation keeps what rounding to nearest loses; the lower 16 bits of a float are a master copy in 4 bytes",
     ["bf16", "bf16-nearest", "bf16-sr", "bf16-kahan", "bf16-remainder"]),
    ("FP8 formats, Transformer Engine", "E4M3 forward and E5M2 backward with a scale a tensor train as 16 bits do", ["fp8-hybrid", "fp8-current"]),
    ("DeepSeek-V3", "E4M3 in blocks with sums promoted every 128 trains as bfloat16 does", ["fp8-block"]),
    ("FP8-LM (Peng et al. 2023)", "gradients, first moment and weights for the products in FP8, master weights and second moment in 16 bits, without loss", ["fp8-lm", "fp8-lm-v8"]),
    ("Graphcore FP8 (Perez et al. 2023)", "a bias by the largest magnitude of each tensor trains as float16 does; one constant bias does within an interval", ["fp8-graphcore"]),
    ("Unit scaling (Blake et al. 2023)", "with unit variance everywhere FP8 and float16 need no scale and no loss scale", ["unit-scaling-fp8", "unit-scaling-fp16"]),
    ("FP8 training (Wang et al. 2018)", "1-5-2 operands, 1-6-9 sums in chunks of 64 and stochastic 16-bit updates train as float does", ["small.ibm-fp8"]),
    ("HFP8 (Sun et al. 2019)", "1-4-3 forward and 1-5-2 backward, with 8-bit weights and residuals, train as float does", ["small.hfp8"]),
    ("SR-MAC (Ali, Filip and Sentieys 2024)", "sums in E6M5 with 9 to 13 random bits train as float does; with 4 they lose", ["small.fp8-e5m2", "small.sr-mac", "small.sr-mac.r9", "small.sr-mac.r4", "small.sr-mac.flush", "small.sr-mac.seed2", "small.sr-mac.seed3", "small.sr-mac.forward", "small.sr-mac.backward"]),
    ("Microscaling (OCP MX; arXiv 2310.10537, 2506.08027)", "MXFP8 and MXFP6 train as float does", ["mxfp8", "mxfp6"]),
    ("MXFP4 training (Tseng et al. 2025)", "unbiased MXFP4 gradients with a Hadamard transform come near bfloat16", ["mxfp4"]),
    ("NVFP4 (arXiv 2509.25149)", "4-bit products forward and backward train, with 2-D weights, Hadamard transforms and stochastic gradients", ["nvfp4", "nvfp4.forward", "nvfp4.backward"]),
    ("SwitchBack (Wortsman et al. 2023)", "int8 for y and dx with dw in 16 bits trains as bfloat16 does; int8 suits dw less, whose sums are long; layer scale from 0 steadies tensor-wise FP8",
     ["switchback", "switchback-m", "switchback-q", "int8-all", "fp8-all", "fp8-all-layer-scale", "fp8-all-layer-scale.gain1"]),
    ("8-bit Optimizers (Dettmers et al. 2022)", "8-bit states of Adam with a stable embedding end where 32-bit ones do", ["adam8bit"]),
    ("4-bit states (Li et al. 2023)", "so do 4-bit ones", ["adam4bit", "adam4bit.m", "adam4bit.v"]),
    ("8-bit Muon", "Muon's momentum may be kept by an 8-bit code-book", ["muon-8bit"]),
    ("The Power of the Exponent (Kuzmin et al. 2022)", "range and split of 8 bits can be learned by gradients", ["flexible-bias"]),
    ("eXmY (Agrawal et al. 2024)", "any split of the bits trains, with a bias a row", ["exmy", "exmy.e5m2", "exmy.e3m2", "exmy.e3m1"]),
]

# What to know of the numbers beside them: causes that another run of the table, or a figure, shows.
NOTES = {
    "Mixed precision (Micikevicius et al. 2018)":
        "`train_tensors` shows what float16 flushes without a loss scale; this model trains the same without it",
    "bfloat16 without a master copy":
        "No loss is seen in so short a run, not even of rounding to nearest; `optimizers` shows what becomes of small updates",
    "FP8-LM (Peng et al. 2023)":
        "No state here lets a positive second moment become 0, which is what ruins an update (`optimizers`)",
    "Graphcore FP8 (Perez et al. 2023)":
        "The interval of constant biases is below; it is as wide for both GPTs",
    "Unit scaling (Blake et al. 2023)":
        "Compared with unit scaling in float, whose loss is not that of `fp32`: another model, whose attention branches were chosen to weigh a quarter",
    "SR-MAC (Ali, Filip and Sentieys 2024)":
        "Not so here: operands of 5-2 with float sums lose little (`small.fp8-e5m2`); 12-bit sums in the forward products alone lose most of the rest (`.forward`), in the products of gradients alone nothing more (`.backward`). Random bits, and subnormal numbers, make less difference than a seed does (`.seed2`, `.seed3`)",
    "Microscaling (OCP MX; arXiv 2310.10537, 2506.08027)":
        "MXFP6 is E3M2; rounding the float model to it after training costs about as much (below)",
    "NVFP4 (arXiv 2509.25149)":
        "Three quarters of it come from the forward products (`.forward`; after training they cost somewhat less, below), little from those of gradients (`.backward`). Which part of the recipe does what to a tensor is in `train_tensors`",
    "SwitchBack (Wortsman et al. 2023)":
        "Nothing diverged without layer scale, so that there was nothing to steady. With gains from 0 no more than the frequencies of bytes is learned before step 200, in float either, and 700 steps say little; from 1 (`.gain1`) they end near those without. `accumulate` shows the error of int8 `dw` grow with tokens; at 2,048 it costs no loss here",
    "4-bit states (Li et al. 2023)":
        "Not so here: half of it is the first moment's (`.m`), half the second's (`.v`)",
    "eXmY (Agrawal et al. 2024)":
        "Fewer mantissa bits lose more, and about as much after training (below)",
}


class Results:
    """The results of runs by name, and what is compared with what."""

    def __init__(self, folder):
        self.runs = {}
        for path in folder.glob("*.json"):
            self.runs[path.stem] = json.loads(path.read_text())

    def __contains__(self, name):
        return name in self.runs

    def __getitem__(self, name):
        return self.runs[name]

    def floats(self, prefix):
        """Float's losses with three seeds."""
        names = (f"{prefix}fp32", f"{prefix}fp32.seed2", f"{prefix}fp32.seed3")
        return [self.runs[name]["validation_loss"] for name in names if name in self.runs]

    def spread(self, prefix):
        return statistics.stdev(self.floats(prefix))

    @staticmethod
    def prefix(name):
        return next((p for p in ("small.", "digits.") if name.startswith(p)), "")

    def baseline(self, name):
        """The run in float of the same size that a run is compared with."""
        prefix, wanted = self.prefix(name), self.runs[name]["baseline"]
        variant = name.removeprefix(prefix + self.runs[name]["recipe"])
        return prefix + wanted + (variant if prefix + wanted + variant in self.runs else "")

    def difference(self, name):
        return self.runs[name]["validation_loss"] - self.runs[self.baseline(name)]["validation_loss"]

    def told(self, name):
        """name: +0.0012 (0.3 spreads)"""
        if name not in self.runs or self.baseline(name) not in self.runs:
            return f"`{name}`: not run"
        by = self.difference(name)
        return f"`{name}` {by:+.4f} ({by / self.spread(self.prefix(name)):+.1f} σ)"


def table(rows, head):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def described(summary):
    """Without what the recipe is compared with, which has a column, and without options."""
    summary = re.sub(r": what [^(]*is compared with|; --[^)]*", "", summary)
    return re.sub(r" \([^();]*--[^()]*\)", "", summary)


# Runs that are no recipes by themselves.
VARIANTS = {"gain1": "the same, gains from 1", "forward": "that in the forward products alone", "backward": "that in the products of gradients alone",
            "m": "the first moment alone", "v": "the second moment alone", "r9": "9 random bits", "r4": "4 random bits",
            "flush": "subnormal sums flushed", "seed2": "another seed", "seed3": "another seed",
            "e5m2": "5 and 2 bits", "e3m2": "3 and 2 bits", "e3m1": "3 and 1 bits"}


def recipe_rows(results, names):
    rows = []
    for name in names:
        if name not in results or results.baseline(name) not in results:
            continue
        run = results[name]
        base, by = results.baseline(name), results.difference(name)
        compared = "" if base == name else f"{by:+.4f}"
        sigmas = "" if base == name else f"{by / results.spread(results.prefix(name)):+.1f}"
        what = "the same without layer scale" if name == "fp8-all" else VARIANTS.get(name.rpartition(".")[2], described(run["summary"]))
        rows.append([f"`{name}`", what,
                     f"{run['weight_bits']:.1f}", f"{run['state_bits']:.1f}", f"{run['validation_loss']:.4f}",
                     "" if base == name else f"`{base}`", compared, sigmas, str(run["skipped"]),
                     f"{run['seconds'] / 60:.1f}"])
    return rows


HEAD = ["run", "what", "bits a weight", "bits of state", "validation loss", "compared with", "difference", "in σ", "skipped", "minutes"]


def styled(axes, title, x_name, y_name):
    axes.set_title(title, fontsize=9, loc="left", fontweight="bold")
    axes.set_xlabel(x_name, fontsize=8, color="0.3")
    axes.set_ylabel(y_name, fontsize=8, color="0.3")
    axes.grid(color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=7)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def save(figure, path):
    figure.tight_layout(h_pad=1.5, w_pad=1.5)
    figure.savefig(path, facecolor="white", metadata={"Date": None})


FAMILIES = [
    ("16 bits", ["mixed-fp16", "fp16-unscaled", "bf16", "bf16-nearest", "bf16-sr", "bf16-kahan"]),
    ("FP8 with scales", ["fp8-hybrid", "fp8-current", "fp8-block", "fp8-lm", "fp8-lm-v8", "fp8-graphcore"]),
    ("Unit scaling", ["unit-scaling-fp8", "unit-scaling-fp16"]),
    ("Blocks", ["mxfp8", "mxfp6", "mxfp4", "nvfp4", "nvfp4.forward", "nvfp4.backward"]),
    ("int8, tensor-wise FP8", ["switchback", "switchback-m", "switchback-q", "int8-all", "fp8-all", "fp8-all-layer-scale.gain1"]),
    ("Narrow states", ["adam8bit", "adam4bit", "adam4bit.m", "adam4bit.v", "muon-8bit"]),
    ("Formats of run time", ["exmy", "exmy.e5m2", "exmy.e3m2", "exmy.e3m1", "flexible-bias"]),
    ("Emulated sums (small model)", ["small.hfp8", "small.ibm-fp8", "small.fp8-e5m2", "small.sr-mac", "small.sr-mac.r4", "small.sr-mac.forward", "small.sr-mac.backward"]),
]


def draw_curves(pyplot, results, path):
    """The validation loss less float's at the same step, family by family."""
    figure, grid = pyplot.subplots(4, 2, figsize=(10.8, 10.4))
    for axes, (title, names) in zip(grid.flat, FAMILIES):
        spread = results.spread(results.prefix(names[0]))
        axes.axhspan(-spread, spread, color="0.93", label="float's σ of 3 seeds")
        for name, color in zip((n for n in names if n in results and results.baseline(n) in results), COLORS):
            base = dict(results[results.baseline(name)]["curve"])
            points = [(step, loss - base[step]) for step, loss in results[name]["curve"] if step in base and step > 0]
            axes.plot(*zip(*points), color=color, linewidth=1.4, marker="o", markersize=2.5, label=name)
        axes.axhline(0, color="0.5", linewidth=0.8)
        axes.legend(fontsize=6.5, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
        styled(axes, title, "step", "validation loss less float's")
    save(figure, path)


def draw_losses(pyplot, results, path):
    """The losses themselves."""
    figure, grid = pyplot.subplots(1, 2, figsize=(10.8, 3.4))
    for axes, prefix, title in zip(grid, ("", "small."), ("Usual size", "Small model of emulated recipes")):
        for name, run in sorted(results.runs.items()):
            if "curve" not in run or name.startswith(("after.", "digits.", "narrow.", "wide.")) or results.prefix(name) != prefix:
                continue
            is_float = run["baseline"] == run["recipe"] or run["recipe"] == "fp32"
            axes.plot(*zip(*(point for point in run["curve"] if point[0] > 0)), color="black" if is_float else "#56b4e9", linewidth=1.6 if is_float else 0.7,
                      zorder=3 if is_float else 2, alpha=1 if is_float else 0.7)
        styled(axes, f"{title}: float black, recipes blue", "step", "validation loss, nats a byte")
    save(figure, path)


def draw_after_training(pyplot, results, path):
    figure, axes = pyplot.subplots(figsize=(6.4, 3.6))
    float_loss = results["after.fp32"]["validation_loss"]
    for name, run in sorted(results.runs.items()):
        if not name.startswith("after.e"):
            continue
        e, m = int(name[7]), int(name[9])
        loss = max(run["validation_loss"] - float_loss, 1e-5)
        axes.plot(1 + e + m, loss, "o", color="#0072b2", markersize=4)
        axes.annotate(name[6:], (1 + e + m, loss), fontsize=7, xytext=(4, 2), textcoords="offset points")
    axes.set_yscale("log")
    styled(axes, "eXmY after training: weights and activations", "bits an element", "validation loss above float's")
    save(figure, path)


def draw_biases(pyplot, results, path):
    """One constant bias for all tensors: the loss less that of a bias a tensor."""
    figure, axes = pyplot.subplots(figsize=(6.4, 3.2))
    for (prefix, label), color in zip((("digits", "digits"), ("narrow", "GPT, 1 layer, width 64"), ("wide", "GPT, 2 layers, width 128")),
                                      COLORS):
        points = sorted((int(name.split(".")[2]), run["validation_loss"]) for name, run in results.runs.items()
                        if name.startswith(f"{prefix}.cscale."))
        least = min(loss for _, loss in points)
        axes.plot([bias for bias, _ in points], [loss - least for _, loss in points], color=color, marker="o", markersize=3.5, label=label)
    axes.set_yscale("symlog", linthresh=0.01)
    axes.legend(fontsize=7, frameon=False)
    styled(axes, "FP8 with one bias for all tensors", "bias", "validation loss above the best bias's")
    save(figure, path)


def commits(results):
    """Of the programs that made the results: one, unless a run was stopped and the code changed."""
    runs = {}
    for name, run in sorted(results.runs.items()):
        runs.setdefault(run.get("commit", "unknown"), []).append(name)
    if len(runs) == 1:
        return f"Commit {next(iter(runs))}."
    by_count = sorted(runs.items(), key=lambda item: -len(item[1]))
    return (f"Commit {by_count[0][0]}, but "
            + "; ".join(f"{commit}: " + ", ".join(f"`{name}`" for name in names) for commit, names in by_count[1:]) + ".")


def shown(text):
    """Printable, without lines that are empty."""
    lines = ("".join(c if c.isprintable() else "?" for c in line).rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def paper_lines(results):
    rows = []
    for paper, claim, runs in PAPERS:
        came_out = "; ".join(results.told(run) for run in runs)
        rows.append([paper, claim, came_out + (f". {NOTES[paper]}" if paper in NOTES else "")])
    return table(rows, ["paper", "claim", "here: validation loss less float's (in σ of float)"])


NEEDED = ("fp32", "fp32.seed2", "fp32.seed3", "small.fp32", "small.fp32.seed2", "small.fp32.seed3", "digits.fp32", "digits.fp32.seed2",
          "digits.fp32.seed3", "after.fp32", "nvfp4", "digits.cscale.0", "narrow.cscale.0", "wide.cscale.0")


def missing(folder):
    """Runs without which there is no page."""
    return [name for name in NEEDED if not (folder / f"{name}.json").exists()]


def write(folder, output, recipes, is_quick):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as pyplot
    pyplot.rcParams.update({"font.family": "DejaVu Sans", "svg.hashsalt": "narrowfloat", "svg.fonttype": "none"})
    results = Results(folder)
    pictures = output.parent / "reproduction"
    pictures.mkdir(exist_ok=True)
    draw_losses(pyplot, results, pictures / "losses.svg")
    draw_curves(pyplot, results, pictures / "differences.svg")
    draw_after_training(pyplot, results, pictures / "after-training.svg")
    draw_biases(pyplot, results, pictures / "biases.svg")
    usual, small = results["fp32"], results["small.fp32"]
    variants = {"exmy": ["exmy.e5m2", "exmy.e3m2", "exmy.e3m1"], "fp8-all-layer-scale": ["fp8-all", "fp8-all-layer-scale.gain1"],
                "fp32-layer-scale": ["fp32-layer-scale.gain1"],
                "nvfp4": ["nvfp4.forward", "nvfp4.backward"], "adam4bit": ["adam4bit.m", "adam4bit.v"],
                "sr-mac": [f"small.sr-mac.{v}" for v in ("r9", "r4", "flush", "seed2", "seed3", "forward", "backward")]}
    names = []
    for recipe in recipes:
        names += [recipe, f"small.{recipe}", *variants.get(recipe, [])]
    sixteen = ("mixed-fp16", "fp16-unscaled", "bf16", "bf16-nearest", "bf16-sr", "bf16-kahan", "bf16-away")
    pair_noise = statistics.stdev(results.difference(name) for name in sixteen)
    floats = [f"{loss:.4f}" for loss in results.floats("")]
    small_floats = [f"{loss:.4f}" for loss in results.floats("small.")]
    text = f"""# What papers claim, run again

`scripts/reproduce{' --quick' if is_quick else ''}` wrote this page{' of shortened runs' if is_quick else ''}: a GPT of {usual['parameters']:,} weights trained on *The Devil's
Dictionary*, byte by byte, for {usual['steps']} steps in every recipe; where sums are emulated step by step, one of {small['parameters']:,} weights for {small['steps']}.
Machine: {platform.machine()}, {platform.system()}, two runs at a time on two cores, one thread each, so that minutes are those of a busy machine;
products of floats by OpenBLAS. {commits(results)}

A model this small on 345 kB of text says whether a recipe trains and how far it is from float, at this size. It does not say
what happens at a billion weights. Losses are in nats a byte, on text that no step has seen.

**Float's own spread.** Three seeds (of weights, batches and random bits) in float end at {', '.join(floats)}: σ = {results.spread(''):.4f}; the
small model at {', '.join(small_floats)}: σ = {results.spread('small.'):.4f}. Every recipe ran once and is compared with float at its own size, from the same seed: the
same weights at first, the same batches. σ is what a new seed does, and three seeds give no more than its size. The differences of
the recipes in 16 bits, which hardly change a step, have a standard deviation of {pair_noise:.4f} (`mixed-fp16` to `bf16-away`): less can be no effect.
Rows in float other than `fp32` are other optimizers or models, and baselines alone.

![Losses](reproduction/losses.svg)

![Losses less float's](reproduction/differences.svg)

## Recipes

{table(recipe_rows(results, names), HEAD)}

## Papers

{paper_lines(results)}

## After training

The float model, the weights and activations of its blocks rounded to a format, not trained in it (the last layer is in bfloat16); less is better, {results['after.fp32']['validation_loss']:.4f} in float.

![Loss over bits](reproduction/after-training.svg)

{table([[f"`{n[6:]}`", f"{results[n]['validation_loss']:.4f}", f"{results[n]['validation_loss'] - results['after.fp32']['validation_loss']:+.4f}"] for n in sorted(results.runs) if n.startswith("after.")], ["format", "validation loss", "less float's"])}
"""
    names = [f"digits.{r}" for r in recipes if f"digits.{r}" in results]
    text += f"""
## Digits

A network of three matrices, all rows in a batch, so that `dw` sums {results['digits.fp32']['options']['batch']} products. Accuracies cannot tell recipes apart here
(one standard error is 0.9 %); the losses can, of the same batches from the same weights. Three seeds of float: σ = {results.spread('digits.'):.4f}.

{table(recipe_rows(results, names), HEAD)}

## One bias for all tensors

![One bias](reproduction/biases.svg)

## Figures

Programs of seconds, each with tests that hold what they show (`unit.*_claims`); their tables say the claim and what came out.

- [`accumulate`](../examples/accumulate.cpp): swamping and chunks (Wang et al. 2018), the bias of stochastic sums over their random
  bits (Ali et al. 2024), a tensor core's sums (DeepSeek-V3), int8 `dx` and `dw` over tokens (Wortsman et al. 2023)
- [`optimizers`](../examples/optimizers.cpp): errors of Adam's updates by code-book (Dettmers et al. 2022), second moments that become
  0, a gradient that jumps under AdamW and StableAdamW, weights without a master copy
- [`snr`](../examples/snr.cpp): the range of formats (Blake et al. 2023); [`distributions`](../examples/distributions.cpp): which split of 8 bits
  suits which distribution, beside INT8 (Kuzmin et al. 2022)
- [`train_tensors`](../examples/train/train_tensors.cpp): the standard deviation of every tensor with and without unit scaling,
  gradients in float16 with and without a loss scale, NVFP4 piece by piece, int8 on real tensors

![Tensors of the GPT](../examples/tensors.svg)

![Distributions](../examples/distributions.svg)

## A sample

What float writes after {usual['steps']} steps, behind the bar, and NVFP4:

```text
{shown(usual['text'])}
```

```text
{shown(results['nvfp4']['text'])}
```
"""
    output.write_text(text)
