"""How fast samples come, and after how long without one the device says so."""

import math
from dataclasses import replace

from host_tools.detection.rule import Rule
from host_tools.formats.detector import MAX_COUNT, MAX_PERIOD_US, Detector

US = 1_000_000
LEAST_STALE_US = 2 * US
"""A line, and the program at its other end, may pause for so long without harm."""


def period_us(rate_hz: float) -> int:
    """Return the whole microseconds nearest to one period; 0 where they are none or too many."""
    if not (math.isfinite(rate_hz) and rate_hz > 0):
        return 0
    found = round(US / rate_hz) if US / rate_hz <= MAX_PERIOD_US else 0
    return found if found <= MAX_PERIOD_US else 0


def with_pace(detector: Detector, rate_hz: float, rule: Rule) -> Detector:
    """Return the detector with the pace of its training rows.

    Silence is `stale_rows` rows, where these come fast more, so that it lasts two seconds; it is
    always longer than what forecasts bridge.
    """
    period = period_us(rate_hz)
    if not period:
        return replace(detector, period_us=0, stale_samples=0)
    rows = max(rule.stale_rows, -(-LEAST_STALE_US // period), detector.max_missed + 1)
    return replace(detector, period_us=period, stale_samples=min(rows, MAX_COUNT))
