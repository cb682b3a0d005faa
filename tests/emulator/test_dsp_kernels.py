"""The dsp kernels on emulated Cortex-M4 and Cortex-M33: assembly, instructions, random shapes."""

import dataclasses

import numpy as np
import pytest

from targets import build
from targets.emulate import bare
from targets.load import load
from tests.emulator import tiles
from tests.operators import test_transpose_conv
from tests.operators.builder import options
from tests.operators.networks import Network

RELU = 1

TARGETS = ("mps2-an386", "mps2-an505")
KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "UNIDIRECTIONAL_SEQUENCE_LSTM")
KERNELS = build.ROOT / "sdk/src/kernel/dsp"
NAMES = ("dot8_dsp.c", "expand_dsp.c", "gemm4x2_dsp.c", "lstm_terms_dsp.c")
SOURCES = [tiles.IMAGES / "tiles.c", *(KERNELS / name for name in NAMES)]


@pytest.mark.parametrize(
    "flags",
    [
        (),
        ("-DSAFE_GOAL=SAFE_GOAL_SPEED",),
        ("-DSAFE_GOAL=SAFE_GOAL_SIZE",),
        ("-DSAFE_NO_ASM",),
        ("-DSAFE_DSP_EMULATED",),
    ],
)
@pytest.mark.parametrize("name", TARGETS)
def test_tiles(name, flags, tmp_path):
    """In assembly for each goal, in C with the instructions, and in plain C: run raises for a
    difference.
    """
    target = load(name)
    assert len(bare.run(target, tiles.link(target, SOURCES, tmp_path, *flags))) == 12


def line() -> bytes:
    """Return a network along one line: a convolution, two depthwise ones, a square."""
    n = Network(np.random.default_rng(4))
    x = n.convolution(n.source((1, 1, 27, 6)), 10, (1, 3))
    x = n.convolution(x, 0, (1, 5), stride=2)
    x = n.convolution(x, 0, (1, 3), copies=2)
    y = n.m.tensor(x.shape, "int8", 255 * x.scale**2, -3)
    table = options("Mul", fusedActivationFunction=RELU)
    n.m.operator("MUL", [x.index, x.index], [y], table)
    return n.case(dataclasses.replace(x, index=y), count=1).model


def test_kernels_of_a_line(tmp_path):
    """Kernels without a tile: loads of four bytes at any address, and limits of halves."""
    found = tiles.compare(line(), load("mps2-an386"), tmp_path)
    names = ("conv_1d_pairs", "depthwise_lines", "depthwise_lines", "mul")
    assert found == [f"safe_kernel_{name}_s8_dsp" for name in names]


@pytest.mark.parametrize("name", TARGETS)
def test_all_phases_of_a_transposed_convolution(name, tmp_path):
    """With a border and without, an odd number of positions, one column, lines that are cut."""
    for seed in (0, 1, 2, 6, 7):
        found = tiles.compare(test_transpose_conv.transposed(seed), load(name), tmp_path)
        assert found == ["safe_kernel_transpose_conv_s8_dsp"]


QUICK = [("mps2-an386", "balanced"), ("mps2-an386", "size"), ("mps2-an505", "speed")]
SLOW = [("mps2-an386", "speed"), ("mps2-an505", "balanced"), ("mps2-an505", "size")]


@pytest.mark.parametrize(
    ("name", "optimize"), [*QUICK, *(pytest.param(*c, marks=pytest.mark.slow) for c in SLOW)]
)
def test_random_shapes(name, optimize, tmp_path):
    target = load(name)
    chosen = 0
    for kind in KINDS:
        for seed in range(3):
            found = tiles.kernels_of(kind, [seed, 31], target, tmp_path, optimize)
            chosen += any(kernel.endswith("_dsp") for kernel in found)
    assert chosen >= len(KINDS) + 2
