"""Where the windows of a campaign are computed: kernel sets on the host, and emulated cores.

A core stands for all targets that have its instructions and compiler flags: the machine code of a
model and its kernels is then the same, byte for byte.
"""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from codegen.emit import linker
from codegen.ir.graph import Array
from codegen.options import Goal
from codegen.pipeline import generate
from host_tools.perf.interface import ModelEdge, interface, parts
from targets import build as images
from targets.emulate import bare, counting
from targets.kernels import ISAS, Isa
from targets.load import Target, available, load
from tests import compiling
from tests.operators.kernels import WARNINGS

BULK = Path(__file__).with_name("bulk.c")
SECONDS = 3000
"""After which an image hangs."""
_WORD = 8
FLAGS = tuple(flag for flag in images.CFLAGS if flag not in ("-g", "-fstack-usage"))
"""Compiler flags of an image, but for those that describe the code."""
COMPILERS = ("gcc", "clang")


@dataclass(frozen=True)
class Lane:
    """A kernel set and where it computes."""

    name: str
    isa: Isa
    target: str = "host"
    stands_for: tuple[str, ...] = ()
    """Targets with the same machine code."""


@dataclass(frozen=True)
class Choice:
    """How one model was generated and compiled."""

    goal: Goal
    compiler: str
    """On the host; a core's library and linker script are GCC's."""


class WrongError(Exception):
    """A program did not compile, or did not come to its end."""


def lanes() -> list[Lane]:
    """Return the kernel sets on the host, then the emulated cores."""
    return [*(Lane(f"host {isa}", isa) for isa in ISAS), *cores()]


@cache
def cores() -> tuple[Lane, ...]:
    """Return a lane for each core of a target, whether that target is emulated or not.

    It computes in the machine of QEMU with the most memory.
    """
    groups: dict[tuple[str, ...], list[Target]] = {}
    for target in map(load, available()):
        if target.emulator is None or target.emulator.kind != "process":
            key = (target.target.isa, *map(_same, target.cpu.flags))
            groups.setdefault(key, []).append(target)
    found = []
    for group in groups.values():
        machines = [t for t in group if t.emulator is not None and t.emulator.kind == "qemu"]
        chosen = max(machines, key=lambda t: max(m.size for m in t.memory if m.kind == "ram"))
        others = tuple(sorted(t.target.name for t in group if t is not chosen))
        isa = next(isa for isa in ISAS if isa == chosen.target.isa)
        found.append(Lane(chosen.target.name, isa, chosen.target.name, others))
    return tuple(sorted(found, key=lambda lane: lane.name))


def _same(flag: str) -> str:
    """Return a flag by what a model's C can tell: it has no atomic instructions."""
    return flag.replace("rv32imac", "rv32imc")


def compute(
    model: bytes, inputs: Sequence[Array], lane: Lane, choice: Choice, folder: Path
) -> Array:
    """Generate, compile and run the model; return uint8[N, bytes]: the outputs as `packed` ones.

    Raises `WrongError`.
    """
    generated = folder / "generated"
    manifest = generate_for(model, lane, choice.goal, folder)
    # `safe_m_run` of those that keep their state, too: for the reference every window is alone.
    called, headers = interface({**manifest, "keeps_state": False})
    for name, content in headers.items():
        (generated / name).write_text(content, encoding="utf-8")
    rows = packed(inputs, parts(manifest["inputs"]))
    width = _padded(called.output_bytes)
    defines = {
        "BULK_HEADER": f'"{called.header}"',
        "BULK_RUN": called.run,
        "BULK_INPUT_BYTES": f"{rows.shape[1]}u",
        "BULK_OUTPUT_BYTES": f"{width}u",
    }
    if lane.target == "host":
        program = _for_host(choice.compiler, defines, generated, folder)
        found = _piped(program, rows.tobytes())
    else:
        target = load(lane.target)
        image = _for_core(target, defines, generated, folder)
        found = _emulated(target, image, rows.tobytes(), folder)
    if len(found) != len(rows) * width:
        raise WrongError(f"{len(found)} bytes came out, expected {len(rows) * width}")
    outputs = np.frombuffer(found, np.uint8).reshape(len(rows), width)
    return _used(outputs, parts(manifest["outputs"]))


