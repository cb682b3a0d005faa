"""A target description from device facts: what is known, where from, and what is left to check.

The result is TOML whose every fact carries its source as a comment; `targets.provenance` reads it
back. Facts come from the pack, from modm-devices, from the family's driver, or from the caller.
"""

from dataclasses import dataclass, field, replace

from targets import chip_flash, load
from targets.chip_flash import Flash
from targets.emulate.board import chips
from targets.errors import TargetError
from targets.family import Family
from targets.kept_flash import Store
from targets.load import (
    ClockTree,
    Cpu,
    Device,
    EmulatorConfig,
    Identity,
    Memory,
    Stack,
    Target,
    Toolchain,
    UartPins,
)
from targets.pack import PackDevice
from targets.parts import ChipPart

_CORES = {
    "CortexM0": "cortex-m0",
    "CortexM0Plus": "cortex-m0plus",
    "CortexM23": "cortex-m23",
    "CortexM3": "cortex-m3",
    "CortexM4": "cortex-m4",
    "CortexM7": "cortex-m7",
    "CortexM33": "cortex-m33",
    "CortexM35P": "cortex-m35p",
    "CortexM55": "cortex-m55",
    "CortexM85": "cortex-m85",
}
"""Names of the cores by their name in a pack: all that `targets/arch/cortex_m` starts."""
_VECTORS = ("cortex-m55", "cortex-m85")
"""Armv8.1-M: with a floating-point unit, their makers build them with the vector extension."""
_COMPILED = {"cortex-m85": "cortex-m55"}
"""The core that the compiler is told, where GCC 12 does not know the one that it runs on."""
_BASELINE = ("cortex-m0", "cortex-m0plus", "cortex-m23")
"""Armv6-M and Armv8-M Baseline, which have kernels of their own."""
_FPU = {
    ("cortex-m4", "SinglePrecision"): "fpv4-sp-d16",
    ("cortex-m7", "SinglePrecision"): "fpv5-sp-d16",
    ("cortex-m7", "DoublePrecision"): "fpv5-d16",
    ("cortex-m33", "SinglePrecision"): "fpv5-sp-d16",
    ("cortex-m35p", "SinglePrecision"): "fpv5-sp-d16",
}
_DSP_ALWAYS = ("cortex-m4", "cortex-m7", *_VECTORS)
_MODEL = "stm32f4"
"""Name of the target whose toolchain every Cortex-M target shares."""
_STACK_BYTES = 8192
_CALLER = "asked for"
_BAUD = 115200
_RING_BYTES = 4096


@dataclass(frozen=True)
class Wishes:
    """Facts that the caller gives, because no pack holds them; 0 and "" stand for none."""

    clock_hz: int = 0
    uart: str = ""
    baud: int = 0
    interrupts: int = 0


@dataclass
class TargetDraft:
    """A target, the source of each fact by its dotted key, and what is worth a warning."""

    target: Target
    sources: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def _cpu(device: PackDevice) -> tuple[Cpu, str]:
    """Return the core with its flags, and the kernel folder that it can use."""
    name = _CORES.get(device.core)
    if name is None:
        known = ", ".join(_CORES)
        raise TargetError(
            f"{device.part}: core {device.core} is not started by targets/arch; it is for {known}"
        )
    if name in _BASELINE:  # none of them has a floating-point unit, whatever the family has
        return Cpu(name, (f"-mcpu={name}", "-mthumb")), "v6m"
    dsp = device.dsp if device.dsp is not None else name in _DSP_ALWAYS
    suffix = "+nodsp" if not dsp and name in ("cortex-m33", "cortex-m35p") else ""
    flags = [f"-mcpu={_COMPILED.get(name, name)}{suffix}", "-mthumb"]
    if device.fpu != "None":
        unit = _FPU.get((name, device.fpu))
        if unit is None and name not in _VECTORS:
            raise TargetError(f"{device.part}: {device.core} with FPU {device.fpu} is not known")
        flags += [f"-mfpu={unit}"] if unit else []
        flags.append("-mfloat-abi=hard")
    if name in _VECTORS and device.fpu != "None":
        return Cpu(name, tuple(flags)), "mve"
    return Cpu(name, tuple(flags)), "dsp" if dsp else "ref"


