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


def test_groups_are_folders(run, records) -> None:
    counted = scoring.counted([run], [records], FIRST)
    assert list(tracing.groups(counted)) == ["valve"]
    alone = metrics.Run("7", counted[0].labels, counted[0].alarms, counted[0].scores,
                        counted[0].seconds)  # fmt: skip
    assert list(tracing.groups([alone])) == ["all"]
