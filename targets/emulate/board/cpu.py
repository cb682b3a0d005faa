"""The core of an Arm board: Unicorn as a Cortex-M0, M4 or M33."""

import ctypes
from pathlib import Path

import unicorn
from unicorn import arm_const as arm
from unicorn import unicorn_const as uc
from unicorn.unicorn_py3.unicorn import uclib

from targets.emulate.board import watch
from targets.emulate.board.core import Core, Reason, Stop
from targets.emulate.board.peripheral.line import Functions, Line
from targets.emulate.board.watch import NOWHERE, Watch
from targets.errors import EmulatorError

_MODELS = {
    "cortex-m0plus": arm.UC_CPU_ARM_CORTEX_M0,
    "cortex-m4": arm.UC_CPU_ARM_CORTEX_M4,
    "cortex-m33": arm.UC_CPU_ARM_CORTEX_M33,
}
GENERAL = (*(arm.UC_ARM_REG_R0 + i for i in range(13)), arm.UC_ARM_REG_SP, arm.UC_ARM_REG_LR)
_XPSR_THUMB = 1 << 24
_SCRATCH = 0x9FFF_F000
"""Address of a page for the model's own code, where no chip has memory, and a core may fetch."""
_READ_MSPLIM = bytes.fromhex("eff30a80")
"""Code of the instruction MRS R0, MSPLIM."""
_XPSR_IT = 0x0600FC00
# Numbers of Unicorn's hook on interrupts: EXCP_ of QEMU's target/arm/cpu.h.
_SVC, _BKPT, _EXCEPTION_EXIT, _NOCP, _STKOF = 2, 7, 8, 17, 19

_INTERRUPTS = {
    _SVC: Reason.SVC,
    _BKPT: Reason.BREAKPOINT,
    _EXCEPTION_EXIT: Reason.EXCEPTION_RETURN,
    _NOCP: Reason.NO_COPROCESSOR,
    _STKOF: Reason.STACK_LIMIT,
}


class CoreModel(Core):
    """One core of an Arm board between two resets."""

    def __init__(self, name: str, hook: int, counter: Watch, line: Line, native: Functions) -> None:
        """Make core `name` with the native hooks, which work on `counter` and `line`."""
        if name not in _MODELS:
            raise EmulatorError(f"the soft board has no core {name!r}: {', '.join(_MODELS)}")
        self.is_v8 = name == "cortex-m33"
        machine = unicorn.Uc(uc.UC_ARCH_ARM, uc.UC_MODE_THUMB | uc.UC_MODE_MCLASS)
        machine.ctl_set_cpu_model(_MODELS[name])
        super().__init__(machine, GENERAL, counter, line, native)
        self._pc = self._batch((arm.UC_ARM_REG_PC,))
        self._xpsr = self._batch((arm.UC_ARM_REG_XPSR,))
        self._share(line)
        self._hook(uc.UC_HOOK_CODE, hook, self._watch)
        self._hook(uc.UC_HOOK_INTR, native.interrupt, line)
        self._uc.mem_map(_SCRATCH, 4096, uc.UC_PROT_READ | uc.UC_PROT_EXEC)
        self._uc.mem_write(_SCRATCH, _READ_MSPLIM)

    def _share(self, line: Line) -> None:
        """Give the native code what it needs of Unicorn."""
        line.read_register, line.stop = self._watch.read_register, self._watch.stop
        line.write_register = ctypes.cast(uclib.uc_reg_write, ctypes.c_void_p).value
        start = ctypes.addressof(self._watch)
        line.instructions, line.limit = (
            start + getattr(Watch, name).offset for name in ("instructions", "limit")
        )
        line.lr, line.pc = arm.UC_ARM_REG_LR, arm.UC_ARM_REG_PC
        line.xpsr, line.lr_bits = arm.UC_ARM_REG_XPSR, 0 if self.is_v8 else 1
        masks = (arm.UC_ARM_REG_PRIMASK, arm.UC_ARM_REG_FAULTMASK, arm.UC_ARM_REG_BASEPRI)
        line.priority = (ctypes.c_int32 * 3)(*masks)

    def run(self, instructions: int) -> Stop:
        """Run from the program counter for at most so many instructions."""
        self._watch.limit = self._watch.instructions + instructions
        self._watch.refused = NOWHERE
        self._line.raised = 0
        error = self._start(self.pc | 1)
        if error is not None and self._stop is None:
            return self._failed(error)
        if self._stop is not None:
            return self._stop
        if self._line.raised:
            reason = _INTERRUPTS.get(self._line.raised - 1, Reason.UNDEFINED)
            return Stop(reason, self.pc)
        if self._watch.refused != NOWHERE:
            return Stop(Reason.REFUSED, self._watch.refused)
        if self._watch.instructions >= self._watch.limit:
            return Stop(Reason.LIMIT)
        return Stop(Reason.WAIT)

    def _failed(self, error: unicorn.UcError) -> Stop:
        pc = self.pc
        if error.errno == uc.UC_ERR_INSN_INVALID:
            return Stop(Reason.UNDEFINED, pc)
        if error.errno == uc.UC_ERR_EXCEPTION:
            return Stop(Reason.INVALID_STATE, pc)
        if error.errno in (uc.UC_ERR_FETCH_UNMAPPED, uc.UC_ERR_FETCH_PROT):
            return Stop(Reason.BAD_FETCH, pc)
        raise EmulatorError(f"Unicorn stopped at pc={pc:#010x}: {error}")

    @property
    def pc(self) -> int:
        """Address of the next instruction."""
        return self._pc.read()[0]

    @property
    def xpsr(self) -> int:
        """Flags, state of an IT block, number of the exception."""
        return self._xpsr.read()[0]

    def stack_limit(self) -> int:
        """Return MSPLIM, which Unicorn does not tell: the core itself is asked; 0 on Armv7-M."""
        if not self.is_v8:
            return 0
        pc, xpsr, value = self.read(arm.UC_ARM_REG_PC, arm.UC_ARM_REG_XPSR, arm.UC_ARM_REG_R0)
        count = self._watch.instructions
        self._watch.limit = count + 2
        self.write((arm.UC_ARM_REG_XPSR, xpsr & ~_XPSR_IT | _XPSR_THUMB))
        self._uc.emu_start(_SCRATCH | 1, _SCRATCH + len(_READ_MSPLIM))
        limit = int(self._uc.reg_read(arm.UC_ARM_REG_R0))
        self._watch.instructions = count
        self.write(
            (arm.UC_ARM_REG_R0, value), (arm.UC_ARM_REG_PC, pc | 1), (arm.UC_ARM_REG_XPSR, xpsr)
        )
        return limit


def load_hook(folder: Path) -> int:
    """Return the address of the native hook; see `watch.load`."""
    return watch.load(folder)
