"""Choice of the range that int8 covers in each tensor, from what calibration windows did to it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import DataError

Floats = NDArray[np.float32]

METHODS = {"minmax": None, "percentile": 99.99, "sigma": 6.0, "mse": None}
"""Parameter that each method has when none is given."""

_LIMITS = {"percentile": (50.0, 100.0), "sigma": (0.5, 100.0)}
_SHRINK = np.linspace(1.0, 0.2, 41)
_STEPS = 255.0
_MOST_VALUES = 100_000


@dataclass(frozen=True)
class Method:
    """How ranges are chosen.

    `minmax`: everything seen; `percentile` p: the p-th percentile of the values at either
    end; `sigma` k: mean ± k standard deviations, within what was seen; `mse`: what was seen,
    shrunk to the least mean squared error of rounding and clipping.
    """

    name: str = "minmax"
    parameter: float | None = None

    @property
    def needs_values(self) -> bool:
        """Whether minima and maxima alone do not do."""
        return self.name != "minmax"

    def __str__(self) -> str:
        return self.name if self.parameter is None else f"{self.name}:{self.parameter:g}"


MINMAX = Method()


def parse(text: str) -> Method:
    """Read `minmax`, `percentile:99.9`, `sigma:6` or `mse`.

    Raises:
        DataError: Another method, or a parameter that is missing sense.
    """
    name, colon, number = text.strip().partition(":")
    if name not in METHODS:
        raise DataError(f"calibration {text!r}: known are {', '.join(METHODS)}")
    parameter = METHODS[name]
    if colon:
        try:
            value = float(number)
        except ValueError as error:
            raise DataError(f"calibration {text!r}: {number!r} is not a number") from error
        if parameter is None:
            raise DataError(f"calibration {text!r}: {name} takes no parameter")
        parameter = value
    if parameter is not None:
        least, most = _LIMITS[name]
        if not least <= parameter <= most:
            raise DataError(f"calibration {text!r}: the parameter must be {least:g} … {most:g}")
    return Method(name, parameter)


def ranges(
    method: Method, low: Floats, high: Floats, values: Sequence[Floats | None] | None = None
) -> tuple[Floats, Floats]:
    """Return the range of each tensor.

    Args:
        method: How.
        low: float32 [N, T], least value of each of T tensors in each of N windows.
        high: float32 [N, T], greatest.
        values: Per tensor, float32 [N, K], values seen; None where a tensor cannot be read
            (state within an operator), which then gets everything seen.

    Returns:
        float32 [T] twice.

    Raises:
        DataError: No window.
    """
    if not len(low):
        raise DataError("no window to calibrate with")
    least, most = low.min(axis=0), high.max(axis=0)
    if not method.needs_values or values is None:
        return least, most
    for tensor, seen in enumerate(values):
        if seen is None or least[tensor] >= most[tensor]:
            continue
        ends = _narrow(method, _thin(seen), float(least[tensor]), float(most[tensor]))
        if ends[0] < ends[1]:
            least[tensor], most[tensor] = ends
    return least, most


def _thin(seen: Floats) -> NDArray[np.float64]:
    flat = seen.reshape(-1)
    return flat[:: max(1, len(flat) // _MOST_VALUES)].astype(np.float64)


def _narrow(
    method: Method, seen: NDArray[np.float64], least: float, most: float
) -> tuple[float, float]:
    if method.name == "percentile":
        p = float(method.parameter or 100.0)
        ends = np.percentile(seen, [100.0 - p, p])
        return max(least, float(ends[0])), min(most, float(ends[1]))
    if method.name == "sigma":
        spread = float(method.parameter or 0.0) * float(seen.std())
        middle = float(seen.mean())
        return max(least, middle - spread), min(most, middle + spread)
    errors = [_squared_error(seen, least * part, most * part) for part in _SHRINK]
    best = float(_SHRINK[int(np.argmin(errors))])
    return least * best, most * best


def _squared_error(seen: NDArray[np.float64], least: float, most: float) -> float:
    """Return the mean squared error of int8 that covers least … most, zero included."""
    least, most = min(least, 0.0), max(most, 0.0)
    scale = (most - least) / _STEPS
    rounded = np.clip(np.rint(seen / scale), round(least / scale), round(most / scale)) * scale
    return float(np.mean((seen - rounded) ** 2))
