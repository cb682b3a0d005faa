"""The unmodified image of the default model: host and emulated board agree."""

from pathlib import Path

import numpy as np
import pytest

from host_tools.device.bench import run_bench
from host_tools.device.link import Link
from host_tools.device.serial_port import SerialPort
from targets import build, elf, emulate
from targets.load import load
from targets.make import make

pytestmark = pytest.mark.emulator

EVERY = 29
EXPECTED = (1 << 0) | (1 << 1)
"""clock_timeout and cycles_stuck: stm32f4.toml says why."""


def bench(target, image, golden):
    """Every kind of window through a running image; returns the bench's result."""
    with emulate.start(target, image) as running, SerialPort(running.url) as port:
        windows = golden["windows"][::EVERY]
        return run_bench(Link(port), windows, golden["samples"][:80])


@pytest.fixture(scope="module")
def golden():
    with np.load(build.ROOT / "models/forecaster/golden.npz") as arrays:
        kinds = set(arrays["kinds"][::EVERY].tolist())
        assert kinds == {0, 1, 2}
        return dict(arrays)


@pytest.fixture(scope="module")
def on_stm32f4(stm32f4, forecaster, golden):
    return bench(stm32f4, forecaster.elf, golden)


def test_outputs_are_the_golden_ones(on_stm32f4, golden):
    expected = golden["outputs"][::EVERY]
    assert on_stm32f4.outputs.tobytes() == expected.tobytes()


def test_nothing_went_wrong_on_the_way(on_stm32f4):
    assert on_stm32f4.restarts == 0
    assert on_stm32f4.info.status == EXPECTED
    assert on_stm32f4.stats.status == EXPECTED


def test_facts_agree_with_the_build(stm32f4, on_stm32f4, forecaster):
    size, manifest, info = forecaster.size(), forecaster.manifest(), on_stm32f4.info
    assert info.model_sha256 == manifest["model_sha256"]
    assert info.arena_bytes == manifest["arena_bytes"] == size["arena_bytes"]
    assert info.clock_hz == stm32f4.clock.hz
    assert 0 < on_stm32f4.stats.stack_bytes <= size["stack"]["bound_bytes"]
    assert size["stack"]["bound_bytes"] < stm32f4.stack.size_bytes // 2
    assert (forecaster.folder / "bench.bin").stat().st_size == size["flash_bytes"]
    # The largest request in flight must fit into the receive ring, with its framing.
    assert 2 * info.max_payload <= stm32f4.uart.rx_ring_bytes


def test_cycles_are_said_to_be_unavailable(on_stm32f4):
    assert {i.cycles for i in on_stm32f4.inferences} == {None}


def test_host_target_gives_the_same_bytes(on_stm32f4, golden, tmp_path_factory):
    image = make("host", "forecaster", out=tmp_path_factory.mktemp("host"))
    on_host = bench(load("host"), image.elf, golden)
    assert on_host.outputs.tobytes() == on_stm32f4.outputs.tobytes()
    assert on_host.records.tobytes() == on_stm32f4.records.tobytes()


def test_detector_application(stm32f4, golden, tmp_path_factory):
    image = make("stm32f4", "forecaster", app="detector", out=tmp_path_factory.mktemp("app"))
    assert image.size()["app"] == "detector"
    with emulate.start(stm32f4, image.elf) as running, SerialPort(running.url) as port:
        nothing = golden["windows"][:0]
        result = run_bench(Link(port), nothing, golden["samples"][:60])
    assert len(result.records) == 60


def test_only_kernels_of_the_model_are_linked(forecaster):
    used = {Path(p).stem for p in forecaster.manifest()["kernel_sources"]}
    linked = {s.name for s in elf.read(forecaster.elf).functions()}
    for path in sorted((build.ROOT / "sdk/src/kernel/ref").glob("*.c")):
        has = any(
            name.startswith(f"safe_kernel_{path.stem}_")
            and not name.endswith(("_dsp", "_rv32", "_v6m"))
            for name in linked
        )
        assert has == (path.stem in used), path.stem