def generate_for(model: bytes, lane: Lane, goal: Goal, folder: Path) -> dict[str, Any]:
    """Generate the model into `folder`/generated; return its manifest."""
    source = folder / "m.tflite"
    source.write_bytes(model)
    return generate(
        source,
        name="m",
        out=folder / "generated",
        target=lane.target,
        isa=lane.isa,
        optimize=goal,
        standalone=True,
    )


def packed(values: Sequence[Array], edges: Sequence[ModelEdge]) -> Array:
    """Return uint8[N, bytes]: all values of a window, each where the harness wants it."""
    rows = np.zeros((len(values[0]), _padded(edges[-1].end)), np.uint8)
    for array, edge in zip(values, edges, strict=True):
        raw = np.ascontiguousarray(array).view(np.uint8).reshape(len(rows), -1)
        rows[:, edge.offset : edge.end] = raw
    return rows


def joined(values: Sequence[Array]) -> Array:
    """Return uint8[N, bytes] of outputs, one behind the other, as `compute` returns them."""
    rows = [np.ascontiguousarray(v).view(np.uint8).reshape(len(v), -1) for v in values]
    return np.concatenate(rows, axis=1)


def _used(rows: Array, edges: Sequence[ModelEdge]) -> Array:
    return np.concatenate([rows[:, edge.offset : edge.end] for edge in edges], axis=1)


def _padded(size: int) -> int:
    return -(-size // _WORD) * _WORD


def _for_host(compiler: str, defines: Mapping[str, str], generated: Path, folder: Path) -> Path:
    flags = ["-std=c99", "-O2", *WARNINGS.split(), "-ffp-contract=off", "-I.", "-DBULK_HOST"]
    flags += [f"-D{name}={value}" for name, value in defines.items()]
    sources = [*sources_of(generated), BULK]
    try:
        return compiling.link([compiler, *flags], sources, folder / "m", cwd=generated)
    except AssertionError as error:
        raise WrongError(f"does not compile: {str(error)[-2000:]}") from error


def _piped(program: Path, data: bytes) -> bytes:
    done = subprocess.run([str(program)], input=data, capture_output=True, check=False)
    if done.returncode != 0:
        raise WrongError(f"ended with {done.returncode}: {_text(done.stderr)}")
    return done.stdout


def _for_core(target: Target, defines: Mapping[str, str], generated: Path, folder: Path) -> Path:
    objects = bare.compile_objects(target, sources_of(generated), folder / "objects", FLAGS)
    version = images.runtime_version()
    (folder / "safe_target.h").write_text(linker.target_header(target, version), encoding="utf-8")
    (folder / "linker.ld").write_text(linker.linker_script(target, version), encoding="utf-8")
    return bare.link_main(target, BULK, objects, defines, folder, include=generated)


def _emulated(target: Target, image: Path, data: bytes, folder: Path) -> bytes:
    (folder / "bulk.in").write_bytes(data)
    command = counting.bare_command(target, image.resolve(), None)
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise WrongError(f"no end after {SECONDS} s") from error
    if done.returncode != 0:
        raise WrongError(f"ended with {done.returncode}: {_text(done.stdout + done.stderr)}")
    return (folder / "bulk.out").read_bytes()


def sources_of(generated: Path) -> list[Path]:
    """Return what a generated folder compiles to a model."""
    return [path for path in sorted(generated.glob("*.c")) if not path.name.startswith("example")]


def _text(output: bytes) -> str:
    return output.decode(errors="replace")[-500:]


def targets_of(lane: Lane) -> str:
    """Return the names of the targets that the lane computes for."""
    return ", ".join([lane.target, *lane.stands_for])


def fields(choice: Choice, lane: Lane) -> dict[str, Any]:
    """Return the choice as a log has it."""
    compiler = choice.compiler if lane.target == "host" else "gcc"
    return {"goal": choice.goal, "compiler": compiler}
