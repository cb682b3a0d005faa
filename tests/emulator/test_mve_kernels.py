"""The mve kernels on an emulated Cortex-M55: assembly, instructions, random shapes."""

import pytest

from targets import build
from targets.emulate import bare
from targets.load import load
from tests.emulator import tiles

KINDS = ("CONV_2D", "FULLY_CONNECTED", "UNIDIRECTIONAL_SEQUENCE_LSTM")
SOURCES = [tiles.IMAGES / "mve.c", build.ROOT / "sdk/src/kernel/mve/gemm4x3_mve.c"]


@pytest.fixture(scope="module")
def target():
    return load("mps3-an547")


@pytest.mark.parametrize("flags", [(), ("-DSAFE_NO_ASM",), ("-O0",)])
def test_tiles_and_rescaling(target, flags, tmp_path):
    """In assembly, in C with the instructions, and without optimization: run raises for a
    difference."""
    image = tiles.link(target, SOURCES, tmp_path, *flags, calls=3)
    assert len(bare.run(target, image)) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_random_shapes(target, kind, tmp_path):
    for seed in range(4):
        found = tiles.kernels_of(kind, [seed, 81], target, tmp_path)
        assert found[0].endswith("_mve")
