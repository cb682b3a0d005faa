"""A board with a Cortex-M: its core, the core's own peripherals, and what ends a slice."""

from pathlib import Path
from typing import Any

from unicorn import arm_const as arm

from targets.emulate.board import chips, exceptions, watch
from targets.emulate.board.base import MASKED_SLICE, SLICE, Board
from targets.emulate.board.chip import Surroundings
from targets.emulate.board.core import Reason, Stop
from targets.emulate.board.cpu import CoreModel, load_hook
from targets.emulate.board.dwt import Debug, Dwt
from targets.emulate.board.exceptions import Exceptions
from targets.emulate.board.nvic import Nvic
from targets.emulate.board.peripheral.bus import Bus, Peripheral
from targets.emulate.board.peripheral.serial import Serial
from targets.emulate.board.scb import BASELINE, Scb
from targets.emulate.board.systick import SysTick
from targets.errors import EmulatorError
from targets.load import Target

_PRIVATE, _PRIVATE_BYTES = 0xE0000000, 0x00100000
_SYSTEM = 0xE000E000


class Machine(Board):
    """A powered board with a Cortex-M."""

    cpu: CoreModel

    def __init__(
        self, target: Target, elf: Path, serial: Serial, plugins: Path, **conditions: Any
    ) -> None:
        """Build the board of `target` with image `elf` in its flash; see `Board`."""
        self._is_baseline = target.cpu.name in BASELINE
        super().__init__(target, elf, serial, plugins, **conditions)
        self._hook = load_hook(plugins)
        self._uart_line = target.uart.interrupt if target.uart is not None else 0
        self.nvic = Nvic(_SYSTEM)
        core = (self.cycles, self._stall, self._raise_nmi)
        around = Surroundings(
            serial, self._line, self.report, *core, self._store, self._slots, self._outside
        )
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

    def _marks_of(self, code: bytes) -> bytes:
        """Return the marks of a program for Arm; see `watch`."""
        return watch.marks(code, baseline=self._is_baseline)

    def _trace(self) -> tuple[Peripheral, ...]:
        """Return the cycle counter and its switch; Armv6-M has none."""
        debug = Debug(_SYSTEM)
        dwt = Dwt(_PRIVATE + 0x1000, self.cycles, debug)
        return () if self._is_baseline else (debug, dwt)

    # ---- what the peripherals may ask -----------------------------------------------------

    def _current(self) -> int:
        return self.exceptions.current

    def _switch_float(self, on: bool) -> None:
        self._watch.float_off = not on

    def _raise_nmi(self) -> None:
        self.scb.pending.add(exceptions.NMI)
        self._interrupt()

    def _line(self, number: int, on: bool) -> None:
        self.nvic.set_line(number, on)

    # ---- what native code answers meanwhile ------------------------------------------------

    def _lend(self) -> None:
        """Let native code serve the command USART as long as that is plain."""
        super()._lend()
        shared = self._serial.line
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
        super()._take_back()

    def _table_is_fixed(self) -> bool:
        return 0 <= self.scb.value["VTOR"] - self._flash.start < self._flash.size

    # ---- reset ----------------------------------------------------------------------------

    def _power_up(self) -> None:
        """Start the core and all registers as after a reset; memories keep their contents."""
        for peripheral in self.bus.peripherals:
            peripheral.reset()
        shared = self._serial.line
        self.cpu = CoreModel(self._target.cpu.name, self._hook, self._watch, shared, self._native)
        self._connect()
        self.cpu.map_registers(_PRIVATE, _PRIVATE_BYTES, self._read, self._write)
        self.exceptions = Exceptions(self.cpu, self.nvic, self.scb, self.report)
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

    def _is_waiting(self) -> bool:
        """Return whether an exception is pending."""
        return self.exceptions.is_waiting()

    def _next_timer(self) -> int | None:
        """Return the cycle of SysTick's next interrupt."""
        return self.systick.next_interrupt

    def _tick(self) -> None:
        """Let SysTick interrupt when it is time."""
        if self.systick.expire():
            self.scb.pending.add(exceptions.SYSTICK)

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
        self._tick()
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
        mark = self.mark_at(address)
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
