"""The RP2040's registers on the soft board: clocks, watchdog, UART."""

import pytest

from targets.emulate.board import chips
from targets.emulate.board.chip import Surroundings
from targets.emulate.board.peripheral.bus import Bus
from targets.load import load

RESETS, CLOCKS, XOSC, PLL, WATCHDOG = 0x4000C000, 0x40008000, 0x40024000, 0x40028000, 0x40058000
UART, PADS, PINS = 0x40034000, 0x4001C000, 0x40014000


class Wire:
    """What lies on the line, and what was sent."""

    is_held_up = False

    def __init__(self):
        self.received = bytearray()
        self.sent = bytearray()

    @property
    def has_received(self):
        return bool(self.received)

    def take(self):
        return self.received.pop(0)

    def put(self, byte):
        self.sent.append(byte)


class Bench:
    """The chip without a core."""

    def __init__(self):
        self.said = []
        self.wire = Wire()
        self.cycles = 0
        self.level = False
        around = Surroundings(self.wire, self.line, self.said.append, cycles=lambda: self.cycles)
        self.chip = chips.build(load("rp2040"), around)
        self.bus = Bus(self.chip.peripherals, self.said.append, lambda _address: None)

    def line(self, number, level):
        assert number == 20
        self.level = level

    def put(self, address, value):
        self.bus.write(address, 4, value)

    def get(self, address):
        return self.bus.read(address, 4)

    def start(self, feedback=125):
        """Do what the driver does."""
        self.put(RESETS, 0x01FFFFFF & ~(1 << 5 | 1 << 8 | 1 << 12 | 1 << 22))
        self.put(XOSC, 0xAA0 | 0xFAB << 12)
        self.put(CLOCKS + 0x30, 2)
        self.put(PLL, 1)
        self.put(PLL + 8, feedback)
        self.put(PLL + 4, 0xC)
        self.put(PLL + 0xC, 6 << 16 | 2 << 12)
        self.put(PLL + 4, 4)
        self.put(CLOCKS + 0x3C, 1)
        self.put(CLOCKS + 0x48, 1 << 11)


def test_the_core_runs_from_the_crystal_by_the_pll():
    bench = Bench()
    assert bench.chip.speed().core == 6_500_000
    bench.start()
    assert bench.chip.speed().core == 125_000_000
    assert (bench.get(CLOCKS + 0x44), bench.get(CLOCKS + 0x38)) == (2, 4)
    assert bench.said == []


@pytest.mark.parametrize(
    ("feedback", "message"),
    [
        (62, "PLL_SYS: its oscillator would run at 744000000 Hz"),
        (133, None),
        (134, "PLL_SYS: its oscillator would run at 1608000000 Hz"),
    ],
)
def test_the_limits_of_the_pll(feedback, message):
    bench = Bench()
    bench.start(feedback)
    assert [said for said in bench.said if "PLL" in said] == ([message] * 2 if message else [])


def test_a_core_that_is_too_fast_is_told():
    bench = Bench()
    bench.start(133)
    assert bench.chip.speed().core == 133_000_000
    assert bench.said == []
    bench.start(134)
    assert "the core runs at 134000000 Hz, at most 133000000 Hz" in bench.said


def test_a_pll_that_does_not_run_is_no_source():
    bench = Bench()
    bench.put(CLOCKS + 0x3C, 1)
    assert bench.said == ["CLK_SYS_CTRL: the auxiliary source is not the running system PLL"]


def test_a_peripheral_in_reset_does_not_answer():
    bench = Bench()
    bench.get(UART + 0x18)
    assert bench.said == ["read of UART0_FR: its clock is off"]


def test_the_watchdog_counts_two_a_microsecond():
    bench = Bench()
    bench.start()
    bench.put(WATCHDOG + 0x2C, 12 | 1 << 9)
    bench.put(WATCHDOG + 4, 16_000_000)
    bench.put(WATCHDOG, 0x07000000 | 1 << 30)
    bench.cycles = 8 * 125_000_000
    assert not bench.chip.watchdog.is_expired()
    bench.cycles += 1
    assert bench.chip.watchdog.is_expired()
    bench.put(WATCHDOG + 4, 16_000_000)
    assert not bench.chip.watchdog.is_expired()
    bench.chip.clocks.blame_watchdog()
    for peripheral in bench.chip.peripherals:
        peripheral.reset()
    assert bench.get(WATCHDOG + 8) == 1


def test_bytes_wait_in_the_fifo_and_interrupt():
    bench = Bench()
    bench.start()
    bench.put(PADS + 8, 0x5A)
    bench.put(PINS + 4, 2)
    bench.put(PINS + 0xC, 2)
    bench.put(UART + 0x24, 67)
    bench.put(UART + 0x28, 52)
    bench.put(UART + 0x2C, 0x70)
    bench.put(UART + 0x30, 0x301)
    bench.put(UART + 0x38, 0x50)
    bench.wire.received += bytes(range(40))
    bench.chip.uart.deliver()
    assert bench.level
    assert len(bench.wire.received) == 8
    assert [bench.get(UART) for _ in range(40)] == list(range(40))
    assert not bench.level
    assert bench.get(UART + 0x18) == 0x90
    bench.put(UART, 0x55)
    assert bench.wire.sent == b"U"
    bench.put(UART + 0x24, 1)
    assert bench.said == ["UART0_IBRD is written while the UART is on"]
