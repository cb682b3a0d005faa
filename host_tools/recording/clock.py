"""Stamps of rows: when a row was taken, from when it came.

A row comes later than it was taken, by a time that changes: an adapter of USB hands over what came
in 1 to 16 ms at once. Rows of a steady source are stamped by a loop that follows their mean
distance slowly. What comes late by more than a burst explains is a gap, and stays one in the log.
"""

import math
from collections import deque
from collections.abc import Sequence

SETTLING_SECONDS = 2.0
"""Time after which the first rows tell the rate."""
SETTLING_ROWS = 20
"""Fewer rows in that time are so far apart that how late each one came does not matter."""
GAP_SECONDS = 0.5
"""Silence that no adapter and no busy host explain."""
GAP_PERIODS = 3.0
"""Periods by which even the earliest row of a while is late when rows were lost before it."""
_WHILE_SECONDS = 0.3
"""Longer than any burst, and short against the time in which the stamps follow."""
_WHILE_ROWS = 8
_BURST_SECONDS = 0.02
"""Longest time for which an adapter keeps rows back: a latency timer of 16 ms, and one packet."""
_FOLLOWING_SECONDS = 4.0
"""Time in which the stamps follow a row that stays late. With the square of half the share of one
row for the period the loop is critically damped: bursts of 16 ms move no stamp by more than one
hundredth of that, whatever the rate."""
_MOST_GAIN = 1 / 16


class RowClock:
    """Stamps for the rows of one recording.

    Attributes:
        gaps: Time stamp and length in seconds of each gap so far.
        rows: Rows stamped.
    """

    def __init__(self) -> None:
        """Begin before the first row."""
        self.gaps: list[tuple[float, float]] = []
        self.rows = 0
        self._waiting: deque[float] = deque()
        self._period: float | None = None
        self._is_slow = False
        self._last = self._last_arrival = -math.inf
        self._least, self._since = math.inf, 0.0
        self._sums = [0.0, 0.0, 0.0]

    def take(self, arrival: float) -> list[float]:
        """Return the stamps that are known with a row that came at `arrival`, in order.

        The first rows wait until their rate is known; `rest` returns what still waits.
        """
        self._note(arrival)
        if self._period is not None or self._is_slow:
            return [self._stamp(arrival)]
        self._waiting.append(arrival)
        return self.look(arrival)

    def look(self, now: float) -> list[float]:
        """Return the stamps of rows whose rate is known by now; none may come any more."""
        if not self._waiting or now - self._waiting[0] < SETTLING_SECONDS:
            return []
        self._settle()
        return self.rest()

    def rest(self) -> list[float]:
        """Return stamps of the rows that wait for their rate."""
        if self._period is None:
            self._is_slow = True
        stamps = [self._stamp(arrival) for arrival in self._waiting]
        self._waiting.clear()
        return stamps

    def lose(self) -> None:
        """Note that the line was away: the next row begins anew."""
        self._last_arrival = -math.inf

    @property
    def rate_hz(self) -> float:
        """Rows in a second between gaps; 0 with fewer than two."""
        if self._period is not None:
            return 1 / self._period
        count, total, _ = self._sums
        return count / total if total > 0 else 0.0

    @property
    def jitter_seconds(self) -> float:
        """Standard deviation of the distance of two rows as they came."""
        count, total, squares = self._sums
        return math.sqrt(max(0.0, squares / count - (total / count) ** 2)) if count else 0.0

    def _settle(self) -> None:
        count = len(self._waiting) - 1
        if count < SETTLING_ROWS:
            self._is_slow = True
        else:
            self._period, self._last = _line(self._waiting)
        self._since = self._waiting[0]

    def _note(self, arrival: float) -> None:
        """Count the distance to the row before, unless the line was away."""
        passed = arrival - self._last_arrival
        self._last_arrival = arrival
        limit = max(GAP_SECONDS, 10 * self._sums[1] / self._sums[0]) if self._sums[0] else math.inf
        if math.isfinite(passed) and passed < limit:
            for i, value in enumerate((1.0, passed, passed * passed)):
                self._sums[i] += value

    def _stamp(self, arrival: float) -> float:
        self.rows += 1
        if self._is_slow or self._period is None:
            mean = 1 / self.rate_hz if self.rate_hz else math.inf
            if arrival - self._last > max(GAP_SECONDS, GAP_PERIODS * mean) and self.rows > 1:
                self.gaps.append((self._last, arrival - self._last))
            self._last = arrival
            return arrival
        late = arrival - self._last - self._period
        if late > max(GAP_SECONDS, GAP_PERIODS * self._period):
            return self._jump(late, arrival)
        self._least = min(self._least, late)
        if arrival - self._since >= max(_WHILE_SECONDS, _WHILE_ROWS * self._period):
            least, self._least, self._since = self._least, math.inf, arrival
            if least > max(GAP_PERIODS * self._period, _BURST_SECONDS):
                return self._jump(least, arrival)
        gain = min(_MOST_GAIN, self._period / _FOLLOWING_SECONDS)
        self._period += (gain / 2) ** 2 * late
        self._last += max(self._period / 2, self._period + gain * late)
        return self._last

    def _jump(self, late: float, arrival: float) -> float:
        assert self._period is not None
        self.gaps.append((self._last, late + self._period))
        self._last += self._period + late
        self._least, self._since = math.inf, arrival
        return self._last


def _line(arrivals: Sequence[float]) -> tuple[float, float]:
    """Return the period of rows by least squares, and the stamp before the first one's.

    A saw of bursts hardly tilts the line, where the distance of the first and the last row has the
    error of a whole burst.
    """
    count = len(arrivals)
    middle = (count - 1) / 2
    mean = sum(arrivals) / count
    moments = sum((i - middle) * (arrival - mean) for i, arrival in enumerate(arrivals))
    period = moments / (count * (count * count - 1) / 12)
    return period, mean - (middle + 1) * period
