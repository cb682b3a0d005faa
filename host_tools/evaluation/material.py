"""Find what an evaluation needs: two models, windows, and what followed them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.data import model_data, window
from host_tools.data.reading.options import ReadingOptions
from host_tools.errors import DataError
from host_tools.formats import description, golden, npz

Floats = NDArray[np.float32]


def tflite(path: Path) -> bytes:
    """Read a `.tflite`; raises DataError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}: train first") from error
    if content[4:8] != b"TFL3":
        raise DataError(f"{path}: not a TFLite model ({len(content)} bytes): write it again")
    return content


def floating(path: Path) -> bytes:
    """Return a float `.tflite`, made from a Keras network when that is what is given.

    Raises:
        DataError: Missing, or not a model.
        ConversionError: The network cannot be converted.
    """
    if path.suffix == ".tflite":
        return tflite(path)
    if not path.exists():
        raise DataError(f"{path}: no such network")
    from host_tools.conversion import convert as conversion

    return conversion.convert(conversion.ConvertRequest(path, "float"), None).model


def windows(
    home: Path, count: int, *, csv: Sequence[Path], options: ReadingOptions, rep: Path | None
) -> tuple[Floats, Floats | None, str]:
    """Return windows to measure on, what followed them if known, and where they come from.

    In order: the windows of `rep`; the test part of `csv`; the test part of the synthetic
    plant; the in-distribution windows of the golden file.

    Raises:
        DataError: Fewer windows than asked exist, or a file cannot be used.
    """
    about = description.load(home)
    if rep is not None:
        found = npz.windows(rep, (about.window, len(about.channels)))
        return _spread(found, count, str(rep)), None, rep.name
    if csv or about.source == "plant":
        data = model_data.load(str(home), csv, options)
        part = window.split(data.table).test
        cut, truth = model_data.cut(data, part, count)
        _enough(len(cut), count, f"{data.table.source}: the test part")
        words = f"test part of {Path(data.table.source).name}"
        return cut, truth, words if csv else f"{words} (synthetic)"
    stored = golden.load(home / "golden.npz")
    usual = stored.in_distribution
    _enough(len(usual), count, f"{home / 'golden.npz'}")
    picked = usual[np.arange(count) * len(usual) // count]
    return stored.float_inputs[picked], stored.truth[picked], "held-out golden windows"


def _enough(exist: int, asked: int, where: str) -> None:
    if exist < asked:
        raise DataError(f"{where} holds {exist} windows, --n asks {asked}: ask for fewer")


def _spread(found: Floats, count: int, where: str) -> Floats:
    _enough(len(found), count, where)
    return found[np.arange(count) * len(found) // count]
