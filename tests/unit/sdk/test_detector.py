"""The C chain against its Python specification, bit for bit."""

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.detection import replay, statistic
from host_tools.formats.detector import LEARNED, TRAINING, Detector, Form, check
from host_tools.formats.record import HAS_FORECAST, Event, State
from tests.unit.sdk import brief
from tests.unit.sdk.c_config import WORDS, c_config, run_c
from tests.unit.sdk.tiny import Tiny, samples

SIZES = [Tiny(), Tiny(window=1, channels=1, horizon=1), Tiny(window=7, channels=16, horizon=5)]


@pytest.mark.parametrize("tiny", SIZES, ids=lambda t: f"{t.window}x{t.channels}x{t.horizon}")
def test_chain_equals_specification(builds, variant, tiny):
    library = builds(tiny, *variant)
    assert library.shim_start(3) == 0
    data = samples(tiny, 1500)
    expected = replay.run_chain(tiny.config(), data, tiny.run, resets=(700,))
    actual = run_c(library, data, tiny.channels, resets=(700,))
    assert actual.tobytes() == expected.tobytes()
    assert set(expected["state"].tolist()) == set(map(int, State)) - {int(State.STALE)}
    assert (expected["masked_count"] > 0).sum() > 50
    assert set(expected["event"].tolist()) > {0, int(Event.LEARNED)}
    assert (expected["status"] == replay.STATUS_NOT_FINITE).sum() >= 20


def test_brief_states_that_become_normal(builds, variant):
    """Steps of a few rows, one channel bad meanwhile: each is adopted, with equal bits."""
    asked = brief.config()
    data = brief.steps(*((first, first + 10) for first in range(80, 560, 60)))
    data[200:210:2, 0] = np.nan
    expected = replay.run_chain(asked, data, brief.TINY.run)
    adopted = (expected["event"] == Event.CHANGED) & (expected["state"] == State.OK)
    assert adopted.sum() > 2
    library = builds(brief.TINY, *variant)
    struct = c_config(asked)
    assert library.shim_start_with(ctypes.byref(struct)) == 0
    assert run_c(library, data, brief.TINY.channels).tobytes() == expected.tobytes()


def test_a_flipped_bit_of_the_model_is_noticed(builds):
    tiny = Tiny()
    library = builds(tiny)
    assert library.shim_start(3) == 0
    data = samples(tiny, 600)

    def flipped(windows):
        output = tiny.run(windows)
        output.view(np.uint8)[..., 0] ^= 1
        return output

    actual = run_c(library, data, tiny.channels)
    expected = replay.run_chain(tiny.config(), data, flipped)
    ran = (expected["flags"] & HAS_FORECAST) != 0
    assert (actual["forecast_crc"] != expected["forecast_crc"])[ran].all()
    assert (actual["residual"] != expected["residual"]).any()
    assert (actual["score"] != expected["score"]).any()


def _factor(random, size):
    rows, columns = np.tril_indices(size)
    values = random.normal(0, 0.4, len(rows)) + (rows == columns)
    return values.astype(np.float32)


def spread(random, size, low=-3, high=2):
    return np.float32(10) ** random.uniform(low, high, size).astype(np.float32)


