"""What a device becomes sample by sample, and which events are told."""

import numpy as np

from host_tools.formats.record import Event, State
from host_tools.monitor.events import ALARM, INFO, NOTICE
from host_tools.monitor.models import without_units
from host_tools.monitor.watched import SCORE
from tests.unit.host_tools.monitor.made import START, sample, watched


def told(hub):
    return [(event.kind, event.severity, event.text) for event in hub.events][1:]


def test_states_channels_drift_and_baseline_are_told_once():
    hub, device = watched()
    for number, fields in enumerate(
        [
            {"state": State.WARMUP},
            {"state": State.OK, "event": Event.LEARNED},
            {"state": State.OK},
            {"state": State.ALARM, "top": (1, 0), "score": 6.5},
            {"state": State.ALARM, "top": (1, 0), "score": 7},
            {"state": State.OK, "masked": (1,)},
            {"state": State.OK, "flags": 4, "drift": 0},
            {"state": State.OK},
        ]
    ):
        device.take(sample(number, **fields))
    assert told(hub) == [
        ("state", INFO, "warm-up"),
        ("baseline", INFO, "the baseline is learned"),
        ("state", INFO, "ok"),
        ("state", ALARM, "alarm: score 6.5, notice above 2; heat <b> [C], flow [l/min]"),
        ("state", INFO, "ok"),
        ("channels", NOTICE, "left out: heat <b> [C]"),
        ("channels", INFO, "no channel is left out any more"),
        ("drift", NOTICE, "flow [l/min] drifts slowly: look at its sensor"),
        ("drift", INFO, "no channel drifts any more"),
    ]
    assert device.states == {"warm-up": 1, "ok": 5, "alarm": 2}


def test_a_raised_state_waits_for_an_operator():
    hub, device = watched()
    device.take(sample(0))
    assert not device.unacknowledged
    device.take(sample(1, state=State.ALARM, score=9))
    device.take(sample(2))
    assert device.unacknowledged
    device.acknowledge()
    assert not device.unacknowledged
    assert told(hub)[-1] == ("operator", INFO, "acknowledged in state ok")


def test_a_score_without_a_verdict_is_none():
    _, device = watched()
    device.take(sample(0, state=State.WARMUP, score=0))
    device.take(sample(1, score=0.5))
    scores = device.history.view(0, np.inf).low[:, SCORE]
    assert np.isnan(scores[0])
    assert scores[1] == np.float32(0.5)


def test_lost_samples_are_counted_and_break_the_line():
    _, device = watched()
    for number in (0, 1, 5, 6):
        device.take(sample(number))
    assert device.line.lost == 3
    assert device.history.gaps(START, START + 10) == [START + 1]
    device.take(sample(0, stamp=START + 7))  # the device began anew
    assert device.line.lost == 3


def test_a_line_that_is_lost_is_told_once_and_back():
    hub, device = watched()
    device.take(sample(0))
    for _ in range(3):
        device.lose(START + 1, "unplugged")
    assert (device.line.connected, device.line.trouble) == (False, "unplugged")
    device.connect(START + 9, "model")
    assert told(hub)[1:] == [
        ("line", NOTICE, "lost: unplugged"),
        ("line", INFO, "back: model"),
    ]
    assert device.line.lost_ports == 1


def test_rate_is_that_of_the_last_samples():
    _, device = watched()
    for number in range(300):
        device.take(sample(number, stamp=START + 0.01 * number))
    assert abs(device.rate_hz - 100) < 0.1


def test_names_are_unique():
    hub, _ = watched()
    assert [hub.add("pump", "x").name, hub.add("pump", "y").name] == ["pump 2", "pump 3"]


def test_a_unit_in_a_channels_name_is_told_once():
    names = ("flow [l/min]", "heat", "valve [open]", "level [%]")
    assert without_units(names, ("l/min", "C", "", "%")) == (
        "flow",
        "heat",
        "valve [open]",
        "level",
    )
