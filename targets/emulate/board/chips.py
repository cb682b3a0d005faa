"""Peripherals of each chip and how they are connected: one function for each driver family.

Bases and clock switches, the same in every part of a family: RM0090 section 2.3 and 7.3 (STM32F4),
RM0444 (STM32G0), RM0486 (STM32N6, Secure addresses) and RM0456 (STM32U5, non-secure addresses),
chapters "Memory organization" and RCC. Which bits exist in a part is in variants.py of its family.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from targets.emulate.board.chip import Chip, Surroundings, check_speed, command, wired
from targets.emulate.board.gd32vf103 import fmc, gpio, rcu
from targets.emulate.board.gd32vf103 import usart as gd_usart
from targets.emulate.board.gd32vf103.variants import VARIANTS as GD_VARIANTS
from targets.emulate.board.peripheral.clock import Speed
from targets.emulate.board.peripheral.gpio import Gpio
from targets.emulate.board.peripheral.uart import Uart, Wiring
from targets.emulate.board.peripheral.variant import Variant, choose, find, ports
from targets.emulate.board.peripheral.watchdog import Watchdog
from targets.emulate.board.rp2040 import clocks as rp_clocks
from targets.emulate.board.rp2040 import pins as rp_pins
from targets.emulate.board.rp2040 import uart as rp_uart
from targets.emulate.board.rp2040 import watchdog as rp_watchdog
from targets.emulate.board.rp2040.variants import VARIANTS as RP_VARIANTS
from targets.emulate.board.scb import CPUID
from targets.emulate.board.stm32f4 import adc as f4_adc
from targets.emulate.board.stm32f4 import flash as f4_flash
from targets.emulate.board.stm32f4 import i2c as f4_i2c
from targets.emulate.board.stm32f4 import pwr as f4_pwr
from targets.emulate.board.stm32f4 import rcc as f4_rcc
from targets.emulate.board.stm32f4 import usart as f4_usart
from targets.emulate.board.stm32f4.variants import VARIANTS as F4_VARIANTS
from targets.emulate.board.stm32g0 import flash as g0_flash
from targets.emulate.board.stm32g0 import rcc as g0_rcc
from targets.emulate.board.stm32g0.variants import VARIANTS as G0_VARIANTS
from targets.emulate.board.stm32n6 import memory as n6_memory
from targets.emulate.board.stm32n6 import pwr as n6_pwr
from targets.emulate.board.stm32n6 import rcc as n6_rcc
from targets.emulate.board.stm32n6.variants import VARIANTS as N6_VARIANTS
from targets.emulate.board.stm32u5 import flash as u5_flash
from targets.emulate.board.stm32u5 import icache, pwr, rcc, usart
from targets.emulate.board.stm32u5.variants import VARIANTS as U5_VARIANTS
from targets.errors import EmulatorError
from targets.load import Target

_G0_FUNCTION = 1
"""Number of the alternate function of USART2 on PA2 and PA3 of the STM32G0."""
_SECOND_STAGE_BYTES = 256
"""Bytes at the start of the RP2040's flash that its ROM runs before the image."""
IRC40K_HZ = 40_000
"""Nominal rate of the oscillator of the GD32VF103's watchdog."""