def detector(random, channels):
    """Any detector that the bounds allow, with extremes now and then."""
    kept = [tuple(np.flatnonzero(random.random(channels) < 0.6).tolist()) for _ in range(4)]
    if not any(kept):
        kept[0] = (0,)
    learn = int(random.choice([0, 1, 7, 30]))
    rows = int(random.integers(3, 9))
    drift = tuple(np.flatnonzero(random.random(channels) < 0.4).tolist())
    day = int(random.choice([0, 24, 100]))
    single = np.float32
    found = Detector(
        baseline=LEARNED if learn else TRAINING,
        rows=rows,
        level=Form(kept[0], _factor(random, len(kept[0])), spread(random, channels)),
        **{
            name: Form(k, _factor(random, len(k)), spread(random, len(k)))
            for name, k in zip(("median", "innovation", "residual"), kept[1:], strict=True)
        },
        innovation_alpha=spread(random, len(kept[2]), -3, 0),
        residual_alpha=single(random.choice([0.1, 1.0])),
        learn_samples=learn,
        settle_samples=int(random.integers(0, learn)) if learn else 0,
        prior_rows=single(random.choice([1, 10, 1e6])),
        feature_limit=single(random.choice([0.5, 32])),
        alpha=single(random.choice([0.1, 1.0])),
        notice=single(random.choice([0.5, 3, 50])),
        alarm=single(random.choice([50, 75])),
        hold=single(random.choice([0.3, 1.0])),
        confirm_rows=int(random.choice([1, 3])),
        block_rows=int(random.choice([1, 5])),
        mean_step=single(random.choice([0.25, 1.0])),
        spread_step=single(random.choice([0.125, 1.0])),
        growth=single(random.choice([1, 4, 1e6])),
        peak=single(random.choice([1e-6, 1, 1e6])),
        recover_share=single(random.choice([0.25, 1.0])),
        recover_samples=int(random.choice([0, 1, 4])),
        change_samples=int(random.choice([0, 1, 15])),
        low=np.full(channels, -1e31, np.float32),
        high=np.where(random.random(channels) < 0.5, 1e31, 400).astype(np.float32),
        stuck_band=np.where(random.random(channels) < 0.5, 0, spread(random, channels)),
        stuck_samples=random.choice([0, 2, 5], channels).astype(np.uint16),
        max_masked=int(random.integers(0, 9)),
        return_samples=rows + 3 + int(random.integers(0, 3)),
        max_missed=int(random.choice([0, 1, 4])),
        day_samples=day,
        hour_mean=random.integers(-(2**15), 2**15, 24 * channels if day else 0).astype(np.int16),
        hour_scale=spread(random, channels if day else 0, -6, -4),
        regime_mean=random.normal(
            0, 2, 0 if learn else channels * int(random.choice([0, 2, 5]))
        ).astype(single),
        drift_channels=drift,
        drift_limit=spread(random, len(drift), -1, 1),
        drift_alpha=single(random.choice([0.01, 1.0])),
    )
    assert check(found) == ""
    return found


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size=st.sampled_from(SIZES))
def test_any_detector_equals_specification(builds, seed, size):
    random = np.random.default_rng(seed)
    base = size.config()
    config = replay.ChainConfig(base.adapter, detector(random, size.channels))
    library = builds(size, "gcc", "-O3")
    struct = c_config(config)
    assert library.shim_start_with(ctypes.byref(struct)) == 0
    data = samples(size, 150, seed)
    resets = tuple(random.choice(150, 2).tolist())
    phase = 7 if config.detector.day_samples else None
    expected = replay.run_chain(config, data, size.run, resets, phase)
    actual = run_c(library, data, size.channels, resets, phase)
    assert actual.tobytes() == expected.tobytes()
    assert np.isfinite(expected["score"]).all()


@pytest.mark.parametrize("count", [1, 3, 4, 200])
def test_missed_samples_are_rows_without_a_value(builds, count):
    """safe_detector_missed is as many samples without a good value, but for their records."""
    library = builds()
    assert library.shim_start(3) == 0
    data = samples(Tiny(), 300, seed=9)
    data[150 : 150 + count] = np.nan
    expected = replay.run_chain(Tiny().config(), data, Tiny().run)
    before = run_c(library, data[:150], 3)
    assert library.shim_missed(count) == 0
    after = run_c(library, data[150 + count :], 3)
    assert before.tobytes() == expected[:150].tobytes()
    assert after.tobytes() == expected[150 + count :].tobytes()


def test_counters_stay_at_their_largest(builds):
    library = builds()
    assert library.shim_start(3) == 0
    data = samples(Tiny(), 70, seed=2)
    data[~np.isfinite(data)] = 0
    run_c(library, data, 3)
    library.shim_age(0xFFFFFFFE, 0)
    found = run_c(library, data[:4], 3)
    assert found["index"].tolist() == [0xFFFFFFFE] + [0xFFFFFFFF] * 3


