"""A device: the bench application on the host, with sanitizers, around the tiny model."""

import contextlib

import pytest

from host_tools.device import link as link_module
from host_tools.device.link import Link
from host_tools.device.serial_port import SerialPort
from targets.emulate import process
from targets.load import load
from tests.unit.host_tools.device.faults import Proxy
from tests.unit.host_tools.device.scripted import Port
from tests.unit.sdk.tiny import Tiny, build_app


@pytest.fixture(scope="session")
def apps(tmp_path_factory):
    """Return app(name, tiny, *flags) → executable, each built once."""
    folder = tmp_path_factory.mktemp("apps")
    made = {}

    def app(name="bench", tiny=None, *flags):
        key = (name, tiny or Tiny(), *flags)
        if key not in made:
            made[key] = build_app(key[1], name, folder / f"{name}{len(made)}", *flags)
        return made[key]

    return app


@pytest.fixture
def device(apps):
    """Return a context manager start(name, tiny, *flags) → running process with `.url`."""

    def start(name="bench", tiny=None, *flags):
        return process.start(load("host"), apps(name, tiny, *flags))

    return start


@pytest.fixture
def linked(device):
    """Return a context manager linked(fault, timeout) → (link, proxy) to a fresh device."""

    @contextlib.contextmanager
    def make(fault, timeout=0.3, tiny=None):
        with (
            device("bench", tiny) as emulator,
            Proxy(int(emulator.url.rsplit(":", 1)[1]), fault) as proxy,
            SerialPort(proxy.url) as port,
        ):
            yield Link(port, timeout), proxy
            emulator.check()

    return make


@pytest.fixture
def connect(monkeypatch):
    """Return connect(answer, timeout, wire) → (link, its scripted port)."""

    def make(answer, timeout=None, wire=0.0):
        port = Port(answer, wire)
        monkeypatch.setattr(link_module, "time", port)
        link = Link(port) if timeout is None else Link(port, timeout)
        return link, port

    return make
