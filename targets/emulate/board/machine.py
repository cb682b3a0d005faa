"""The board: core, memories, peripherals, and the loop that lets them run.

Time is counted in core cycles, one for every instruction (approximate, see dwt.py). While the core
sleeps, the wall clock drives it, so that a millisecond of the program is about one of the host;
where the board is not paced, that time passes at once.
"""

import ctypes
import random
import time
from collections.abc import Callable
from pathlib import Path

from elftools.elf.elffile import ELFFile
from unicorn import arm_const as arm

from targets.emulate.board import chips, exceptions, watch
from targets.emulate.board.cpu import CoreModel, CpuMemory, Reason, Stop, load_hook
from targets.emulate.board.dwt import Debug, Dwt
from targets.emulate.board.exceptions import Exceptions
from targets.emulate.board.nvic import Nvic
from targets.emulate.board.peripheral import line
from targets.emulate.board.peripheral.bus import Bus, Peripheral
from targets.emulate.board.peripheral.programming import StoreMemory
from targets.emulate.board.peripheral.serial import Serial
from targets.emulate.board.scb import BASELINE, Scb
from targets.emulate.board.systick import SysTick
from targets.emulate.board.watch import Watch
from targets.errors import EmulatorError
from targets.load import Target

SLICE = 20_000
"""Number of instructions between two looks at the wire: about 0.2 ms of the host."""
MASKED_SLICE = 200
"""Number of instructions between two looks while a pending interrupt is masked, because nothing
tells when the mask goes."""
_LONGEST_SLEEP = 0.05
_REGISTERS, _PRIVATE, _PRIVATE_BYTES = 0x40000000, 0xE0000000, 0x00100000
_SYSTEM = 0xE000E000
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


