"""A target description as C text: the linker script, and `safe_target.h` for its drivers."""

import re
from dataclasses import dataclass

from codegen.emit.environment import render
from codegen.emit.text import c_string
from targets import hot as hot_symbols
from targets.errors import TargetError
from targets.hot import Hot
from targets.load import Memory, Target

_ACCESS = {"flash": "rx", "ram": "rwx", "data": "rw"}
_CORE_VECTORS = 16
_SOURCES = ("hse", "hsi", "msi")


@dataclass(frozen=True)
class Macro:
    """A `#define` of the target's header."""

    name: str
    value: str


def _region(memory: Memory) -> dict[str, str]:
    return {
        "name": memory.name,
        "access": _ACCESS[memory.kind],
        "origin": f"0x{memory.origin:08x}",
        "size": f"0x{memory.size:08x}",
    }


def linker_script(
    target: Target,
    version: str,
    *,
    cxx: bool = False,
    updates: bool = False,
    hot: Hot = hot_symbols.NOTHING,
) -> str:
    """Return the linker script of `target`; TargetError when it has no flash or no RAM.

    With `cxx` it keeps the constructors of static objects, without it refuses them; with `updates`
    it leaves the slots for models alone. What is `hot` lies in RAM; constants where the core can
    only read data, if the target has such a memory.
    """
    flash, ram = target.region("flash"), target.region("ram")
    if target.stack.size_bytes >= ram.size:
        raise TargetError(f"{target.name}.toml: stack.size_bytes does not fit into {ram.name}")
    return render(
        f"linker_{target.target.arch}.ld.j2",
        version=version,
        target=target.name,
        regions=[_region(m) for m in _regions(target, updates=updates)],
        flash=flash.name,
        ram=ram.name,
        cxx=cxx,
        hot=hot if hot != hot_symbols.NOTHING else None,
        hot_data=next((m.name for m in target.memory if m.kind == "data"), ram.name),
        stack_bytes=target.stack.size_bytes,
        vector_bytes=4 * (_CORE_VECTORS + target.cpu.interrupts),
    )


def _regions(target: Target, *, updates: bool) -> tuple[Memory, ...]:
    return target.image_memory_with_updates if updates else target.image_memory


def _clock_macros(target: Target) -> list[Macro]:
    clock = target.clock
    if clock is None:
        return []
    macros = [Macro("CLOCK_HZ", f"{clock.hz}u")]
    if clock.pll is None:
        return macros
    if clock.source not in _SOURCES:
        raise TargetError(
            f"{target.name}.toml.clock.source: {clock.source!r} is not one of {', '.join(_SOURCES)}"
        )
    macros += [
        Macro(f"CLOCK_SOURCE_{s.upper()}", "1" if s == clock.source else "0") for s in _SOURCES
    ]
    numbers = {
        "CLOCK_SOURCE_HZ": clock.source_hz,
        "PLL_M": clock.pll.m,
        "PLL_N": clock.pll.n,
        "PLL_P": clock.pll.p,
        "PLL_Q": clock.pll.q,
        "APB1_DIVIDER": clock.apb1_divider,
        "APB2_DIVIDER": clock.apb2_divider,
        "FLASH_WAIT_STATES": clock.flash_wait_states,
        "OVERDRIVE": int(clock.overdrive),
    }
    return macros + [Macro(name, f"{value}u") for name, value in numbers.items()]


def _core_hz(target: Target) -> int:
    return 0 if target.clock is None else target.clock.hz


def _uart_macros(target: Target) -> list[Macro]:
    uart = target.uart
    if uart is None:
        return []
    number = re.fullmatch(r"[A-Z]+(\d+)", uart.name)
    if number is None:
        raise TargetError(f"{target.name}.toml.uart.name: {uart.name!r} does not end in a number")
    return [
        Macro("UART_NUMBER", number[1]),
        Macro("UART_BASE", f"0x{uart.base:08x}u"),
        Macro("UART_INTERRUPT", f"{uart.interrupt}u"),
        Macro("UART_BAUD", f"{uart.baud}u"),
        Macro("UART_CLOCK_HZ", f"{uart.clock_hz or _core_hz(target)}u"),
        Macro("RX_RING_BYTES", f"{uart.rx_ring_bytes}u"),
    ]


def _store_macros(target: Target) -> list[Macro]:
    store = target.store
    if store is None:
        return []
    return [
        Macro("FLASH_BYTES", f"0x{target.region('flash').size:x}u"),
        Macro("STORE_ORIGIN", f"0x{target.store_origin:08x}u"),
        Macro("STORE_SLOT_BYTES", f"0x{store.slot_bytes:x}u"),
    ]


def _update_macros(target: Target) -> list[Macro]:
    assert target.update is not None
    return [
        Macro("UPDATE_ORIGIN", f"0x{target.update_origin:08x}u"),
        Macro("UPDATE_SLOT_BYTES", f"0x{target.update.slot_bytes:x}u"),
    ]


def target_header(
    target: Target, version: str, *, updates: bool = False, hot: Hot = hot_symbols.NOTHING
) -> str:
    """Return `safe_target.h`: the description's numbers as SAFE_TARGET_ macros.

    With `updates` those of the slots for models are among them.
    """
    macros = [
        Macro("NAME", c_string(target.name)),
        Macro("INTERRUPTS", f"{target.cpu.interrupts}u"),
        Macro(
            "INTERRUPT_LINES(line)", ", ".join(f"line({i}u)" for i in range(target.cpu.interrupts))
        ),
        Macro("HOT_RAM", str(int(hot != hot_symbols.NOTHING))),
        Macro("CYCLE_COUNTER", str(int(target.cpu.cycle_counter))),
        *_clock_macros(target),
        *_uart_macros(target),
        *_store_macros(target),
        *(_update_macros(target) if updates else ()),
    ]
    return render(
        "target.h.j2",
        version=version,
        target=target.name,
        macros=[Macro(f"SAFE_TARGET_{m.name}", m.value) for m in macros],
    )
