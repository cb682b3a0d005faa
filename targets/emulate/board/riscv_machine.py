"""A board with a RISC-V core: the core's own peripherals, and what ends a slice."""

from pathlib import Path
from typing import Any

from targets.emulate.board import chips, eclic, traps, watch
from targets.emulate.board.base import MASKED_SLICE, SLICE, Board
from targets.emulate.board.chip import Surroundings
from targets.emulate.board.core import Reason, Stop
from targets.emulate.board.eclic import Eclic
from targets.emulate.board.gd32vf103.dbg import Dbg
from targets.emulate.board.hart import Hart
from targets.emulate.board.peripheral.bus import Bus
from targets.emulate.board.peripheral.serial import Serial
from targets.emulate.board.riscv_timer import Timer
from targets.emulate.board.traps import Traps
from targets.load import Target

_TIMER, _TIMER_BYTES = 0xD1000000, 0x1000
_DEBUG, _DEBUG_BYTES = 0xE0042000, 0x1000
_TIMER_SOURCE = 7


class Machine(Board):
    """A powered board with a RISC-V core."""

    cpu: Hart

    def __init__(
        self, target: Target, elf: Path, serial: Serial, plugins: Path, **conditions: Any
    ) -> None:
        """Build the board of `target` with image `elf` in its flash; see `Board`."""
        super().__init__(target, elf, serial, plugins, **conditions)
        self._hook = watch.load_riscv(plugins)
        self.eclic = Eclic(self.report)
        self.timer = Timer(_TIMER, self.cycles)
        self._debug = Dbg(_DEBUG)
        core = (self.cycles, self._stall)
        around = Surroundings(
            serial,
            self.eclic.set_line,
            self.report,
            *core,
            store=self._store,
            outside=self._outside,
        )
        self.chip = chips.build(target, around)
        own = (self.timer, self._debug)
        self.bus = Bus((*own, *self.chip.peripherals), self.report, self._refuse)
        self._power_up()

    def _marks_of(self, code: bytes) -> bytes:
        """Return the marks of a program for RISC-V; see `watch`."""
        return watch.marks_riscv(code)

    def _power_up(self) -> None:
        """Start the core and all registers as after a reset; memories keep their contents."""
        for peripheral in self.bus.peripherals:
            peripheral.reset()
        self.eclic.reset()
        self.cpu = Hart(self._hook, self._watch, self._serial.line, self._native)
        self._connect()
        self.cpu.map_registers(_TIMER, _TIMER_BYTES, self._read, self._write)
        self.cpu.map_registers(_DEBUG, _DEBUG_BYTES, self._read, self._write)
        self.cpu.map_registers(eclic.BASE, eclic.BYTES, self.eclic.read, self.eclic.write)
        self.traps = Traps(self.cpu, self.eclic, self.cycles)
        self.cpu.pc = self.chip.vectors

    # ---- running --------------------------------------------------------------------------

    def _is_waiting(self) -> bool:
        """Return whether an interrupt is pending."""
        return self.traps.is_held_back()

    def _next_timer(self) -> int | None:
        """Return the cycle at which the timer's line goes up; None when nobody hears it."""
        return self.timer.due if self.timer.due > self.cycles() else None

    def _tick(self) -> None:
        """Drive the timer's line."""
        self.eclic.set_line(_TIMER_SOURCE, self.timer.is_high)

    def step(self) -> None:
        """Serve what is due, then run one slice."""
        if self.chip.watchdog.is_expired():
            self.chip.clocks.blame_watchdog()
            self._power_up()
        if self._debug.reset_requested:
            self._power_up()
        if self._refused is not None:
            self._answer_refused(self._refused)
        self.chip.uart.deliver()
        self._tick()
        self.traps.take()
        length = MASKED_SLICE if self.traps.is_held_back() else SLICE
        due = self._next_timer()
        if due is not None:
            length = max(1, min(length, due - self.cycles()))
        self._lend()
        stop = self.cpu.run(length)
        self._take_back()
        self._handle(stop)

    def _answer_refused(self, address: int) -> None:
        """Raise the fault of an access that the bus refused: a load's, as the core cannot tell."""
        self._refused = None
        self.traps.fault(traps.LOAD, int(self._watch.address), address)

    def _handle(self, stop: Stop) -> None:
        """Do what the end of a slice asks for."""
        at = int(self._watch.address)
        if stop.reason is Reason.REFUSED:
            self._decline(stop.address)
        elif stop.reason is Reason.UNDEFINED:
            self.traps.fault(traps.ILLEGAL, at)
        elif stop.reason is Reason.BAD_FETCH:
            self.traps.fault(traps.FETCH, stop.address, stop.address)
        elif stop.reason is Reason.BAD_READ:
            self.traps.fault(traps.LOAD, at, stop.address)
        elif stop.reason is Reason.BAD_WRITE:
            self.traps.fault(traps.STORE, at, stop.address)

    def _decline(self, address: int) -> None:
        """Answer an instruction that `watch` stopped at: one of the system, or an unaligned one."""
        self._watch.address = address
        self._watch.instructions += 1
        words = self.cpu.read_words(address, 1)
        code = words[0] if words else 0
        if self.mark_at(address) & watch.MARK_SYSTEM:
            sleeps = self.traps.execute(code, address)
            self._serial.poll()
            self.chip.uart.deliver()
            if sleeps:
                self._sleep()
            return
        self.report("load or store at an unaligned address")
        is_store = code & 0x7F == 0x23 or (code & 3 == 0 and code >> 13 & 7 == 6)
        self.traps.fault(traps.STORE_UNALIGNED if is_store else traps.LOAD_UNALIGNED, address)
