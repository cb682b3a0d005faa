"""The emulated board on a faulty line: the answers are right, and nothing ran twice."""

import numpy as np
import pytest

from host_tools.device.bench import run_bench
from host_tools.device.link import Link
from host_tools.device.serial_port import SerialPort
from targets import build, emulate
from tests.unit.host_tools.device.faults import Every, Proxy, Resets

pytestmark = pytest.mark.emulator

WINDOWS, SAMPLES = 10, 60


def faulty_bench(target, image, fault):
    with np.load(build.ROOT / "models/forecaster/golden.npz") as golden:
        windows, outputs = golden["windows"][:WINDOWS], golden["outputs"][:WINDOWS]
        samples = golden["samples"][:SAMPLES]
    with (
        emulate.start(target, image.elf) as running,
        Proxy(int(running.url.rsplit(":", 1)[1]), fault) as proxy,
        SerialPort(proxy.url) as port,
    ):
        result = run_bench(Link(port), windows, samples, sha256=image.manifest()["model_sha256"])
    assert result.outputs.tobytes() == outputs.tobytes()
    assert result.records["index"].tolist() == list(range(SAMPLES))
    assert fault.hits >= 1
    return result


@pytest.mark.parametrize("kind", ["drop", "flip"])
def test_damage_on_the_way(stm32f4, forecaster, kind):
    result = faulty_bench(stm32f4, forecaster, Every(kind, period=2500))
    assert result.counters.retries >= 1
    assert result.restarts == 0
    assert result.timing.inferences == WINDOWS


def test_reset_in_the_middle(stm32f4, forecaster):
    fault = Resets(3000)
    result = faulty_bench(stm32f4, forecaster, fault)
    assert result.restarts == 1
    assert result.timing.inferences < WINDOWS
