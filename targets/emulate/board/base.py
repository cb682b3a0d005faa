"""What every board has: memories, the wire, the clock of the program, the loop that lets it run.

Time is counted in core cycles, one for every instruction (approximate, see dwt.py). While the core
sleeps, the wall clock drives it, so that a millisecond of the program is about one of the host;
where the board is not paced, that time passes at once.
"""

import ctypes
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from elftools.elf.elffile import ELFFile

from targets.emulate.board import watch
from targets.emulate.board.chip import Chip, Outside
from targets.emulate.board.core import Core, CpuMemory
from targets.emulate.board.peripheral import line
from targets.emulate.board.peripheral.bus import Bus
from targets.emulate.board.peripheral.programming import StoreMemory
from targets.emulate.board.peripheral.serial import Serial
from targets.emulate.board.watch import Watch
from targets.load import Target

SLICE = 20_000
"""Number of instructions between two looks at the wire: about 0.2 ms of the host."""
MASKED_SLICE = 200
"""Number of instructions between two looks while a pending interrupt is masked, because nothing
tells when the mask goes."""
REGISTERS = 0x40000000
"""Address from which the peripherals lie."""
_LONGEST_SLEEP = 0.05
_POWER_ON_SEED = 1
_PLACES = {"status": "status_at", "receiver": "receive_at", "transmitter": "transmit_at"}
"""Fields of Line that hold a register's place, by the UART's attribute that names the register."""


def _load(elf: Path, target: Target) -> dict[str, bytes]:
    """Return the contents of each flash region, erased bytes as 0xFF."""
    found = {}
    with elf.open("rb") as stream:
        segments = [
            (segment["p_paddr"], segment.data())
            for segment in ELFFile(stream).iter_segments()
            if segment["p_type"] == "PT_LOAD" and segment["p_filesz"]
        ]
    for region in target.memory:
        if region.kind == "flash":
            contents = bytearray(b"\xff" * region.size)
            for address, data in segments:
                if region.origin <= address < region.origin + region.size:
                    at = address - region.origin
                    contents[at : at + len(data)] = data
            found[region.name] = bytes(contents)
    return found


def _memories(elf: Path, target: Target) -> list[CpuMemory]:
    """Return flash with the image, and RAM with what a power-on happens to leave."""
    noise = random.Random(_POWER_ON_SEED)
    contents = _load(elf, target)
    return [
        CpuMemory(m.origin, contents[m.name], writable=False)
        if m.kind == "flash"
        else CpuMemory(m.origin, noise.randbytes(m.size), writable=True)
        for m in target.memory
    ]


def erased_store(target: Target) -> StoreMemory | None:
    """Return the store of a target as it is delivered; None where it has none."""
    if target.store is None:
        return None
    return StoreMemory(target.store_origin, bytearray(b"\xff" * target.store.size_bytes))


def slots_in(flash: CpuMemory, target: Target, before: StoreMemory | None) -> StoreMemory | None:
    """Return the slots for models, which lie in the flash that the core sees; None without any.

    `before` are those that an earlier board left: the same object then belongs to this board.
    """
    if target.update is None or not target.has_slots:
        return None
    at = target.update_origin - flash.start
    here = memoryview(flash.buffer).cast("B")[at : at + target.update.size_bytes]
    if before is None:
        return StoreMemory(target.update_origin, here)
    here[:] = before.contents
    before.contents = here
    return before