def test_a_time_of_day_beyond_the_day_is_refused(builds):
    library = builds()
    assert library.shim_start(3) == 0
    assert library.shim_set_phase(0) == 1


def test_wrong_channel_count_changes_nothing(builds):
    library = builds()
    assert library.shim_start(3) == 0
    words = (ctypes.c_uint32 * WORDS)()
    values = (ctypes.c_float * 3)(1, 2, 3)
    assert library.shim_step(values, 3, words) == 0
    assert library.shim_step(values, 2, words) == 1
    assert library.shim_step(values, 3, words) == 0
    assert words[0] == 1


@pytest.mark.parametrize("field", range(1, 59))
def test_inconsistent_configuration_is_refused(builds, field):
    library = builds()
    assert library.shim_start(3) == 0
    assert library.shim_init_spoiled(0) == 0
    assert library.shim_init_spoiled(field) == 1


def test_root_is_correctly_rounded(builds, variant):
    root = builds(None, *variant).shim_root
    root.argtypes, root.restype = [ctypes.c_float], ctypes.c_float
    edges = [range(300), range(0x7FFF00, 0x800100), range(0x7F7FFF00, 0x7F800000)]
    random = np.random.default_rng(3).integers(0, 0x7F800000, 3000)
    bits = np.concatenate([random, *map(np.array, edges)]).astype(np.uint32)
    values = bits.view(np.float32)
    found = np.array([root(float(v)) for v in values], dtype=np.float32)
    assert found.tobytes() == np.sqrt(values).tobytes()


def test_contributions_add_up_to_nothing_less_than_the_guilty_channel():
    """A fault in one channel is named first, whatever the others' correlations."""
    random = np.random.default_rng(4)
    for _ in range(200):
        size = int(random.integers(2, 9))
        mixed = random.normal(size=(size, size))
        factor = np.linalg.inv(np.linalg.cholesky(mixed @ mixed.T + np.eye(size)))
        values = random.normal(0, 0.01, size).astype(np.float32)
        guilty = int(random.integers(size))
        values[guilty] += np.float32(20)
        single = factor.astype(np.float32)
        total, inner = statistic.form(single, values)
        shares = statistic.contributions(single, inner)
        assert statistic.top(shares, 4)[0] == guilty
        assert shares.max() <= total * np.float32(1.001)


def test_a_masked_form_is_that_of_the_others():
    """What is left after masking is the distance by the others' own block of the covariance."""
    random = np.random.default_rng(5)
    for _ in range(200):
        size = int(random.integers(2, 12))
        mixed = random.normal(size=(size, size))
        covariance = mixed @ mixed.T + np.eye(size)
        factor = np.linalg.inv(np.linalg.cholesky(covariance)).astype(np.float32)
        values = random.normal(size=size).astype(np.float32)
        masked = np.flatnonzero(random.random(size) < 0.4).tolist()
        kept = [i for i in range(size) if i not in masked]
        total, _ = statistic.form(factor, values, masked)
        rest = values[kept].astype(np.float64)
        wanted = rest @ np.linalg.solve(covariance[np.ix_(kept, kept)], rest) if kept else 0.0
        stretch = size / len(kept) if kept else 1.0
        assert float(total) == pytest.approx(wanted * stretch, rel=1e-4, abs=1e-6)


def test_quantize_edges(builds, variant):
    library = builds(None, *variant)
    quantize = library.shim_quantize
    quantize.argtypes = [ctypes.c_float] * 3 + [ctypes.c_int32]
    assert quantize(0.5, 8, 1, 0) == 1
    assert quantize(-0.5, 8, 1, 0) == -1
    assert quantize(0.49999997, 8, 1, 0) == 1  # 0.49999997 + 0.5 rounds to 1 in float32
    assert quantize(-0.0, 8, 1, -3) == -3
    assert quantize(float("inf"), 8, 16, 0) == 127
    assert quantize(float("-inf"), 8, 16, 0) == -128
    assert quantize(1e30, 1e4, 1e5, -128) == 127
