"""The folder of a sweep: `config.json`, `experiments/<point>/`, `results.csv`, `work/`.

Everything is written under a temporary name and renamed, and `result.json` of a point is
written last: what is there is whole, and a sweep that was cut short goes on where it stopped.
"""

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.conversion import canonical
from host_tools.errors import DataError
from host_tools.formats import csv_file
from host_tools.quantize.grid import Point
from host_tools.quantize.task import PointResult, Statistics
from targets import output

Ints = NDArray[np.int64]

CONFIG, RESULT, RESULTS, MODEL = "config.json", "result.json", "results.csv", "model_int8.tflite"


def write(path: Path, content: bytes) -> None:
    """Write a file of a sweep, durably; see `targets.output.write` for errors."""
    remedy = "free some space and run the same command: finished points are kept"
    output.write(path, content, durable=True, remedy=remedy)


def _json(values: Mapping[str, Any]) -> bytes:
    return (json.dumps(values, indent=2, allow_nan=False) + "\n").encode()


def digest(content: bytes) -> str:
    """Return the SHA-256, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


class Store:
    """Folder of one sweep."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self, config: Mapping[str, Any]) -> None:
        """Begin, or go on with, the sweep of this configuration.

        Raises:
            DataError: The folder holds another sweep.
            OutputError: It cannot be written.
        """
        path = self.folder / CONFIG
        if path.exists():
            try:
                before = json.loads(path.read_text())
            except (OSError, ValueError, RecursionError) as error:
                raise DataError(f"{path}: not readable ({error}): remove the folder") from error
            if not isinstance(before, dict):
                raise DataError(f"{path}: not the configuration of a sweep: remove the folder")
            # A larger grid over the same data may go on: points stand for themselves.
            different = [k for k in config if k != "grid" and before.get(k) != config[k]]
            if different:
                raise DataError(
                    f"{self.folder}: holds a sweep with another {different[0]}: give another"
                    " --outdir"
                )
        write(path, _json(config))

    def point(self, point: Point) -> Path:
        """Return the folder of one point."""
        return self.folder / "experiments" / point.name

    def finished(self, points: Sequence[Point]) -> dict[Point, dict[str, Any]]:
        """Return the figures of the points that are done; a damaged one counts as not done."""
        figures_of = {}
        for point in points:
            folder = self.point(point)
            try:
                figures = json.loads((folder / RESULT).read_text())
                whole = digest((folder / MODEL).read_bytes()) == figures["model_sha256"]
            except (OSError, ValueError, KeyError, TypeError):
                continue
            if whole:
                figures_of[point] = figures
        return figures_of

    def add(self, result: PointResult, figures: Mapping[str, Any]) -> dict[str, Any]:
        """Write one finished point; return its figures.

        Raises:
            OutputError: The disk is full.
            ConversionError: The model is not integer throughout.
        """
        folder = self.point(result.point)
        write(folder / MODEL, result.model)
        canonical.check_integer(folder / MODEL, fused=False)
        whole = {
            **figures,
            **result.figures,
            "canonical_sha256": canonical.canonical_hash(folder / MODEL),
            "model_sha256": digest(result.model),
        }
        write(folder / RESULT, _json(whole))
        return whole

    def table(self, rows: Sequence[Mapping[str, Any]]) -> Path:
        """Write `results.csv`, best first; return its path."""
        names = list(rows[0]) if rows else []
        path = self.folder / RESULTS
        write(
            path, csv_file.text(names, ([row.get(n, "") for n in names] for row in rows)).encode()
        )
        return path

    def template(self) -> bytes | None:
        """Return the lowered float model of an earlier start, if there is one."""
        path = self.folder / "work" / "template.tflite"
        return path.read_bytes() if path.is_file() else None

    def keep_template(self, content: bytes) -> None:
        """Keep the lowered float model for the next start."""
        write(self.folder / "work" / "template.tflite", content)

    def _statistics(self, clip: float) -> Path:
        return self.folder / "work" / f"statistics_clip{clip:g}.npz"

    def statistics(
        self, clip: float, rows: Ints, groups: Ints, with_values: bool
    ) -> Statistics | None:
        """Return the statistics of these groups from an earlier start, if there are such."""
        try:
            with np.load(self._statistics(clip), allow_pickle=False) as archive:
                arrays = dict(archive)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error):
            return None
        same = np.array_equal(arrays.get("rows", []), rows)
        if not (same and np.array_equal(arrays.get("groups", []), groups)):
            return None
        count = arrays["low"].shape[1] if with_values else 0
        if with_values and not bool(arrays["with_values"]):
            return None
        seen = tuple(arrays.get(f"values_{tensor}") for tensor in range(count))
        return Statistics(arrays["low"], arrays["high"], seen)

    def keep_statistics(
        self, clip: float, rows: Ints, groups: Ints, statistics: Statistics
    ) -> None:
        """Keep the statistics of groups of pool rows for the next start."""
        arrays: dict[str, Any] = {
            "rows": rows, "groups": groups, "low": statistics.low, "high": statistics.high,
            "with_values": np.array(bool(statistics.values)),
        }  # fmt: skip
        for tensor, seen in enumerate(statistics.values):
            if seen is not None:
                arrays[f"values_{tensor}"] = seen
        stream = io.BytesIO()
        np.savez(stream, allow_pickle=False, **arrays)
        write(self._statistics(clip), stream.getvalue())
