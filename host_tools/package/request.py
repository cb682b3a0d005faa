"""A package as it is asked for: its models, its name, and the ecosystems that it serves."""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass

from codegen.options import Goal
from host_tools.errors import DataError
from targets.build import Model
from targets.errors import ModelError
from targets.suggest import did_you_mean

FORMATS = (
    "cmake",
    "zephyr",
    "cmsis-pack",
    "arduino",
    "platformio",
    "esp-idf",
    "cubeide",
    "make",
)
ALL = "all"
NO_HOME = "https://safe.invalid"
"""Home page of a package that has none: a name that RFC 2606 keeps from ever being one. Arduino and
CMSIS-Pack want an address."""
RELEASED = "2026-11-30"
"""Day of a package that is not given one; the same each time, as everything in a package."""
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_MAX_NAME = 63
"""Characters that Arduino allows in the name of a library, the least of all ecosystems."""
_LINE = re.compile(r"[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*")


@dataclass(frozen=True)
class Request:
    """Everything that decides the bytes of a package.

    Attributes:
        models: At least one; no two of the same name.
        name: Name of the library, of its files and targets.
        version: Version of the package, `major.minor.patch`.
        formats: Some of `FORMATS`, in their order.
        target: Target whose instruction set the kernels are chosen for.
        isa: Another instruction set; None: the target's.
        optimize: What the choice of kernels prefers; see `codegen --optimize`.
        streaming: Whether the models compute per sample what moves with the window.
        author: Person or company, for the metadata.
        url: Home page.
        date: Day of this version, `YYYY-MM-DD`, for the release list of a CMSIS-Pack.
        libraries: Cores that a static library is built for; see `library.CORES`.
    """

    models: tuple[Model, ...]
    name: str
    version: str
    formats: tuple[str, ...]
    target: str
    isa: str | None = None
    optimize: Goal = "balanced"
    streaming: bool = False
    author: str = "SAFE"
    url: str = NO_HOME
    date: str = RELEASED
    libraries: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check what does not depend on files; ModelError or DataError."""
        _different(self.models)
        if not _NAME.fullmatch(self.name) or len(self.name) > _MAX_NAME:
            raise DataError(
                f"--name {self.name!r}: use up to {_MAX_NAME} lower-case letters, digits and "
                "single underscores, starting with a letter"
            )
        if not _VERSION.fullmatch(self.version):
            raise DataError(
                f"--package-version {self.version!r}: use three numbers, for example 1.0.2"
            )
        if not _is_day(self.date):
            raise DataError(f"--date {self.date!r}: use a day like 2026-11-30")
        for option, value in (("author", self.author), ("url", self.url)):
            if not _LINE.fullmatch(value):
                raise DataError(f"--{option} {value!r}: must be one line of text")
        if not re.fullmatch(r"https?://[^\s<>\"]+", self.url):
            raise DataError(f"--url {self.url!r}: must begin with https:// or http://")


def _is_day(text: str) -> bool:
    """Return whether `text` is a day of the calendar in the one form that metadata take."""
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _different(models: Sequence[Model]) -> None:
    """Raise ModelError when two models would give the same C names."""
    known: dict[str, Model] = {}
    for model in models:
        other = known.setdefault(model.name, model)
        if other is not model:
            raise ModelError(
                f"two models are named {model.name!r} ({other.folder} and {model.folder}): their C "
                f"names would be the same; set another name in {model.description}"
            )


def formats(words: Sequence[str]) -> tuple[str, ...]:
    """Return the formats that some words name, each with commas between several.

    Raises DataError for one that is not known.
    """
    asked = [part.strip() for word in words for part in word.split(",") if part.strip()]
    for name in asked:
        if name not in (*FORMATS, ALL):
            raise DataError(
                f"--format {name!r}: known are {', '.join(FORMATS)}, {ALL}"
                f"{did_you_mean(name, (*FORMATS, ALL))}"
            )
    if not asked or ALL in asked:
        return FORMATS
    return tuple(name for name in FORMATS if name in asked)


def default_name(models: Sequence[Model]) -> str:
    """Return the name of a library of `models`, unless another is asked for."""
    return "_".join(["safe", *(model.name for model in models)])
