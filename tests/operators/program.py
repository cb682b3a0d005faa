"""Generated C of a whole model as a program on the host: windows in, outputs out.

`CHECKED` says which tools can watch it. The arena of each window is new memory, so that a value
that is read before it is written is seen.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from codegen import pipeline
from codegen.options import KernelChoice
from tests import compiling
from tests.operators.draw import Array
from tests.operators.kernels import WARNINGS

DRIVER = Path(__file__).with_name("driver.c")
CHECKED = {
    "asan": ("gcc", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
    "msan": ("clang", "-O1", "-g", "-fsanitize=memory"),
    "memcheck": ("gcc", "-O1", "-g"),
}
MEMCHECK = ("valgrind", "--quiet", "--error-exitcode=99", "--track-origins=yes")


def build(model: bytes, choice: KernelChoice, command: Sequence[str], folder: Path) -> Path:
    """Generate and compile the program with all warnings as errors; return it."""
    source, generated = folder / "m.tflite", folder / "generated"
    source.write_bytes(model)
    pipeline.generate(
        source,
        name="m",
        out=generated,
        isa=choice.isa,
        optimize=choice.optimize,
        standalone=True,
    )
    sources = [p for p in sorted(generated.glob("*.c")) if not p.name.startswith("example")]
    compile_program(command, [*sources, DRIVER], folder / "m", generated)
    return folder / "m"


def compile_program(
    command: Sequence[str], sources: Sequence[Path], program: Path, generated: Path | None = None
) -> None:
    """Compile with all warnings as errors; `generated` is the folder of the headers."""
    flags = ["-std=c99", *WARNINGS.split(), "-ffp-contract=off", *(["-I."] if generated else [])]
    compiling.link([*command, *flags], sources, program, cwd=generated)


def run(program: Path, inputs: Sequence[Array], like: Sequence[Array], tool: str) -> list[Array]:
    """Return the outputs, of the shapes and types of `like`; an error of the tool is raised."""
    windows = zip(*inputs, strict=True)
    data = b"".join(np.ascontiguousarray(v).tobytes() for window in windows for v in window)
    command = [*(MEMCHECK if tool == "memcheck" else ()), str(program)]
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-3000:]
    sizes = [array[0].nbytes for array in like]
    rows = np.frombuffer(done.stdout, np.uint8).reshape(len(inputs[0]), sum(sizes))
    parts = np.split(rows, np.cumsum(sizes)[:-1], axis=1)
    return [
        np.ascontiguousarray(part).view(array.dtype).reshape(array.shape)
        for part, array in zip(parts, like, strict=True)
    ]
