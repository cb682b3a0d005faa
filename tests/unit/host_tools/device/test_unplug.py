"""A cable that is pulled and comes back under another name, with a real device behind it."""

import contextlib
import os
import select
import socket
import threading
import time
import tty
from types import SimpleNamespace

import numpy as np
import pytest

from host_tools.detection import replay
from host_tools.device import link as link_module
from host_tools.device.bench import run_bench
from host_tools.device.link import Link
from host_tools.device.serial_port import SerialPort
from host_tools.errors import LinkLostError
from targets.emulate import process
from targets.load import load
from tests.unit.sdk.tiny import Tiny, samples

TINY = Tiny(window=30, channels=16, horizon=10)
SERIAL = "066BFF"


class Cable:
    """Pseudo terminals that stand for a USB adapter, pumped to the TCP port of a device.

    `pull_after` bytes to the device the terminal is closed; after `away` seconds another one, of
    another name, has the same USB serial number. With `power` the device restarts meanwhile.
    """

    def __init__(self, start_device, pull_after, away=0.2, power=False):
        self._start_device, self._left = start_device, pull_after
        self._away, self._power = away, power
        self._stack = contextlib.ExitStack()
        self.names, self._held = [], []
        self._device = self._power_on()
        self._master = self._plug_in()
        self._stop = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _power_on(self):
        self._emulator = self._stack.enter_context(self._start_device())
        return socket.create_connection(("127.0.0.1", int(self._emulator.url.rsplit(":", 1)[1])))

    def _plug_in(self):
        master, slave = os.openpty()
        while os.ttyname(slave) in self.names:
            self._held.append((master, slave))  # a stranger has the name now
            master, slave = os.openpty()
        tty.setraw(slave)
        self.names.append(os.ttyname(slave))
        self._slave = slave  # kept: a master without a slave reads an error
        return master

    def comports(self):
        present = [self.names[-1]] if self._master is not None else []
        return [
            SimpleNamespace(
                device=name, vid=0x0483, pid=0x374B, serial_number=SERIAL,
                description="STM32 STLink", location=f"1-{len(self.names)}:1.2",
            )
            for name in present
        ]  # fmt: skip

    def _pull(self):
        os.close(self._master)
        os.close(self._slave)
        self._master = None
        if self._power:
            self._device.close()
            self._emulator.close()
        time.sleep(self._away)
        if self._power:
            self._device = self._power_on()
        self._master = self._plug_in()

    def _serve(self):
        while not self._stop:
            readable = select.select([self._master, self._device], [], [], 0.02)[0]
            if self._master in readable:
                data = os.read(self._master, 4096)
                self._left -= len(data)
                if self._left <= 0:
                    self._left = 1 << 60
                    self._pull()
                    continue
                self._device.sendall(data)
            if self._device in readable:
                os.write(self._master, self._device.recv(4096))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stop = True
        self._thread.join(5)
        self._device.close()
        self._stack.close()
        for pair in [*self._held, (self._master, self._slave)]:
            for end in pair:
                with contextlib.suppress(OSError):
                    os.close(end)


@pytest.fixture
def bench(apps, monkeypatch):
    """Return bench(**cable) → (result, cable): a whole bench over a cable that is pulled."""

    def run(pull_after, most_baud=0, **how):
        rng = np.random.default_rng(5)
        shape = (24, TINY.window, TINY.channels)
        windows = rng.integers(-128, 128, shape, dtype=np.int8)
        data = samples(TINY, 120)
        done = []

        def device():
            return process.start(load("host"), apps("bench", TINY))

        with Cable(device, pull_after, **how) as cable:
            monkeypatch.setattr("host_tools.device.serial_port.list_ports.comports", cable.comports)
            with SerialPort(cable.names[0]) as port:
                result = run_bench(
                    Link(port, 0.5), windows, data, sha256=TINY.sha256, most_baud=most_baud,
                    progress=lambda what, at, _: done.append((what, at)),
                )  # fmt: skip
                assert port.url == cable.names[-1]
        assert result.outputs.tobytes() == TINY.run(windows).tobytes()
        expected = replay.run_chain(TINY.config(), data, TINY.run)
        assert result.records.tobytes() == expected.tobytes()
        assert [at for what, at in done if what == "windows"] == list(range(1, 25))
        return result, cable

    return run


@pytest.mark.parametrize("pull_after", [300, 6000, 14_000], ids=["hello", "windows", "samples"])
@pytest.mark.parametrize("power", [False, True], ids=["cable", "power"])
def test_unplugged_and_back_under_another_name(bench, pull_after, power):
    """Every window is counted once; after a loss of power the stream begins anew."""
    result, cable = bench(pull_after, power=power)
    assert len(set(cable.names)) == 2
    assert result.counters.reopened == 1
    assert result.restarts == int(power)


def test_at_a_raised_rate(bench):
    """Whoever was unplugged is met at the first rate, and the rate is agreed on again."""
    result, _ = bench(12_000, most_baud=921_600, power=True)
    assert result.rate.baud == 921_600
    assert result.restarts == 1


def test_a_cable_that_stays_away(bench, monkeypatch):
    monkeypatch.setattr(link_module, "REOPEN_SECONDS", 0.3)
    with pytest.raises(LinkLostError, match="did not come back"):
        bench(6000, away=2.0)
