r"""Mutated models through importer, passes, planner and emitter: an error or right C, nothing else.

Every input is made from its number alone, so a failure is repeated by its number:
  python -m tests.fuzz.campaign --first 4711 --count 1
  python -m tests.fuzz.campaign --full --log build/fuzz.jsonl     100,000 inputs
  python -m tests.fuzz.campaign --full --msan --log build/fuzz_msan.jsonl
A log is written in blocks and says what is done: the same command goes on after an interruption.
Each survivor is computed by the reference and by the C kernels as `lower` calls them, the number
says for which instruction set and goal; a sample of them is generated, compiled with all warnings
as errors, and run, too, and a sample of those that can compute per sample is streamed. With
`--msan` kernels and generated programs are compiled for MSan, where outputs, scratch and the arena
begin as memory that holds nothing; streaming is left out.
"""

import argparse
import ctypes
import json
import random
import signal
import struct
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from codegen import pipeline, reference
from codegen.backends.native.backend import compile_model
from codegen.emit.program import Program
from codegen.errors import VerifierError
from codegen.frontend import tflite
from codegen.ir.graph import Array, DType
from codegen.options import KernelChoice
from targets.errors import SafeError
from tests.fuzz import msan
from tests.fuzz.msan import WatchedKernels
from tests.operators import kernels, stream_models, streaming
from tests.operators import program as programs
from tests.operators.cases import ALL_CASES
from tests.unit.codegen.frontend import test_islands, test_variables

MODELS = Path(__file__).parents[1] / "unit" / "codegen" / "models"
FULL = 100_000
SECONDS = 20
"""Of processor time: a file may not keep the generator busy for longer."""
COMPILE_EVERY = 40
"""One survivor in so many is generated and compiled."""
STREAM_EVERY = 8
"""One survivor in so many is asked to compute per sample."""
STREAMS = 6
"""Networks along time to damage."""
BLOCK = 1000
"""Inputs in one line of a log."""
MAX_MACS = 200_000
MAX_ARENA = 1 << 18
WINDOWS = 3
WORDS = (0, 1, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000)
CC = "gcc -std=c99 -O1 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -ffp-contract=off"


class HangError(Exception):
    """The generator did not come to an end."""