class Board(ABC):
    """A powered board: memories, peripherals, wire and time. A subclass has the core."""

    cpu: Core
    chip: Chip
    bus: Bus

    def __init__(
        self,
        target: Target,
        elf: Path,
        serial: Serial,
        plugins: Path,
        *,
        strict: bool,
        say: Callable[[str], None],
        store: StoreMemory | None = None,
        slots: StoreMemory | None = None,
        outside: Outside | None = None,
        is_paced: bool = True,
    ) -> None:
        """Build the board of `target` with image `elf` in its flash; see `run`.

        `store` is the flash of the store as an earlier board left it, `slots` that of the slots for
        models; erased without one; `outside` is what the pins see. Where it is not paced, time
        asleep passes at once.
        """
        self._target = target
        self._serial = serial
        self._strict = strict
        self._is_paced = is_paced
        self._say = say
        self._said: set[str] = set()
        self._plugins = plugins
        self._native = line.load(plugins)
        self._watch = Watch(pardoned=watch.NOWHERE, refused=watch.NOWHERE)
        self._slept = 0
        self._ahead = 0
        """Cycles that the wall clock has gone on beyond the last sleep."""
        self._is_ended = False
        self._refused: int | None = None
        self._memories = _memories(elf, target)
        self._flash = self._memories[[m.kind for m in target.memory].index("flash")]
        self._slots = slots_in(self._flash, target, slots)
        self._mark(self._marks_of(bytes(self._flash.buffer)))
        self._store = store or erased_store(target)
        self._outside = outside or Outside()

    def _mark(self, marks: bytes) -> None:
        """Tell the native hook which instructions of the flash it looks at."""
        self._marks_seen = marks
        self._marks = ctypes.create_string_buffer(marks)
        self._watch.code = ctypes.addressof(self._flash.buffer)
        self._watch.marks = ctypes.addressof(self._marks)
        self._watch.code_start = self._flash.start
        self._watch.code_bytes = self._flash.size

    def mark_at(self, address: int) -> int:
        """Return the mark of an instruction in flash."""
        return self._marks_seen[(address - self._watch.code_start) // 2]

    # ---- what a core does in its own way ----------------------------------------------------

    @abstractmethod
    def _marks_of(self, code: bytes) -> bytes:
        """Return the marks of a program; see `watch`."""

    @abstractmethod
    def step(self) -> None:
        """Serve what is due, then run one slice."""

    @abstractmethod
    def _is_waiting(self) -> bool:
        """Return whether an interrupt is pending, so that the core wakes."""

    @abstractmethod
    def _next_timer(self) -> int | None:
        """Return the cycle at which the core's timer interrupts next; None: never."""

    @abstractmethod
    def _tick(self) -> None:
        """Let the core's timer interrupt when it is time."""

    def _lend(self) -> None:
        """Let native code serve the command USART as long as that is plain."""
        self.chip.uart.lend(self._serial.line)

    def _take_back(self) -> None:
        """Take over what native code did."""
        self.chip.uart.take_back(self._serial.line)

    # ---- what the peripherals may ask -----------------------------------------------------

    def cycles(self) -> int:
        """Return cycles of the core since power-on: instructions, and time asleep."""
        return int(self._watch.instructions) + self._slept

    def _interrupt(self) -> None:
        """End the slice before the next instruction."""
        self._watch.limit = 0

    def _stall(self, cycles: int) -> None:
        """Let time pass in which the core does nothing."""
        self._slept += cycles

    def report(self, text: str) -> None:
        """Say once where the program does what the manual forbids."""
        line = f"{text} (pc={int(self._watch.address):#010x})"
        if line not in self._said:
            self._said.add(line)
            self._say(line)

    def _refuse(self, address: int) -> None:
        """Answer an access with a BusFault, if strict, once the instruction is over."""
        if self._strict:
            self._refused = address
            self._interrupt()

    # ---- accesses ---------------------------------------------------------------------------

    def _read(self, address: int, width: int) -> int:
        self._take_back()
        value = self.bus.read(address, width)
        self._lend()
        return value

    def _write(self, address: int, width: int, value: int) -> None:
        self._take_back()
        self.bus.write(address, width, value)
        self._lend()

    def _connect(self) -> None:
        """Make memories, store and registers visible to a core that was made anew."""
        for memory in self._memories:
            kept = self._store if memory is self._flash else None
            self.cpu.map(memory, size=memory.size - (0 if kept is None else len(kept.contents)))
        if self._store is not None and self.chip.flash is not None:
            self.cpu.map_registers(
                self._store.origin,
                len(self._store.contents),
                self.chip.flash.read_kept,
                self.chip.flash.program,
            )
        if self._slots is not None and self.chip.flash is not None:
            # A slot may hold other code than at the last start.
            self._mark(self._marks_of(bytes(self._flash.buffer)))
            size = len(self._slots.contents)
            self.cpu.map_programmable(self._slots.origin, size, self.chip.flash.program)
            torn = self._slots.torn
            if torn:
                at, last = self._slots.origin + min(torn), self._slots.origin + max(torn)
                self.cpu.watch_reads(at, last, self.chip.flash.read_kept)
        if self.chip.has_boot_alias:
            self.cpu.map(self._flash, 0)
        self.cpu.map_shared_registers(REGISTERS, self.chip.register_space, self._read, self._write)
        shared, uart = self._serial.line, self.chip.uart
        for name in ("status", "receiver", "transmitter"):
            at = uart.offset_of(getattr(uart, name))
            setattr(shared, _PLACES[name], uart.base - REGISTERS + at)
        self._refused = None

    # ---- running --------------------------------------------------------------------------

    def end(self) -> None:
        """Let `run` return after this slice. A signal handler may call it."""
        self._is_ended = True
        self._interrupt()

    def run(self) -> None:
        """Run until `end`; EmulatorError at a lockup."""
        while not self._is_ended:
            self._serial.poll()
            self.step()

    def _sleep(self) -> None:
        """Let wall time pass until an exception is pending."""
        hz = self.chip.speed().core
        while not self._is_waiting():
            due = self._next_timer()
            left = int(_LONGEST_SLEEP * hz) if due is None else max(0, due - self.cycles())
            if due is not None and not self._is_paced:
                self._pass(left)
                continue
            begin = time.monotonic()
            self._serial.wait(max(0, left - self._ahead) / hz)
            passed = int((time.monotonic() - begin) * hz) + self._ahead
            # What the host slept too long counts for the next time, within bounds.
            self._ahead = min(max(0, passed - left), int(_LONGEST_SLEEP * hz))
            self._pass(min(passed, left))

    def _pass(self, cycles: int) -> None:
        """Let cycles pass asleep, and see what they bring."""
        self._slept += cycles
        self._serial.poll()
        self.chip.uart.deliver()
        self._tick()

    def account(self) -> str:
        """Return how long the board ran by its own clock, and which share of it awake."""
        cycles = max(1, self.cycles())
        seconds = cycles / self.chip.speed().core
        share = 100 * int(self._watch.instructions) / cycles
        return f"ran {seconds:.3f} s by its clock, awake {share:.3f} % of them"
