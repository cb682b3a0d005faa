"""What a trace says of a run, and what other thresholds would have done."""

import numpy as np
import pytest

from host_tools.data.runs import Recording
from host_tools.detection import metrics
from host_tools.evaluation import scoring
from host_tools.evaluation import trace as tracing
from host_tools.formats.record import NO_CHANNEL, RECORD, State

FIRST, THRESHOLD = 4, 1.0


@pytest.fixture
def run() -> Recording:
    label = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0], np.int64)
    return Recording("valve/7", np.zeros((12, 3)), label, np.arange(12) * 2.0, 1.7e9)


@pytest.fixture
def records() -> np.ndarray:
    found = np.zeros(12, RECORD)
    found["score"] = [0, 0, 9, 9, 0.5, 0.5, 0.9, 1.0, 3.0, 2.0, 0.2, 0.0]
    states = [State.OK] * 12
    states[:4] = [State.WARMUP, State.WARMUP, State.LEARN, State.LEARN]
    states[8], states[9], states[11] = State.ALARM, State.ALARM, State.DEGRADED
    found["state"] = states
    found["top"] = NO_CHANNEL
    found["top"][8, :2] = [2, 0]
    found["top"][9, :1] = [2]
    found["masked"] = NO_CHANNEL
    found["masked"][11, :1] = [1]
    found["limit"] = THRESHOLD
    return found


def test_a_trace_tells_rows_without_verdict_masked_and_named_channels(run, records) -> None:
    found = tracing.trace(run, records, FIRST)
    assert (found.group, found.start, found.first) == ("valve", 1.7e9, 4)
    assert found.waiting.tolist() == [True] * 4 + [False] * 7 + [True]
    assert np.flatnonzero(found.alarm).tolist() == [8, 9]
    assert np.argwhere(found.masked).tolist() == [[11, 1]]
    assert found.named[8].tolist() == [2, 0, -1, -1]
    assert (found.named[11] == -1).all()
    assert found.shares() == {2: 1.0, 0: 0.5}


def test_a_run_without_a_date_or_an_alarm(run, records) -> None:
    quiet = records[:8]
    plain = Recording("7", run.values[:8], run.labels[:8], run.seconds[:8], 5.0)
    found = tracing.trace(plain, quiet, FIRST)
    assert (found.group, found.start, found.shares()) == ("", None, {})


def test_the_curve_at_the_own_threshold_is_what_the_chain_did(run, records) -> None:
    counted = scoring.counted([run], [records], FIRST)
    traces = [tracing.trace(run, records, FIRST)]
    points = tracing.curve(counted, traces, THRESHOLD)
    own = next(point for point in points if point.threshold == THRESHOLD)
    figures = metrics.summarize(counted)
    assert (own.f1, own.far, own.mar) == (figures.f1, figures.far, figures.mar)
    assert (own.delay, own.missed) == (4.0, 0)
    assert own.episodes_per_day == figures.false_alarms_per_day


def test_an_alarm_needs_a_score_above_the_threshold_and_a_verdict(run, records) -> None:
    counted = scoring.counted([run], [records], FIRST)
    traces = [tracing.trace(run, records, FIRST)]
    at = {p.threshold: p for p in tracing.curve(counted, traces, 3.0)}
    assert at[3.0].mar == 100.0  # 3.0 is not above 3.0
    low = tracing.curve(counted, traces, 1e-9)[0]
    assert low.mar == 0.0
    assert low.far == pytest.approx(100 * 4 / 5)  # the masked row has no verdict


def test_groups_are_folders(run, records) -> None:
    counted = scoring.counted([run], [records], FIRST)
    assert list(tracing.groups(counted)) == ["valve"]
    alone = metrics.Run("7", counted[0].labels, counted[0].alarms, counted[0].scores,
                        counted[0].seconds)  # fmt: skip
    assert list(tracing.groups([alone])) == ["all"]
