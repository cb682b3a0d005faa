"""Exceptions: priorities, entry, return, and faults with their status registers.

DDI 0403E sections B1.5.4 (priorities), B1.5.6 (entry), B1.5.8 (return), B1.5.14 (faults); Armv8-M:
DDI 0553 chapter B3. What is simple here: the floating-point registers are saved at entry instead of
lazily (a program sees the difference in FPCCR.LSPACT only), a late arrival is served after, not
instead, and the process stack pointer is not modelled: using it is reported.
"""

from collections.abc import Callable

from unicorn import arm_const as arm

from targets.emulate.board.cpu import CoreModel
from targets.emulate.board.nvic import PRIORITY_BITS, Nvic
from targets.emulate.board.scb import Scb
from targets.errors import EmulatorError

HARD, MEMORY, BUS, USAGE, SVC, PENDSV, SYSTICK = 3, 4, 5, 6, 11, 14, 15
FIRST_LINE = 16
NMI = 2
# CFSR: DDI 0403E section B3.2.15; STKOF: DDI 0553.
IACCVIOL, MSTKERR = 1 << 0, 1 << 4
IBUSERR, PRECISERR, STKERR, BFARVALID = 1 << 8, 1 << 9, 1 << 12, 1 << 15
UNDEFINSTR, INVSTATE, INVPC, NOCP, STKOF, UNALIGNED = (1 << i for i in (16, 17, 18, 19, 20, 24))
_FORCED, _DEBUGEVT, _VECTTBL = 1 << 30, 1 << 31, 1 << 1
_ENABLED_BY = {MEMORY: 16, BUS: 17, USAGE: 18}
"""Bits of SHCSR that enable each fault."""
_LOWEST = 256
_FPCA, _SPSEL = 1 << 2, 1 << 1
_XPSR_ALIGNED = 1 << 9
_XPSR_IT = 0x0600FC00
_XPSR_THUMB = 1 << 24
_BASIC, _EXTENDED = 8, 26
"""Number of words of an exception frame without and with floating-point registers."""
_R0, _R1, _R2, _R3, _R12 = (arm.UC_ARM_REG_R0 + i for i in (0, 1, 2, 3, 12))
_SP, _LR, _PC, _XPSR = (
    arm.UC_ARM_REG_SP,
    arm.UC_ARM_REG_LR,
    arm.UC_ARM_REG_PC,
    arm.UC_ARM_REG_XPSR,
)
_STACKED = (_R0, _R1, _R2, _R3, _R12, _LR)
_FLOAT = tuple(arm.UC_ARM_REG_S0 + i for i in range(16))


