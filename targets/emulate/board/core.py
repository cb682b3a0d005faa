"""What every core has: Unicorn with memories, registers of peripherals, and the native hooks.

Unicorn executes instructions and knows memories; exceptions, peripherals and time are ours. A core
runs in slices that end for a known reason, one `Stop` each.
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

import unicorn
from unicorn import unicorn_const as uc
from unicorn.unicorn_py3.unicorn import uclib

from targets.emulate.board.peripheral.line import Functions, Line
from targets.emulate.board.watch import Watch
from targets.errors import EmulatorError

NO_END = 0xFFFFFFFF
"""Address at which no program ends."""


class Reason(Enum):
    """Reason why a slice ended."""

    LIMIT = auto()
    WAIT = auto()
    """The core executed WFI or WFE; the program counter is behind it."""
    EXCEPTION_RETURN = auto()
    """The core loaded EXC_RETURN into the program counter; `address` is that value without its
    lowest bit."""
    SVC = auto()
    BREAKPOINT = auto()
    UNDEFINED = auto()
    NO_COPROCESSOR = auto()
    INVALID_STATE = auto()
    STACK_LIMIT = auto()
    REFUSED = auto()
    """The core is before an instruction that `watch` stops at; `address` is the instruction's."""
    BAD_READ = auto()
    BAD_WRITE = auto()
    BAD_FETCH = auto()


@dataclass(frozen=True)
class Stop:
    """End of a slice; `address` is that of the access or the program counter."""

    reason: Reason
    address: int = 0


_ACCESSES = {
    uc.UC_MEM_READ_UNMAPPED: Reason.BAD_READ,
    uc.UC_MEM_READ_PROT: Reason.BAD_READ,
    uc.UC_MEM_WRITE_UNMAPPED: Reason.BAD_WRITE,
    uc.UC_MEM_WRITE_PROT: Reason.BAD_WRITE,
    uc.UC_MEM_FETCH_UNMAPPED: Reason.BAD_FETCH,
    uc.UC_MEM_FETCH_PROT: Reason.BAD_FETCH,
}
_NATIVE_READ = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint32)
_NATIVE_WRITE = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_uint64)
Read = Callable[[int, int], int]
Write = Callable[[int, int, int], None]


class CpuMemory:
    """Bytes that outlive a reset of the core."""

    def __init__(self, start: int, contents: bytes, *, writable: bool) -> None:
        """Hold `contents` at address `start`."""
        self.start = start
        self.size = len(contents)
        self.writable = writable
        self.buffer = ctypes.create_string_buffer(contents, len(contents))


class _Batch:
    """Some registers in one call; the binding's own way takes twenty times as long."""

    def __init__(self, core: object, registers: tuple[int, ...]) -> None:
        count = len(registers)
        self._values = (ctypes.c_uint32 * count)()
        start, size = ctypes.addressof(self._values), ctypes.sizeof(ctypes.c_uint32)
        places = (ctypes.c_void_p * count)(*(start + size * i for i in range(count)))
        self._arguments = (core, (ctypes.c_int * count)(*registers), places, count)

    def read(self) -> list[int]:
        uclib.uc_reg_read_batch(*self._arguments)
        return list(self._values)

    def write(self, values: list[int]) -> None:
        self._values[:] = values  # type: ignore[assignment]
        uclib.uc_reg_write_batch(*self._arguments)


