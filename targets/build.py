"""Parts of an image: model directory, sources, include paths and flags.

SConstruct and its tools are thin wrappers on this module; nothing here knows SCons.
"""

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from targets import apps, kernels, toml_file
from targets.errors import (
    BackendUnknownError,
    BuildError,
    ModelError,
    OutputError,
    TargetError,
)
from targets.load import Target
from targets.places import ROOT
from targets.suggest import did_you_mean

DEFAULT_BACKEND = "native"
NO_NETWORK = "none"
"""Value of `network` in the model.toml of a product without one."""
GOALS = ("balanced", "speed", "size")
"""Goals that the generator can optimize for, the default first: see `codegen --optimize`."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")

# -ffp-contract=off: the chain's floating point is exact to the last bit, without fused
# multiply-add. The warnings are the house's set; each is an error.
CFLAGS = (
    "-std=c99",
    "-O2",
    "-g",
    "-ffunction-sections",
    "-fdata-sections",
    "-fno-common",
    "-ffp-contract=off",
    "-fstack-usage",
)
WARNINGS = (
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wshadow",
    "-Wundef",
    "-Wstrict-prototypes",
    "-Wmissing-prototypes",
    "-Wcast-align",
    "-Wdouble-promotion",
    "-Wvla",
    "-Werror",
)

# A foreign runtime's own flags: without exceptions, types at run time and locks it links with gcc,
# and needs no C++ library.
CXXFLAGS = (
    "-std=c++17",
    *CFLAGS[1:],
    "-fno-exceptions",
    "-fno-rtti",
    "-fno-threadsafe-statics",
    "-fno-unwind-tables",
    "-fno-asynchronous-unwind-tables",
)
CXX_WARNINGS = (
    *(w for w in WARNINGS if w not in ("-Wstrict-prototypes", "-Wmissing-prototypes")),
    "-Wold-style-cast",
)
_LINE_ONLY = "line_only"
"""Stem of the file that stands for sensors where the user brings none."""
_SENSING = ("sensing", "watching")
"""Stems of the files that read the user's sensors by the clock, and show what they measure."""


@dataclass(frozen=True)
class Model:
    """A model directory."""

    name: str
    folder: Path
    tflite: Path | None
    """None: a product without a network."""
    scaler: Path | None
    detector: Path | None
    description: Path
    """Path of `model.toml`, which may be missing."""

    @property
    def network(self) -> Path:
        """Path of the network; ModelError when the product has none."""
        if self.tflite is None:
            raise ModelError(f"{self.folder} has no network, and this needs one")
        return self.tflite

    def check(self, backend: str, *, streaming: bool) -> "Model":
        """Return this model; ModelError when there is no network for what was asked."""
        if self.tflite is None and (backend != DEFAULT_BACKEND or streaming):
            raise ModelError(f"{self.folder} has no network: leave backend and streaming out")
        return self


@dataclass(frozen=True)
class Generation:
    """Everything of a generation that is the same for an image and its probe."""

    backend: str
    files: tuple[str, ...]
    """Names of the backend's own files."""
    optimize: str
    streaming: bool

    @property
    def cxx(self) -> bool:
        """Whether there is C++ among its files."""
        return any(name.endswith(apps.CXX) for name in self.files)


def goal_defines(goal: str) -> dict[str, str]:
    """Return the macros by which the kernels are made for a goal: see `safe/kernel/goal.h`."""
    return {} if goal == GOALS[0] else {"SAFE_GOAL": f"SAFE_GOAL_{goal.upper()}"}


def models(root: Path = ROOT) -> tuple[str, ...]:
    """Return the names under `models/` that hold a quantized model, sorted."""
    return tuple(sorted(p.parent.name for p in (root / "models").glob("*/model_int8.tflite")))


def _name(folder: Path, description: Path, content: Mapping[str, Any]) -> str:
    name = str(content.get("name", folder.name))
    if not _NAME.fullmatch(name):
        raise ModelError(
            f"model name {name!r} cannot be part of a C name: set name in {description} "
            "to lower-case letters, digits and underscores"
        )
    return name