class Exceptions:
    """Active and pending exceptions of a core: how they begin and end."""

    def __init__(self, cpu: CoreModel, nvic: Nvic, scb: Scb, report: Callable[[str], None]) -> None:
        """Serve `cpu` since its reset."""
        self._cpu = cpu
        self._nvic = nvic
        self._scb = scb
        self._report = report
        self.active: list[int] = []
        """Numbers of the active exceptions, the running one last."""
        self._limit = 0
        self._vector = 0
        """Number of the exception whose handler was entered last."""

    @property
    def current(self) -> int:
        """Number of the exception that runs, 0 in thread mode."""
        return self.active[-1] if self.active else 0

    def _priority(self, number: int) -> int:
        if number <= HARD:
            return number - 4  # reset -3, NMI -2, HardFault -1
        if number >= FIRST_LINE:
            return self._nvic.priority(number - FIRST_LINE)
        word = self._scb.value[f"SHPR{number // 4}"]
        return word >> 8 * (number % 4) & PRIORITY_BITS

    def _group(self, priority: int) -> int:
        """Return the part of a priority that decides on preemption (AIRCR.PRIGROUP)."""
        below = (2 << (self._scb.value["AIRCR"] >> 8 & 7)) - 1
        return priority & ~below if priority >= 0 else priority

    def _execution_priority(self) -> int:
        """Return the priority at which the core runs: DDI 0403E, ExecutionPriority()."""
        found = min((self._group(self._priority(n)) for n in self.active), default=_LOWEST)
        primask, faultmask, basepri = self._cpu.read(
            arm.UC_ARM_REG_PRIMASK, arm.UC_ARM_REG_FAULTMASK, arm.UC_ARM_REG_BASEPRI
        )
        if basepri & PRIORITY_BITS:
            found = min(found, self._group(basepri & PRIORITY_BITS))
        if primask & 1:
            found = min(found, 0)
        return min(found, -1) if faultmask & 1 else found

    def _best(self) -> tuple[int, int] | None:
        """Return priority and number of the pending exception that goes first."""
        waiting = [(self._priority(n), n) for n in self._scb.pending]
        line = self._nvic.best()
        if line is not None:
            waiting.append((line[0], FIRST_LINE + line[1]))
        return min(waiting, default=None)

    def is_waiting(self) -> bool:
        """Whether any exception is pending, so that WFI ends."""
        return bool(self._scb.pending) or self._nvic.best() is not None

    def take(self) -> bool:
        """Enter the pending exception of the highest priority if it preempts; tell whether."""
        best = self._best()
        if best is None or self._group(best[0]) >= self._execution_priority():
            return False
        self._enter(best[1], self._cpu.pc)
        return True

    def _enter(self, number: int, return_address: int) -> None:
        """Push a frame, then start the handler; a frame that does not fit is a fault of its own."""
        cause = self._push(return_address)
        if cause:
            self._scb.value["CFSR"] |= cause
            if number == HARD:
                return self._start(HARD)
            self._scb.value["HFSR"] |= _FORCED
            return self._start(HARD)
        return self._start(number)

    def _push(self, return_address: int) -> int:
        """Push the frame and set LR; return 0, or the bit of CFSR why that could not be."""
        *stacked, xpsr, pointer, control = self._cpu.read(
            *_STACKED, _XPSR, _SP, arm.UC_ARM_REG_CONTROL
        )
        if control & _SPSEL:
            self._report("the process stack pointer is in use: not modelled")
        has_float = bool(control & _FPCA)
        unaligned = bool(pointer & 4)
        frame = (pointer & ~7) - 4 * (_EXTENDED if has_float else _BASIC)
        words = [*stacked, return_address, xpsr & ~_XPSR_ALIGNED | unaligned << 9]
        if has_float:
            words += [*self._cpu.read(*_FLOAT, arm.UC_ARM_REG_FPSCR), 0]
        self._set_return(has_float)
        if self._limit and frame < self._limit:
            self._cpu.write((_SP, self._limit))
            return STKOF
        if not self._cpu.write_words(frame, words):
            self._cpu.write((_SP, frame & 0xFFFFFFFF))
            return STKERR
        self._cpu.write((_SP, frame), (arm.UC_ARM_REG_CONTROL, control & ~_FPCA))
        return 0

    def _set_return(self, has_float: bool) -> None:
        """Put EXC_RETURN into LR: DDI 0403E table B1-8; DDI 0553 section B3.20, non-secure."""
        value = 0xFFFFFFA8 if self._cpu.is_v8 else 0xFFFFFFE9
        value |= 0 if has_float else 1 << 4
        if self.active:
            value &= ~(1 << 3)
        self._cpu.write((_LR, value))

    def _start(self, number: int) -> None:
        """Begin handler `number` with LR and stack as they are."""
        if number >= FIRST_LINE:
            self._nvic.enter(number - FIRST_LINE)
        else:
            self._scb.pending.discard(number)
        self.active.append(number)
        table = self._scb.value["VTOR"]
        vector = self._cpu.read_words(table + 4 * number, 1)
        if vector is None:
            raise EmulatorError(f"lockup: no vector table at {table:#010x} (SCB_VTOR)")
        self._vector = vector[0]
        flags = self._cpu.xpsr & 0xF80F0000
        thumb = _XPSR_THUMB if vector[0] & 1 else 0
        self._cpu.write((_XPSR, flags | thumb | number), (_PC, vector[0]))

    def leave(self, exc_return: int) -> None:
        """End the running handler; go on with a pending one (tail-chaining) or pop the frame."""
        number = self.active.pop() if self.active else 0
        if number >= FIRST_LINE:
            self._nvic.leave(number - FIRST_LINE)
        if number == 0:
            return self.fault(USAGE, INVPC, self._cpu.pc)
        best = self._best()
        if best is not None and self._group(best[0]) < self._execution_priority():
            self._cpu.write((_LR, exc_return | (0 if self._cpu.is_v8 else 1)))
            return self._start(best[1])
        return self._pop(has_float=not exc_return >> 4 & 1)

    def _pop(self, *, has_float: bool) -> None:
        pointer, control = self._cpu.read(_SP, arm.UC_ARM_REG_CONTROL)
        words = self._cpu.read_words(pointer, _EXTENDED if has_float else _BASIC)
        if words is None:
            return self.fault(BUS, 1 << 11, self._cpu.pc)  # UNSTKERR
        if has_float:
            pairs = zip((*_FLOAT, arm.UC_ARM_REG_FPSCR), words[_BASIC:-1], strict=True)
            self._cpu.write(*pairs)
        control = control | _FPCA if has_float else control & ~_FPCA
        xpsr = words[7]
        pointer += 4 * len(words) + (4 if xpsr & _XPSR_ALIGNED else 0)
        self._cpu.write(
            *zip(_STACKED, words, strict=False),
            (_SP, pointer),
            (arm.UC_ARM_REG_CONTROL, control),
            (_XPSR, xpsr & ~_XPSR_ALIGNED),
            (_PC, words[6] | 1),
        )
        return None

    def chain(self, line: int) -> int:
        """Return the vector of line `line` when its handler may be entered again at its end.

        0 when anything else would be served then, or the handler runs inside of another one.
        """
        others = self._nvic.pending & self._nvic.enabled & ~(1 << line)
        if self.active != [FIRST_LINE + line] or others or self._scb.pending:
            return 0
        return self._vector if self._nvic.enabled >> line & 1 else 0

    def set_stack_limit(self) -> None:
        """Learn MSPLIM anew; done where a frame may not fit, as asking costs time."""
        self._limit = self._cpu.stack_limit()

    def fault(self, number: int, cause: int, return_address: int, address: int = 0) -> None:
        """Raise a fault; one that is not enabled, or cannot preempt, becomes a HardFault.

        `cause` are bits of CFSR (0 for a debug event). Raises EmulatorError at a lockup: DDI 0403E
        section B1.5.15.
        """
        if cause & STKOF or self._cpu.is_v8:
            self.set_stack_limit()
        self._scb.value["CFSR"] |= cause
        if cause & BFARVALID:
            self._scb.value["BFAR"] = address
        running = self._execution_priority()
        enabled = number in _ENABLED_BY and self._scb.bit("SHCSR", _ENABLED_BY[number])
        if not enabled or self._group(self._priority(number)) >= running:
            if running <= self._priority(HARD):
                raise EmulatorError(
                    f"lockup: a fault (CFSR {cause:#x}) in the HardFault handler at "
                    f"pc={return_address:#010x}"
                )
            self._scb.value["HFSR"] |= _FORCED if cause else _DEBUGEVT
            number = HARD
        self._enter(number, return_address)

    def call(self) -> None:
        """Take an SVC at once, or a HardFault where its priority does not allow that."""
        if self._group(self._priority(SVC)) >= self._execution_priority():
            return self.fault(USAGE, 0, self._cpu.pc)
        return self._enter(SVC, self._cpu.pc)
