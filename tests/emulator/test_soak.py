"""Hours of plant through an emulated device: nothing drifts, leaks or is lost; silence is told."""

import json
import shutil
import time
from dataclasses import replace

import numpy as np
import pytest

from host_tools.cli import main
from host_tools.data import plant
from host_tools.data.table import LOST_ROWS
from host_tools.device.link import Link
from host_tools.device.protocol import PACE_PLANT
from host_tools.device.serial_port import SerialPort
from host_tools.device.stream import SampleStream
from host_tools.errors import DifferentError
from host_tools.formats import description
from host_tools.formats.record import Event, State
from host_tools.workflow.soak import material as materials
from host_tools.workflow.soak import run as soak
from host_tools.workflow.soak.walk import Terms
from targets import build, emulate
from targets.load import load
from targets.make import make

pytestmark = pytest.mark.emulator
EXCEPTION_FRAME = 104
"""Bytes that a Cortex-M4 with floating point stacks."""
FORECASTER = build.ROOT / "models/forecaster"
SEED = 92
"""Seed of a plant that trained nothing; its logger misses 17 and 8 samples in the first hour."""


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """The shipped detector without its network: a sample costs the emulator no inference."""
    folder = tmp_path_factory.mktemp("product") / "plain"
    folder.mkdir()
    about = replace(description.load(FORECASTER).without_network(), name="plain")
    (folder / "model.toml").write_text(about.text(), encoding="utf-8")
    detector = json.loads((FORECASTER / "detector.json").read_text(encoding="utf-8"))
    for part in ("channels", "factor", "prior"):
        detector[f"residual_{part}"] = []
    detector |= {"period_us": 1_000_000, "stale_samples": 30}
    (folder / "detector.json").write_text(json.dumps(detector), encoding="utf-8")
    shutil.copy(FORECASTER / "scaler.json", folder)
    return folder


def soaked(name, product, out, hours, count=None):
    image = make(name, str(product), app="detector", out=out / name)
    bound = image.size().get("stack", {}).get("bound_bytes")
    whole = materials.of_plant(product, hours, SEED)
    material = materials.Material(whole.samples[:count], whole.numbers[:count])
    with emulate.start(load(name), image.elf) as running:
        return material, soak.run(
            running.url, product, material, out / "host", stack_bound=bound, terms=Terms(3_000_000)
        )


def check(material, found, hours):
    assert found.total("different") == 0
    assert found.first_different is None
    assert found.total("samples") == len(material.samples)
    assert found.total("samples") + found.total("lost") == material.numbers[-1] + 1
    assert len(found.hours) == hours
    assert found.hours[-1].frame_errors == 0
    assert 0 < found.hours[0].stack_bytes <= found.hours[-1].stack_bytes <= found.stack_bound
    assert {"ok", "notice", "alarm"} < set(found.states)


def test_forty_minutes_of_plant(product, tmp_path):
    check(*soaked("stm32f4", product, tmp_path, 1, 2400), 1)


@pytest.mark.slow
def test_a_day_of_plant(product, tmp_path):
    material, found = soaked("stm32f4", product, tmp_path, 24)
    check(material, found, 24)
    # An interrupt may come at a deeper place than before: by an exception's frame at most.
    assert found.hours[-1].stack_bytes <= found.hours[0].stack_bytes + EXCEPTION_FRAME
    assert found.total("lost") > 100


def test_the_verb_tells_a_difference(product, tmp_path, capsys):
    """A host with another threshold than the image: its records differ, exit code 50."""
    image = make("host", str(product), app="detector", out=tmp_path / "image")
    other = tmp_path / "plain"
    shutil.copytree(product, other)
    path = other / "detector.json"
    detector = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(detector | {"notice": detector["notice"] * 1.01}), encoding="utf-8")
    material = materials.of_plant(other, 1, SEED)
    part = materials.Material(material.samples[:1500], material.numbers[:1500])
    with emulate.start(load("host"), image.elf) as running:
        found = soak.run(running.url, other, part, tmp_path / "host")
    with pytest.raises(DifferentError, match=r"of 1500 records differ .* the first at sample \d+"):
        found.require_expected()
    assert main(["soak", "--model", str(tmp_path), "--target", "host"]) == 20
    assert "no such model" in capsys.readouterr().err


def test_a_log_tells_its_jumps(product):
    table = plant.table(SEED, 5000)
    found = materials.of_log(table, 1)
    assert len(found.samples) == 3600
    finite = np.isfinite(found.samples).all(axis=1)
    jumps = np.diff(found.numbers)[finite[1:] & finite[:-1]]
    assert set(jumps.tolist()) == {1, LOST_ROWS + 1}


@pytest.fixture(scope="module")
def quick(product, tmp_path_factory):
    """The same with a sample every 50 ms, and stale after a second."""
    folder = tmp_path_factory.mktemp("quick") / "plain"
    shutil.copytree(product, folder)
    path = folder / "detector.json"
    detector = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(detector | {"period_us": 50_000, "stale_samples": 20}))
    about = (folder / "model.toml").read_text(encoding="utf-8")
    (folder / "model.toml").write_text(about.replace("rate_hz = 1.0", "rate_hz = 20.0"))
    return make("stm32f4", str(folder), app="detector", out=folder.parent / "out")


@pytest.mark.parametrize("kind", [None, pytest.param("board", marks=pytest.mark.slow)])
def test_silence_on_an_emulated_device(quick, kind):
    """The device says so by its own clock, once, and in the next record."""
    day = plant.simulate(1, 60)
    with (
        emulate.start(load("stm32f4"), quick.elf, kind=kind) as running,
        SerialPort(running.url) as port,
    ):
        link = Link(port)
        info = link.connect()
        assert (info.period_us, info.stale_ms) == (50_000, 1000)
        stream = SampleStream(link, info, pace=PACE_PLANT)
        before = stream.send(day.samples[:30], np.arange(30))
        deadline = time.monotonic() + 30
        while b"state=stale" not in link._receiver.remains and time.monotonic() < deadline:
            time.sleep(0.5)
            link.request("PING", b"")
        after = stream.send(day.samples[30:], np.arange(30, 60))
    assert b"safe state=stale" in link._receiver.remains
    assert before["state"][-1] != State.WARMUP
    assert (before["event"] == 0).all()
    assert after["event"].tolist() == [int(Event.SILENCE)] + [0] * 29
    assert after["index"].tolist() == list(range(30))
    assert after["state"][0] == State.WARMUP