def _stm32f4(target: Target, around: Surroundings) -> Chip:
    variant = choose(target, F4_VARIANTS)

    def switched(speed: Speed) -> None:
        check_speed(around, lambda: {"PWR_CR": power.max_hz, "FLASH_ACR": flash.max_hz}, speed)

    clocks = f4_rcc.Rcc(0x40023800, switched, variant.bits)
    power = f4_pwr.Pwr(0x40007000, lambda: clocks.bit("APB1ENR", 28), variant)
    timing = around.timing(lambda: clocks.speed().core)
    flash = f4_flash.Flash(0x40023C00, variant, around.kept, timing)
    watchdog = Watchdog(0x40003000, around.cycles, lambda: clocks.speed().core)
    resets = {
        "A": {"MODER": 0xA8000000, "OSPEEDR": 0x0C000000, "PUPDR": 0x64000000},
        "B": {"MODER": 0x00000280, "OSPEEDR": 0x000000C0, "PUPDR": 0x00000100},
    }
    gpio = [
        Gpio(
            0x40020000 + 0x400 * i,
            letter,
            resets.get(letter, {}),
            partial(clocks.bit, "AHB1ENR", i),
            more=0,
        )
        for i, letter in ports(variant.bits["AHB1ENR"], 11).items()
    ]
    places: dict[str, tuple[int, str, int, tuple[int, int], Callable[[], int]]] = {
        "USART1": (0x40011000, "APB2ENR", 4, (9, 10), lambda: clocks.speed().apb2),
        "USART2": (0x40004400, "APB1ENR", 17, (2, 3), lambda: clocks.speed().apb1),
    }
    uarts: dict[str, Uart] = {}
    for name, (base, register, bit, pins, hz) in places.items():
        mine = target.uart is not None and target.uart.name == name
        wiring = wired(target, around, gpio[0], pins, hz) if mine else None
        uarts[name] = f4_usart.Usart(base, partial(clocks.bit, register, bit), wiring)
        uarts[name].name = name
    lettered = dict(zip(ports(variant.bits["AHB1ENR"], 11).values(), gpio, strict=True))
    common = f4_adc.Common(0x40012300, partial(clocks.bit, "APB2ENR", 8))
    analog = f4_adc.Around(around.cycles, clocks.speed, lettered, around.outside.analog)
    adc = f4_adc.Adc(0x40012000, common.clocked, common, analog)
    bus = around.outside.i2c
    bus.seconds = lambda: around.cycles() / clocks.speed().core
    devices = f4_i2c.Around(around.cycles, clocks.speed, lettered["B"], bus)
    i2c = f4_i2c.I2c(0x40005400, partial(clocks.bit, "APB1ENR", 21), devices)
    return Chip(
        (clocks, power, flash, watchdog, *gpio, *uarts.values(), common, adc, i2c),
        command(uarts, target),
        flash,
        watchdog,
        clocks,
        clocks.speed,
        0x1000_0000,
        vectors=0,
        has_boot_alias=True,
    )


def _stm32u5(target: Target, around: Surroundings) -> Chip:
    def switched(speed: Speed) -> None:
        check_speed(around, lambda: {"PWR_VOSR": power.max_hz, "FLASH_ACR": flash.max_hz}, speed)

    def booster_hz() -> int:
        field = clocks.field("PLL1CFGR", 12, 4)
        return clocks.pll_source_hz // (1 if field == 0 else 2 * field)

    variant = choose(target, U5_VARIANTS)
    clocks = rcc.Rcc(0x46020C00, switched, variant.bits)
    power = pwr.Pwr(0x46020800, lambda: clocks.bit("AHB3ENR", 2), booster_hz, variant.bits)
    timing = around.timing(lambda: clocks.speed().core)
    flash = u5_flash.Flash(
        0x40022000, lambda: power.field("VOSR", 16, 2), around.kept, timing, around.raise_nmi
    )
    watchdog = Watchdog(0x40003000, around.cycles, lambda: clocks.speed().core)
    resets = {
        "A": {"MODER": 0xABFFFFFF, "OSPEEDR": 0x08000000, "PUPDR": 0x64000000},
        "B": {"MODER": 0xFFFFFEBF, "PUPDR": 0x00000100},
    }
    others = {"MODER": 0xFFFFFFFF}
    gpio = [
        Gpio(
            0x42020000 + 0x400 * i,
            letter,
            resets.get(letter, others),
            partial(clocks.bit, "AHB2ENR1", i),
            more=2,
        )
        for i, letter in ports(variant.bits["AHB2ENR1"], 10).items()
    ]
    wiring = wired(target, around, gpio[0], (9, 10), lambda: clocks.speed().apb2)
    uart = usart.Usart(0x40013800, lambda: clocks.bit("APB2ENR", 14), wiring)
    uart.name = "USART1"
    return Chip(
        (clocks, power, flash, watchdog, icache.Icache(0x40030400), *gpio, uart),
        command({"USART1": uart}, target),
        flash,
        watchdog,
        clocks,
        clocks.speed,
        0x1800_0000,
        vectors=target.region("flash").origin,
        has_boot_alias=False,
    )


