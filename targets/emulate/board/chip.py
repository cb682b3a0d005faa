"""Parts that every chip of the soft board has: its peripherals, and the board around it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from targets.emulate.board.gd32vf103 import fmc, rcu
from targets.emulate.board.peripheral.analog import Analog
from targets.emulate.board.peripheral.bus import Peripheral
from targets.emulate.board.peripheral.clock import Speed
from targets.emulate.board.peripheral.gpio import Gpio
from targets.emulate.board.peripheral.i2c_bus import I2cBus
from targets.emulate.board.peripheral.programming import StoreMemory, Timing
from targets.emulate.board.peripheral.serial import Serial
from targets.emulate.board.peripheral.uart import Uart, Wiring
from targets.emulate.board.peripheral.watchdog import Watchdog
from targets.emulate.board.rp2040 import clocks as rp_clocks
from targets.emulate.board.rp2040 import watchdog as rp_watchdog
from targets.emulate.board.stm32f4 import flash as f4_flash
from targets.emulate.board.stm32f4 import rcc as f4_rcc
from targets.emulate.board.stm32g0 import flash as g0_flash
from targets.emulate.board.stm32g0 import rcc as g0_rcc
from targets.emulate.board.stm32n6 import rcc as n6_rcc
from targets.emulate.board.stm32u5 import flash as u5_flash
from targets.emulate.board.stm32u5 import rcc as u5_rcc
from targets.errors import EmulatorError
from targets.load import Target

_FUNCTION = 7
"""Number of the alternate function of USART1 and USART2 on the STM32F4, N6 and U5."""


@dataclass(frozen=True)
class Outside:
    """World that the pins see."""

    analog: Analog = field(default_factory=Analog)
    """Voltages at the analog pins."""
    i2c: I2cBus = field(default_factory=I2cBus)
    """Devices on the I2C bus."""


@dataclass(frozen=True)
class Surroundings:
    """Functions and values by which a chip reaches the board around it."""

    serial: Serial
    set_line: Callable[[int, bool], None]
    """Function that drives an interrupt line, given its number and level."""
    report: Callable[[str], None]
    cycles: Callable[[], int] = lambda: 0
    """Function that returns the core's cycles since power-on."""
    stall: Callable[[int], None] = lambda _cycles: None
    """Function that lets the core stand still for so many cycles."""
    raise_nmi: Callable[[], None] = lambda: None
    store: StoreMemory | None = None
    """Memory of the target's store."""
    slots: StoreMemory | None = None
    """Memory of the target's slots for models."""
    outside: Outside = field(default_factory=Outside)

    @property
    def kept(self) -> tuple[StoreMemory, ...]:
        """Memories that can be erased and programmed."""
        return tuple(memory for memory in (self.store, self.slots) if memory is not None)

    def timing(self, hz: Callable[[], int]) -> Timing:
        """Return what a flash operation needs, for a core that runs at `hz()`."""
        return Timing(self.cycles, hz, self.stall)


@dataclass(frozen=True)
class Chip:
    """Peripherals of a chip, and facts about it that the board needs."""

    peripherals: tuple[Peripheral, ...]
    uart: Uart
    flash: f4_flash.Flash | g0_flash.Flash | u5_flash.Flash | fmc.Fmc | None
    """Flash interface; None where the drivers have no store."""
    watchdog: Watchdog | rp_watchdog.Watchdog
    clocks: f4_rcc.Rcc | g0_rcc.Rcc | n6_rcc.Rcc | u5_rcc.Rcc | rcu.Rcu | rp_clocks.Clocks
    speed: Callable[[], Speed]
    register_space: int
    """Number of bytes from 0x40000000 in which peripherals lie."""
    vectors: int
    """Address of the vector table after reset; of the first instruction where a core has none."""
    has_boot_alias: bool
    """Whether flash is also seen at address 0."""


def check_speed(around: Surroundings, limits: Callable[[], dict[str, int]], speed: Speed) -> None:
    """Report a core clock that is above what a setting allows."""
    for what, most in limits().items():
        if speed.core > most:
            around.report(f"the core runs at {speed.core} Hz, but {what} allows {most} Hz")


def wired(
    target: Target, around: Surroundings, port: Gpio, pins: tuple[int, int], hz: Callable[[], int]
) -> Wiring:
    """Return the connections of the command UART on two pins of `port`, clocked by `hz()`."""
    assert target.uart is not None
    line = target.uart.interrupt
    return Wiring(
        around.serial, partial(around.set_line, line), hz, target.uart.baud, port, pins, _FUNCTION
    )


def command(uarts: dict[str, Uart], target: Target) -> Uart:
    """Return the UART that the target names; EmulatorError when the board has no such."""
    name = target.uart.name if target.uart is not None else "none"
    if name not in uarts:
        raise EmulatorError(f"the soft board has no {name} for {target.name}: {', '.join(uarts)}")
    return uarts[name]
