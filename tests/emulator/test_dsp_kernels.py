"""The dsp kernels on emulated Cortex-M4 and Cortex-M33: assembly, instructions, random shapes."""

import pytest

from targets import build
from targets.emulate import bare
from targets.load import load
from tests.emulator import tiles

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
