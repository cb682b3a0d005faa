"""Store and watchdog of the boards, on the soft board: power cuts at every flash operation."""

import select
import socket
import time
import zlib

import pytest

from targets import build
from targets.load import load
from tests.emulator.conftest import build_probe

pytest.importorskip("unicorn")
from targets.emulate.board import chips
from targets.emulate.board.base import erased_store
from targets.emulate.board.machine import Machine
from targets.emulate.board.peripheral import watchdog
from targets.emulate.board.peripheral.programming import PowerCut
from targets.emulate.board.peripheral.serial import Serial
from targets.emulate.board.riscv_machine import Machine as RiscvMachine

pytestmark = pytest.mark.emulator
ARM_CHIPS = ("stm32f4", "stm32g0", "stm32u5")
CHIPS = ("gd32vf103", *ARM_CHIPS)
MAGIC = 0x53464153
EMPTY = 18
STEPS = 200_000


def words(*values):
    return b"".join((value & 0xFFFFFFFF).to_bytes(4, "little") for value in values)


def record(number, sequence):
    """What `safe/store.h` says a record is, written down once more."""
    payload = bytes(number + 3 * i & 0xFF for i in range(40))
    header = words(MAGIC, sequence, len(payload))
    header += words(zlib.crc32(header))
    crc = zlib.crc32(payload, zlib.crc32(header))
    return header + payload.ljust(48, b"\xff") + words(crc, sequence, ~sequence, MAGIC)


class Board:
    """A board in this process, with what it printed."""

    def __init__(self, target, image, store, **more):
        self.store = store
        self.serial = Serial()
        self.client = socket.create_connection(("127.0.0.1", self.serial.port), timeout=10)
        self.serial.accept()
        self.said = []
        kind = RiscvMachine if target.target.arch == "riscv32" else Machine
        self.machine = kind(
            target,
            image,
            self.serial,
            build.ROOT / "build" / "plugins",
            strict=True,
            say=self.said.append,
            store=store,
            **more,
        )
        self.text = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()

    def lines(self):
        while select.select([self.client], [], [], 0)[0] and (data := self.client.recv(4096)):
            self.text += data
        return [line.partition("=") for line in self.text.decode().splitlines()]

    def values(self, name):
        return [int(value, 16) for key, _, value in self.lines() if key == name]

    def run(self, until):
        """Run until a condition holds, or the power goes."""
        deadline = time.monotonic() + 60
        while not until():
            self.serial.poll()
            self.machine.step()
            assert time.monotonic() < deadline, self.text

    def run_saves(self, count=3):
        self.run(lambda: len(self.values("save")) == count)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    found = {}
    for name in CHIPS:
        folder = tmp_path_factory.mktemp(name)
        found[name] = build_probe(load(name), folder, "store.c", ("store", "crc32"))
    return found


def used_store(target):
    """A store whose first slot is full behind one record, and whose second holds old bytes."""
    store = erased_store(target)
    slot = target.store.slot_bytes
    kept = record(0x20, 7)
    store.contents[: len(kept)] = kept
    store.contents[len(kept) : len(kept) + 16] = bytes(16)
    store.contents[slot : slot + 32] = bytes(range(32))
    return store


@pytest.mark.parametrize("name", CHIPS)
def test_save_and_load(images, name):
    target, store = load(name), erased_store(load(name))
    for numbers in ([0], [3], [6]):
        with Board(target, images[name], store) as board:
            board.run_saves()
            assert board.values("load") == [EMPTY if numbers == [0] else 0]
            assert board.values("number") == numbers
            assert board.values("save") == [0, 0, 0]
            assert board.said == []
    assert store.contents[: 9 * 80] == b"".join(record(i, i) for i in range(1, 10))


@pytest.mark.parametrize("name", CHIPS)
def test_a_full_slot_moves_to_the_other(images, name):
    target = load(name)
    store = used_store(target)
    slot = target.store.slot_bytes
    with Board(target, images[name], store) as board:
        board.run_saves()
        assert board.values("number") == [0x20]
        assert board.said == []
    assert store.contents[slot : slot + 240] == b"".join(record(0x20 + i, 7 + i) for i in (1, 2, 3))
    assert store.contents[:80] == record(0x20, 7)


def cut(images, name, at):
    """Cut the power at an operation, then boot again; return whether the power went."""
    target = load(name)
    store = used_store(target)
    store.cut_at = at
    with Board(target, images[name], store) as board:
        try:
            board.run_saves()
            return False
        except PowerCut:
            done = board.values("save").count(0)
    store.cut_at = None
    with Board(target, images[name], store) as board:
        board.run_saves()
        (number,) = board.values("number")
        assert number in (0x20 + done, 0x21 + done), at
        assert board.values("load") == [0], at
        assert board.values("save") == [0, 0, 0], at
    return True


@pytest.mark.parametrize("name", CHIPS)
@pytest.mark.parametrize("at", [0, 1, 4, 5])
def test_power_cut(images, name, at):
    assert cut(images, name, at)


@pytest.mark.slow
@pytest.mark.parametrize("name", CHIPS)
def test_power_cut_at_every_operation(images, name):
    at = 0
    while cut(images, name, at):
        at += 1
    # An erase of each page, then three records of five quad-words or twenty words.
    erases = 2 if name == "gd32vf103" else 1
    assert at == erases + 3 * (20 if name in ("gd32vf103", "stm32f4") else 5)


@pytest.mark.parametrize("name", CHIPS)
def test_the_watchdog_ends_a_hang(images, name, monkeypatch):
    # 30 ms instead of 12 s
    monkeypatch.setattr(watchdog, "LSI_HZ", 400 * watchdog.LSI_HZ)
    monkeypatch.setattr(chips, "IRC40K_HZ", 400 * chips.IRC40K_HZ)
    with Board(load(name), images[name], erased_store(load(name))) as board:
        board.run_saves()
        assert not board.values("boot")[0] & 0x20
        board.client.sendall(b"h")
        board.run(lambda: len(board.values("boot")) == 2)
        assert board.values("boot")[1] & 0x20
        board.run_saves(6)
        assert board.values("number") == [0, 3]


@pytest.mark.parametrize("name", ARM_CHIPS)
def test_an_nmi_from_elsewhere_is_a_fault(images, name):
    with Board(load(name), images[name], erased_store(load(name))) as board:
        board.run_saves()
        board.client.sendall(b"n")
        board.run(lambda: len(board.values("boot")) == 2)
        assert b"safe fault: exception=00000002" in board.text
        assert board.values("boot")[1] & 0x40
