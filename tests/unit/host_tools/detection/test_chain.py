"""The chain's vectorised specification against the same rules written as one plain loop."""

import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from host_tools.data.scaler import Scaler
from host_tools.detection import chain
from host_tools.detection.chain import ChainConfig, Edges
from host_tools.errors import DataError

F = np.float32


def make(channels: int, window: int, horizon: int, seed: int = 0, clip: float = 3.0) -> ChainConfig:
    random = np.random.default_rng(seed)
    std = random.uniform(0.1, 30, channels).astype(F)
    scale = Scaler(
        channels=tuple(f"c{i}" for i in range(channels)),
        mean=random.normal(0, 50, channels).astype(F),
        std=std,
        inv_std=(F(1) / std).astype(F),
        clip=F(clip),
        score_limit=F(6),
    )
    edges = Edges(window, horizon, channels, 0.031, 7, 0.027, -11)
    weight = random.uniform(0, 2, channels).astype(F)
    return chain.configure(edges, scale, weight, F(0.1), F(1.5))


def model(config: ChainConfig) -> chain.Forecast:
    """Return a stand-in for a model: any fixed function of the window will do."""

    def forecast(windows: NDArray[np.int8]) -> NDArray[np.int8]:
        assert windows.dtype == np.int8
        assert windows.shape[1:] == (config.window, config.channels)
        last = windows[:, -1].astype(int)[:, None]
        first = windows[:, 0].astype(int)[:, None]
        steps = np.arange(config.horizon)[None, :, None]
        values = last + (last - first) // 3 - 5 * steps
        return np.asarray(np.clip(values, -128, 127), dtype=np.int8)

    return forecast


def clamp(value: np.float32, limit: np.float32) -> np.float32:
    return -limit if value < -limit else min(value, limit)


def plain(config: ChainConfig, samples: NDArray[np.float32]) -> list[tuple[Any, ...]]:
    """The contract, one sample at a time, with rings as the device has them."""
    scale, window, horizon = config.scaler, config.window, config.horizon
    forecast, channels = model(config), range(config.channels)
    history: list[list[int]] = []
    seen, e, ring = 0, None, [[0] * config.channels for _ in range(horizon)]
    records = []
    for x in samples:
        if not all(np.isfinite(value) for value in x):
            seen, e, history = 0, None, []
            ring = [[0] * config.channels for _ in range(horizon)]
            records.append((0, 0, 0, 4, F(0), F(0), 0))
            continue
        z = [F(F(x[c] - scale.mean[c]) * scale.inv_std[c]) for c in channels]
        q = []
        for c in channels:
            t = F(clamp(z[c], scale.clip) * config.input_inv_scale)
            r = int(F(t + F(0.5))) if t >= 0 else int(F(t - F(0.5)))
            q.append(max(-128, min(127, r + config.input_zero_point)))
        state, s = 0, F(0)
        slot = ring.pop(0)
        ring.append([0] * config.channels)
        if seen >= window + horizon - 1:
            for c in channels:
                p = F(F(slot[c] - horizon * config.output_zero_point) * config.forecast_scale)
                v = F(clamp(z[c], scale.score_limit) - p)
                s = F(s + F(F(config.weight[c] * v) * v))
            e = s if e is None else F(e + F(config.alpha * F(s - e)))
            state = 2 if e > config.threshold else 1
        history = [*history, q][-window:]
        crc = 0
        if full := len(history) == window:
            output = forecast(np.array([history], dtype=np.int8))[0]
            crc = zlib.crc32(output.tobytes())
            for h in range(horizon):
                ring[h] = [a + int(b) for a, b in zip(ring[h], output[h], strict=True)]
        records.append((seen, state, int(full), 0, s, F(0) if e is None else e, crc))
        seen += 1
    return records


def same(config: ChainConfig, samples: NDArray[np.float32]) -> NDArray[np.void]:
    found = chain.run_chain(config, samples, model(config))
    expected = np.array(plain(config, samples), dtype=chain.RECORD)
    assert found.tobytes() == expected.tobytes()
    return found


def raw(config: ChainConfig, rows: int, seed: int) -> NDArray[np.float32]:
    random = np.random.default_rng(seed)
    wander = np.cumsum(random.normal(0, 0.3, (rows, config.channels)), axis=0)
    return (wander * config.scaler.std + config.scaler.mean).astype(F)


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(1, 5)),
    rows=st.integers(0, 60),
    seed=st.integers(0, 10_000),
    data=st.data(),
)
def test_equals_the_plain_loop(
    shape: tuple[int, int, int], rows: int, seed: int, data: st.DataObject
) -> None:
    channels = shape[0]
    config = make(*shape, seed)
    samples = raw(config, rows, seed)
    bad = [np.nan, np.inf, -np.inf, 3.4e38, -3.4e38, 0.0, -0.0]
    for _ in range(data.draw(st.integers(0, 4)) if rows else 0):
        row = data.draw(st.integers(0, rows - 1))
        samples[row, data.draw(st.integers(0, channels - 1))] = data.draw(st.sampled_from(bad))
    same(config, samples)


def test_warm_up_ends_after_window_and_horizon() -> None:
    config = make(2, 4, 3)
    found = same(config, raw(config, 12, 0))
    assert found["state"][:6].tolist() == [chain.WARMUP] * 6
    assert (found["state"][6:] != chain.WARMUP).all()
    assert found["has_forecast"].tolist() == [0] * 3 + [1] * 9
    assert found["index"].tolist() == list(range(12))


def test_a_gap_starts_over() -> None:
    config = make(2, 4, 3)
    samples = raw(config, 30, 0)
    samples[13, 1] = np.nan
    found = same(config, samples)
    assert found["status"][13] == chain.STATUS_NOT_FINITE
    assert found["index"][12:16].tolist() == [12, 0, 0, 1]
    fresh = chain.run_chain(config, samples[14:], model(config))
    assert fresh.tobytes() == found[14:].tobytes()


def test_an_outlier_alarms_and_is_bounded() -> None:
    config = make(1, 4, 3)
    samples = np.full((20, 1), config.scaler.mean[0], dtype=F)
    samples[12] = 1e30
    sensitive = replace(config, threshold=F(2 * config.weight[0]))
    found = same(sensitive, samples)
    assert found["state"][11:13].tolist() == [chain.OK, chain.ALARM]
    limit = config.scaler.score_limit
    farthest = limit + config.forecast_scale * config.horizon * 255
    assert 0 < found["residual_score"][12] <= config.weight[0] * farthest**2


def test_rounding_is_away_from_zero_at_half() -> None:
    config = make(1, 2, 1)
    halves = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5], dtype=F)
    z = halves / config.input_inv_scale
    exact = z * config.input_inv_scale == halves
    q = chain.quantize_standardized(config, z).astype(int) - config.input_zero_point
    assert exact.any()
    assert q[exact].tolist() == np.array([-3, -2, -1, 1, 2, 3])[exact].tolist()


def test_another_channel_count() -> None:
    config = make(2, 4, 3)
    with pytest.raises(DataError, match="2 channels"):
        chain.run_chain(config, np.zeros((5, 3), dtype=F), model(config))


def test_scaler_of_another_model() -> None:
    config = make(2, 4, 3)
    edges = Edges(4, 3, 5, 0.03, 0, 0.03, 0)
    with pytest.raises(DataError, match="2 channels and the model 5"):
        chain.configure(edges, config.scaler, config.weight, F(0.1), F(1))


def test_quantization_must_fit_int32() -> None:
    with pytest.raises(DataError, match="too wide"):
        make(1, 2, 1, clip=1e9)
