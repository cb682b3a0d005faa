"""The STM32N6's clocks on the soft board: from what a boot ROM may leave to 600 MHz."""

from dataclasses import replace

import pytest

from targets.emulate.board import chips
from targets.emulate.board.chip import Surroundings
from targets.emulate.board.peripheral.bus import Bus
from targets.emulate.board.peripheral.clock import Speed
from targets.errors import EmulatorError
from targets.load import load
from tests.unit.targets.board.test_rp2040 import Wire

RCC, IWDG = 0x56028000, 0x56004800
SR, CFGR1, CFGR2, RSR, PLL, SET, CLEAR = 0x04, 0x20, 0x24, 0x34, 0x80, 0x800, 0x1000
DIVIDERS = {1: 0xC4, 2: 0xC8, 6: 0xD8, 11: 0xEC}
IC1_IC2_IC6_IC11, HSI, PLL1, ALL = 0x423, 1 << 3, 1 << 8, 3 << 16 | 3 << 24
STATES = 3 << 20 | 3 << 28


class Bench:
    """The chip without a core."""

    def __init__(self):
        self.said = []
        self.cycles = 0
        around = Surroundings(
            Wire(), lambda _line, _on: None, self.said.append, cycles=lambda: self.cycles
        )
        self.chip = chips.build(replace(load("stm32n6"), cpu=load("stm32u5").cpu), around)
        self.bus = Bus(self.chip.peripherals, self.said.append, lambda _address: None)

    def put(self, offset, value):
        self.bus.write(RCC + offset, 4, value)

    def get(self, offset):
        return self.bus.read(RCC + offset, 4)

    def start(self, m=4, n=75, core=2, bus=3, dividers=IC1_IC2_IC6_IC11):
        """Do what the driver does."""
        self.put(CFGR1, 0)
        self.put(CFGR2, 1 << 20)
        self.put(CLEAR, PLL1)
        self.put(PLL, m << 20 | n << 8)
        self.put(PLL + 4, 0)
        self.put(PLL + 8, 1 << 30 | 1 << 27 | 1 << 24 | 5)
        self.put(SET, PLL1)
        for number, offset in DIVIDERS.items():
            self.put(offset, ((core if number == 1 else bus) - 1) << 16)
        self.put(SET + 0x240, dividers)
        self.put(CFGR1, ALL)


def test_core_and_buses_run_from_the_pll():
    bench = Bench()
    assert bench.chip.speed() == Speed(64_000_000, 64_000_000, 64_000_000)
    bench.start()
    assert bench.chip.speed() == Speed(600_000_000, 200_000_000, 200_000_000)
    assert bench.get(CFGR1) == ALL | STATES
    assert bench.get(SR) == HSI | PLL1
    bench.start()  # again, as after a boot ROM that left the PLL on
    assert bench.chip.speed() == Speed(600_000_000, 200_000_000, 200_000_000)
    assert bench.said == []


@pytest.mark.parametrize(
    ("m", "n", "message"),
    [
        (4, 50, None),
        (4, 49, "RCC_PLL1CFGR1: its oscillator would run at 784000000 Hz"),
        (4, 200, None),
        (4, 201, "RCC_PLL1CFGR1: its oscillator would run at 3216000000 Hz"),
    ],
)
def test_the_limits_of_the_pll(m, n, message):
    bench = Bench()
    bench.start(m, n, core=16, bus=16)
    assert bench.said == ([] if message is None else [message])


@pytest.mark.parametrize(
    ("n", "core", "bus", "said"),
    [
        (75, 2, 3, []),
        (76, 2, 4, ["the core runs at 608000000 Hz, but PWR_VOSCR allows 600000000 Hz"]),
        (76, 4, 3, ["the buses run at 405333332 Hz, at most 400000000 Hz"]),
    ],
)
def test_what_is_too_fast_is_told(n, core, bus, said):
    bench = Bench()
    bench.start(n=n, core=core, bus=bus)
    assert bench.said == said


@pytest.mark.parametrize("missing", [0, 1, 5, 10])
def test_a_divider_that_is_off_is_no_source(missing):
    bench = Bench()
    bench.start(dividers=IC1_IC2_IC6_IC11 & ~(1 << missing))
    what = "core" if missing == 0 else "buses"
    assert bench.said == [f"RCC_CFGR1: source 3 of the {what} is not ready"]
    assert bench.chip.speed().core == 64_000_000


def test_the_pll_is_not_changed_while_it_runs():
    bench = Bench()
    bench.start()
    bench.put(PLL, 1 << 20 | 25 << 8)
    assert bench.said == ["write to RCC_PLL1CFGR1 while PLL1 is on"]


def test_the_cause_of_a_reset_is_kept_until_it_is_cleared():
    bench = Bench()
    bench.bus.write(IWDG, 4, 0xCCCC)
    bench.cycles = 64_000_000
    assert bench.chip.watchdog.is_expired()
    bench.chip.clocks.blame_watchdog()
    for peripheral in bench.chip.peripherals:
        peripheral.reset()
    assert bench.get(RSR) >> 26 & 1
    bench.put(RSR, 1 << 16)
    assert bench.get(RSR) == 0


def test_the_core_itself_is_not_there():
    assert not chips.is_modelled(load("stm32n6"))
    with pytest.raises(EmulatorError, match="no core cortex-m55, which stm32n6 has: cortex-m0plus"):
        chips.check(load("stm32n6"))
