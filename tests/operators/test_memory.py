"""No kernel reads what was not written: valgrind's memcheck, and MSan, over generated programs.

The arena of each window is new memory (`driver.c`), and inputs are complete, so that a value that
is used before it is computed is seen whatever it happens to be.
"""

from pathlib import Path

import numpy as np
import pytest

from codegen.frontend.tflite import load
from codegen.options import KernelChoice
from targets.kernels import ISAS, Isa
from tests.operators import oracle, program
from tests.operators.cases import ALL_CASES
from tests.operators.draw import Case
from tests.operators.networks import NETWORKS

SPECIAL = (
    "CONV_2D",
    "CONV_2D_S16",
    "DEPTHWISE_CONV_2D",
    "FULLY_CONNECTED",
    "FULLY_CONNECTED_S16",
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
)
"""Kinds with kernels for an instruction set."""
SEEDS = 3


def watched(case: Case, isa: Isa, tool: str, folder: Path) -> None:
    """Assert that the program runs without a complaint of the tool, and is right."""
    built = program.build(case.model, KernelChoice(isa), program.CHECKED[tool], folder)
    few = [values[:3] for values in case.inputs]
    outputs = len(load(case.model, "m").outputs)
    expected = oracle.ORACLES[case.oracle](case.model, few, outputs)
    results = program.run(built, few, expected, tool)
    for result, array in zip(results, expected, strict=True):
        assert result.tobytes() == array.tobytes()


def all_seeds(kind: str, isa: Isa, tool: str, folder: Path) -> None:
    for seed in range(SEEDS):
        inner = folder / str(seed)
        inner.mkdir()
        watched(ALL_CASES[kind](np.random.default_rng([seed, 61])), isa, tool, inner)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize(
    ("tool", "name"),
    [
        ("memcheck", "recurrent"),
        ("msan", "separable"),
        pytest.param("memcheck", "separable", marks=pytest.mark.slow),
        pytest.param("msan", "recurrent", marks=pytest.mark.slow),
    ],
)
def test_networks(isa: Isa, tool: str, name: str, tmp_path: Path) -> None:
    watched(NETWORKS[name](np.random.default_rng([ISAS.index(isa), 62]), 3), isa, tool, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(ALL_CASES))
def test_every_reference_kernel(kind: str, tmp_path: Path) -> None:
    all_seeds(kind, "ref", "memcheck", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", SPECIAL)
@pytest.mark.parametrize("isa", ["dsp", "rv32"])
@pytest.mark.parametrize("tool", ["memcheck", "msan"])
def test_every_kernel_of_an_instruction_set(kind: str, isa: Isa, tool: str, tmp_path: Path) -> None:
    all_seeds(kind, isa, tool, tmp_path)


_UNWRITTEN = """
#include <stdio.h>
#include <stdlib.h>
int main(void)
{
    volatile char *volatile byte = malloc(1); /* volatile: no compiler may see it */
    int bad = byte == NULL || *byte == 1;
    free((void *)byte);
    return bad ? puts("one") < 0 : 0;
}
"""


@pytest.mark.parametrize("tool", ["memcheck", "msan"])
def test_the_tool_sees_an_unwritten_byte(tool: str, tmp_path: Path) -> None:
    """The tools are worth something here: a program that reads such a byte fails."""
    source, built = tmp_path / "bad.c", tmp_path / "bad"
    source.write_text(_UNWRITTEN, encoding="utf-8")
    program.compile_program(program.CHECKED[tool], [source], built)
    with pytest.raises(AssertionError, match="uninitiali"):
        program.run(built, [np.zeros((1, 1), np.int8)], [np.zeros((1, 1), np.int8)], tool)
