"""The voltages that a board's analog pins see, over the time that the board has been on."""

import csv
from bisect import bisect_right
from pathlib import Path

from targets.errors import EmulatorError

REFERENCE_VOLTS = 3.3
"""Supply of the converter, VREF+."""


class Analog:
    """Voltages of a CSV file: `seconds,IN0,IN1,…`; a row holds from its time to the next one's."""

    def __init__(self, path: Path | None = None) -> None:
        """Read `path`; without one every pin is at 0 V. Raises EmulatorError."""
        self._times: list[float] = []
        self._rows: list[dict[str, float]] = []
        if path is not None:
            self._read(path)

    def _read(self, path: Path) -> None:
        try:
            with path.open(newline="", encoding="utf-8") as stream:
                for row in csv.DictReader(stream, strict=True):
                    values = {name: float(text) for name, text in row.items()}
                    self._times.append(values.pop("seconds"))
                    self._rows.append(values)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
            raise EmulatorError(
                f"{path}: no CSV of voltages with a header seconds,IN0,…: {error}"
            ) from error
        if self._times != sorted(self._times):
            raise EmulatorError(f"{path}: seconds must not go back")

    def volts(self, channel: int, seconds: float) -> float | None:
        """Return what is at pin `IN<channel>`; None for a pin that the file does not name."""
        at = bisect_right(self._times, seconds) - 1
        return self._rows[at].get(f"IN{channel}") if at >= 0 else 0.0
