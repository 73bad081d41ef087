#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds operators.cpp, and compares its operators with torch's own casts, bit by bit: all floats, all bfloat16, and MXFP8
blocks of a matrix by torch's operations. Exit 1: a bit differs.
"""
import pathlib
import sys
import time

import torch
from torch.utils import cpp_extension

HERE = pathlib.Path(__file__).parent
cpp_extension.load("narrowfloat_operators", [str(HERE / "operators.cpp")], is_python_module=False,
                   extra_include_paths=[str(HERE.parents[1] / "include")], extra_cflags=["-O2", "-std=c++20"])
convert_e4m3, quantize_mxfp8 = torch.ops.narrowfloat.convert_e4m3, torch.ops.narrowfloat.quantize_mxfp8
wrong = 0


def report(what, got, expected):
    global wrong
    off = int((got.view(torch.uint8) != expected.view(torch.uint8)).sum())
    wrong += off
    print(f"{what}: {got.numel():,} codes, {off} differ")


def all_floats():
    """Of a float's bits the high 8 are counted outside, the low 24 are a tensor."""
    low, off, seconds = torch.arange(1 << 24, dtype=torch.int32), 0, [0.0, 0.0]
    for high in range(-128, 128):
        x = (low + (high << 24)).view(torch.float32)
        times = [time.perf_counter()]
        for cast in (convert_e4m3, lambda x: x.to(torch.float8_e4m3fn)):
            codes = cast(x)
            times.append(time.perf_counter())
            first = codes if len(times) == 2 else first
        off += int((first.view(torch.uint8) != codes.view(torch.uint8)).sum())
        seconds = [seconds[0] + times[1] - times[0], seconds[1] + times[2] - times[1]]
    print(f"all floats: {1 << 32:,} codes, {off} differ; {seconds[0]:.1f} s here, {seconds[1]:.1f} s torch")
    return off


def mxfp8_of_torch(x):
    """The scale of a block is 2^(floor(log2(largest)) - 8): 8 is the exponent of 448."""
    blocks = x.float().unflatten(1, (-1, 32))
    exponents = (torch.frexp(blocks.abs().amax(2)).exponent - 1 - 8).clamp(-127, 127)
    codes = torch.ldexp(blocks, -exponents[..., None]).clamp(-448, 448).to(torch.float8_e4m3fn)
    return codes.flatten(1), (exponents + 127).to(torch.uint8).view(torch.float8_e8m0fnu)


torch.set_num_threads(1)
wrong += all_floats()
x = torch.arange(1 << 16, dtype=torch.int32).to(torch.int16).view(torch.bfloat16)
report("all bfloat16", convert_e4m3(x), x.to(torch.float8_e4m3fn))

torch.manual_seed(0)
for dtype in (torch.float32, torch.bfloat16):
    x = (torch.randn(1024, 4096) * torch.exp2(torch.randint(-20, 20, (1024, 1)))).to(dtype)
    for what, got, expected in zip(("codes", "scales"), quantize_mxfp8(x), mxfp8_of_torch(x)):
        report(f"MXFP8 of {dtype}, {what} {tuple(got.shape)} {got.dtype}", got, expected)

x = torch.full((1 << 20,), 1.03)  # between 1 and 1.125
rounded = convert_e4m3(x, seed=1).float()
print(f"1.03 rounded at random: {rounded.unique().tolist()}, on average {rounded.mean():.4f}")
try:
    convert_e4m3(torch.zeros(4, 8).T)
except (RuntimeError, ValueError) as error:
    print("a transposed tensor:", str(error).splitlines()[0])
sys.exit(bool(wrong))