def _ram(device: PackDevice, part: ChipPart | None, made: TargetDraft) -> Memory:
    """Return the RAM of the image: known to both sources, and as large as both say.

    Packs list windows of a graphics unit as RAM, and sizes with a zero too many.
    """
    known = {r.origin: r.size for r in part.ram} if part else {}
    both = [r for r in device.ram if r.origin in known] or [device.ram[0]]
    ram, size = both[0], known.get(both[0].origin, both[0].size)
    source = device.source
    if part and size != ram.size:
        made.warnings.append(
            f"RAM at 0x{ram.origin:08x}: {device.source} says {ram.size} bytes, {part.source}"
            f" {size}: the smaller is taken, check the data sheet"
        )
        source = device.source if ram.size < size else part.source
    made.sources |= {"memory.1.size": source, "memory.1.origin": device.source}
    for other in device.ram:
        if other != ram:
            text = f"not used: RAM {other.name} 0x{other.origin:08x}, {other.size} bytes"
            unknown = f", unknown to {part.source}" if part and other.origin not in known else ""
            made.notes.append(text + unknown)
    return replace(ram, size=min(ram.size, size))


def _interrupts(part: ChipPart | None, wishes: Wishes, made: TargetDraft, name: str) -> int:
    if wishes.interrupts:
        made.sources["cpu.interrupts"] = _CALLER
        return wishes.interrupts
    if part is None:
        raise TargetError(
            f"{name}: the number of interrupts is in no pack, and modm-devices does not know the"
            " part (or is not installed): give --interrupts N, from the vector table in its manual"
        )
    made.sources["cpu.interrupts"] = part.source
    return part.interrupts


def _clock(family: Family | None, wishes: Wishes, made: TargetDraft) -> ClockTree | None:
    clock, source = None, ""
    if family is not None:
        clock, source = family.clock, f"driver {family.driver}: {family.variant.source}"
        if wishes.clock_hz and clock is not None and wishes.clock_hz != clock.hz:
            raise TargetError(
                f"driver {family.driver} runs this part at {clock.hz} Hz, not {wishes.clock_hz}:"
                " leave --clock-hz out and edit [clock] in the result"
            )
    elif wishes.clock_hz:
        clock, source = ClockTree(hz=wishes.clock_hz), _CALLER
    else:
        made.notes.append("[clock] is missing: no driver serves the part; give --clock-hz")
    made.sources["clock"] = source
    return clock


def _uart(
    family: Family | None, part: ChipPart | None, wishes: Wishes, made: TargetDraft
) -> UartPins | None:
    """Return the command link; the number of its interrupt is looked up."""
    uart = family.target.uart if family is not None else None
    source = f"driver {family.driver}, pins as in {family.variant.like}.toml" if family else ""
    if wishes.uart:
        uart = replace(uart or UartPins("", _BAUD, _RING_BYTES), name=wishes.uart)
        source = _CALLER
    lines = {name: number for number, name in part.vectors.items()} if part else {}
    if uart is not None and part is not None and uart.interrupt not in (lines.get(uart.name), 0):
        if uart.name not in lines:
            raise TargetError(f"{part.name} has no {uart.name}: give --uart")
        uart = replace(uart, interrupt=lines[uart.name])
        made.sources["uart.interrupt"] = part.source
    if uart is None:
        made.notes.append("[uart] is missing: no driver serves the part; give --uart")
        return None
    made.notes.append(f"check that the board wires {uart.name}: no pack knows a board's pins")
    made.sources["uart"] = source
    return replace(uart, baud=wishes.baud) if wishes.baud else uart


def _flash(device: PackDevice, family: Family | None, made: TargetDraft) -> Flash:
    """Return what the flash runners want to know."""
    openocd = ""
    if family is not None and family.target.flash is not None:
        openocd = family.target.flash.openocd_target
        made.sources["flash.openocd_target"] = f"{family.variant.like}.toml"
    else:
        made.notes.append("flash.openocd_target is not known: name OpenOCD's script of the chip")
    stm32 = device.part.upper().startswith("STM32")
    runners = (
        chip_flash.RUNNERS
        if stm32
        else tuple(r for r in chip_flash.RUNNERS if r not in ("cubeprog", "st-flash"))
    )
    for key in ("address", "algorithms", "pyocd_target", "probe_rs_chip"):
        made.sources[f"flash.{key}"] = device.source
    return Flash(
        address=device.flash.origin,
        pyocd_target=device.part.lower(),
        openocd_target=openocd,
        probe_rs_chip=device.part,
        algorithms=device.algorithms,
        runners=runners,
    )


