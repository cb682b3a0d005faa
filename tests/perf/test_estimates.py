"""Estimated instructions of whole networks are within 25% of counted ones, small networks too.

The networks are none of those that the rates were fitted to (`tests/perf/calibrate.py`). What they
took is written here; two are counted anew, all of them with --full.
"""

from pathlib import Path

import numpy as np
import pytest

from codegen.backends.native.backend import compile_model
from codegen.backends.native.shared import cost
from codegen.frontend import tflite
from host_tools.perf import standalone
from targets.load import load
from tests.operators.networks import NETWORKS, Network

pytestmark = pytest.mark.emulator

MOST = 0.25
COUNTED: dict[str, tuple[int, int]] = {
    "line_21": (31_660, 51_987),
    "line_22": (64_054, 108_527),
    "separable_21": (119_748, 118_116),
    "separable_22": (159_588, 285_816),
    "residual_21": (118_081, 167_086),
    "residual_22": (186_417, 397_942),
    "dilated_21": (156_504, 193_918),
    "dilated_22": (98_336, 158_855),
    "recurrent_21": (16_104, 28_117),
    "recurrent_22": (215_869, 547_580),
    "branched_21": (8_710, 14_245),
    "branched_22": (8_904, 14_092),
    "dense_24_12_6": (1_131, 2_231),
    "dense_100_50_20_4": (9_801, 27_277),
    "dense_12_30_1": (1_603, 2_996),
}
"""Instructions of the operators on Cortex-M4 and RV32, by network."""
TARGETS = ("mps2-an386", "riscv-virt")
FEW = ("dense_24_12_6", "line_21")


def model(name: str) -> bytes:
    """Return a network: a family of drawn ones and its seed, or dense layers and their sizes."""
    family, *numbers = name.split("_")
    if family != "dense":
        return NETWORKS[family](np.random.default_rng(int(numbers[0])), 1).model
    n = Network(np.random.default_rng(8))
    x = n.source((1, int(numbers[0])))
    for units in numbers[1:]:
        x = n.dense(x, int(units))
    return n.case(x, count=1).model


def estimated(name: str, target: str) -> int:
    """Return the estimate for all operators of a network."""
    graph = tflite.load(model(name), "m")
    isa = load(target).isa
    program = compile_model(graph, target=target, isa=isa)
    return sum(
        cost.instructions(isa, call, sum(program.graph.tensor(i).elements for i in o.outputs))
        for o, call in program.calls
        if call is not None
    )


def counted(name: str, target: str, folder: Path) -> int:
    """Return what a network's operators take in QEMU."""
    path = folder / "m.tflite"
    path.write_bytes(model(name))
    built = standalone.build(path, load(target), folder, calls=2)
    found = standalone.measure(built, folder / "plugin").counts
    return sum(row.maximum for row in found.operators if row.index >= 0)


@pytest.mark.parametrize("name", COUNTED)
def test_estimates_are_within_a_quarter(name: str) -> None:
    for target, instructions in zip(TARGETS, COUNTED[name], strict=True):
        off = estimated(name, target) / instructions - 1
        assert abs(off) <= MOST, f"{target}: {off:+.0%} of {instructions:,}"


def test_there_are_small_networks_and_large_ones() -> None:
    on_m4 = [figures[0] for figures in COUNTED.values()]
    assert len(on_m4) >= 12
    assert sum(n < 20_000 for n in on_m4) >= 4
    assert max(on_m4) > 200_000


@pytest.mark.parametrize(
    "name", [*FEW, *(pytest.param(n, marks=pytest.mark.slow) for n in COUNTED if n not in FEW)]
)
def test_the_figures_are_those_of_the_kernels(name: str, tmp_path: Path) -> None:
    target = TARGETS[0]
    assert counted(name, target, tmp_path) == pytest.approx(COUNTED[name][0], rel=0.05)
