"""The user's build of TensorFlow Lite Micro: where headers and archive lie, and its flags."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from targets import external
from targets.errors import ExternalError
from targets.load import Target

VARIABLE = "TFLM_DIR"
MEANING = "the folder of your build of TensorFlow Lite Micro, with headers and archive"
_HEADER = "tensorflow/lite/micro/micro_interpreter.h"
_THIRD_PARTY = ("tensorflow/lite/micro/tools/make/downloads", "third_party")
"""Folders of the headers that TensorFlow Lite Micro includes: of its makefile, and of a tree that
its create_tflm_tree.py has made."""
_ARCHIVES = (
    "libtensorflow-microlite.a",
    "lib/libtensorflow-microlite.a",
    "gen/*/lib/libtensorflow-microlite.a",
    "*/libtensorflow-microlite.a",
)
_FLAGS = ("-DTF_LITE_STATIC_MEMORY",)
_STRIPPED = "-DTF_LITE_STRIP_ERROR_STRINGS"
_PRINT = "_Z11MicroPrintfPKcz"
_ADVICE = "build the archive for the target: TARGET=cortex_m_generic TARGET_ARCH={} (docs/tflm.md)"


@dataclass(frozen=True)
class Library:
    """A build of the library that fits a target."""

    includes: tuple[Path, ...]
    archive: Path
    flags: tuple[str, ...]
    """Definitions with which its headers must be read, because its objects were built so."""


def find(target: Target, environ: Mapping[str, str]) -> Library:
    """Return the library that TFLM_DIR names.

    Raises ExternalError, in one line, when it is not there, is for another core, or was built with
    flags under which the image's own objects would not fit.
    """
    root = external.folder(VARIABLE, environ, MEANING, _HEADER)
    includes = (root, *_third_party(root))
    advice = _ADVICE.format(_arch(target))
    archives = {path for pattern in _ARCHIVES for path in root.glob(pattern)}
    archive = external.one(archives, target, root, advice)
    return Library(includes, archive, (*_FLAGS, *_strings(archive, target)))


def _third_party(root: Path) -> tuple[Path, ...]:
    """Return the folders of foreign headers, flatbuffers before all: its version is asserted."""
    for place in (root / folder for folder in _THIRD_PARTY):
        flatbuffers = place / "flatbuffers" / "include"
        if (flatbuffers / "flatbuffers" / "flatbuffers.h").is_file():
            others = (place / "gemmlowp", place / "ruy", place / "kissfft")
            return (flatbuffers, *(path for path in others if path.is_dir()))
    raise ExternalError(
        f"{root}: holds no flatbuffers/include/flatbuffers/flatbuffers.h below"
        f" {' or '.join(_THIRD_PARTY)}: its own makefile fetches it"
    )


def _arch(target: Target) -> str:
    """Return TARGET_ARCH of the library's makefile for a core."""
    core = target.cpu.name
    # The makefile gives these two the hard float ABI by their own name.
    suffixed = "-mfloat-abi=hard" in target.cpu.flags and core not in ("cortex-m33", "cortex-m55")
    return f"{core}+fp" if suffixed else core


def _strings(archive: Path, target: Target) -> tuple[str, ...]:
    """Return the flag that leaves error strings out, where the archive does; check the others."""
    symbols = external.symbols(archive, target)
    refused = {
        "type information at run time: build it with -fno-rtti": any(
            name.startswith("_ZTIN6tflite") for name in symbols.defined
        ),
        "exceptions: build it with -fno-exceptions": "__gxx_personality_v0" in symbols.used,
        "locks around statics: build it with -fno-threadsafe-statics": "__cxa_guard_acquire"
        in symbols.used,
        "tensors on a heap: build it with -DTF_LITE_STATIC_MEMORY": "TfLiteTensorRealloc"
        in symbols.defined,
    }
    for what, found in refused.items():
        if found:
            raise ExternalError(f"{archive}: has {what} (docs/tflm.md)")
    if _PRINT in symbols.defined:
        return ()
    if _PRINT in symbols.used:
        raise ExternalError(
            f"{archive}: a part was built with error strings and a part without"
            f" ({_STRIPPED}): clean it and build it whole"
        )
    return (_STRIPPED,)
