"""A generated folder with a stand-in of ST's network as a library of this machine."""

import ctypes
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np

from codegen.pipeline import generate
from tests.standin.xcubeai.install import HERE, Kind
from tests.standin.xcubeai.stedgeai import network

FLAGS = ("-std=c99", "-O1", "-fPIC", "-shared", "-fsanitize=undefined", "-fno-sanitize-recover",
         "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Wvla",
         "-Werror")  # fmt: skip


class Model:
    """A library of one model, and contexts of it."""

    def __init__(self, folder: Path, name: str, manifest: dict) -> None:
        """Compile the sources in `folder`."""
        shutil.copytree(HERE / "inc", folder, dirs_exist_ok=True)
        library = folder.parent / f"{folder.name}.so"
        sources = [*map(str, sorted(folder.glob("*.c"))), str(HERE / "runtime.c")]
        subprocess.run(
            ["gcc", *FLAGS, f"-I{folder}", *sources, "-o", str(library)], check=True, timeout=120
        )
        self.library = ctypes.CDLL(str(library))
        self.model = ctypes.c_char.in_dll(self.library, f"safe_{name}_model")
        self.arena_bytes = manifest["arena_bytes"]
        self.in_bytes = manifest["inputs"][0]["size_bytes"]
        self.out_bytes = manifest["outputs"][0]["size_bytes"]

    def context(self, arena_bytes: int | None = None, skew: int = 0) -> "Context":
        """Return a context in an arena of its own, `skew` bytes behind a multiple of 64."""
        return Context(self, arena_bytes or self.arena_bytes, skew)


class Context:
    """A context in memory of any content."""

    def __init__(self, model: Model, arena_bytes: int, skew: int) -> None:
        """Set the context up; `status` is what came of it."""
        self._model = model
        self._memory = np.random.default_rng(1).integers(0, 256, arena_bytes + 128, dtype=np.uint8)
        start = self._memory.ctypes.data
        self.start = start + (-start) % 64 + skew
        self._behind = self._memory[self.start - start + arena_bytes :].copy()
        self._context = (ctypes.c_void_p * 2)()
        self._bytes = arena_bytes
        self.status = model.library.safe_context_init(
            self._context, ctypes.byref(model.model), ctypes.c_void_p(self.start),
            ctypes.c_size_t(arena_bytes),
        )  # fmt: skip

    @property
    def code(self) -> int:
        """The runtime's own code."""
        return ctypes.c_int32.from_address(self.start).value

    def is_kept(self) -> bool:
        """Return whether the bytes behind the arena are as they were."""
        at = self.start - self._memory.ctypes.data + self._bytes
        return bool((self._memory[at:] == self._behind).all())

    def run(self, window: np.ndarray) -> tuple[int, np.ndarray]:
        """Return status and outputs of a window."""
        output = np.zeros(self._model.out_bytes, np.int8)
        status = self._model.library.safe_context_run(
            self._context, window.tobytes(), ctypes.c_size_t(window.size),
            output.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(output.size),
        )  # fmt: skip
        return status, output

    def invoke(self) -> int:
        """Return the status of an inference without a reset before."""
        return int(self._model.library.safe_context_invoke(self._context))


def write_network(folder: Path, model: Path, kind: Kind, name: str = "network") -> Path:
    """Write what ST's tool generates into `folder`, as a CubeMX project has it; return it."""
    folder.mkdir(parents=True)
    for file, text in network(model, name, kind).items():
        (folder / file).write_text(text, encoding="utf-8")
    return folder


def build(
    work: Path,
    model: Path,
    name: str,
    kind: Kind,
    change: Callable[[Path], None] = lambda _: None,
) -> Model:
    """Generate and compile `model` with a network that lies in a folder of its own.

    `change` is given the folder of all sources before they are compiled.
    """
    source = write_network(work / "App", model, kind)
    manifest = generate(
        model, name=name, out=work / "gen", backend="xcubeai", standalone=True, source=source
    )
    change(work / "gen")
    return Model(work / "gen", name, manifest)
