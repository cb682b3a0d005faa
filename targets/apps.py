"""Applications: what an image does, one of SAFE's own or a folder of the user's files."""

import re
from dataclasses import dataclass
from pathlib import Path

from targets.errors import AppUnknownError
from targets.suggest import did_you_mean

LOGGER = "logger"
MLPERF = "mlperf"
APPS = ("bench", "detector", LOGGER, MLPERF)
"""Applications of SAFE itself, the default first."""
MAINS = (*APPS, "probe")
"""Applications, and what measures a foreign runtime's arena (`targets.arena`)."""
CXX = ".cc"
"""Suffix of a C++ file that is generated."""
CXX_SUFFIXES = (CXX, ".cpp", ".cxx")
_APP = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class App:
    """What an image does: an application of SAFE itself, or a folder of the user's C files."""

    name: str
    folder: Path | None = None
    """The user's folder, whose files hold `main`; None for `sdk/src/app/<name>.c`."""
    sensor: "App | None" = None
    """The user's folder that defines safe/sensor.h; None: samples come over the line."""

    @property
    def sources(self) -> tuple[Path, ...]:
        """Return the user's C and C++ files, sorted; none for an application of SAFE itself."""
        return () if self.folder is None else own_sources(self.folder)

    @property
    def has_cxx(self) -> bool:
        """Return whether the user brings C++."""
        brought = (*self.sources, *(() if self.sensor is None else self.sensor.sources))
        return any(source.suffix != ".c" for source in brought)

    @property
    def argument(self) -> str:
        """Return what names the application in any folder."""
        return self.name if self.folder is None else str(self.folder)


def own_sources(folder: Path) -> tuple[Path, ...]:
    """Return the C and C++ files of a folder of the user's, sorted."""
    return tuple(sorted(p for p in folder.rglob("*") if p.suffix in (".c", *CXX_SUFFIXES)))


def find_sensor(text: str) -> App | None:
    """Return the user's folder that defines safe/sensor.h; None for an empty text.

    Raises AppUnknownError.
    """
    if not text:
        return None
    folder = Path(text).resolve()
    if not folder.is_dir() or not own_sources(folder):
        raise AppUnknownError(f"sensor {text!r}: no folder of C files, which define safe/sensor.h")
    return App(folder.name, folder)


def find_app(text: str, sensor: str = "") -> App:
    """Return the application that `text` means: one of `APPS`, or a folder of C files.

    `sensor` is the folder of its sensors, or empty. Raises AppUnknownError.
    """
    sensors = find_sensor(sensor)
    if text == LOGGER and sensors is None:
        raise AppUnknownError(
            f"app={LOGGER} sends what sensors measure: give sensor=FOLDER (--sensor) with C files"
            " that define safe/sensor.h and its safe_sensor_log"
        )
    if text in APPS:
        return App(text, sensor=sensors)
    folder = Path(text).resolve()
    if not text or not folder.is_dir():
        raise AppUnknownError(
            f"unknown app {text!r}: neither one of {', '.join(APPS)} nor a folder of C files"
            f"{did_you_mean(text, APPS)}"
        )
    if folder.name in APPS or not _APP.fullmatch(folder.name):
        raise AppUnknownError(f"{folder}: the image takes the folder's name: choose another one")
    found = App(folder.name, folder, sensors)
    if not found.sources:
        raise AppUnknownError(f"{folder} holds no C file: one of them must have a main")
    return found
