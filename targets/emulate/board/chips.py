"""Which peripherals a chip has and how they hang together: one function for each driver family.

Bases and clock switches: RM0090 section 2.3 and 7.3 (STM32F405), RM0390 section 2.2 and 6.3
(STM32F446), RM0456 chapters "Memory organization" and RCC (STM32U575, non-secure addresses).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from targets.emulate.board.bus import Peripheral
from targets.emulate.board.clock import Speed
from targets.emulate.board.gpio import Gpio
from targets.emulate.board.serial import Serial
from targets.emulate.board.stm32f4 import flash as f4_flash
from targets.emulate.board.stm32f4 import pwr as f4_pwr
from targets.emulate.board.stm32f4 import rcc as f4_rcc
from targets.emulate.board.stm32f4 import usart as f4_usart
from targets.emulate.board.stm32u5 import flash as u5_flash
from targets.emulate.board.stm32u5 import icache, pwr, rcc, usart
from targets.emulate.board.uart import Uart, Wiring
from targets.errors import EmulatorError
from targets.load import Target

_FUNCTION = 7
"""Alternate function of USART1 and 2 on both families."""


@dataclass(frozen=True)
class Surroundings:
    """What a chip is built into."""

    serial: Serial
    set_line: Callable[[int, bool], None]
    """Drives an interrupt line by number."""
    report: Callable[[str], None]


@dataclass(frozen=True)
class Chip:
    """Peripherals, and what the board asks of them."""

    peripherals: tuple[Peripheral, ...]
    uart: Uart
    speed: Callable[[], Speed]
    register_space: int
    """Bytes from 0x40000000 in which peripherals lie."""
    vectors: int
    """Address of the vector table after reset."""
    has_boot_alias: bool
    """Whether flash is also seen at address 0."""


def _check_speed(around: Surroundings, limits: Callable[[], dict[str, int]], speed: Speed) -> None:
    """Report a core clock that is above what a setting allows."""
    for what, most in limits().items():
        if speed.core > most:
            around.report(f"the core runs at {speed.core} Hz, but {what} allows {most} Hz")


def _wiring(
    target: Target, around: Surroundings, port: Gpio, pins: tuple[int, int], hz: Callable[[], int]
) -> Wiring:
    assert target.uart is not None
    line = target.uart.interrupt
    return Wiring(
        around.serial, partial(around.set_line, line), hz, target.uart.baud, port, pins, _FUNCTION
    )


def _stm32f4(target: Target, around: Surroundings) -> Chip:
    f446 = target.device is not None and target.device.part.startswith("STM32F446")

    def switched(speed: Speed) -> None:
        _check_speed(around, lambda: {"PWR_CR": power.max_hz, "FLASH_ACR": flash.max_hz}, speed)

    clocks = f4_rcc.Rcc(0x40023800, switched, f446=f446)
    power = f4_pwr.Pwr(0x40007000, lambda: clocks.bit("APB1ENR", 28), overdrive=f446)
    flash = f4_flash.Flash(0x40023C00, f446=f446)
    resets = {
        "A": {"MODER": 0xA8000000, "OSPEEDR": 0x0C000000, "PUPDR": 0x64000000},
        "B": {"MODER": 0x00000280, "OSPEEDR": 0x000000C0, "PUPDR": 0x00000100},
    }
    ports = [
        Gpio(
            0x40020000 + 0x400 * i,
            letter,
            resets.get(letter, {}),
            partial(clocks.bit, "AHB1ENR", i),
            u5=False,
        )
        for i, letter in enumerate("ABCDEFGH")
    ]
    places: dict[str, tuple[int, str, int, tuple[int, int], Callable[[], int]]] = {
        "USART1": (0x40011000, "APB2ENR", 4, (9, 10), lambda: clocks.speed().apb2),
        "USART2": (0x40004400, "APB1ENR", 17, (2, 3), lambda: clocks.speed().apb1),
    }
    uarts: dict[str, Uart] = {}
    for name, (base, register, bit, pins, hz) in places.items():
        mine = target.uart is not None and target.uart.name == name
        wiring = _wiring(target, around, ports[0], pins, hz) if mine else None
        uarts[name] = f4_usart.Usart(base, partial(clocks.bit, register, bit), wiring)
        uarts[name].name = name
    return Chip(
        (clocks, power, flash, *ports, *uarts.values()),
        _command(uarts, target),
        clocks.speed,
        0x1000_0000,
        vectors=0,
        has_boot_alias=True,
    )


def _stm32u5(target: Target, around: Surroundings) -> Chip:
    def switched(speed: Speed) -> None:
        _check_speed(around, lambda: {"PWR_VOSR": power.max_hz, "FLASH_ACR": flash.max_hz}, speed)

    def booster_hz() -> int:
        field = clocks.field("PLL1CFGR", 12, 4)
        return clocks.pll_source_hz // (1 if field == 0 else 2 * field)

    clocks = rcc.Rcc(0x46020C00, switched)
    power = pwr.Pwr(0x46020800, lambda: clocks.bit("AHB3ENR", 2), booster_hz)
    flash = u5_flash.Flash(0x40022000, lambda: power.field("VOSR", 16, 2))
    resets = {
        "A": {"MODER": 0xABFFFFFF, "OSPEEDR": 0x08000000, "PUPDR": 0x64000000},
        "B": {"MODER": 0xFFFFFEBF, "PUPDR": 0x00000100},
    }
    others = {"MODER": 0xFFFFFFFF}
    ports = [
        Gpio(
            0x42020000 + 0x400 * i,
            letter,
            resets.get(letter, others),
            partial(clocks.bit, "AHB2ENR1", i),
            u5=True,
        )
        for i, letter in enumerate("ABCDEFGH")
    ]
    wiring = _wiring(target, around, ports[0], (9, 10), lambda: clocks.speed().apb2)
    uart = usart.Usart(0x40013800, lambda: clocks.bit("APB2ENR", 14), wiring)
    uart.name = "USART1"
    return Chip(
        (clocks, power, flash, icache.Icache(0x40030400), *ports, uart),
        _command({"USART1": uart}, target),
        clocks.speed,
        0x1000_0000,
        vectors=target.region("flash").origin,
        has_boot_alias=False,
    )


def _command(uarts: dict[str, Uart], target: Target) -> Uart:
    name = target.uart.name if target.uart is not None else "none"
    if name not in uarts:
        raise EmulatorError(f"the soft board has no {name} for {target.name}: {', '.join(uarts)}")
    return uarts[name]


FAMILIES: dict[str, Callable[[Target, Surroundings], Chip]] = {
    "stm32f4": _stm32f4,
    "stm32u5": _stm32u5,
}
"""By driver folder."""


def build(target: Target, around: Surroundings) -> Chip:
    """Return the chip of `target`; EmulatorError when its family is not modelled."""
    family = FAMILIES.get(target.target.driver)
    if family is None:
        known = ", ".join(sorted(FAMILIES))
        raise EmulatorError(
            f"the soft board has no chip for driver {target.target.driver!r}: {known}"
        )
    return family(target, around)
