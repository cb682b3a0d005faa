"""Armv6-M: an image holds its instructions only, what is not aligned faults, and the
assembly of the v6m kernels gives the bytes of the reference."""

import subprocess

import numpy as np
import pytest

from codegen import reference
from codegen.frontend.tflite import load as load_model
from host_tools.perf import standalone
from targets import build
from targets.emulate import bare, qemu
from targets.load import load
from tests.emulator import armv6m
from tests.emulator.conftest import build_probe
from tests.operators.cases import CASES
from tests.operators.test_v6m import KINDS

pytestmark = pytest.mark.emulator


@pytest.fixture(scope="module")
def target():
    return load("mps2-m0plus")


@pytest.fixture(scope="module")
def image(target, tmp_path_factory):
    return build_probe(target, tmp_path_factory.mktemp("probe"))


def test_every_instruction_of_an_image_is_armv6m(image):
    number, foreign = armv6m.foreign(image)
    assert number > 500
    assert foreign == []


def test_the_check_finds_what_a_larger_core_has_besides(tmp_path, target):
    """Each of these assembles for Armv7-M only, or is coded otherwise there."""
    lines = (
        "cbz r0, . + 4",
        "udiv r0, r1, r2",
        "movw r0, #1",
        "ldr r0, [r8]",
        "ldrd r0, r1, [r2]",
        "msr basepri, r0",
        "it eq",
    )
    text = "\n".join(
        (".syntax unified", ".thumb", ".text", "bl . + 4", "dmb", "mrs r0, msp", *lines)
    )
    (tmp_path / "a.s").write_text(text + "\nmoveq r1, r2\n")
    gcc = build.tool(target, "gcc")
    command = [gcc, "-mcpu=cortex-m3", "-mthumb", "-nostdlib", "-Wl,-Ttext=0,-e0", "a.s", "-o", "a"]
    subprocess.run(command, cwd=tmp_path, check=True)
    number, foreign = armv6m.foreign(tmp_path / "a")
    assert number == 3 + len(lines) + 1
    assert len(foreign) == len(lines)


def test_what_is_not_aligned_faults(target, image, connect):
    """The core that stands for a Cortex-M0+ would load it: startup.c sets CCR.UNALIGN_TRP."""
    with qemu.start(target, image) as emulator:
        line = connect(emulator)
        line.line()
        line.send(b"l")
        assert line.line() == ""
        assert line.line().startswith("safe fault: exception=00000003 pc=")


def test_random_shapes_in_assembly(target, tmp_path):
    """Every kernel on the core that executes Armv6-M, checked to hold nothing else.

    `speed` takes two turns of the tile's loop at a time; drawn depths leave whole and half ones.
    """
    chosen = set()
    for kind in KINDS:
        for seed, goal in ((4, "speed"), (5, "balanced"), (6, "size")):
            work = tmp_path / f"{kind.lower()}{seed}"
            work.mkdir()
            path = work / "case.tflite"
            path.write_bytes(CASES[kind](np.random.default_rng([seed, 54])).model)
            built = standalone.build(path, target, work, optimize=goal)
            graph = load_model(path, "case")
            shape = graph.tensor(graph.inputs[0]).shape
            raw = bare.inputs(built.interface.input_bytes, standalone.CALLS)
            values = np.stack([np.frombuffer(r, np.int8).reshape(shape) for r in raw])
            expected = reference.run(graph, [values])[0]
            outputs = [call.output for call in bare.run(target, built.elf)]
            assert outputs == [row.tobytes() for row in expected], (kind, seed)
            assert armv6m.foreign(built.elf)[1] == []
            chosen |= {o["kernel"] for o in built.manifest["operators"]}
    assert len({name for name in chosen if name and name.endswith("_v6m")}) == len(KINDS)
