"""The detector's constants: what the fit writes, what the device reads.

Every floating value is a float32 value, so that detector.json, the generated C table and the
host chain hold the same bits.
"""

import json
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from host_tools.errors import DataError

F32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Statistic:
    """Version 2 of the detector: learned baseline, level and residual statistics.

    C channels, K scored channels. `level_factor` and `residual_factor` are lower triangular
    matrices packed row by row, K(K+1)/2 values: row i holds entries 0..i.
    """

    rows: int
    scored: tuple[int, ...]
    learn_samples: int
    relearn_samples: int
    prior_rows: float
    prior_level: F32
    prior_residual: F32
    input_gain: F32
    feature_limit: float
    level_factor: F32
    residual_factor: F32
    track: float
    quiet: float


@dataclass(frozen=True)
class Detector:
    """Scaler, model edges, score and threshold of one detector; mirrors safe_detector_config_t."""

    window: int
    horizon: int
    mean: F32
    inv_std: F32
    clip: float
    score_limit: float
    alpha: float
    threshold: float
    statistic: Statistic

    @property
    def channels(self) -> int:
        """Number of sensor channels."""
        return len(self.mean)


def _plain(value: Any) -> Any:
    """A JSON value that reads back to the same float32 bits."""
    if isinstance(value, np.ndarray):
        return [float(v) for v in value]
    if isinstance(value, tuple):
        return list(value)
    return float(np.float32(value)) if isinstance(value, float) else value


def to_json(detector: Detector) -> str:
    """detector.json of version 2, scaler included."""
    record = {f.name: _plain(getattr(detector, f.name)) for f in fields(detector)[:-1]}
    statistic = {
        f.name: _plain(getattr(detector.statistic, f.name)) for f in fields(detector.statistic)
    }
    return json.dumps({"version": 2, **record, "statistic": statistic}, indent=1) + "\n"


def from_json(text: str) -> Detector:
    """Inverse of to_json; float32 bits are restored exactly."""
    record = json.loads(text)
    if record.pop("version") != 2:
        raise DataError("detector.json: version is not 2; refit the detector")
    inner = record.pop("statistic")
    for name in ("prior_level", "prior_residual", "input_gain", "level_factor", "residual_factor"):
        inner[name] = np.array(inner[name], np.float32)
    inner["scored"] = tuple(inner["scored"])
    record["mean"] = np.array(record["mean"], np.float32)
    record["inv_std"] = np.array(record["inv_std"], np.float32)
    return Detector(statistic=Statistic(**inner), **record)
