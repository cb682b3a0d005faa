"""Ibex's RTL: exact bytes, exact cycles that repeat, faults and reset on the real core."""

import re

import pytest

from host_tools.compare import golden
from host_tools.device.bench import run_window
from host_tools.device.link import Link
from host_tools.device.serial_port import SerialPort
from host_tools.perf import budget, suite
from targets import build
from targets.emulate import counting, verilator
from targets.errors import EmulatorError
from targets.load import load
from targets.make import make
from tests.emulator.conftest import build_probe
from tests.emulator.test_check_targets import FAULT

pytestmark = [
    pytest.mark.emulator,
    pytest.mark.skipif(
        not verilator.available(), reason="verilator or pythondata-cpu-ibex is not installed"
    ),
]

SECONDS = 30.0
RESET_FAULT = 1 << 6


@pytest.fixture(scope="module")
def target():
    return load("ibex")


def test_configurations_are_those_of_the_wheel():
    text = (verilator._rtl() / "ibex_configs.yaml").read_text()
    for name, parameters in verilator.CONFIGURATIONS.items():
        block = re.search(rf"^{name}:\n((?:  .*\n)+)", text, re.MULTILINE)[1]
        stated = dict(re.findall(r'(\w+)\s*: "?(?:ibex_pkg::)?(\w+)"?', block))
        multiplier = "RV32MSingleCycle" if parameters["SingleCycleMultiplier"] else "RV32MFast"
        assert stated["RV32M"] == multiplier
        for other in ("BranchTargetALU", "WritebackStage"):
            assert stated[other] == str(parameters[other])
        # What the wrapper leaves at the core's defaults.
        assert {stated[k] for k in ("RV32E", "ICache", "BranchPredictor", "PMPEnable")} == {"0"}
        assert stated["RV32B"] == "RV32BNone"


def test_unknown_configuration(tmp_path):
    with pytest.raises(EmulatorError, match="unknown configuration 'big' of Ibex; known are"):
        verilator.build("big", tmp_path)


def test_the_bench_image_is_exact_and_its_cycles_repeat(target):
    image = make("ibex", "forecaster")
    data = golden.load(build.ROOT / "models/forecaster/golden.npz").first(2)
    with verilator.start(target, image.elf) as running, SerialPort(running.url) as port:
        link = Link(port, SECONDS)
        info = link.connect()
        assert info.status == 0  # nothing that an emulator cannot do
        found = [
            run_window(link, info, token, window.tobytes())
            for token, window in enumerate([data.windows[0], data.windows[1], data.windows[0]], 1)
        ]
    expected = [data.outputs[0].tobytes(), data.outputs[1].tobytes(), data.outputs[0].tobytes()]
    assert [output for output, _ in found] == expected
    cycles = [timing.cycles for _, timing in found]
    # The timer's interrupts fall elsewhere each time: 92 of some 40 cycles.
    assert abs(cycles[0] - cycles[2]) < 100
    assert 4_000_000 < min(cycles) <= max(cycles) < 5_000_000


def test_cycles_of_the_shipped_model_are_within_the_budget(tmp_path):
    path = build.find_model("forecaster").tflite
    results = suite.measure([path], suite.EXACT_TARGETS, ["balanced"], tmp_path, calls=1)
    assert not results.failures
    (cost,) = results.costs
    assert cost.counts.unit == "cycles"
    assert sum(row.maximum for row in cost.counts.operators) == cost.counts.maximum
    assert budget.excesses(results.costs, budget.load()) == []


def test_faults_are_reported_and_the_core_comes_back(target, tmp_path, connect):
    image = build_probe(target, tmp_path)
    with verilator.start(target, image) as running:
        line = connect(running)
        assert line.line() == "boot=00000000"
        assert line.ask(b"c") == 1
        for command, cause in ((b"w", "00000007"), (b"u", "00000002"), (b"o", "00000007")):
            line.send(command)
            assert line.line() == ""
            found = FAULT["riscv32"].fullmatch(line.line())
            assert found["cause"] == cause
            assert line.line() == f"boot={RESET_FAULT:08x}"
        line.send(b"r")
        assert line.line() == "boot=00000000"


def test_what_counts():
    assert counting.unit(load("ibex")) == "cycles"
    assert counting.unit(load("hifive1")) == "instructions"
    with pytest.raises(EmulatorError, match="no \\[emulator\\] that counts"):
        counting.unit(load("host"))