def find_model(text: str, root: Path = ROOT) -> Model:
    """Return the model directory that `text` means: a name under `models/`, or a path.

    A model without detector gives no alarms; scaler and detector come together or not at all.
    Raises ModelError, naming what is missing.
    """
    named = root / "models" / text
    folder = named if _NAME.fullmatch(text) and named.is_dir() else Path(text)
    if not folder.is_dir():
        known = models(root)
        raise ModelError(
            f"unknown model {text!r}: neither a name under models/ ({', '.join(known) or 'none'})"
            f" nor a folder{did_you_mean(text, known)}"
        )
    description = folder / "model.toml"
    content = toml_file.read(description, ModelError) if description.is_file() else {}
    tflite = folder / "model_int8.tflite"
    has_network = content.get("network") != NO_NETWORK
    if has_network and not tflite.is_file():
        raise ModelError(f"{folder} holds no model_int8.tflite: make it with host_tools train")
    scaler, detector = folder / "scaler.json", folder / "detector.json"
    if scaler.is_file() != detector.is_file():
        missing = detector if scaler.is_file() else scaler
        raise ModelError(f"{missing} is missing: scaler.json and detector.json belong together")
    both = scaler.is_file()
    if not has_network and not both:
        raise ModelError(
            f"{folder} holds neither scaler.json nor detector.json, and its {description.name} says"
            f' network = "{NO_NETWORK}": make it with host_tools train --network none'
        )
    return Model(
        name=_name(folder, description, content),
        folder=folder,
        tflite=tflite if has_network else None,
        scaler=scaler if both else None,
        detector=detector if both else None,
        description=description,
    )


def backends(root: Path = ROOT) -> tuple[str, ...]:
    """Return the backends that `codegen` has, the default first."""
    names = {p.parent.name for p in (root / "codegen" / "backends").glob("*/backend.py")}
    return (DEFAULT_BACKEND, *sorted(names - {DEFAULT_BACKEND}))


def check_backend(name: str, root: Path = ROOT) -> str:
    """Return the name of a backend; BackendUnknownError names those that there are."""
    known = backends(root)
    if name not in known:
        raise BackendUnknownError(
            f"unknown backend {name!r}; known are {', '.join(known)}{did_you_mean(name, known)}"
        )
    return name


def generated_files(
    model: Model, own: tuple[str, ...], *, detector: bool = True
) -> tuple[str, ...]:
    """Return the fixed set of files that codegen writes for an image of `model`.

    `own` are those that the backend makes; without `detector` the model stands alone.
    """
    stem = f"safe_{model.name}"
    files = [f"{stem}.h", f"{stem}.c"] if model.tflite is None else list(own)
    if detector and model.detector is not None:
        files += [f"{stem}_detector{end}" for end in (".h", ".hpp", ".c", "_static.c")]
    return (*files, "safe_app_model.c", "manifest.json")


def _kernels(root: Path) -> Path:
    return root / "sdk" / "src" / "kernel"


def kernel_names(isa: str, root: Path = ROOT) -> tuple[str, ...]:
    """Return folder and name of each kernel source that `isa` compiles, e.g. `dsp/conv_2d.c`."""
    return tuple(f"{p.parent.name}/{p.name}" for p in kernels.sources(isa, _kernels(root)))


def code_folders(target: Target, root: Path = ROOT) -> tuple[Path, ...]:
    """Return the target's own folders of C code; TargetError when one is missing."""
    arch = root / "targets" / "arch"
    folders = [arch / target.target.arch]
    if (folders[0] / "cpu.h").is_file():
        folders.append(arch / "common")  # what every core without an operating system shares
    if not target.target.driver and has_linker_script(target, root):
        raise TargetError(
            f"{target.name}.toml: no driver for the chip: write targets/driver/<family>"
            " (CONTRIBUTING.md) and set target.driver"
        )
    if target.target.driver:
        folders.append(root / "targets" / "driver" / target.target.driver)
    for folder in folders:
        if not folder.is_dir():
            raise TargetError(f"{target.name}.toml: no folder {folder.relative_to(root)}")
    return tuple(folders)


