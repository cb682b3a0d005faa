"""Random whole networks: every instruction set and goal equals TensorFlow Lite Micro exactly."""

from pathlib import Path

import numpy as np
import pytest

from codegen import reference
from codegen.backends.native.backend import compile_model
from codegen.frontend.tflite import load
from codegen.options import GOALS, KernelChoice
from host_tools.perf import agreement, standalone, suite
from targets.kernels import ISAS, Isa
from targets.load import load as load_target
from tests.operators import kernels, oracle, program
from tests.operators.draw import Array, Case
from tests.operators.further_networks import FURTHER
from tests.operators.networks import NETWORKS, Network, recurrent

ALL_NETWORKS = {**NETWORKS, **FURTHER}
WINDOWS = 12
QUICK, SLOW, CORES = 3, 40, 4


def drawn(name: str, seed: int, count: int = WINDOWS) -> Case:
    """Return a network by name and number."""
    return ALL_NETWORKS[name](np.random.default_rng([seed, 51]), count)


def truth(case: Case) -> list[Array]:
    """Return what TFLM computes."""
    model = case.judged or case.model
    return oracle.run(model, case.inputs, len(load(model, "m").outputs))


def assert_same(results: list[Array], expected: list[Array], what: object) -> None:
    """Assert equal bytes."""
    assert len(results) == len(expected)
    for result, array in zip(results, expected, strict=True):
        assert result.shape == array.shape
        assert np.count_nonzero(result != array) == 0, what


def compare_kernels(case: Case, what: object) -> int:
    """Assert that the reference and the kernels of each choice, after all passes, are equal.

    Returns how many calls were of kernels for an instruction set.
    """
    special = 0
    graph, expected = load(case.model, "m"), truth(case)
    assert_same(reference.run(graph, case.inputs), expected, what)
    for choice in kernels.CHOICES:
        compiled = compile_model(graph, target="host", isa=choice.isa, optimize=choice.optimize)
        results = kernels.library("gcc-O3").run(compiled.graph, case.inputs, choice)
        assert_same(results, expected, (what, choice))
        calls = (call for _, call in compiled.calls if call is not None)
        special += sum(call.kernel.endswith(("_dsp", "_rv32", "_v6m")) for call in calls)
    return special


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_kernels(name: str) -> None:
    special = sum(compare_kernels(drawn(name, seed), seed) for seed in range(QUICK))
    assert special > 6 * QUICK, "most kernels should be those of an instruction set"


@pytest.mark.parametrize("units", [1, 17, 128])
def test_sizes_of_lstm(units: int) -> None:
    compare_kernels(recurrent(np.random.default_rng([units, 52]), WINDOWS, units), units)


@pytest.mark.parametrize(
    ("name", "isa"),
    [
        pytest.param(name, isa, marks=[pytest.mark.slow] * ((i + j) % 2))
        for i, name in enumerate(sorted(NETWORKS))
        for j, isa in enumerate(ISAS)
    ],
)
def test_generated_program_under_sanitizers(name: str, isa: str, tmp_path: Path) -> None:
    seed = 100 + ISAS.index(isa)
    case = drawn(name, seed)
    choice = KernelChoice(ISAS[ISAS.index(isa)], GOALS[len(name) % len(GOALS)])
    built = program.build(case.model, choice, program.CHECKED["asan"], tmp_path)
    expected = truth(case)
    assert_same(program.run(built, case.inputs, expected, "asan"), expected, choice)


@pytest.mark.parametrize(("isa", "strides"), [("dsp", (1, 1, 1)), ("rv32", (1, 1, 2, 1))])
def test_depthwise_convolutions_work_in_place(
    isa: Isa, strides: tuple[int, ...], tmp_path: Path
) -> None:
    """One value and the copy of a channel are all the memory of any number of them."""
    n = Network(np.random.default_rng(53))
    x = n.source((1, 9, 7, 5))
    for stride in strides:
        x = n.convolution(x, 0, (3, 3), stride=stride)
    case, choice = n.case(x, count=WINDOWS), KernelChoice(isa)
    plan = compile_model(load(case.model, "m"), target="host", isa=isa).plan
    assert len(set(plan.tensors.values())) == 1
    assert plan.arena_bytes <= 9 * 7 * 5 + 11 * 9 + 16
    built = program.build(case.model, choice, program.CHECKED["asan"], tmp_path)
    expected = truth(case)
    assert_same(program.run(built, case.inputs, expected, "asan"), expected, choice)


def test_a_flipped_bit_is_seen() -> None:
    """The comparison is worth something."""
    case = drawn("separable", 0)
    results = reference.run(load(case.model, "m"), case.inputs)
    results[0].reshape(-1)[0] ^= 1
    with pytest.raises(AssertionError):
        assert_same(results, truth(case), "flipped")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_kernels_of_many(name: str) -> None:
    for seed in range(1000, 1000 + SLOW):
        compare_kernels(drawn(name, seed), seed)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(NETWORKS))
@pytest.mark.parametrize("choice", kernels.CHOICES, ids=lambda c: f"{c.isa}-{c.optimize}")
def test_generated_program_of_every_choice(name: str, choice: KernelChoice, tmp_path: Path) -> None:
    for seed in range(2000, 2005):
        case = drawn(name, seed)
        folder = tmp_path / str(seed)
        folder.mkdir()
        built = program.build(case.model, choice, program.CHECKED["asan"], folder)
        expected = truth(case)
        assert_same(program.run(built, case.inputs, expected, "asan"), expected, (seed, choice))


def on_a_core(name: str, target: str, seed: int, folder: Path) -> None:
    """Assert that a standalone folder, compiled with plain -O2, gives the same on a bare core."""
    path = folder / "network.tflite"
    path.write_bytes(drawn(name, seed, 1).model)
    built = standalone.build(path, load_target(target), folder, calls=4)
    agreement.verify(built, standalone.measure(built, folder))


@pytest.mark.emulator
@pytest.mark.parametrize("name", ["residual", "separable"])
@pytest.mark.parametrize("target", suite.TARGETS)
def test_emulated_core(name: str, target: str, tmp_path: Path) -> None:
    on_a_core(name, target, 200, tmp_path)


@pytest.mark.slow
@pytest.mark.emulator
@pytest.mark.parametrize("name", ["line", "recurrent", "residual", "separable"])
@pytest.mark.parametrize("target", suite.TARGETS)
def test_emulated_core_of_many(name: str, target: str, tmp_path: Path) -> None:
    for seed in range(300, 300 + CORES):
        folder = tmp_path / str(seed)
        folder.mkdir()
        on_a_core(name, target, seed, folder)
