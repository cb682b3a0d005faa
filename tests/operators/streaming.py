"""Drives generated streaming C as a process: gcc, clang and sanitizers alike."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen import pipeline, reference
from codegen.frontend import tflite
from codegen.options import Goal
from tests.operators import oracle

Array = NDArray[Any]
STRICT = "-std=c99 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -ffp-contract=off".split()
BUILDS = {
    "gcc": ["gcc", "-O2"],
    "gcc-O0": ["gcc", "-O0"],
    "clang": ["clang", "-O2"],
    "sanitized": ["gcc", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
}
NOT_READY = 5
MAIN = Path(__file__).with_name("stream_main.c")


@dataclass
class Program:
    """A compiled streaming model; `script` collects commands, `answers` runs them."""

    executable: Path
    window: int
    sample_bytes: int
    output_shape: tuple[int, ...]
    manifest: dict[str, Any]


def build(
    model: bytes,
    folder: Path,
    compiler: str = "gcc",
    *,
    isa: str = "ref",
    optimize: Goal = "balanced",
) -> Program:
    """Generate a model with streaming, compile it strictly, and link it with `stream_main.c`."""
    path, generated = folder / "m.tflite", folder / f"{isa}-{optimize}"
    path.write_bytes(model)
    manifest = pipeline.generate(
        path, name="m", out=generated, isa=isa, optimize=optimize, standalone=True, stream=True
    )
    executable = folder / f"{isa}-{optimize}-{compiler}"
    compile_folder(generated, executable, compiler)
    graph = tflite.load(path, "m")
    streaming = manifest["streaming"]
    output = graph.tensor(graph.outputs[0])
    return Program(
        executable, streaming["window"], streaming["sample_bytes"], output.shape, manifest
    )


def compile_folder(generated: Path, executable: Path, compiler: str) -> None:
    """Compile a standalone folder strictly and link it with `stream_main.c`."""
    sources = [str(p) for p in sorted(generated.glob("*.c"))]
    command = [*BUILDS[compiler], *STRICT, f"-I{generated}", *sources, str(MAIN)]
    done = subprocess.run(
        [*command, "-o", str(executable)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


def run(program: Program, script: Sequence[bytes]) -> list[tuple[int, Array | None]]:
    """Return status and, for `I` and `W`, the int8 output of every command."""
    done = subprocess.run(
        [str(program.executable)], input=b"".join(script), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    found: list[tuple[int, Array | None]] = []
    size, at = int(np.prod(program.output_shape)), 0
    for command in script:
        status = done.stdout[at]
        at += 1
        output = None
        if command[:1] in (b"I", b"W"):
            values = np.frombuffer(done.stdout, np.int8, size, at)
            output, at = values.reshape(program.output_shape), at + size
        found.append((status, output))
    assert at == len(done.stdout)
    return found


def signal(steps: int, channels: int, seed: int = 3) -> Array:
    """Return int8[steps, channels]: quiet sines, then loud ones, noise, and the limits."""
    rng = np.random.default_rng(seed)
    time = np.arange(steps)[:, None]
    values = 40 * np.sin(time / rng.uniform(2, 30, channels)) + rng.normal(0, 5, (steps, channels))
    quarter = steps // 4
    values[quarter : 2 * quarter] *= 5
    values[2 * quarter : 3 * quarter] = rng.integers(-128, 128, (quarter, channels))
    values[3 * quarter : 3 * quarter + 10] = rng.choice(
        [-128, 127], (min(10, steps - 3 * quarter), channels)
    )
    return np.clip(np.round(values), -128, 127).astype(np.int8)


def script_of(samples: Array, resets: set[int], every: int) -> list[bytes]:
    """Push all samples, invoke after every `every`-th, reset before some."""
    found = []
    for step, sample in enumerate(samples):
        if step in resets:
            found.append(b"R")
        found.append(b"P" + sample.tobytes())
        if step % every == 0:
            found += [b"Q", b"I"]
    return found


def differing(
    program: Program,
    model: bytes,
    steps: int,
    *,
    every: int = 1,
    gap: bool = True,
    fewest: int = 4,
) -> int:
    """Return how many bytes differ, over all steps, from the whole window; and check statuses."""
    graph = tflite.load(model, "m")
    window, channels = graph.tensor(graph.inputs[0]).shape[1:]
    samples = signal(steps, channels)
    reset = steps // 2 + 1 if gap else 0
    answers = iter(run(program, script_of(samples, {reset} if gap else set(), every)))
    found, windows = [], []
    for step in range(steps):
        if gap and step == reset:
            assert next(answers) == (0, None)
        assert next(answers)[0] == 0
        if step % every:
            continue
        first = reset if gap and step >= reset else 0
        ready = step - first + 1 >= window
        assert next(answers)[0] == (0 if ready else NOT_READY)
        status, output = next(answers)
        assert status == (0 if ready else NOT_READY)
        if ready:
            found.append(output)
            windows.append(samples[step - window + 1 : step + 1])
    values = np.stack(windows)[:, None]
    expected = reference.run(graph, [values])[0]
    truth = oracle.run(model, [values[::3]])[0]
    np.testing.assert_array_equal(truth, expected[::3])
    assert len(np.unique(expected)) >= fewest, "outputs too poor to show a difference"
    return int(np.count_nonzero(np.stack(found) != expected))