def sources(
    target: Target,
    app: str,
    root: Path = ROOT,
    *,
    cxx: bool = False,
    sensor: apps.App | None = None,
) -> tuple[Path, ...]:
    """Return SAFE's own C sources of an image; the linker drops what is unused.

    With `cxx` there is C++ among the others, whose constructors run before main. A `sensor` of the
    user's brings the files that read and show it, in the place of the one that says that there is
    none; the logger reads it by itself.
    """
    sdk = root / "sdk" / "src"
    parts = sorted(sdk.glob("*.c"))
    has_own = sensor is not None and app != apps.LOGGER
    other = {*apps.MAINS, *((_LINE_ONLY,) if has_own else _SENSING)} - {app}
    parts += [p for p in sorted((sdk / "app").glob("*.c")) if p.stem not in other]
    parts += kernels.sources(target.isa, _kernels(root))
    for folder in code_folders(target, root):
        parts += sorted(folder.glob("*.c"))
    if cxx and has_linker_script(target, root):
        parts += sorted((root / "targets" / "arch" / "cxx").glob("*.c"))
    return tuple(parts)


def include_paths(target: Target, root: Path = ROOT) -> tuple[Path, ...]:
    """Return the include paths of an image but that of the generated files."""
    return (root / "sdk" / "include", root / "targets" / "driver", *code_folders(target, root))


def near(paths: tuple[Path, ...], folder: str) -> list[str]:
    """Return paths as seen from a folder."""
    return [os.path.relpath(path, folder) for path in paths]


def generator_sources(root: Path = ROOT) -> tuple[Path, ...]:
    """Return every file that can change generated text: the build depends on them."""
    folders = ((root / "codegen", "*.py"), (root / "codegen", "*.j2"))
    found = {p for folder, pattern in folders for p in folder.rglob(pattern)}
    found |= {root / "targets" / "load.py", root / "targets" / "errors.py"}
    return tuple(sorted(found | {root / "sdk" / "include" / "safe" / "version.h"}))


def tool(target: Target, name: str) -> str:
    """Return the path of a toolchain program, e.g. `gcc`; BuildError when it is not installed."""
    package = f"gcc-{target.toolchain.prefix}".removesuffix("-")
    return program(target.toolchain.prefix + name, package)


def program(name: str, package: str) -> str:
    """Return the path of a program; BuildError names the Debian package when it is missing."""
    found = shutil.which(name)
    if found is None:
        raise BuildError(
            f"{name} is not installed: apt-get install {package}, or name its folder in safe.toml:"
            " tools"
        )
    return found


def runtime_version(root: Path = ROOT) -> str:
    """Return SAFE_VERSION of the runtime's header."""
    text = (root / "sdk" / "include" / "safe" / "version.h").read_text(encoding="utf-8")
    match = re.search(r'#define SAFE_VERSION "([^"]+)"', text)
    if match is None:
        raise BuildError("sdk/include/safe/version.h: no SAFE_VERSION")
    return match[1]


def has_linker_script(target: Target, root: Path = ROOT) -> bool:
    """Return whether the target's architecture is linked by a script of ours."""
    return (root / "codegen" / "templates" / f"linker_{target.target.arch}.ld.j2").is_file()


def output_folder(
    out: str | Path, target: Target, model: Model, backend: str, suffix: str = ""
) -> Path:
    """Return the folder of one combination: `OUT/TARGET/MODEL/BACKEND`.

    `suffix` is that of `targets.options.Options`.
    """
    return Path(out) / target.name / model.name / (backend + suffix)


def make_folder(path: Path) -> None:
    """Make the folder of an image; OutputError when it cannot be written."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}: choose another") from error
    if not os.access(path, os.W_OK):
        raise OutputError(f"{path}: cannot be written: choose another")
