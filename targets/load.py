"""Target descriptions: `targets/<name>.toml` as frozen dataclasses, unknown keys rejected.

The fields of the dataclasses below are the format: a field without a default is a required key.
Sizes and addresses are bytes; TOML's hexadecimal integers are welcome. What a field means on the
chip is said in the reference manual that the driver cites.
"""

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from targets import chip_flash, kept_flash, toml_file
from targets.chip_flash import Flash
from targets.errors import TargetError
from targets.kept_flash import Store, Update
from targets.suggest import did_you_mean
from targets.tables import table

TARGETS_DIR = Path(__file__).parent
SEARCH_VARIABLE = "SAFE_TARGETS"
"""Environment variable with more folders of target descriptions, separated as in PATH."""
ARCHITECTURES = ("cortex_m", "host", "riscv32")
EMULATORS = ("board", "qemu", "process", "verilator")
MEMORY_KINDS = ("flash", "ram", "data")
CYCLES = ("approximate", "exact")
COMPILERS = ("gcc", "clang")
_NAME = re.compile(r"[a-z][a-z0-9_]*(-[a-z0-9_]+)*")
_USB = re.compile(r"[0-9a-f]{4}:([0-9a-f]{4}|\*)")


@dataclass(frozen=True)
class Identity:
    """[target]: what it is and which folders of code it takes."""

    name: str
    description: str
    arch: str
    """Name of the folder under `targets/arch`."""
    isa: str = "ref"
    """Name of the folder under `sdk/src/kernel` that is looked into before `ref`."""
    driver: str = ""
    """Name of the folder under `targets/driver`; empty when the architecture folder holds all."""
    no_update: str = ""
    """Reason why there is no [update], as an error message gives it; empty where there is none."""


@dataclass(frozen=True)
class Cpu:
    """[cpu]: the core, and the compiler flags that choose it."""

    name: str
    flags: tuple[str, ...] = ()
    interrupts: int = 0
    """Number of interrupt lines: of a Cortex-M's vector table beyond the core's 16 words."""
    cycle_counter: bool = True
    """Whether the core's cycle counter can be believed; false when it counts something else."""


@dataclass(frozen=True)
class Toolchain:
    """[toolchain]: `<prefix>gcc` and flags besides those of every target."""

    prefix: str = ""
    cflags: tuple[str, ...] = ()
    ldflags: tuple[str, ...] = ()
    compilers: tuple[str, ...] = ("gcc",)
    """Compilers that the target's images are tried with, the default first: see `toolchain.py`."""
    small: bool = False
    """Whether everything but the model and its kernels is compiled for size, where no level is
    chosen."""


@dataclass(frozen=True)
class Memory:
    """[[memory]]: one region of the linker script."""

    name: str
    kind: str
    """Kind of memory: `flash` (read and execute), `ram`, or `data` (RAM from which a core cannot
    fetch instructions; for constants of `targets.hot` only)."""
    origin: int
    size: int

    @property
    def end(self) -> int:
        """First address behind the region."""
        return self.origin + self.size


@dataclass(frozen=True)
class Stack:
    """[stack]: reserved at the bottom of RAM, so that an overflow faults instead of corrupting."""

    size_bytes: int = 4096


@dataclass(frozen=True)
class Pll:
    """[clock.pll]: hz = source_hz / m * n / p."""

    m: int
    n: int
    p: int
    """Divider of the output that feeds the core, whatever letter the manual gives it."""
    q: int = 1
    """Divider of a second output, where the driver sets it."""


@dataclass(frozen=True)
class ClockTree:
    """[clock]: the tree after start-up. `hz` is the core clock and the timebase."""

    hz: int
    source: str = ""
    source_hz: int = 0
    pll: Pll | None = None
    apb1_divider: int = 1
    apb2_divider: int = 1
    flash_wait_states: int = 0
    overdrive: bool = False
    """Whether the core's voltage is raised for its highest clock (STM32F4 that have it)."""


@dataclass(frozen=True)
class UartPins:
    """Table [uart]: pins and settings of the command link."""

    name: str
    baud: int
    rx_ring_bytes: int
    """Power of two, not below the largest window that the host sends unacknowledged."""
    base: int = 0
    """Address of the registers, for a driver that serves several."""
    interrupt: int = 0
    """Number of the receive interrupt, for a driver that serves several."""
    clock_hz: int = 0
    """Clock that the rate is divided from, for a driver that serves several; 0: the core's."""
    usb: tuple[str, ...] = ()
    """USB adapters that boards carry on this line, as `VID:PID` in four hexadecimal digits each;
    `VID:*` takes every product of a maker."""


