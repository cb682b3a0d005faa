"""Scenarios of faults: drawn from a seed, each kind in the first hour; what must come of each."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from host_tools.errors import DataError, DifferentError
from host_tools.formats.record import RECORD, State
from host_tools.workflow.soak import outcome, scenario
from host_tools.workflow.soak.material import Material
from host_tools.workflow.soak.outcome import Note, Walked
from host_tools.workflow.soak.result import INTERRUPT_BYTES, Hour, Outcome, Soaked
from host_tools.workflow.soak.scenario import Fault
from tests.unit.sdk.tiny import Tiny

DAY, HOUR = 24 * 3600, 3600


@pytest.fixture(scope="module")
def detector():
    """Of sixteen channels; the odd ones have a limit of standing still, the first four a range."""
    found = Tiny(window=7, channels=16, horizon=5).config().detector
    limits = np.arange(16, dtype=np.uint16) % 2 * np.uint16(20)
    most = np.float32(np.finfo(np.float32).max)
    high = np.where(np.arange(16) < 4, np.float32(50), most).astype(np.float32)
    return replace(
        found, stuck_samples=limits, high=high, learn_samples=400, stale_samples=30,
        period_us=1_000_000, max_masked=2,
    )  # fmt: skip


def test_a_day(detector):
    kinds = scenario.possible(scenario.GROUPS, detector, has_power_cut=True)
    assert set(kinds) == set(scenario.WORDS)
    assert kinds == tuple(kind for some in scenario.KINDS.values() for kind in some)
    for seed in range(20):
        faults = scenario.draw(kinds, detector, DAY, HOUR, seed)
        assert faults == scenario.draw(kinds, detector, DAY, HOUR, seed)
        assert faults != scenario.draw(kinds, detector, DAY, HOUR, seed + 1)
        rows = [fault.row for fault in faults]
        assert rows == sorted(set(rows))
        assert {f.kind for f in faults if f.row < HOUR} == set(kinds)
        assert len(faults) > 100
        sensors = [f for f in faults if f.group == scenario.SENSORS]
        assert all(a.row + a.rows < b.row for a, b in itertools.pairwise(sensors))
        powers = [f for f in faults if f.group == scenario.POWER]
        for a, b in itertools.pairwise(powers):
            assert a.kind != scenario.SAVE or b.row - a.row > 400 + detector.rows
        assert all(detector.stuck_samples[f.channel] for f in faults if f.kind == scenario.FROZEN)


def test_too_few_samples_are_told(detector):
    kinds = scenario.possible(scenario.GROUPS, detector, has_power_cut=True)
    with pytest.raises(
        DataError, match="300 samples are too few for 20 kinds of faults: give"
    ) as told:
        scenario.draw(kinds, detector, 300, HOUR, 1)
    text = str(told.value)
    enough = int(text.split("give ")[1].split(maxsplit=1)[0])
    assert len(scenario.draw(kinds, detector, enough, HOUR, 1)) > len(kinds) // 2


def test_what_cannot_happen_is_left_out(detector):
    def left_out(**changes):
        changed = replace(detector, **changes)
        return set(scenario.WORDS) - set(
            scenario.possible(scenario.GROUPS, changed, has_power_cut=True)
        )

    assert left_out() == set()
    assert left_out(learn_samples=0) == {scenario.SAVE}
    assert left_out(stale_samples=0) == left_out(stale_samples=61) == {scenario.SILENCE}
    assert left_out(stuck_samples=np.zeros(16, np.uint16)) == {scenario.FROZEN, scenario.DEAD}
    assert left_out(max_masked=15) == {scenario.CABLE}
    assert scenario.SAVE not in scenario.possible(["power"], detector, has_power_cut=False)


def spoiled(detector, fault):
    rng = np.random.default_rng(1)
    before = Material(rng.normal(10, 1, (100, 16)).astype(np.float32), np.arange(100))
    after = scenario.spoil(before, [fault], detector, np.full(16, 2, np.float32))
    rows, channels = np.nonzero(~np.isclose(after.samples, before.samples, rtol=0, atol=0))
    assert set(rows) <= set(range(20, 20 + fault.rows))
    assert set(channels) <= set(range(fault.channel, fault.channel + max(1, fault.size)))
    return before.samples[20:, fault.channel], after.samples[20 : 20 + fault.rows, fault.channel]


def test_sensors_are_spoiled_as_told(detector):
    before, frozen = spoiled(detector, Fault("sensors", scenario.FROZEN, 20, 30, 3))
    assert set(frozen) == {before[0]}
    before, dead = spoiled(detector, Fault("sensors", scenario.DEAD, 20, 30, 3, level=-5.0))
    assert set(dead) == {before[0] - np.float32(10)}
    _, missing = spoiled(detector, Fault("sensors", scenario.MISSING, 20, 5, 3))
    assert np.isnan(missing).all()
    _, cable = spoiled(detector, Fault("sensors", scenario.CABLE, 20, 5, 3, 6))
    assert np.isnan(cable).all()
    _, far = spoiled(detector, Fault("sensors", scenario.RANGE, 20, 5, 3, level=0.0))
    assert (far > 50).all()
    before, far = spoiled(detector, Fault("sensors", scenario.RANGE, 20, 5, 9, level=100.0))
    assert set(far) == {before[0] + np.float32(200)}
    before, drift = spoiled(detector, Fault("sensors", scenario.DRIFT, 20, 50, 3, level=4.0))
    assert drift[-1] == before[49] + np.float32(8)
    assert 0 < drift[0] - before[0] < 1


def judged(detector, fault, *, masks=(), state=State.OK, restarts=(), different=(), **first):
    records = np.zeros(100, RECORD)
    records["state"], records["masked"], records["index"] = state, 0xFFFF, np.arange(100)
    records["masked"][list(masks), 0] = max(0, fault.channel)
    records["masked_count"][list(masks)] = 1
    for name, value in first.items():
        records[name][fault.row] = value
    wrong = np.zeros(100, bool)
    wrong[list(different)] = True
    walked = Walked(np.arange(100), records, wrong, np.ones(100, bool), restarts)
    notes = [Note(fault, fault.row, fault.row, "restored", 2)]
    names = [f"c{i}" for i in range(16)]
    assert outcome.outcomes([], walked, detector, names, HOUR) == ()
    (found,) = outcome.outcomes(notes, walked, detector, names, HOUR)
    return found


def test_a_sensor_that_must_be_masked(detector):
    fault = Fault("sensors", scenario.MISSING, 20, 10, 5)
    found = judged(detector, fault, masks=range(23, 40))
    assert (found.came, found.after, found.expected, found.channels) == ("masked", 4, True, ("c5",))
    assert (found.hour, found.rows, found.lost, found.repeats) == (0.006, 10, 0, 2)
    assert not judged(detector, fault).expected
    assert judged(detector, fault).came == "unnoticed"
    assert not judged(detector, fault, masks=range(30, 40)).expected
    assert judged(detector, fault, restarts=[25]).expected
    assert not judged(detector, fault, masks=range(23, 40), different=[60]).expected
    ranged, free = (Fault("sensors", scenario.RANGE, 20, 10, c) for c in (3, 9))
    assert not judged(detector, ranged).expected
    assert judged(detector, free, state=State.ALARM).came == "alarm"
    assert judged(detector, free).expected
    for rows, must in (20, False), (21, True):
        still = Fault("sensors", scenario.FROZEN, 20, rows, 3)
        assert judged(detector, still).expected != must
    cable = Fault("sensors", scenario.CABLE, 20, 10, 3, 5)
    assert not judged(detector, cable).expected
    assert not judged(detector, cable, masked_count=5).expected
    assert judged(detector, fault, masked_count=5).expected
    assert judged(detector, cable, state=State.DEGRADED).came == "degraded"


def test_a_restart_that_did_not_happen(detector):
    fault = Fault("power", scenario.OFF, 20, 10)
    assert judged(detector, fault, index=0, state=State.WARMUP).expected
    assert not judged(detector, fault, state=State.WARMUP).expected
    silence = Fault("line", scenario.SILENCE, 20, 10)
    assert judged(detector, silence, index=0, state=State.WARMUP, event=16).expected
    told = judged(detector, silence, index=0, state=State.WARMUP)
    assert (told.came, told.expected) == ("unnoticed", False)


def test_what_ends_with_an_error():
    hours = tuple(Hour(i, 3600, 0, 0, stack, 0) for i, stack in ((1, 500), (2, 520)))
    good = Soaked(hours, None, {"ok": 7200}, 700, ())
    good.require_expected()
    fault = Outcome(1.5, "sensors", "dead", ("flow",), 30, 0, "unnoticed", 0, 0, 0, False)
    deep = replace(hours[1], stack_bytes=701)
    grown = replace(hours[1], stack_bytes=500 + INTERRUPT_BYTES + 1)
    for changes, words in (
        ({"first_different": 7}, "the first at sample 7"),
        ({"faults": (fault,)}, "fault dead at hour 1.50: unnoticed is not what must come of it"),
        ({"hours": (hours[0], deep)}, "the stack was 701 bytes deep, 700 are proved"),
        ({"hours": (hours[0], grown)}, "the stack grew from 500 bytes"),
    ):
        with pytest.raises(DifferentError, match=words):
            replace(good, **changes).require_expected()
    replace(good, hours=(hours[0], replace(deep, stack_bytes=500 + INTERRUPT_BYTES)))
