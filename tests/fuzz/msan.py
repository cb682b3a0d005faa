"""Kernels under MSan: a value that is used before it was written, or an output that was not.

The calls are made in a process of their own, `kernel_process.c`, as Python is not compiled for
MSan. Outputs and scratch begin as memory that holds nothing; every output must hold something.
"""

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import numpy as np

from codegen.ir.call import (
    Argument,
    ConstantArg,
    KernelCall,
    ListArg,
    ParamsArg,
    ScratchArg,
    TensorArg,
)
from codegen.ir.graph import Array, Graph, Operator
from tests import compiling
from tests.operators.kernels import (
    WARNINGS,
    KernelLibrary,
    compile_library,
    packed_params,
    plain,
)

COMMAND = ("clang", "-O1", "-g", "-fsanitize=memory")
PROGRAM = Path(__file__).with_name("kernel_process.c")
CONSTANT, VALUE, OUTPUT, SCRATCH, LIST = range(5)
"""Kinds of arguments, as the process knows them."""


class WatchedKernels(KernelLibrary):
    """The kernels of `compile_library`, called in processes under MSan.

    A finding is an AssertionError with MSan's words; the next call is made in a new process.
    """

    def __init__(self, program: Path, tuned: Path, reference: Path) -> None:
        self.tuned, self.reference = (_Process(program, path) for path in (tuned, reference))
        self._library = self.tuned
        self._guard = 0
        self._outputs: set[int] = set()

    def close(self) -> None:
        """End both processes."""
        self.tuned.end()
        self.reference.end()

    def _operator(
        self, graph: Graph, operator: Operator, call: KernelCall | None, memory: dict[int, Array]
    ) -> None:
        self._outputs = set(operator.outputs)
        super()._operator(graph, operator, call, memory)

    def _in_place(
        self, operator: Operator, call: KernelCall, memory: dict[int, Array], index: int
    ) -> None:
        """Leave it out: what an output holds before is known then."""

    def _call(self, call: KernelCall, memory: Mapping[int, Array]) -> None:
        params = packed_params(call.params)
        constants = {c.suffix: c.data.tobytes() for c in call.constants}
        scratch = {s.name: max(1, s.size_bytes) for s in call.scratch}
        returned: list[int] = []

        def argument(one: Argument) -> bytes:
            match one:
                case ParamsArg():
                    return _head(CONSTANT, len(params)) + params
                case TensorArg(tensor):
                    returned.append(tensor)
                    if tensor in self._outputs:
                        return _head(OUTPUT, memory[tensor].size)
                    return _head(VALUE, memory[tensor].size) + memory[tensor].tobytes()
                case ConstantArg(suffix):
                    return _head(CONSTANT, len(constants[suffix])) + constants[suffix]
                case ScratchArg(name):
                    return _head(SCRATCH, scratch[name])
                case ListArg(items):
                    return _head(LIST, len(items)) + b"".join(map(argument, items))

        name = call.kernel.encode()
        request = _word(len(name)) + name + _word(len(call.arguments))
        request += b"".join(map(argument, call.arguments))
        answer = self._library.ask(request, sum(memory[tensor].size for tensor in returned))
        start = 0
        for tensor in returned:
            end = start + memory[tensor].size
            memory[tensor][:] = np.frombuffer(answer[start:end], np.uint8)
            start = end


def build(folder: Path) -> WatchedKernels:
    """Compile the kernels of all instruction sets, and the process, into the folder."""
    library = compile_library(COMMAND, folder / "kernels.so")
    return WatchedKernels(compile_process(folder), library, plain(library))


def compile_process(folder: Path) -> Path:
    """Compile the program that calls kernels."""
    made = folder / "kernel_process"
    flags = ["-std=c99", *WARNINGS.split(), str(PROGRAM), "-ldl", "-o", str(made)]
    compiling.call([*COMMAND, *flags])
    return made


class _Process:
    """A running program, started when it is needed."""

    def __init__(self, program: Path, library: Path) -> None:
        self._command = [str(program), str(library)]
        self._running: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as this

    def ask(self, request: bytes, expected: int) -> bytes:
        """Return that many bytes of the answer; AssertionError when the process ended instead."""
        if self._running is None:
            self._errors.seek(0)
            self._errors.truncate()
            self._running = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
            )
        to, back = self._running.stdin, self._running.stdout
        assert to is not None
        assert back is not None
        try:
            to.write(request)
            to.flush()
            answer = back.read(expected)
        except BrokenPipeError:
            answer = b""
        if len(answer) != expected:
            self.end()
            self._errors.seek(0)
            raise AssertionError(self._errors.read().decode(errors="replace")[:3000])
        return answer

    def end(self) -> None:
        """Close the pipes and wait."""
        if self._running is not None:
            self._running.kill()
            self._running.communicate()
            self._running = None


def _word(value: int) -> bytes:
    return value.to_bytes(4, "little")


def _head(kind: int, size: int) -> bytes:
    return _word(kind) + _word(size)
