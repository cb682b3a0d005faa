"""The C of a package: every model's own files, and one runtime for all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codegen.emit import budget, readme
from codegen.emit.files import EXAMPLE
from codegen.emit.write import MANIFEST
from codegen.pipeline import generate
from host_tools.package.request import Request
from targets.build import Model
from targets.errors import ModelError

FOLDER = "src"
"""Folder of all sources and headers: the one that Arduino compiles and searches."""


@dataclass(frozen=True)
class Generated:
    """One model of a package: its directory, and the manifest of its generation."""

    model: Model
    manifest: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name of the model: `safe_<name>_…` in C."""
        return self.model.name

    @property
    def has_detector(self) -> bool:
        """Whether it gives alarms; without, it is a model alone."""
        return self.model.detector is not None


@dataclass(frozen=True)
class Sources:
    """All C of a package.

    Attributes:
        models: What was generated, in the order that was asked for.
        files: Text by path in the package: `src/safe_pump.c`, `src/safe/status.def`.
    """

    models: tuple[Generated, ...]
    files: Mapping[str, str]

    def names(self, *suffixes: str) -> list[str]:
        """Return the paths that end with one of `suffixes`, sorted."""
        return sorted(path for path in self.files if path.endswith(suffixes))


def gather(request: Request, work: Path) -> Sources:
    """Generate the models of a request in the folder `work`, and put their files together.

    Raises the errors of generation, or ModelError when two models need different files of one name.
    """
    models: list[Generated] = []
    files: dict[str, str] = {}
    for model in request.models:
        manifest, texts = _generate(request, model, work / model.name)
        models.append(Generated(model, manifest))
        for name, text in texts.items():
            path = f"{FOLDER}/{name}"
            if files.setdefault(path, text) != text:
                raise ModelError(
                    f"{path} would be of two models: the names "
                    f"{', '.join(repr(m.name) for m in request.models)} do not go together"
                )
    return Sources(tuple(models), files)


def _generate(request: Request, model: Model, out: Path) -> tuple[dict[str, Any], dict[str, str]]:
    described = model.description.is_file()
    manifest = generate(
        model.tflite,
        name=model.name,
        out=out,
        target=request.target,
        isa=request.isa,
        optimize=request.optimize,
        scaler=model.scaler,
        detector=model.detector,
        description=model.description if described else None,
        standalone=True,
        stream=request.streaming,
        budget=budget.load(model.description) if described else None,
    )
    return manifest, {_placed(name): _read(out / name) for name in _library(manifest["files"])}


def _library(names: Sequence[str]) -> list[str]:
    """Return the files of a standalone folder but its example, whose main() is not the user's, and
    its README.
    """
    return [n for n in names if n not in (EXAMPLE, MANIFEST, readme.FILE)]


def _placed(name: str) -> str:
    """Return the name of a file in a package: every source begins with `safe_`.

    Makefiles that put all objects into one folder, as those of STM32CubeMX do, would otherwise take
    the runtime's model.c for the user's.
    """
    return f"safe_{name}" if name.endswith(".c") and not name.startswith("safe_") else name


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
