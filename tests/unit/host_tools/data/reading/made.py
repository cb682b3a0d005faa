"""Small logs made row by row, and what reading them says."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from host_tools.data.reading.log import open_log
from host_tools.data.reading.options import ReadingOptions
from host_tools.data.reading.record import Reading
from host_tools.errors import DataError

Write = Callable[..., Path]


def stamp(seconds: float, form: str = "%Y-%m-%d %H:%M:%S", start: str = "2024-03-21") -> str:
    base = np.datetime64(start, "s") + np.timedelta64(round(seconds), "s")
    return base.astype(object).strftime(form)


def flow(row: int) -> float:
    return round(20 + 3 * np.sin(row / 7), 2)


def reading(path: Path | list[Path], **options: object) -> Reading:
    paths = [path] if isinstance(path, Path) else path
    return open_log(paths, ReadingOptions(**options)).reading  # type: ignore[arg-type]


def asks(path: Path, *parts: str, **options: object) -> None:
    with pytest.raises(DataError) as caught:
        reading(path, **options)
    assert "\n" not in str(caught.value)
    for part in parts:
        assert part in str(caught.value)
