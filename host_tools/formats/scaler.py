"""Scaler from raw units to standard deviations of the training rows."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import DataError
from host_tools.formats import json_file

CLIP = 8.0
"""Limit of model inputs, in standard deviations: one outlier in the representative data set would
widen the input scale for every sample. It is at least 8, because a saturated input is predicted
perfectly, and ±5 was measured to hide large faults."""

SCORE_LIMIT = 64.0
"""Limit of samples before scoring, in standard deviations: it bounds the score in float32 and
leaves faults far beyond the model's clip visible."""

_RECIPROCAL = 1e-6
"""Largest |std · inv_std − 1|: each factor is rounded to float32 once, by at most 2^-24 of
itself."""


@dataclass(frozen=True, eq=False)
class Scaler:
    """z = (x − mean) · inv_std, in two float32 roundings.

    Attributes:
        channels: Names, in column order.
        mean: float32 [channels], raw units.
        std: float32 [channels], raw units; for reports, the device uses inv_std.
        inv_std: float32 [channels].
        clip: Limit of model inputs, in standard deviations.
        score_limit: Limit of samples before scoring, in standard deviations.
        centre_rows: The model's inputs are relative to the mean of so many rows, as a learned
            baseline has it; `std` is then the spread within such rows. 0: relative to `mean`.
    """

    channels: tuple[str, ...]
    mean: NDArray[np.float32]
    std: NDArray[np.float32]
    inv_std: NDArray[np.float32]
    clip: np.float32
    score_limit: np.float32
    centre_rows: int = 0

    def standardize(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32 [rows, channels] in standard deviations, not clipped."""
        # A finite sample far out of range may become infinite here; the limits that follow
        # bring it back, on the device as well.
        with np.errstate(over="ignore", invalid="ignore"):
            return (samples - self.mean) * self.inv_std

    def clipped(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return standardized samples within the clip."""
        return np.clip(self.standardize(samples), -self.clip, self.clip)

    def inputs(
        self, samples: NDArray[np.float32], segments: NDArray[np.int32]
    ) -> NDArray[np.float32]:
        """Return what a model sees, float32 [rows, channels], not clipped.

        With `centre_rows` each stretch of one segment number is cut into so many rows, and each
        piece is taken relative to its mean: every piece stands for a deployment that has learned
        its baseline there.
        """
        z = self.standardize(samples)
        if not self.centre_rows:
            return z
        edges = np.flatnonzero(np.diff(segments)) + 1
        for first, last in zip([0, *edges], [*edges, len(z)], strict=True):
            for start in range(first, last, self.centre_rows):
                # A short rest belongs to the piece before it.
                end = min(start + self.centre_rows, last)
                begin = max(first, end - self.centre_rows)
                z[start:end] -= z[begin:end].mean(axis=0, dtype=np.float64).astype(np.float32)
        return z

    def save(self, path: Path) -> None:
        """Write `scaler.json`; raises OutputError."""
        json_file.write(
            path,
            {
                "channels": list(self.channels),
                "mean": json_file.numbers(self.mean),
                "std": json_file.numbers(self.std),
                "inv_std": json_file.numbers(self.inv_std),
                "clip": float(self.clip),
                "score_limit": float(self.score_limit),
                "centre_rows": self.centre_rows,
            },
        )


def load(path: Path) -> Scaler:
    """Read `scaler.json`.

    Raises:
        DataError: Missing or malformed.
    """
    content = json_file.read(path)
    names = content.get("channels")
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise DataError(f'{path}: "channels" must be a list of names')
    length = len(names)
    centre = content.get("centre_rows", 0)
    if type(centre) is not int or centre < 0:
        raise DataError(f'{path}: "centre_rows" must be a count of rows, not {centre!r}')
    found = Scaler(
        channels=tuple(names),
        mean=json_file.vector(path, content, "mean", length),
        std=json_file.vector(path, content, "std", length),
        inv_std=json_file.vector(path, content, "inv_std", length),
        clip=json_file.scalar(path, content, "clip"),
        score_limit=json_file.scalar(path, content, "score_limit"),
        centre_rows=centre,
    )
    _check(path, found)
    return found


def _check(path: Path, scaler: Scaler) -> None:
    """Refuse a scaler whose two deviations do not belong together: one of them was edited."""
    products = scaler.std.astype(np.float64) * scaler.inv_std.astype(np.float64)
    wrong = np.flatnonzero(
        ~((scaler.std > 0) & (scaler.inv_std > 0) & (abs(products - 1) <= _RECIPROCAL))
    )
    if len(wrong):
        at = wrong[0]
        raise DataError(
            f'{path}: "inv_std" of channel "{scaler.channels[at]}" is {scaler.inv_std[at]:g}, which'
            f' is not 1 / "std" = 1 / {scaler.std[at]:g}: train the model again'
        )