class Core:
    """One core between two resets."""

    def __init__(
        self,
        machine: unicorn.Uc,
        general: tuple[int, ...],
        counter: Watch,
        line: Line,
        native: Functions,
    ) -> None:
        """Take a core of Unicorn; `general` are its numbers of the registers that `watch` reads."""
        self._uc = machine
        self._watch = counter
        self._stop: Stop | None = None
        self._keep: list[object] = []
        self._batches: dict[tuple[int, ...], _Batch] = {}
        self._line = line
        self._native = native
        self._raised: Exception | None = None
        self._programmable = range(0)
        self._program: Write = lambda *_: None
        self._repairs: list[tuple[int, bytes]] = []
        self._uc.hook_add(uc.UC_HOOK_MEM_INVALID, self._on_access)
        numbers = (ctypes.c_int32 * len(general))(*general)
        self._keep.append(numbers)
        counter.register_numbers = ctypes.addressof(numbers)
        counter.read_register = ctypes.cast(uclib.uc_reg_read, ctypes.c_void_p).value
        counter.stop = ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p).value

    def _hook(self, kind: int, hook: int, user: ctypes.Structure) -> None:
        """Register a native hook; the Python binding only takes Python functions."""
        handle = ctypes.c_size_t()
        status = uclib.uc_hook_add(
            self._uc._uch,
            ctypes.byref(handle),
            kind,
            ctypes.c_void_p(hook),
            ctypes.byref(user),
            ctypes.c_uint64(1),
            ctypes.c_uint64(0),
        )
        if status != uc.UC_ERR_OK:
            raise EmulatorError(f"Unicorn refuses a hook: error {status}")

    def _on_access(
        self, _core: unicorn.Uc, access: int, address: int, size: int, value: int, _data: object
    ) -> bool:
        if access == uc.UC_MEM_WRITE_PROT and address in self._programmable:
            written = value & (1 << 8 * size) - 1
            try:
                self._program(address, size, written)
            except Exception as error:  # noqa: BLE001 - raised again in `run`
                self._raised = error
                return False
            made = bytes(self._uc.mem_read(address, size))
            if made != written.to_bytes(size, "little"):
                # Unicorn writes all the same: put right before the next instruction.
                self._repairs.append((address, made))
                self._watch.limit = 0
            return True
        self._stop = Stop(_ACCESSES.get(access, Reason.BAD_READ), address)
        return False

    def map(self, memory: CpuMemory, start: int | None = None, size: int | None = None) -> None:
        """Make `memory`, or its first `size` bytes, visible: at its address, or as an alias."""
        rights = uc.UC_PROT_ALL if memory.writable else uc.UC_PROT_READ | uc.UC_PROT_EXEC
        address = memory.start if start is None else start
        length = memory.size if size is None else size
        self._keep.append(memory)
        self._uc.mem_map_ptr(address, length, rights, ctypes.addressof(memory.buffer))

    def map_programmable(self, start: int, size: int, program: Write) -> None:
        """Send writes to a range of mapped flash to `program(address, size, value)` first."""
        self._programmable, self._program = range(start, start + size), program

    def watch_reads(self, first: int, last: int, read: Read) -> None:
        """Tell `read(address, size)` of each read from an address between two."""

        def reading(
            _core: unicorn.Uc, _access: int, address: int, size: int, _value: int, _data: object
        ) -> None:
            read(address, size)

        self._uc.hook_add(uc.UC_HOOK_MEM_READ, reading, begin=first, end=last)

    def map_registers(self, start: int, size: int, read: Read, write: Write) -> None:
        """Send accesses of a range to `read(address, size)`, `write(address, size, value)`."""
        reading, writing = self._guarded(start, read, write)
        self._uc.mmio_map(
            start,
            size,
            lambda _uc, offset, width, _data: reading(offset, width),
            None,
            lambda _uc, offset, width, value, _data: writing(offset, width, value),
            None,
        )

    def _guarded(self, start: int, read: Read, write: Write) -> tuple[Read, Write]:
        """Return functions of an offset from `start` whose exceptions `run` raises again."""

        def reading(offset: int, width: int) -> int:
            try:
                return read(start + offset, width)
            except Exception as error:  # noqa: BLE001 - raised again in `run`
                return self._abort(error)

        def writing(offset: int, width: int, value: int) -> None:
            try:
                write(start + offset, width, value)
            except Exception as error:  # noqa: BLE001 - raised again in `run`
                self._abort(error)

        return reading, writing

    def map_shared_registers(self, start: int, size: int, read: Read, write: Write) -> None:
        """Map registers as `map_registers` does; native code answers what `line` covers."""
        reading, writing = self._guarded(start, read, write)
        callbacks = (_NATIVE_READ(reading), _NATIVE_WRITE(writing))
        self._keep.append(callbacks)
        self._line.read, self._line.write = (
            ctypes.cast(callback, ctypes.c_void_p).value for callback in callbacks
        )
        status = uclib.uc_mmio_map(
            self._uc._uch,
            ctypes.c_uint64(start),
            ctypes.c_size_t(size),
            ctypes.c_void_p(self._native.read),
            ctypes.byref(self._line),
            ctypes.c_void_p(self._native.write),
            ctypes.byref(self._line),
        )
        if status != uc.UC_ERR_OK:
            raise EmulatorError(f"Unicorn refuses registers at {start:#010x}: error {status}")

    def _abort(self, error: Exception) -> int:
        """End the slice; ctypes cannot let an exception through Unicorn."""
        self._raised = error
        self._uc.emu_stop()
        return 0

    def _start(self, address: int) -> unicorn.UcError | None:
        """Run from an address until a hook or an error ends it; return the error."""
        self._stop = None
        error = None
        try:
            self._uc.emu_start(address, NO_END)
        except unicorn.UcError as found:
            error = found
        for place, contents in self._repairs:
            self._uc.mem_write(place, contents)
        self._repairs.clear()
        if self._raised is not None:
            raise self._raised
        return error

    def read_words(self, address: int, count: int) -> list[int] | None:
        """Return words from memory, None where there is none."""
        try:
            data = self._uc.mem_read(address, 4 * count)
        except unicorn.UcError:
            return None
        return [int.from_bytes(data[i : i + 4], "little") for i in range(0, 4 * count, 4)]

    def write_words(self, address: int, words: list[int]) -> bool:
        """Write words to memory; False, and nothing written, where there is none."""
        data = b"".join(word.to_bytes(4, "little") for word in words)
        try:
            self._uc.mem_write(address, data)
        except unicorn.UcError:
            return False
        return True

    def _batch(self, registers: tuple[int, ...]) -> _Batch:
        found = self._batches.get(registers)
        if found is None:
            found = self._batches[registers] = _Batch(self._uc._uch, registers)
        return found

    def read(self, *registers: int) -> list[int]:
        """Return registers by Unicorn's numbers."""
        return self._batch(registers).read()

    def write(self, *pairs: tuple[int, int]) -> None:
        """Set registers by Unicorn's numbers, in order."""
        registers, values = zip(*pairs, strict=True)
        self._batch(registers).write(list(values))
