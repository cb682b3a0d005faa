"""How far a runtime that rounds in its own way is from exact results, and what alarms it changes.

Such a runtime is not wrong where it differs by a unit of the last place; what counts for a user is
how often, by how much, and whether an alarm came or went because of it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.compare import metrics
from host_tools.detection import metrics as detection
from host_tools.formats.record import State

Array = NDArray[Any]


@dataclass(frozen=True)
class Alarms:
    """Alarms of one chain against the labels; `f1` is None where nothing is labelled or raised."""

    samples: int
    episodes: int
    f1: float | None


@dataclass(frozen=True)
class DetectionChange:
    """The chain on the device beside the chain with exact forecasts, over the same samples."""

    samples: int
    labelled: int
    """Samples that are labelled as faults."""
    device: Alarms
    host: Alarms
    alarms_differ: int
    """Samples that are in alarm in one chain only."""
    states_differ: int
    """Samples whose state is another one."""

    @property
    def f1_change(self) -> float | None:
        """F1 of the device less that of the host."""
        if self.device.f1 is None or self.host.f1 is None:
            return None
        return self.device.f1 - self.host.f1


@dataclass(frozen=True)
class Rounding:
    """Differences of a device's outputs from exact ones, in units of the last place (LSB)."""

    against: str
    """Name of the exact result."""
    values: int
    histogram: Mapping[int, int]
    """Number of output bytes by device − exact."""
    rmse_lsb: float
    detection: DetectionChange

    @property
    def max_lsb(self) -> int:
        """Return the largest difference."""
        return max(abs(lsb) for lsb in self.histogram)

    def fields(self) -> dict[str, Any]:
        """Return the content for JSON."""
        change = {**asdict(self.detection), "f1_change": self.detection.f1_change}
        histogram = {str(lsb): count for lsb, count in self.histogram.items()}
        return {
            "against": self.against,
            "values": self.values,
            "max_lsb": self.max_lsb,
            "lsb_histogram": histogram,
            "rmse_lsb": self.rmse_lsb,
            "detection": change,
        }


@dataclass(frozen=True, eq=False)
class Results:
    """Outputs int8[N,H,C] of the windows and records [T] of the samples, of one implementation."""

    name: str
    outputs: Array
    records: Array


def measure(device: Results, exact: Results, labels: Array) -> Rounding:
    """Compare a device's results with exact ones; `labels` are 0 or 1 for each record.

    Raises DataError when shapes differ or nothing is there.
    """
    delta = metrics.byte_delta(device.outputs, exact.outputs)
    distance = device.outputs.astype(np.float64) - exact.outputs
    return Rounding(
        against=exact.name,
        values=delta.values,
        histogram=metrics.lsb_histogram(device.outputs, exact.outputs),
        rmse_lsb=float(np.sqrt(np.mean(distance**2))),
        detection=_change(device.records, exact.records, labels[: len(device.records)]),
    )


def _change(device: Array, host: Array, labels: Array) -> DetectionChange:
    theirs, ours = device["state"] == State.ALARM, host["state"] == State.ALARM
    return DetectionChange(
        samples=len(device),
        labelled=int(np.count_nonzero(labels)),
        device=_alarms(theirs, labels),
        host=_alarms(ours, labels),
        alarms_differ=int(np.count_nonzero(theirs != ours)),
        states_differ=int(np.count_nonzero(device["state"] != host["state"])),
    )


def _alarms(alarm: Array, labels: Array) -> Alarms:
    fault = labels > 0
    counts = (fault & alarm, ~fault & alarm, fault & ~alarm, ~fault & ~alarm)
    f1, _, _ = detection.rates_of(*(int(np.count_nonzero(rows)) for rows in counts))
    return Alarms(
        int(np.count_nonzero(alarm)), metrics.episodes(alarm), None if np.isnan(f1) else float(f1)
    )