class Machine:
    """A powered board: core, memories and peripherals."""

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
        outside: chips.Outside | None = None,
        is_paced: bool = True,
    ) -> None:
        """Build the board of `target` with image `elf` in its flash; see `run`.

        `store` is the flash of the store as an earlier board left it; erased without one; `outside`
        is what the pins see. Where it is not paced, time asleep passes at once.
        """
        self._target = target
        self._serial = serial
        self._strict = strict
        self._is_paced = is_paced
        self._say = say
        self._said: set[str] = set()
        self._hook = load_hook(plugins)
        self._native = line.load(plugins)
        self._watch = Watch(pardoned=watch.NOWHERE, refused=watch.NOWHERE)
        self._slept = 0
        self._uart_line = target.uart.interrupt if target.uart is not None else 0
        self._ahead = 0
        """Cycles that the wall clock has gone on beyond the last sleep."""
        self._is_ended = False
        self._refused: int | None = None
        self._memories = _memories(elf, target)
        self._flash = self._memories[[m.kind for m in target.memory].index("flash")]
        self._is_baseline = target.cpu.name in BASELINE
        self._mark()
        self.nvic = Nvic(_SYSTEM)
        self._store = store or erased_store(target)
        core = (self.cycles, self._stall, self._raise_nmi)
        pins = outside or chips.Outside()
        around = chips.Surroundings(serial, self._line, self.report, *core, self._store, pins)
        self.chip = chips.build(target, around)
        self.systick = SysTick(_SYSTEM, self.cycles)
        self.scb = Scb(
            _SYSTEM + 0xD00,
            target.cpu.name,
            self.chip.vectors,
            active=self._current,
            changed=self._interrupt,
            switch_float=self._switch_float,
        )
        own = (self.scb, self.nvic, self.systick, *self._trace())
        self.bus = Bus((*own, *self.chip.peripherals), self.report, self._refuse)
        self._power_up()

    def _mark(self) -> None:
        """Tell the native hook which instructions of the flash it looks at."""
        marks = watch.marks(bytes(self._flash.buffer), baseline=self._is_baseline)
        self._marks = ctypes.create_string_buffer(marks)
        self._watch.code = ctypes.addressof(self._flash.buffer)
        self._watch.marks = ctypes.addressof(self._marks)
        self._watch.code_start = self._flash.start
        self._watch.code_bytes = self._flash.size

    def _trace(self) -> tuple[Peripheral, ...]:
        """Return the cycle counter and its switch; Armv6-M has none."""
        debug = Debug(_SYSTEM)
        dwt = Dwt(_PRIVATE + 0x1000, self.cycles, debug)
        return () if self._is_baseline else (debug, dwt)

    # ---- what the peripherals may ask -----------------------------------------------------

    def cycles(self) -> int:
        """Return cycles of the core since power-on: instructions, and time asleep."""
        return int(self._watch.instructions) + self._slept

    def _current(self) -> int:
        return self.exceptions.current

    def _interrupt(self) -> None:
        """End the slice before the next instruction."""
        self._watch.limit = 0

    def _switch_float(self, on: bool) -> None:
        self._watch.float_off = not on

    def _stall(self, cycles: int) -> None:
        """Let time pass in which the core does nothing."""
        self._slept += cycles

    def _raise_nmi(self) -> None:
        self.scb.pending.add(exceptions.NMI)
        self._interrupt()

    def _line(self, number: int, on: bool) -> None:
        self.nvic.set_line(number, on)

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

    # ---- what native code answers meanwhile ------------------------------------------------

    def _lend(self) -> None:
        """Let native code serve the command USART as long as that is plain."""
        shared = self._serial.line
        self.chip.uart.lend(shared)
        shared.vector = self.exceptions.chain(self._uart_line) if self._table_is_fixed() else 0
        shared.chain = shared.vector & 1
        shared.exception = exceptions.FIRST_LINE + self._uart_line
        shared.chained = 0

    def _take_back(self) -> None:
        """Take over what native code did: the line was high whenever its handler was entered."""
        if self._serial.line.chained:
            self.nvic.set_line(self._uart_line, True)
            self.nvic.enter(self._uart_line)
            self._serial.line.chained = 0
        self.chip.uart.take_back(self._serial.line)

    def _table_is_fixed(self) -> bool:
        return 0 <= self.scb.value["VTOR"] - self._flash.start < self._flash.size

    def _read(self, address: int, width: int) -> int:
        self._take_back()
        value = self.bus.read(address, width)
        self._lend()
        return value

    def _write(self, address: int, width: int, value: int) -> None:
        self._take_back()
        self.bus.write(address, width, value)
        self._lend()

    # ---- reset ----------------------------------------------------------------------------

    def _power_up(self) -> None:
        """Start the core and all registers as after a reset; memories keep their contents."""
        for peripheral in self.bus.peripherals:
            peripheral.reset()
        shared = self._serial.line
        self.cpu = CoreModel(self._target.cpu.name, self._hook, self._watch, shared, self._native)
        for memory in self._memories:
            kept = self._store if memory is self._flash else None
            self.cpu.map(memory, size=memory.size - (0 if kept is None else len(kept.contents)))
        if self._store is not None:
            self.cpu.map_registers(
                self._store.origin,
                len(self._store.contents),
                self.chip.flash.read_store,
                self.chip.flash.program,
            )
        if self.chip.has_boot_alias:
            self.cpu.map(self._flash, 0)
        self.cpu.map_shared_registers(_REGISTERS, self.chip.register_space, self._read, self._write)
        self.cpu.map_registers(_PRIVATE, _PRIVATE_BYTES, self._read, self._write)
        for name in ("status", "receiver", "transmitter"):
            at = self.chip.uart.offset_of(getattr(self.chip.uart, name))
            setattr(shared, _PLACES[name], self.chip.uart.base - _REGISTERS + at)
        self.exceptions = Exceptions(self.cpu, self.nvic, self.scb, self.report)
        self._refused = None
        vector = self.cpu.read_words(self.chip.vectors, 2)
        if vector is None or not vector[1] & 1:
            raise EmulatorError(
                f"no vector table at {self.chip.vectors:#010x}: is the image right?"
            )
        self.cpu.write(
            (arm.UC_ARM_REG_SP, vector[0]),
            (arm.UC_ARM_REG_LR, 0xFFFFFFFF),
            (arm.UC_ARM_REG_PC, vector[1]),
        )

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

    def step(self) -> None:
        """Serve what is due, then run one slice."""
        if self.chip.watchdog.is_expired():
            self.chip.clocks.blame_watchdog()
            self._power_up()
        if self.scb.reset_requested:
            self._power_up()
        if self._refused is not None:
            self._answer_refused(self._refused)
        self.chip.uart.deliver()
        if self.systick.expire():
            self.scb.pending.add(exceptions.SYSTICK)
        while self.exceptions.take():
            pass
        length = MASKED_SLICE if self.exceptions.is_waiting() else SLICE
        due = self.systick.next_interrupt
        if due is not None:
            length = max(1, min(length, due - self.cycles()))
        self._lend()
        stop = self.cpu.run(length)
        self._take_back()
        self._handle(stop)

    def _answer_refused(self, address: int) -> None:
        self._refused = None
        cause = exceptions.PRECISERR | exceptions.BFARVALID
        self.exceptions.fault(exceptions.BUS, cause, int(self._watch.address), address)

    def _handle(self, stop: Stop) -> None:
        """Do what the end of a slice asks for."""
        if stop.reason is Reason.WAIT:
            self._sleep()
        elif stop.reason is Reason.EXCEPTION_RETURN:
            self._serial.poll()
            self.chip.uart.deliver()
            self.exceptions.leave(stop.address)
        elif stop.reason is Reason.SVC:
            self.exceptions.call()
        elif stop.reason is Reason.REFUSED:
            self._decline(stop.address)
        elif stop.reason is not Reason.LIMIT:
            self._fault(stop)

    def _fault(self, stop: Stop) -> None:
        number, cause = {
            Reason.BREAKPOINT: (exceptions.HARD, 0),
            Reason.UNDEFINED: (exceptions.USAGE, exceptions.UNDEFINSTR),
            Reason.NO_COPROCESSOR: (exceptions.USAGE, exceptions.NOCP),
            Reason.INVALID_STATE: (exceptions.USAGE, exceptions.INVSTATE),
            Reason.STACK_LIMIT: (exceptions.USAGE, exceptions.STKOF),
            Reason.BAD_READ: (exceptions.BUS, exceptions.PRECISERR | exceptions.BFARVALID),
            Reason.BAD_WRITE: (exceptions.BUS, exceptions.PRECISERR | exceptions.BFARVALID),
            Reason.BAD_FETCH: (exceptions.BUS, exceptions.IBUSERR),
        }[stop.reason]
        self.exceptions.fault(number, cause, self.cpu.pc, stop.address)

    def _decline(self, address: int) -> None:
        """Answer an instruction that `watch` stopped at.

        Without the floating-point unit it faults, as on the core. LDRD and the like at an address
        that is no multiple of four are reported and fault if strict or on Armv6-M, and so does
        what is not modelled: the process stack.
        """
        self._watch.address = address
        mark = self._marks.raw[(address - self._watch.code_start) // 2]
        if mark & watch.MARK_FLOAT and self._watch.float_off:
            self.exceptions.fault(exceptions.USAGE, exceptions.NOCP, address)
            return
        if mark & watch.MARK_PROCESS_STACK:
            self.report("a write to PSP, PSPLIM or CONTROL: the process stack is not modelled")
            cause = exceptions.UNDEFINSTR
        else:
            several = "" if mark & watch.MARK_NARROW else " of several words"
            self.report(f"load or store{several} at an unaligned address")
            cause = exceptions.UNALIGNED
        if self._strict or self._is_baseline:
            self.exceptions.fault(exceptions.USAGE, cause, address)
        else:
            self._watch.pardoned = address

    def _sleep(self) -> None:
        """Let wall time pass until an exception is pending."""
        hz = self.chip.speed().core
        while not self.exceptions.is_waiting():
            due = self.systick.next_interrupt
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
        if self.systick.expire():
            self.scb.pending.add(exceptions.SYSTICK)

    def account(self) -> str:
        """Return how long the board ran by its own clock, and which share of it awake."""
        cycles = max(1, self.cycles())
        seconds = cycles / self.chip.speed().core
        share = 100 * int(self._watch.instructions) / cycles
        return f"ran {seconds:.3f} s by its clock, awake {share:.3f} % of them"
