"""Compiles the SDK's kernels into a shared library and calls them as `lower` says.

Every field of a parameter structure is 4 bytes wide (int32_t or float), so that it can be laid
out here without reading the header. `KernelLibrary` guards each tensor with canaries, unless a
sanitizer does that better.
"""

import ctypes
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from codegen.backends.native.lower import call_of
from codegen.ir.call import (
    Argument,
    ConstantArg,
    KernelCall,
    ListArg,
    ParamsArg,
    ScratchArg,
    TensorArg,
)
from codegen.ir.graph import ABSENT, DType, Graph, Operator
from codegen.options import GOALS, KernelChoice
from codegen.reference import reset_value
from targets.kernels import ISAS, sources
from tests import compiling

Array = NDArray[Any]
SDK = Path(__file__).resolve().parents[2] / "sdk"
WARNINGS = "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"
REFERENCE = KernelChoice("ref")
CHOICES = tuple(KernelChoice(isa, goal) for isa in ISAS for goal in GOALS)
"""All that `lower` may be asked for."""
CANARY = 0xA5
BUILDS = {
    "gcc-O0": ("gcc", "-O0"),
    "gcc-O3": ("gcc", "-O3"),
    "clang-O0": ("clang", "-O0"),
    "clang-O3": ("clang", "-O3"),
}
QUICK_BUILDS = ("gcc-O0", "clang-O3")
"""Each compiler and each level once; every random case runs as gcc-O3 anyway."""
EACH_BUILD = [
    pytest.param(name, marks=[] if name in QUICK_BUILDS else pytest.mark.slow)
    for name in sorted(BUILDS)
]
"""For parametrize: the other builds run with `--full`."""
SANITIZED = ("gcc", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def compile_library(command: Sequence[str], target: Path, sdk: Path = SDK) -> Path:
    """Compile the kernels of all instruction sets of `sdk` into the shared library `target`.

    Beside it lies that of the reference kernels alone: a shared kernel bears the name of the
    reference that it replaces, so one library cannot hold both.
    """
    kernels = sdk / "src" / "kernel"
    compiler, *flags = command
    arguments = [compiler, "-std=c99", *WARNINGS.split(), "-ffp-contract=off", *flags, "-fPIC"]
    objects: dict[Path, str] = {}
    with tempfile.TemporaryDirectory() as work:
        for folder in sorted(path for path in kernels.iterdir() if path.is_dir()):
            inside = Path(work) / folder.name
            inside.mkdir()
            files = sorted(folder.glob("*.c"))
            made = compiling.compile_each([*arguments, "-Iinclude"], files, inside, sdk)
            objects |= dict(zip(files, made, strict=True))
        tuned = {file for isa in ISAS if isa != "ref" for file in sources(isa, kernels)}
        for library, files in ((target, sorted(tuned)), (plain(target), sources("ref", kernels))):
            link = [compiler, *flags, "-shared", *(objects[file] for file in files)]
            compiling.call([*link, "-o", str(library)])
    return target


def plain(library: Path) -> Path:
    """Return where the reference kernels of a library lie."""
    return library.with_suffix(".ref.so")


class KernelLibrary:
    """The kernels of one build; `guard` bytes of canaries lie around each tensor."""

    def __init__(self, path: Path, guard: int = 64) -> None:
        self.tuned = ctypes.CDLL(str(path))
        self.reference = ctypes.CDLL(str(plain(path)))
        self._library = self.tuned
        self._guard = guard

    def run(
        self, graph: Graph, inputs: Sequence[Array], choice: KernelChoice = REFERENCE
    ) -> list[Array]:
        """Compute the graph N times from a reset state; arrays are (N, *shape)."""
        self._library = self.reference if choice.isa == "ref" else self.tuned
        calls = [(operator, call_of(graph, operator, choice)) for operator in graph.operators]
        rows = []
        for row in range(len(inputs[0])):
            memory = {
                i: self._guarded(np.ascontiguousarray(a[row]))
                for i, a in zip(graph.inputs, inputs, strict=True)
            }
            for operator, call in calls:
                self._operator(graph, operator, call, memory)
            rows.append([self._value(graph, i, memory) for i in graph.outputs])
        return [np.stack(column) for column in zip(*rows, strict=True)]

    def _operator(
        self, graph: Graph, operator: Operator, call: KernelCall | None, memory: dict[int, Array]
    ) -> None:
        if call is None:
            memory[operator.outputs[0]] = memory[operator.inputs[0]]
            return
        for index in operator.outputs:
            tensor = graph.tensor(index)
            memory[index] = self._guarded(np.zeros(tensor.shape, tensor.dtype.value))
        for index in operator.inputs:
            if index != ABSENT and graph.tensor(index).is_variable and index not in memory:
                tensor = graph.tensor(index)
                start = np.full(tensor.shape, reset_value(tensor), tensor.dtype.value)
                memory[index] = self._guarded(start)
        before = {index: memory[index].copy() for index in call.in_place}
        self._call(call, memory)
        for index, source in before.items():
            self._in_place(operator, call, {**memory, index: source}, index)
        for index in operator.outputs:
            end = memory[index].size - self._guard
            guards = np.concatenate([memory[index][: self._guard], memory[index][end:]])
            assert (guards == CANARY).all(), f"{call.kernel} wrote outside its output"

    def _in_place(
        self, operator: Operator, call: KernelCall, memory: dict[int, Array], index: int
    ) -> None:
        """Assert that the output comes out the same where an input lies."""
        (output,) = operator.outputs
        expected = memory[output][self._guard : memory[output].size - self._guard]
        self._call(call, {**memory, output: memory[index]})
        result = memory[index][self._guard : self._guard + expected.size]
        assert (result == expected).all(), f"{call.kernel} differs in place"

    def _call(self, call: KernelCall, memory: Mapping[int, Array]) -> None:
        params = np.frombuffer(packed_params(call.params), dtype=np.uint8)
        # Copies of their own, so that a sanitizer sees a read beyond the end.
        constants = {c.suffix: np.array(c.data, order="C") for c in call.constants}
        scratch = {s.name: np.zeros(max(1, s.size_bytes), np.uint8) for s in call.scratch}
        lists: list[Any] = []  # kept alive during the call

        def address(argument: Argument) -> int:
            match argument:
                case ParamsArg():
                    return params.ctypes.data
                case TensorArg(tensor):
                    return memory[tensor].ctypes.data + self._guard
                case ConstantArg(suffix):
                    return constants[suffix].ctypes.data
                case ScratchArg(name):
                    return scratch[name].ctypes.data
                case ListArg(items):
                    lists.append((ctypes.c_void_p * len(items))(*map(address, items)))
                    return ctypes.addressof(lists[-1])

        pointers = [ctypes.c_void_p(address(argument)) for argument in call.arguments]
        kernel = getattr(self._library, call.kernel)
        kernel.restype = None
        kernel(*pointers)

    def _guarded(self, values: Array) -> Array:
        guard = np.full(self._guard, CANARY, np.uint8)
        return np.concatenate([guard, values.reshape(-1).view(np.uint8), guard])

    def _value(self, graph: Graph, index: int, memory: Mapping[int, Array]) -> Array:
        tensor = graph.tensor(index)
        inner = memory[index][self._guard : memory[index].size - self._guard].copy()
        return inner.view(tensor.dtype.value).reshape(tensor.shape)


def symmetric(graph: Graph) -> Graph:
    """Return the graph with weights in [-127, 127], as the converter makes them."""
    tensors = dict(graph.tensors)
    for index, tensor in graph.tensors.items():
        if tensor.is_constant and tensor.dtype is DType.INT8:
            assert tensor.data is not None
            tensors[index] = replace(tensor, data=np.maximum(tensor.data, np.int8(-127)))
    return replace(graph, tensors=tensors)


def packed_params(params: Mapping[str, Any] | Sequence[Any]) -> bytes:
    """Return a parameter structure as the kernels read it."""
    parts = b""
    for value in params.values() if isinstance(params, Mapping) else params:
        if isinstance(value, Mapping | list | tuple):
            parts += packed_params(value)
        elif isinstance(value, float):
            parts += np.float32(value).tobytes()
        else:
            parts += np.int32(value).tobytes()
    return parts


@cache
def library(build: str) -> KernelLibrary:
    """Return the kernels compiled as `BUILDS` says, once per process."""
    with tempfile.TemporaryDirectory() as folder:
        return KernelLibrary(compile_library(BUILDS[build], Path(folder) / "kernels.so"))
