"""A brief raised state that came and went is normal, too, from then on, for a while."""

import numpy as np
import pytest

from host_tools.detection import replay
from host_tools.formats.record import RAISED, Event
from tests.unit.sdk.brief import TINY, config, steps


def run(data, **changes):
    return replay.run_chain(config(**changes), data, TINY.run)


def changes(records):
    return np.flatnonzero(records["event"] == Event.CHANGED).tolist()


def test_it_is_adopted_after_a_calm_block():
    """The same step is less far away the next time, and is forgotten as the blocks go on."""
    data = steps((80, 90), (120, 130), (560, 570))
    found, never = run(data), run(data, recover_samples=0)
    over = 80 + np.flatnonzero(np.isin(found["state"], RAISED)[80:120])[-1] + 1
    adopted = changes(found)[0]
    assert adopted == over + config().detector.block_rows - 1 < 120
    assert found["score"][: adopted + 1].tobytes() == never["score"][: adopted + 1].tobytes()
    assert found["score"][120:130].max() < 0.5 * never["score"][120:130].max()
    assert np.isin(found["state"][560:570], RAISED).any()


@pytest.mark.parametrize(
    ("rows", "other"),
    [
        ([(80, 90)], {"recover_samples": 8}),
        ([(80, 84)], {"recover_samples": 0}),
    ],
    ids=["it lasted too long", "never"],
)
def test_it_is_not_adopted(rows, other):
    found = run(steps(*rows), **other)
    assert np.isin(found["state"], RAISED).any()
    assert changes(found) == []


def test_what_goes_on_just_below_the_notice_is_not_adopted():
    """The score falls below the notice, but not to what quiet rows have."""
    data = steps((80, 90))
    data[90:130, 2] += 60
    found = run(data)
    assert np.isin(found["state"], RAISED)[80:100].any()
    over = np.flatnonzero(np.isin(found["state"], RAISED))[-1] + 1
    end = over + config().detector.block_rows - 1
    assert 1 < found["score"][end] < found["limit"][end]
    assert changes(found) == []


def test_another_one_within_the_block_counts_alone():
    found = run(steps((80, 90), (105, 115)))
    raised = np.isin(found["state"], RAISED)
    assert raised[105:115].any()
    over = np.flatnonzero(raised)[-1] + 1
    assert changes(found) == [over + config().detector.block_rows - 1]


def test_a_channel_that_was_masked_meanwhile_stays_as_it_was():
    data = steps((80, 90))
    plain = run(data)
    data[75:120, 0] = np.nan
    found = run(data)
    assert len(changes(found)) == len(changes(plain)) == 1
    assert found["masked_count"][changes(found)[0]] == 1
