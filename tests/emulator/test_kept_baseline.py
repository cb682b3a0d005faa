"""The product keeps a learned baseline over a restart: a file on the host, flash on a board."""

import json
import shutil

import numpy as np
import pytest

from host_tools.device.bench import stream_samples
from host_tools.device.link import Link
from host_tools.device.serial_port import SerialPort
from host_tools.formats.record import Event, State
from targets import build, emulate
from targets.load import load
from targets.make import make

pytestmark = pytest.mark.emulator
LEARN_ROWS = 60


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The shipped model with a detector that learns within a few samples."""
    folder = tmp_path_factory.mktemp("model") / "learner"
    shutil.copytree(build.ROOT / "models/forecaster", folder)
    description = (folder / "model.toml").read_text(encoding="utf-8")
    assert 'name = "forecaster"' in description
    (folder / "model.toml").write_text(
        description.replace('name = "forecaster"', 'name = "learner"'), encoding="utf-8"
    )
    path = folder / "detector.json"
    detector = json.loads(path.read_text(encoding="utf-8"))
    detector |= {"baseline": "learned", "learn_samples": LEARN_ROWS, "settle_samples": 15}
    path.write_text(json.dumps(detector), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def samples():
    with np.load(build.ROOT / "models/forecaster/golden.npz") as arrays:
        return arrays["samples"][: LEARN_ROWS + 40].astype(np.float32)


BOARDS = [
    pytest.param(name, marks=pytest.mark.slow) for name in ("stm32f446", "stm32g0", "stm32u5")
]


def run(name, image, samples):
    """Learn, restart the device, go on; return the records before and after."""
    with emulate.start(load(name), image.elf) as running, SerialPort(running.url) as port:
        link = Link(port)
        before = stream_samples(link, link.connect(), samples, lambda *_: None)
        link.reset()
        info = link.connect()
        return before, stream_samples(link, info, samples, lambda *_: None, resume=True)


@pytest.mark.parametrize("name", ["host", *BOARDS])
def test_a_baseline_survives_a_restart(model, samples, tmp_path, monkeypatch, name):
    monkeypatch.setenv("SAFE_STORE", str(tmp_path / "store.bin"))
    image = make(name, str(model), app="detector", out=tmp_path / "build")
    before, after = run(name, image, samples)
    assert int(Event.LEARNED) in before["event"]
    assert State.LEARN not in after["state"]
    assert State.OK in after["state"]


def test_without_a_store_it_is_learned_again(model, samples, tmp_path, monkeypatch):
    monkeypatch.delenv("SAFE_STORE", raising=False)
    image = make("host", str(model), app="detector", out=tmp_path / "build")
    _, after = run("host", image, samples)
    assert State.LEARN in after["state"]
