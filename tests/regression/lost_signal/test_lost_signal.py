"""A signal that arrived while the soft board answered a register access was lost.

The handler raised KeyboardInterrupt inside a function that Unicorn calls through ctypes, where an
exception ends. The board ran on until it was killed and never said how long it had run.
"""

import signal
import socket

import pytest

from targets import build
from targets.load import load
from tests.emulator.conftest import build_probe

pytest.importorskip("unicorn")
from targets.emulate.board.machine import Machine
from targets.emulate.board.peripheral.serial import Serial

pytestmark = pytest.mark.emulator


def test_a_signal_during_a_register_access_ends_the_board(tmp_path, monkeypatch):
    target = load("stm32f4")
    serial = Serial()
    client = socket.create_connection(("127.0.0.1", serial.port), timeout=10)
    serial.accept()
    plugins = build.ROOT / "build" / "plugins"
    machine = Machine(
        target, build_probe(target, tmp_path), serial, plugins, strict=False, say=print
    )
    read = machine.bus.read
    accesses = 0

    def interrupted(address, width):
        nonlocal accesses
        accesses += 1
        if accesses == 20:
            signal.raise_signal(signal.SIGTERM)
        return read(address, width)

    monkeypatch.setattr(machine.bus, "read", interrupted)
    before = signal.signal(signal.SIGTERM, lambda *_: machine.end())
    try:
        machine.run()
    finally:
        signal.signal(signal.SIGTERM, before)
        client.close()
    assert accesses >= 20
    assert machine.account().startswith("ran ")
