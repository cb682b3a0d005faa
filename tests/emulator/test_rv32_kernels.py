"""Pools and products of the rv32 kernels on the emulated core, compiled for each goal."""

from pathlib import Path

import numpy as np
import pytest

from codegen.options import Goal
from targets.load import load
from tests.emulator import tiles
from tests.operators.builder import ModelBuilder, options

RELU6 = 3
SAME, VALID = 0, 1


def network() -> bytes:
    """Return pools of six channels with and without padding, a square, a product of runs."""
    m = ModelBuilder()
    x = m.input((1, 7, 9, 6), "int8", 0.05, 3)
    y = m.tensor((1, 4, 5, 6), "int8", 0.05, 3)
    window = {"filterHeight": 3, "filterWidth": 3}
    steps = {"strideH": 2, "strideW": 2, "padding": SAME}
    m.operator("MAX_POOL_2D", [x], [y], options("Pool2D", **window, **steps))
    z = m.tensor((1, 2, 3, 6), "int8", 0.05, 3)
    steps = {"strideH": 1, "strideW": 1, "padding": VALID, "fusedActivationFunction": RELU6}
    m.operator("AVERAGE_POOL_2D", [y], [z], options("Pool2D", **window, **steps))
    square = m.tensor((1, 2, 3, 6), "int8", 0.03, -20)
    m.operator("MUL", [z, z], [square], options("Mul"))
    factor = m.constant(np.array([[[[-70], [3], [127]]]], np.int8), 0.05, -5)
    product = m.tensor((1, 2, 3, 6), "int8", 0.06, 11)
    m.operator("MUL", [factor, square], [product], options("Mul", fusedActivationFunction=RELU6))
    m.output(product)
    return m.build()


@pytest.mark.parametrize("optimize", ["balanced", pytest.param("size", marks=pytest.mark.slow)])
def test_pools_and_products(optimize: Goal, tmp_path: Path) -> None:
    found = tiles.compare(network(), load("riscv-virt"), tmp_path, optimize)
    names = ("max_pool_2d", "average_pool_2d", "mul", "mul")
    assert found == [f"safe_kernel_{name}_s8_rv32" for name in names]
