"""hifive1: a megabyte through the line, damage on it, a reset in the middle."""

import numpy as np
import pytest

from host_tools.device.link import Link
from host_tools.device.serial_port import SerialPort
from targets import emulate
from targets.load import load
from targets.make import make
from tests.emulator.test_faults import WINDOWS, faulty_bench
from tests.unit.host_tools.device.faults import Every, Resets

pytestmark = pytest.mark.emulator

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def target():
    return load("hifive1")


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    return make("hifive1", "forecaster", out=tmp_path_factory.mktemp("build"))


@pytest.mark.slow
def test_a_megabyte_comes_back(target, image):
    data = np.random.default_rng(5).bytes(MEGABYTE)
    with emulate.start(target, image.elf) as running, SerialPort(running.url) as port:
        link = Link(port)
        step = link.connect().max_payload
        for start in range(0, MEGABYTE, step):
            chunk = data[start : start + step]
            assert link.request("PING", chunk) == chunk
    counters = link.counters
    assert (counters.retries, counters.damaged_replies, counters.damaged_requests) == (0, 0, 0)


def test_the_image_leaves_memory_free(target, image):
    size = image.size()
    used = size["static_ram_bytes"] + size["stack_reserved_bytes"]
    assert used < 0.8 * target.region("ram").size


def test_damage_on_the_way(target, image):
    result = faulty_bench(target, image, Every("flip", period=2500))
    assert result.counters.retries >= 1
    assert result.restarts == 0


def test_reset_in_the_middle(target, image):
    result = faulty_bench(target, image, Resets(3000))
    assert result.restarts == 1
    assert result.timing.inferences < WINDOWS
