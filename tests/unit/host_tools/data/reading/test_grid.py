"""No log of the grid is misread in silence: it is read as it is meant, or one question is asked."""

from pathlib import Path

import numpy as np
import pytest

from host_tools.data import csv
from host_tools.data.reading.options import ReadingOptions
from host_tools.data.table import Table
from host_tools.errors import DataError
from tests.unit.host_tools.data.reading import grid
from tests.unit.host_tools.data.reading.grid import Sample

QUICK, WHOLE = 100, 1200


def wrong(table: Table, one: Sample) -> str:
    """Return what of a table is not the truth, or ""."""
    if table.names != grid.names(one.text):
        return f"channels {table.names}"
    if len(table) != len(one.seconds):
        return f"{len(table)} rows"
    if not np.array_equal(table.samples, one.values.astype(np.float32), equal_nan=True):
        at = int(np.argmax((table.samples != one.values.astype(np.float32)).any(axis=1)))
        return f"row {at}: {table.samples[at]} for {one.values[at]}"
    if not np.array_equal(table.labels, one.labels):
        return "labels"
    step = np.diff(one.seconds)[0]
    if table.seconds is None:
        return "" if one.is_coarse and table.rate_hz == one.rate else "no time"
    # Rows that share a stamp are spread over it as far as the log tells.
    near = 60.0 if one.is_coarse else max(0.011 * step, 2e-3)
    if np.abs(table.seconds - one.seconds).max() > near:
        at = int(np.argmax(np.abs(table.seconds - one.seconds)))
        return f"row {at}: {table.seconds[at]} s for {one.seconds[at]} s"
    if abs(table.rate_hz * step - 1) > 1e-3:
        return f"{table.rate_hz} Hz for {1 / step} Hz"
    return ""


def check(folder: Path, count: int, seed: int) -> tuple[int, list[str]]:
    """Return how many files asked, and those that were misread."""
    asked, misread = 0, []
    for one in grid.samples(count, seed):
        path = grid.write(folder, one)
        try:
            table = csv.read(path)
        except DataError as error:
            asked += 1
            text = str(error)
            if "\n" in text or "--" not in text:
                misread.append(f"{one.what}: no question: {text}")
            try:
                answer = {**one.answer, **({"rate": one.rate} if one.is_coarse else {})}
                table = csv.read(path, ReadingOptions(**answer))  # type: ignore[arg-type]
            except DataError as second:
                misread.append(f"{one.what}: asks again: {second}")
                continue
        found = wrong(table, one)
        if found:
            misread.append(f"{one.what}: {found}")
    return asked, misread


def test_a_sample_of_the_grid(tmp_path: Path) -> None:
    asked, misread = check(tmp_path, QUICK, 1)
    assert misread == []
    assert asked < 0.2 * QUICK


@pytest.mark.slow
def test_the_grid(tmp_path: Path) -> None:
    asked, misread = check(tmp_path, WHOLE, 2)
    assert misread == []
    assert asked < 0.2 * WHOLE