@dataclass
class Outcome:
    """Counts by what became of the inputs, and the failures by number."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: dict[int, str] = field(default_factory=dict)


def bases() -> list[bytes]:
    """Return the files to damage: whole models, networks along time, two of each operator and form,
    resource variables, and what the importer makes integer."""
    names = ("small", "small_unrolled", "small_gru", "small_gru_all")
    whole = [(MODELS / f"{name}.tflite").read_bytes() for name in names]
    streams = [stream_models.drawn(seed) for seed in range(STREAMS)]
    # Two draws of each: int16 and int8, constant and computed operands.
    single = [
        ALL_CASES[kind](np.random.default_rng([draw, 2])).model
        for draw in (1, 2)
        for kind in sorted(ALL_CASES)
    ]
    special = [test_variables.Streaming().build()]
    special += [test_islands.model(middle) for middle, _ in test_islands.CASES.values()]
    return [whole[0], whole[0], *whole, *streams, *single, *special]


def mutate(base: bytes, rng: random.Random) -> bytes:
    """Return a damaged copy: cut off, or with bytes, bits, words or stretches changed."""
    data = bytearray(base)
    if rng.random() < 0.05:
        return bytes(data[: rng.randrange(len(data))])
    for _ in range(rng.choice([1, 1, 1, 2, 4, 16])):
        place = rng.randrange(len(data) - 4)
        match rng.randrange(5):
            case 0:
                data[place] = rng.randrange(256)
            case 1:
                data[place] ^= 1 << rng.randrange(8)
            case 2:
                word = rng.choice([*WORDS, len(data), rng.randrange(len(data))])
                data[place & ~3 : (place & ~3) + 4] = struct.pack("<I", word)
            case 3:
                data[place & ~3] = rng.choice([0, 1, 2, 3, 4, 9, 127, 128, 255])
            case _:
                source, length = rng.randrange(len(data)), rng.randrange(64)
                piece = data[source : source + length]
                data[place : place + len(piece)] = piece
    return bytes(data)


def _ring(signum: int, frame: object) -> None:
    del signum, frame
    raise HangError(f"no result after {SECONDS} s of processor time")


@contextmanager
def bounded() -> Iterator[None]:
    """Raise `HangError` inside when it takes too long."""
    before = signal.signal(signal.SIGPROF, _ring)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def run(first: int, count: int, watched: WatchedKernels | None = None) -> Outcome:
    """Try `count` inputs, from number `first` on; under MSan where kernels are `watched`."""
    outcome, files = Outcome(), bases()
    if watched is None:
        kernels.library("gcc-O3")  # compiled before the clock of any input runs
    for number in range(first, first + count):
        data = mutate(files[number % len(files)], random.Random(number))
        try:
            with bounded():
                kind = attempt(data, number, compiles=count == 1, watched=watched)
        except Exception:  # noqa: BLE001 - whatever else comes out is what this looks for
            outcome.failures[number] = traceback.format_exc(limit=-6)
            kind = "FAILURE"
        outcome.counts[kind] += 1
    return outcome


def attempt(
    data: bytes, number: int, *, compiles: bool = False, watched: WatchedKernels | None = None
) -> str:
    """Return what became of one input; raise when that is neither an error nor right."""
    choice = kernels.CHOICES[number // COMPILE_EVERY % len(kernels.CHOICES)]
    try:
        program = compile_model(
            tflite.load(data, "m"), target="host", isa=choice.isa, optimize=choice.optimize
        )
    except VerifierError:
        raise
    except SafeError as error:
        text = str(error)
        if "\n" in text or not text:
            raise AssertionError(f"not one line: {text!r}") from error
        return type(error).__name__
    macs = sum(call.macs for _, call in program.calls if call is not None)
    if macs > MAX_MACS or program.plan.arena_bytes > MAX_ARENA:
        return "survivor, too large to run"
    values = _values(program, number)
    expected = reference.run(program.graph, values)
    library = kernels.library("gcc-O3") if watched is None else watched
    _same(expected, library.run(program.graph, values, choice), f"{choice.isa} kernels")
    streams = watched is None and (compiles or number % STREAM_EVERY == 1)
    if streams and _streamed(data, program, number):
        return "survivor, streamed and equal"
    if not compiles and number % COMPILE_EVERY:
        return "survivor, equal"
    if watched is not None:
        return _compiled_for_msan(data, choice, values, expected)
    return _compiled(data, program, values, expected)


def _values(program: Program, number: int) -> list[Array]:
    rng = np.random.default_rng(number)
    return [_random(rng, program.graph.tensor(i).dtype, program, i) for i in program.graph.inputs]


def _random(rng: np.random.Generator, dtype: DType, program: Program, index: int) -> Array:
    shape = (WINDOWS, *program.graph.tensor(index).shape)
    if dtype is DType.FLOAT32:
        return rng.normal(0, 1, shape).astype(np.float32)
    if dtype is DType.BOOL:
        return rng.integers(0, 2, shape).astype(bool)
    limits = np.iinfo(dtype.value)
    return rng.integers(limits.min, limits.max, shape, dtype.value, endpoint=True)


def _same(expected: list[Array], found: list[Array], what: str) -> None:
    for one, other in zip(expected, found, strict=True):
        if one.tobytes() != np.ascontiguousarray(other).tobytes():
            raise AssertionError(f"{what} differ from the reference")


def _streamed(data: bytes, program: Program, number: int) -> bool:
    """Generate, compile and run a model that computes per sample; return whether it can."""
    graph = program.graph
    if {graph.tensor(i).dtype for i in (*graph.inputs, *graph.outputs)} != {DType.INT8}:
        return False
    with tempfile.TemporaryDirectory(prefix="safe_fuzz_") as name:
        try:
            built = streaming.build(data, Path(name), isa=program.isa, optimize=program.goal)
        except VerifierError:
            raise
        except SafeError:
            return False
        rng = np.random.default_rng(number)
        shape = (built.window + WINDOWS, built.sample_bytes)
        samples = rng.integers(-128, 128, shape).astype(np.int8)
        script = [b"P" + sample.tobytes() for sample in samples]
        for at in reversed(range(built.window, len(samples) + 1)):
            script.insert(at, b"I")
        answers = [output for _, output in streaming.run(built, script) if output is not None]
    windows = np.stack([samples[at : at + built.window] for at in range(len(answers))])
    values = windows.reshape(len(answers), *graph.tensor(graph.inputs[0]).shape)
    _same(reference.run(graph, [values]), [np.stack(answers)], "streamed C")
    return True


def _compiled(data: bytes, program: Program, values: list[Array], expected: list[Array]) -> str:
    """Generate, compile strictly, and run a model of one input and one output."""
    with tempfile.TemporaryDirectory(prefix="safe_fuzz_") as name:
        folder = Path(name)
        model = folder / "m.tflite"
        model.write_bytes(data)
        try:
            pipeline.generate(
                model,
                name="m",
                out=folder / "c",
                isa=program.isa,
                optimize=program.goal,
                standalone=True,
            )
        except VerifierError:
            raise
        except SafeError as error:
            return f"{type(error).__name__} at emission"
        sources = [str(p) for p in sorted((folder / "c").glob("*.c"))]
        library = folder / "m.so"
        command = [*CC.split(), "-fPIC", "-shared", f"-I{folder / 'c'}", *sources]
        done = subprocess.run(
            [*command, "-o", str(library)], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise AssertionError(f"C does not compile: {done.stderr[-2000:]}")
        if len(program.graph.inputs) != 1 or len(program.graph.outputs) != 1:
            return "survivor, compiled"
        _same(expected, _called(library, values, expected), "generated C")
    return "survivor, compiled and equal"


def _compiled_for_msan(
    data: bytes, choice: KernelChoice, values: list[Array], expected: list[Array]
) -> str:
    """Generate and compile a model as a program, each of its windows on a new arena, and run it."""
    with tempfile.TemporaryDirectory(prefix="safe_fuzz_") as name:
        try:
            built = programs.build(data, choice, programs.CHECKED["msan"], Path(name))
        except VerifierError:
            raise
        except SafeError as error:
            return f"{type(error).__name__} at emission"
        _same(expected, programs.run(built, values, expected, "msan"), "C under MSan")
    return "survivor, compiled and equal"


def _called(library: Path, values: list[Array], expected: list[Array]) -> list[Array]:
    call = ctypes.CDLL(str(library)).safe_m_run
    rows = []
    for row in range(WINDOWS):
        source = np.ascontiguousarray(values[0][row])
        target = np.empty_like(expected[0][row])
        if call(source.ctypes.data_as(ctypes.c_void_p), target.ctypes.data_as(ctypes.c_void_p)):
            raise AssertionError("safe_m_run returns an error")
        rows.append(target)
    return [np.stack(rows)]


def logged(first: int, count: int, log: Path, watched: WatchedKernels | None = None) -> Outcome:
    """Try `count` inputs in blocks, but for those that `log` holds; a line of it is a block."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
    blocks = {(row["first"], row["count"]): row for row in map(json.loads, lines)}
    whole = Outcome()
    for start in range(first, first + count, BLOCK):
        size = min(BLOCK, first + count - start)
        row = blocks.get((start, size))
        if row is None:
            outcome = run(start, size, watched)
            row = {"first": start, "count": size, "counts": outcome.counts}
            row["failures"] = {str(number): text for number, text in outcome.failures.items()}
            with log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        whole.counts.update(row["counts"])
        whole.failures.update({int(number): text for number, text in row["failures"].items()})
    return whole


def main() -> int:
    """Run a campaign from the command line; 1 when anything failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--count", type=int, default=2_000, help="inputs to try")
    parser.add_argument("--full", action="store_true", help=f"{FULL} inputs")
    parser.add_argument("--msan", action="store_true", help="what survives is computed under MSan")
    parser.add_argument("--log", type=Path, metavar="JSONL", help="go on after what it holds")
    arguments = parser.parse_args()
    count = FULL if arguments.full else arguments.count
    with tempfile.TemporaryDirectory(prefix="safe_msan_") as folder:
        watched = msan.build(Path(folder)) if arguments.msan else None
        if arguments.log is None:
            outcome = run(arguments.first, count, watched)
        else:
            outcome = logged(arguments.first, count, arguments.log, watched)
        if watched is not None:
            watched.close()
    sys.stdout.write(f"{count:>8} inputs, from {arguments.first} on\n")
    for kind, number in outcome.counts.most_common():
        sys.stdout.write(f"{number:>8} {kind}\n")
    for number, text in outcome.failures.items():
        sys.stdout.write(f"\ninput {number}:\n{text}\n")
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
