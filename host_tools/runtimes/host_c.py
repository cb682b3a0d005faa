"""The generated C on the host: a standalone folder, compiled with `cc`, run over a batch."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen import pipeline
from host_tools.errors import DataError
from host_tools.formats import description
from targets import native, processes
from targets.command import run as run_command
from targets.errors import BuildError

Array = NDArray[Any]

_RUNNER = Path(__file__).with_name("runner.c")
STANDARD_FLAGS = ("-std=c99", "-O2", "-ffp-contract=off")
_COMPILE_SECONDS = 120
_WINDOW_SECONDS = 0.5
_START_SECONDS = 30


@dataclass(frozen=True)
class HostModel:
    """A compiled runner of one generated model with one int8 input and one int8 output."""

    executable: Path
    manifest: Mapping[str, Any] = field(repr=False)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one input, without the leading batch of one."""
        return _without_batch(self.manifest["inputs"][0]["shape"])

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of one output, without the leading batch of one."""
        return _without_batch(self.manifest["outputs"][0]["shape"])

    def run(self, windows: Array) -> Array:
        """Return int8[N, *output_shape]; each window starts from a reset state.

        `windows` int8[N, *input_shape]. Raises DataError when they do not fit the model and
        BuildError when the program fails or does not end.
        """
        if windows.dtype != np.int8 or windows.shape[1:] != self.input_shape:
            raise DataError(
                f"windows are {windows.dtype}{list(windows.shape[1:])}, "
                f"{self.manifest['name']} takes int8{list(self.input_shape)}"
            )
        limit = _START_SECONDS + _WINDOW_SECONDS * len(windows)
        try:
            done = subprocess.run(
                [self.executable],
                input=windows.tobytes(),
                capture_output=True,
                timeout=limit,
                check=False,
                preexec_fn=processes.with_parent(),
            )
        except subprocess.TimeoutExpired as error:
            raise BuildError(f"{self.executable}: no end after {limit:.0f} s") from error
        if done.returncode != 0:
            text = done.stderr.decode(errors="replace").strip().splitlines()
            raise BuildError(
                f"{self.executable}: ended with {done.returncode}: {text[0] if text else 'silent'}"
            )
        outputs = np.frombuffer(done.stdout, dtype=np.int8)
        return outputs.reshape(len(windows), *self.output_shape).copy()


def _without_batch(shape: Sequence[int]) -> tuple[int, ...]:
    sizes = tuple(int(size) for size in shape)
    return sizes[1:] if len(sizes) > 1 and sizes[0] == 1 else sizes


def compile_standalone(
    folder: Path, build: Path, *, compiler: str = "", flags: Sequence[str] = STANDARD_FLAGS
) -> HostModel:
    """Compile a folder that `codegen --standalone` wrote, with our runner, into `build`.

    `flags` may add sanitizers. Raises DataError for a model that is not one int8 input to one
    int8 output, and BuildError when the compiler is missing or refuses.
    """
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    edges = [*manifest["inputs"], *manifest["outputs"]]
    if len(edges) != 2 or any(edge["dtype"] != "int8" for edge in edges):
        raise DataError(f"{manifest['name']}: only one int8 input and one int8 output can be run")
    name = manifest["name"]
    sources = sorted(folder.glob("*.c"))
    build.mkdir(parents=True, exist_ok=True)
    executable = build / f"run_{name}{native.PROGRAM_SUFFIX}"
    sizes = [int(edge["size_bytes"]) for edge in edges]
    command = [
        compiler or native.compiler() or "cc",
        *flags,
        "-I.",
        f'-DRUNNER_HEADER="safe_{name}.h"',
        f"-DRUNNER_RUN=safe_{name}_run",
        f"-DRUNNER_INPUT_BYTES={sizes[0]}u",
        f"-DRUNNER_OUTPUT_BYTES={sizes[1]}u",
    ]
    # One call each, with names that do not tell the folder: a compiler cache knows them again.
    objects = []
    for source in (str(_RUNNER.resolve()), *(source.name for source in sources)):
        objects.append(str((build / f"{Path(source).stem}_{name}.o").resolve()))
        _call([*command, "-c", source, "-o", objects[-1]], folder)
    _call([*command, *objects, "-o", str(executable.resolve())], folder)
    return HostModel(executable, manifest)


def compile_model(directory: Path, work: Path, *, target: str = "host") -> HostModel:
    """Generate a standalone folder of a model directory under `work` and compile it.

    Raises CodegenError, BuildError or DataError.
    """
    return compile_standalone(generate(directory, work, target=target), work)


def generate(directory: Path, work: Path, *, target: str = "host") -> Path:
    """Generate the standalone folder of a model directory under `work`; return it.

    Of a product without a network it holds the detector. Raises CodegenError.
    """
    about, folder = description.load(directory), work / "standalone"
    alone = not about.has_network
    pipeline.generate(
        None if alone else directory / "model_int8.tflite",
        name=about.name,
        out=folder,
        target=target,
        scaler=directory / "scaler.json" if alone else None,
        detector=directory / "detector.json" if alone else None,
        standalone=True,
    )
    return folder


def _call(command: Sequence[str], folder: Path) -> None:
    if shutil.which(command[0]) is None:
        raise BuildError(f"{command[0]}: no such compiler; install gcc or give another")
    done = run_command(command, _COMPILE_SECONDS, timeout=BuildError, cwd=folder)
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if "error" in line]
        raise BuildError(f"{command[0]}: {errors[0] if errors else done.stderr.strip()[:200]}")
