"""The C chain against its Python specification, bit for bit."""

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.detection import chain, statistic
from host_tools.formats.detector import BASELINE, SCALER, Detector, check
from host_tools.formats.record import State
from tests.unit.sdk.c_config import c_config, run_c
from tests.unit.sdk.tiny import Tiny, samples

SIZES = [Tiny(), Tiny(window=1, channels=1, horizon=1), Tiny(window=7, channels=16, horizon=5)]
WORDS = 11


@pytest.mark.parametrize("tiny", SIZES, ids=lambda t: f"{t.window}x{t.channels}x{t.horizon}")
def test_chain_equals_specification(builds, variant, tiny):
    library = builds(tiny, *variant)
    assert library.shim_start(3) == 0
    data = samples(tiny, 1500)
    expected = chain.run_chain(tiny.config(), data, tiny.run, resets=(700,))
    actual = run_c(library, data, tiny.channels, resets=(700,))
    assert actual.tobytes() == expected.tobytes()
    assert set(expected["state"].tolist()) == set(map(int, State))
    assert (expected["status"] == chain.STATUS_NOT_FINITE).sum() >= 20


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
    expected = chain.run_chain(tiny.config(), data, flipped)
    ran = expected["has_forecast"] == 1
    assert (actual["forecast_crc"] != expected["forecast_crc"])[ran].all()
    assert (actual["residual"] != expected["residual"]).any()
    assert (actual["score"] != expected["score"]).any()


def _factor(random, size):
    rows, columns = np.tril_indices(size)
    values = random.normal(0, 0.4, len(rows)) + (rows == columns)
    return values.astype(np.float32)


def detector(random, channels, is_relative):
    """Any detector that the bounds allow, with extremes now and then."""
    kept = [tuple(np.flatnonzero(random.random(channels) < 0.6).tolist()) for _ in range(2)]
    if not any(kept):
        kept[0] = (0,)
    level, residual = kept

    def spread(size):
        return np.float32(10) ** random.uniform(-3, 2, size).astype(np.float32)

    found = Detector(
        input=BASELINE if is_relative else SCALER,
        rows=int(random.integers(1, 9)),
        level_channels=level,
        residual_channels=residual,
        learn_samples=int(random.choice([0, 1, 7, 30])),
        relearn_samples=int(random.choice([0, 1, 15])),
        prior_rows=np.float32(random.choice([1, 10, 1e6])),
        prior_level=spread(channels),
        prior_residual=spread(len(residual)),
        input_gain=spread(channels),
        feature_limit=np.float32(random.choice([0.5, 32])),
        level_factor=_factor(random, len(level)),
        residual_factor=_factor(random, len(residual)),
        alpha=np.float32(random.choice([0.1, 1.0])),
        threshold=np.float32(random.choice([0.5, 3, 50])),
        quiet=np.float32(random.choice([0.1, 30])),
        track=np.float32(random.choice([0, 0.01, 0.9])),
    )
    assert check(found) == ""
    return found


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), is_relative=st.booleans(), size=st.sampled_from(SIZES))
def test_any_detector_equals_specification(builds, seed, is_relative, size):
    random = np.random.default_rng(seed)
    base = size.config()
    config = chain.ChainConfig(base.adapter, detector(random, size.channels, is_relative))
    library = builds(size, "gcc", "-O3")
    struct = c_config(config)
    assert library.shim_start_with(ctypes.byref(struct)) == 0
    data = samples(size, 150, seed)
    resets = tuple(random.choice(150, 2).tolist())
    expected = chain.run_chain(config, data, size.run, resets)
    assert run_c(library, data, size.channels, resets).tobytes() == expected.tobytes()
    assert np.isfinite(expected["score"]).all()


def test_counters_stay_at_their_largest(builds):
    library = builds()
    assert library.shim_start(3) == 0
    data = samples(Tiny(), 40, seed=2)
    data[~np.isfinite(data)] = 0
    run_c(library, data, 3)
    library.shim_age(0xFFFFFFFE, 0)
    found = run_c(library, data[:4], 3)
    assert found["index"].tolist() == [0xFFFFFFFE] + [0xFFFFFFFF] * 3
    assert set(found["state"].tolist()) <= {State.OK, State.ALARM}


def test_wrong_channel_count_changes_nothing(builds):
    library = builds()
    assert library.shim_start(3) == 0
    words = (ctypes.c_uint32 * WORDS)()
    values = (ctypes.c_float * 3)(1, 2, 3)
    assert library.shim_step(values, 3, words) == 0
    assert library.shim_step(values, 2, words) == 1
    assert library.shim_step(values, 3, words) == 0
    assert words[0] == 1


@pytest.mark.parametrize("field", range(1, 33))
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
        shares = statistic.contributions(single, values)
        assert statistic.top(shares, 4)[0] == guilty
        assert shares.max() <= statistic.quadratic(single, values) * np.float32(1.001)


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
