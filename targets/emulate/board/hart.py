"""The core of a RISC-V board: Unicorn as an RV32IMAC, for all but the system instructions."""

import unicorn
from unicorn import riscv_const as rv
from unicorn import unicorn_const as uc

from targets.emulate.board.core import Core, Reason, Stop
from targets.emulate.board.peripheral.line import Functions, Line
from targets.emulate.board.watch import NOWHERE, Watch

REGISTERS = tuple(rv.UC_RISCV_REG_X0 + i for i in range(32))


class Hart(Core):
    """One core of a RISC-V board between two resets."""

    def __init__(self, hook: int, counter: Watch, line: Line, native: Functions) -> None:
        """Make a core with the native hooks, which work on `counter` and `line`."""
        machine = unicorn.Uc(uc.UC_ARCH_RISCV, uc.UC_MODE_RISCV32)
        machine.ctl_set_cpu_model(rv.UC_CPU_RISCV32_SIFIVE_E31)
        super().__init__(machine, REGISTERS, counter, line, native)
        self._pc = self._batch((rv.UC_RISCV_REG_PC,))
        self._hook(uc.UC_HOOK_CODE, hook, self._watch)

    @property
    def pc(self) -> int:
        """Address of the next instruction."""
        return self._pc.read()[0]

    @pc.setter
    def pc(self, address: int) -> None:
        """Let the core go on at `address`."""
        self._pc.write([address])

    @property
    def executed(self) -> int:
        """Number of instructions executed so far."""
        return int(self._watch.instructions)

    def get(self, register: int) -> int:
        """Return x0 to x31."""
        return self.read(REGISTERS[register])[0]

    def set(self, register: int, value: int) -> None:
        """Set x1 to x31; x0 stays 0."""
        if register:
            self.write((REGISTERS[register], value & 0xFFFFFFFF))

    def run(self, instructions: int) -> Stop:
        """Run from the program counter for at most so many instructions.

        An instruction that failed has not been executed; its address is that of `Watch`, because
        Unicorn's program counter may be one further.
        """
        self._watch.limit = self._watch.instructions + instructions
        self._watch.refused = NOWHERE
        error = self._start(self.pc)
        if self._stop is not None:
            return self._stop
        if self._watch.refused != NOWHERE:
            return Stop(Reason.REFUSED, self._watch.refused)
        if error is not None:
            return Stop(Reason.UNDEFINED, int(self._watch.address))
        return Stop(Reason.LIMIT)