def _stm32g0(target: Target, around: Surroundings) -> Chip:
    def switched(speed: Speed) -> None:
        check_speed(around, lambda: {"FLASH_ACR": flash.max_hz}, speed)

    variant = choose(target, G0_VARIANTS)
    clocks = g0_rcc.Rcc(0x40021000, switched, variant.bits)
    timing = around.timing(lambda: clocks.speed().core)
    flash = g0_flash.Flash(0x40022000, around.kept, timing, around.raise_nmi)
    watchdog = Watchdog(0x40003000, around.cycles, lambda: clocks.speed().core)
    resets = {"A": {"MODER": 0xEBFFFFFF, "OSPEEDR": 0x0C000000, "PUPDR": 0x24000000}}
    others = {"MODER": 0xFFFFFFFF}
    gpio = [
        Gpio(
            0x50000000 + 0x400 * i,
            letter,
            resets.get(letter, others),
            partial(clocks.bit, "IOPENR", i),
            more=1,
        )
        for i, letter in ports(variant.bits["IOPENR"], 6).items()
    ]
    wiring = wired(target, around, gpio[0], (2, 3), lambda: clocks.speed().apb1)
    wiring = replace(wiring, function=_G0_FUNCTION)
    uart = usart.Usart(0x40004400, lambda: clocks.bit("APBENR1", 17), wiring)
    uart.name = "USART2"
    return Chip(
        (clocks, flash, watchdog, *gpio, uart),
        command({"USART2": uart}, target),
        flash,
        watchdog,
        clocks,
        clocks.speed,
        0x1100_0000,
        vectors=0,
        has_boot_alias=True,
    )


def _stm32n6(target: Target, around: Surroundings) -> Chip:
    def switched(speed: Speed) -> None:
        check_speed(around, lambda: {"PWR_VOSCR": n6_rcc.MOST_HZ}, speed)

    variant = choose(target, N6_VARIANTS)
    clocks = n6_rcc.Rcc(0x56028000, switched, variant.bits)
    power = n6_pwr.Pwr(0x56024800, lambda: clocks.bit("AHB4ENR", 18))
    watchdog = Watchdog(0x56004800, around.cycles, lambda: clocks.speed().core)
    gpio = [
        Gpio(
            0x56020000 + 0x400 * i,
            letter,
            {"MODER": 0xFFFFFFFF},
            partial(clocks.bit, "AHB4ENR", i),
            more=2,
        )
        for i, letter in ports(variant.bits["AHB4ENR"], 17).items()
    ]
    port = next(one for one in gpio if one.name == "GPIOE")
    wiring = wired(target, around, port, (5, 6), lambda: clocks.speed().apb2)
    uart = usart.Usart(0x52001000, lambda: clocks.bit("APB2ENR", 4), wiring)
    uart.name = "USART1"
    return Chip(
        (clocks, power, watchdog, *gpio, uart, n6_memory.MemorySystem(0xE001E000)),
        command({"USART1": uart}, target),
        None,
        watchdog,
        clocks,
        clocks.speed,
        0x1800_0000,
        vectors=target.region("flash").origin,
        has_boot_alias=False,
    )


def _gd32vf103(target: Target, around: Surroundings) -> Chip:
    choose(target, GD_VARIANTS)
    clocks = rcu.Rcu(0x40021000, lambda _speed: None)
    flash = fmc.Fmc(0x40022000, around.store, around.timing(lambda: clocks.speed().core))
    watchdog = Watchdog(0x40003000, around.cycles, lambda: clocks.speed().core, IRC40K_HZ)
    ports = [
        gpio.Port(
            0x40010800 + 0x400 * i,
            letter,
            partial(clocks.bit, "APB2EN", 2 + i),
            outputs=(9,) if letter == "A" else (),
        )
        for i, letter in enumerate("ABCDE")
    ]
    assert target.uart is not None
    wiring = Wiring(
        around.serial,
        partial(around.set_line, target.uart.interrupt),
        lambda: clocks.speed().apb2,
        target.uart.baud,
        ports[0],
        (9, 10),
        gpio.CONNECTED,
    )
    uart = gd_usart.Usart(0x40013800, lambda: clocks.bit("APB2EN", 14), wiring)
    uart.name = "USART0"
    return Chip(
        (clocks, flash, watchdog, *ports, uart),
        command({"USART0": uart}, target),
        flash,
        watchdog,
        clocks,
        clocks.speed,
        0x0010_0000,
        vectors=0,
        has_boot_alias=True,
    )