@dataclass(frozen=True)
class EmulatorConfig:
    """[emulator]: how to run the unmodified image without a board."""

    kind: str
    machine: str = ""
    cpu: str = ""
    """Argument of QEMU's `-cpu`; empty where the machine has only one."""
    serial: int = 0
    """Number of the emulator's serial line that is `[uart]`, counted from 0."""
    expected_status: tuple[str, ...] = ()
    """Names of SAFE_PORT_ bits, lower case without prefix, that the emulator cannot avoid."""
    cycles: str = "approximate"
    """Quality of the emulator's cycle counter: `exact` or `approximate`."""
    reply_seconds: int = 1
    """Longest time that the device may take for a reply before the host asks again."""
    windows: int = 0
    """Number of windows of a bench that names no number, where all would take too long; 0: all."""
    samples: int = 0
    """Number of raw samples of such a bench; 0: all."""


@dataclass(frozen=True)
class Device:
    """[device]: the chip as CMSIS-Packs know it; `host_tools targets show` compares with them."""

    part: str
    """Device name of the pack, e.g. `STM32F405RGTx`."""
    pack: str = ""
    """Name of the pack that describes it, e.g. `Keil.STM32F4xx_DFP`."""
    svd: str = ""
    """Path in the pack of the description of its registers."""


@dataclass(frozen=True)
class Target:
    """One `targets/<name>.toml`."""

    target: Identity
    cpu: Cpu
    toolchain: Toolchain = field(default_factory=Toolchain)
    memory: tuple[Memory, ...] = ()
    stack: Stack = field(default_factory=Stack)
    clock: ClockTree | None = None
    uart: UartPins | None = None
    emulator: EmulatorConfig | None = None
    flash: Flash | None = None
    store: Store | None = None
    update: Update | None = None
    device: Device | None = None

    @property
    def name(self) -> str:
        """The target's name: the stem of its file."""
        return self.target.name

    @property
    def isa(self) -> str:
        """Kernel folder preferred by this target."""
        return self.target.isa

    @property
    def store_origin(self) -> int:
        """Address of the store's first slot; TargetError when the target has no store."""
        if self.store is None:
            raise TargetError(f"{self.name}.toml: no [store]")
        return self.region("flash").end - self.store.size_bytes

    @property
    def has_slots(self) -> bool:
        """Whether there are slots for models that leave flash to an image."""
        return self.update is not None and self._slots_at() > self.region("flash").origin

    @property
    def update_origin(self) -> int:
        """Address of the first slot for models; TargetError when the target has none."""
        if not self.has_slots:
            raise TargetError(kept_flash.no_slots(self.name, self.target.no_update, self.update))
        return self._slots_at()

    def _slots_at(self) -> int:
        kept = sum(part.size_bytes for part in (self.store, self.update) if part is not None)
        return self.region("flash").end - kept

    @property
    def with_updates(self) -> "Target":
        """The target as an image with updates has it, which may need more stack."""
        size = 0 if self.update is None else self.update.image_stack_bytes
        return self if size == 0 else replace(self, stack=Stack(size))

    @property
    def image_memory(self) -> tuple[Memory, ...]:
        """The regions that an image may use: all of them, but for the store."""
        if self.store is None:
            return self.memory
        return self._without(self.store.size_bytes)

    @property
    def image_memory_with_updates(self) -> tuple[Memory, ...]:
        """The regions that an image with updates may use: neither the slots nor the store."""
        return self._without(self.region("flash").end - self.update_origin)

    def _without(self, kept: int) -> tuple[Memory, ...]:
        """Return the regions without the last bytes of the flash."""
        flash = self.region("flash")
        return tuple(replace(m, size=m.size - kept) if m is flash else m for m in self.memory)

    def region(self, kind: str) -> Memory:
        """Return the first memory region of `kind`; TargetError when there is none."""
        for memory in self.memory:
            if memory.kind == kind:
                return memory
        raise TargetError(f"{self.name}.toml: no [[memory]] of kind {kind!r}: add one")


def _check_compilers(compilers: tuple[str, ...], where: str) -> None:
    if not compilers:
        raise TargetError(f"{where}.toolchain.compilers: must name one of {', '.join(COMPILERS)}")
    for name in compilers:
        if name not in COMPILERS:
            known = ", ".join(COMPILERS)
            raise TargetError(f"{where}.toolchain.compilers: {name!r} is not one of {known}")


def _check_clock(clock: ClockTree, where: str) -> None:
    if clock.hz <= 0:
        raise TargetError(f"{where}.clock.hz: must be positive")
    if clock.pll is not None:
        pll = clock.pll
        if min(pll.m, pll.n, pll.p, pll.q) <= 0:
            raise TargetError(f"{where}.clock.pll: factors must be positive")
        if clock.source_hz * pll.n != clock.hz * pll.m * pll.p:
            raise TargetError(
                f"{where}.clock: source_hz / m * n / p = "
                f"{clock.source_hz * pll.n // (pll.m * pll.p)}, but hz = {clock.hz}"
            )


