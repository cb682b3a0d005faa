"""The unmodified bench image on the soft board: bytes equal the host's, a restart is recovered."""

import json

import numpy as np
import pytest

from host_tools.cli import main
from host_tools.device.bench import run_bench
from host_tools.device.link import Link
from host_tools.device.protocol import FEATURE_APPROXIMATE
from host_tools.device.serial_port import SerialPort
from targets import build, emulate
from targets.load import load
from targets.make import make
from tests.emulator.conftest import build_probe, echo
from tests.unit.host_tools.device.faults import Proxy, Resets

pytest.importorskip("unicorn")
pytestmark = pytest.mark.emulator

BOARDS = ("stm32u5", "stm32f4", "stm32f446", "stm32g0")
TARGETS = [pytest.param(name, marks=[pytest.mark.slow] * (name == "stm32f446")) for name in BOARDS]
"""The drivers of the F446 are those of the F405; test_board.py runs its clocks and its faults."""


@pytest.mark.parametrize("target", TARGETS)
def test_bench_is_exact(target, capsys):
    arguments = ["--target", target, "--windows", "2", "--samples", "34", "--json"]
    assert main(["bench", "--emulate", "--emulator", "board", *arguments]) == 0
    output = capsys.readouterr()
    facts = json.loads(output.out)
    assert (facts["mismatched_bytes"], facts["chain_mismatches"]) == (0, 0)
    assert facts["link"]["device_status"] == []
    if target == "stm32g0":  # Armv6-M has no cycle counter
        assert facts["link"]["cycles"] == "unavailable"
    else:
        assert facts["link"]["cycles"] == "approximate"
        assert (
            facts["link"]["device"]["features"] & FEATURE_APPROXIMATE
        )  # the device says so itself
        assert 1_000_000 < facts["link"]["inference_cycles"] < 2_000_000
    assert "warning" not in output.err
    bound = make(target, "forecaster").size()["stack"]["bound_bytes"]
    assert 0 < facts["stack_bytes"] <= bound


def test_reset_in_the_middle():
    windows, samples = 3, 32
    image = make("stm32u5", "forecaster")
    fault = Resets(2000)
    with np.load(build.ROOT / "models/forecaster/golden.npz") as golden:
        inputs, outputs = golden["windows"][:windows], golden["outputs"][:windows]
        raw = golden["samples"][:samples]
    with (
        emulate.start(load("stm32u5"), image.elf, conditions=emulate.STRICT) as running,
        Proxy(int(running.url.rsplit(":", 1)[1]), fault) as proxy,
        SerialPort(proxy.url) as port,
    ):
        result = run_bench(Link(port), inputs, raw, sha256=image.manifest()["model_sha256"])
        assert "board:" not in running.messages  # the whole image, and nothing to complain about
    assert result.outputs.tobytes() == outputs.tobytes()
    assert result.records["index"].tolist() == list(range(samples))
    assert result.restarts == 1


@pytest.mark.parametrize(
    ("target", "total"),
    [
        ("stm32f4", 1_000_000),
        ("stm32u5", 100_000),
        ("stm32g0", 100_000),
        *(pytest.param(t, 1_000_000, marks=pytest.mark.slow) for t in BOARDS if t != "stm32f4"),
    ],
)
def test_echo_of_a_megabyte_at_the_flow_control_window(target, total, connect, tmp_path):
    described = load(target)
    image = build_probe(described, tmp_path)
    with emulate.start(described, image, kind="board") as running:
        line = connect(running)
        assert line.line() == "boot=00000000"
        echo(line, total, described.uart.rx_ring_bytes - 96)
        assert line.ask(b"S") == 0