def _check_clock(device: PackDevice, clock: ClockTree | None, made: TargetDraft) -> None:
    if clock is None or device.clock_hz is None:
        return
    if clock.hz > device.clock_hz:
        made.warnings.append(
            f"clock: {clock.hz} Hz is more than the {device.clock_hz} of {device.source}"
        )
    elif clock.hz < device.clock_hz:
        made.notes.append(
            f"{device.source} allows {device.clock_hz} Hz; the driver takes {clock.hz}"
        )


def describe(
    device: PackDevice,
    part: ChipPart | None,
    family: Family | None,
    name: str,
    wishes: Wishes | None = None,
) -> TargetDraft:
    """Return the description of a device.

    Args:
        device: From the pack.
        part: From modm-devices; None when it does not know the device.
        family: The driver that serves it; None when there is none.
        name: Of the target: lower-case letters, digits, - and _.
        wishes: What no source holds.

    Raises:
        TargetError: A core that is not started by `targets/arch`, or a fact that must be given.
    """
    wishes = wishes or Wishes()
    cpu, isa = _cpu(device)
    made = TargetDraft(Target(Identity(name, "", "cortex_m"), cpu))
    ram = _ram(device, part, made)
    memory = (replace(device.flash, name="FLASH"), replace(ram, name="RAM"))
    made.sources |= {"memory.0.origin": device.source, "memory.0.size": device.source}
    clock = _clock(family, wishes, made)
    _check_clock(device, clock, made)
    text = f"{device.part} ({cpu.name}, {memory[0].size >> 10} KiB flash, {ram.size >> 10} KiB RAM)"
    stack = min(_STACK_BYTES, (ram.size // 4) & ~7)
    made.sources |= {
        "target.driver": "family of the part" if family else "",
        "target.isa": device.source if device.dsp is not None else "of the core",
        "cpu.name": device.source,
        "cpu.flags": device.source,
        "toolchain": f"as {_MODEL}.toml",
        "stack.size_bytes": "as every target" if stack == _STACK_BYTES else "a quarter of RAM",
        "device": device.source,
    }
    made.target = Target(
        target=Identity(name, text, "cortex_m", isa, family.driver if family else ""),
        cpu=replace(cpu, interrupts=_interrupts(part, wishes, made, device.part)),
        toolchain=_toolchain(),
        memory=memory,
        stack=Stack(stack),
        clock=clock,
        uart=_uart(family, part, wishes, made),
        flash=_flash(device, family, made),
        store=_store(family, memory[0], made),
        device=Device(device.part, device.pack, device.svd),
    )
    return _emulated(made)


def _emulated(made: TargetDraft) -> TargetDraft:
    """Add [emulator] where the soft board has the registers of the part."""
    if chips.is_modelled(made.target):
        made.target = replace(made.target, emulator=EmulatorConfig(kind="board"))
        made.sources["emulator"] = "the soft board has the registers of the part"
    else:
        made.notes.append("[emulator] is missing: the soft board does not model the part")
    return made


def _store(family: Family | None, flash: Memory, made: TargetDraft) -> Store | None:
    """Return the store of the family's target where the part's flash ends in the same way.

    The drivers know the erasable parts of flash up to the size that this target has; half of the
    flash at the least stays for the image.
    """
    store = family.target.store if family is not None else None
    if family is None or store is None:
        return None
    if not 2 * store.size_bytes <= flash.size <= family.target.region("flash").size:
        made.notes.append("[store] is missing: a learned baseline does not survive a reset")
        return None
    made.sources["store.slot_bytes"] = f"{family.variant.like}.toml"
    return store


def _toolchain() -> Toolchain:
    return load.load(_MODEL).toolchain