def _check_uart(uart: UartPins, where: str) -> None:
    ring = uart.rx_ring_bytes
    if ring <= 0 or ring & (ring - 1):
        raise TargetError(f"{where}.uart.rx_ring_bytes: {ring} is not a power of two")
    for usb in uart.usb:
        if not _USB.fullmatch(usb):
            raise TargetError(f"{where}.uart.usb: {usb!r} is not like '0483:374b'")


def _check_memory(target: Target, where: str) -> None:
    for memory in target.memory:
        if memory.kind not in MEMORY_KINDS:
            known = ", ".join(MEMORY_KINDS)
            raise TargetError(f"{where}.memory {memory.name!r}: kind must be one of {known}")
        if memory.origin < 0 or memory.size <= 0:
            raise TargetError(f"{where}.memory {memory.name!r}: origin or size is out of range")
    if target.store is not None or target.update is not None:
        flash = target.region("flash")
        kept_flash.check(target.store, target.update, flash.name, flash.size, where)


def _check_emulator(emulator: EmulatorConfig, where: str) -> None:
    limits = (("kind", emulator.kind, EMULATORS), ("cycles", emulator.cycles, CYCLES))
    for key, value, known in limits:
        if value not in known:
            raise TargetError(f"{where}.emulator.{key}: must be one of {', '.join(known)}")


def _check(target: Target, where: str) -> Target:
    """Check what the types cannot say."""
    identity = target.target
    if identity.arch not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise TargetError(f"{where}.target.arch: {identity.arch!r} is not one of {known}")
    _check_memory(target, where)
    if target.stack.size_bytes <= 0 or target.stack.size_bytes % 8 != 0:
        raise TargetError(f"{where}.stack.size_bytes: must be a positive multiple of 8")
    _check_compilers(target.toolchain.compilers, where)
    if target.clock is not None:
        _check_clock(target.clock, where)
    if target.uart is not None:
        _check_uart(target.uart, where)
    if target.flash is not None:
        chip_flash.check(target.flash, where)
    if target.emulator is not None:
        _check_emulator(target.emulator, where)
    return target


def parse(text: str, name: str) -> Target:
    """Return the target that the TOML `text` describes; `name` is the stem of its file.

    Raises TargetError naming file, table and key.
    """
    values = toml_file.parse(text, f"{name}.toml", TargetError)
    target = _check(table(Target, values, f"{name}.toml"), f"{name}.toml")
    if target.name != name:
        raise TargetError(f"{name}.toml: target.name is {target.name!r}, must equal the file name")
    return target


def folders() -> tuple[Path, ...]:
    """Return the folders of descriptions: the project's own, then those of SAFE_TARGETS."""
    listed = os.environ.get(SEARCH_VARIABLE, "").split(os.pathsep)
    return (TARGETS_DIR, *(Path(folder) for folder in listed if folder))


def available() -> tuple[str, ...]:
    """Return the names of all targets, sorted."""
    return tuple(sorted({p.stem for folder in folders() for p in folder.glob("*.toml")}))


def find(text: str) -> Path:
    """Return the file of a target given by its name or by the path of its TOML file.

    Raises:
        TargetError: No such file, or one outside of `targets/` with the name of one inside,
            whose images would take its place.
    """
    if text.endswith(".toml"):
        path = Path(text)
        if not path.is_file():
            raise TargetError(f"no target description at {text}: make one with targets new")
        return check_name(path)
    for folder in folders():
        path = folder / f"{text}.toml"
        if _NAME.fullmatch(text) and path.is_file():
            return check_name(path)
    known = ", ".join(available()) or "none"
    raise TargetError(
        f"unknown target {text!r}; known are {known}; a path must end in .toml, and"
        f" {SEARCH_VARIABLE} lists further folders{did_you_mean(text, available())}"
    )


def check_name(path: Path) -> Path:
    """Return the path of a description whose name may stand; see `find` for the error."""
    if not _NAME.fullmatch(path.stem):
        raise TargetError(f"{path}: a target's name has lower-case letters, digits, - and _")
    own = TARGETS_DIR / path.name
    if own.is_file() and path.resolve() != own.resolve():
        raise TargetError(f"{path}: {path.stem} is a target of SAFE itself: choose another name")
    return path


def is_own(path: Path) -> bool:
    """Return whether a description is one of the project's own."""
    return path.resolve().parent == TARGETS_DIR.resolve()


def load(text: str) -> Target:
    """Return the target of a name or TOML file; TargetError when unknown or malformed."""
    path = find(text)
    try:
        return parse(path.read_text(encoding="utf-8"), path.stem)
    except OSError as error:
        raise TargetError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TargetError(f"{path}: not valid TOML: it is not UTF-8 text") from None