def _rp2040(target: Target, around: Surroundings) -> Chip:
    choose(target, RP_VARIANTS)
    resets, psm = rp_clocks.Resets(0x4000C000), rp_clocks.Psm(0x40010000)
    xosc = rp_clocks.Xosc(0x40024000)
    pll = rp_clocks.Pll(0x40028000, partial(resets.released, 12), xosc)
    clocks = rp_clocks.Clocks(0x40008000, xosc, pll)
    watchdog = rp_watchdog.Watchdog(
        0x40058000, around.cycles, lambda: clocks.speed().core, lambda: clocks.reference_hz
    )
    clocks.blame_watchdog = watchdog.blame
    pads = rp_pins.Pads(0x4001C000, partial(resets.released, 8))
    bank = rp_pins.IoBank(0x40014000, partial(resets.released, 5), pads)
    assert target.uart is not None
    wiring = Wiring(
        around.serial,
        partial(around.set_line, target.uart.interrupt),
        lambda: clocks.peripheral_hz,
        target.uart.baud,
        bank,
        (0, 1),
        rp_pins.UART,
    )
    uart = rp_uart.Pl011(0x40034000, partial(resets.released, 22), wiring)
    return Chip(
        (resets, psm, xosc, pll, clocks, watchdog, pads, bank, uart),
        command({"UART0": uart}, target),
        None,
        watchdog,
        clocks,
        clocks.speed,
        0x0010_0000,
        vectors=target.region("flash").origin + _SECOND_STAGE_BYTES,
        has_boot_alias=False,
    )


FAMILIES: dict[str, Callable[[Target, Surroundings], Chip]] = {
    "gd32vf103": _gd32vf103,
    "rp2040": _rp2040,
    "stm32f4": _stm32f4,
    "stm32g0": _stm32g0,
    "stm32n6": _stm32n6,
    "stm32u5": _stm32u5,
}
"""Function that builds a chip, by driver folder."""


VARIANTS: dict[str, Sequence[Variant]] = {
    "gd32vf103": GD_VARIANTS,
    "rp2040": RP_VARIANTS,
    "stm32f4": F4_VARIANTS,
    "stm32g0": G0_VARIANTS,
    "stm32n6": N6_VARIANTS,
    "stm32u5": U5_VARIANTS,
}
"""Register tables by driver folder."""


def is_modelled(target: Target) -> bool:
    """Return whether the soft board has the registers of the target's chip, and its core."""
    variants = VARIANTS.get(target.target.driver, ())
    has_core = target.target.arch != "cortex_m" or target.cpu.name in CPUID
    return has_core and target.device is not None and find(target.device.part, variants) is not None


def check(target: Target) -> None:
    """Raise EmulatorError when the family or the part of `target` is not modelled."""
    variants = VARIANTS.get(target.target.driver)
    if variants is None:
        raise EmulatorError(
            f"target {target.name} has no soft board: its driver is {target.target.driver!r}, "
            f"modelled are {', '.join(sorted(VARIANTS))}"
        )
    choose(target, variants)
    if target.target.arch == "cortex_m" and target.cpu.name not in CPUID:
        raise EmulatorError(
            f"the soft board has no core {target.cpu.name}, which {target.name} has: "
            f"{', '.join(CPUID)}"
        )


def build(target: Target, around: Surroundings) -> Chip:
    """Return the chip of `target`; EmulatorError when it is not modelled."""
    check(target)
    return FAMILIES[target.target.driver](target, around)
