"""The ten inferences that warm a device up count for the time of a command, too.

An emulated board that took seconds for one inference was given up after 30 s, on a good line.
"""

from types import SimpleNamespace

import pytest

from host_tools.device.mlperf import INFER_SECONDS, Run
from host_tools.workflow import mlperf


@pytest.mark.parametrize("wall", [0.001, 0.5, 1.3, 2.4, 6.0, 12.0])
def test_each_command_ends_in_time(monkeypatch, wall):
    """`wall` are the seconds of the host for one inference, which takes the device 20 ms."""
    now, asked = [0.0], []

    def infer(times, warm_ups):
        asked.append((times, warm_ups, (times + warm_ups) * wall))
        now[0] += asked[-1][2]
        return Run(times * 20_000, ())

    monkeypatch.setattr(mlperf, "time", SimpleNamespace(monotonic=lambda: now[0]))
    times, timed = mlperf._timed(SimpleNamespace(infer=infer), 1.0)
    assert max(seconds for *_, seconds in asked) <= mlperf.MOST_SECONDS < INFER_SECONDS
    assert asked[-1][0] == times >= 1
    assert asked[-1][1] >= 1
    assert (asked[-1][1] == mlperf.WARM_UPS) is (wall < 1.25)
    assert timed.microseconds == times * 20_000
