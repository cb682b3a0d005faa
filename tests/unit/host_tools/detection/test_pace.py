"""The pace of samples in whole microseconds, and when silence is told."""

import pytest

from host_tools.detection import pace
from host_tools.detection.rule import Rule
from tests.unit.sdk.tiny import Tiny


@pytest.mark.parametrize(
    ("rate_hz", "period_us"),
    [
        (1.0, 1_000_000),
        (1 / 3, 3_000_000),
        (0.1 + 0.2, 3_333_333),
        (1 / 60, 60_000_000),
        (1 / 3600, 3_600_000_000),
        (1e6 / (2**32 - 1), 2**32 - 1),
        (1e6 / 2**32, 0),
        (1 / 86400, 0),
        (2e6, 0),
        (1e6, 1),
        (0.0, 0),
        (float("nan"), 0),
    ],
)
def test_period(rate_hz, period_us):
    assert pace.period_us(rate_hz) == period_us


@pytest.mark.parametrize(
    ("rate_hz", "rows"), [(1 / 3600, 30), (1.0, 30), (15.0, 30), (16.0, 32), (1e5, 65535), (0, 0)]
)
def test_silence_is_thirty_rows_and_at_least_two_seconds(rate_hz, rows):
    found = pace.with_pace(Tiny().config().detector, rate_hz, Rule())
    assert found.stale_samples == rows


def test_silence_is_longer_than_what_forecasts_bridge():
    detector = Tiny().config().detector
    found = pace.with_pace(detector, 1.0, Rule(stale_rows=detector.max_missed))
    assert found.stale_samples == detector.max_missed + 1
