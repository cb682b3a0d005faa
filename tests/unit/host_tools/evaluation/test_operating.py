"""The operating curve: at the detector's own threshold it is what the chain does."""

import numpy as np

from host_tools.data.runs import Recording
from host_tools.detection import fit as fitting
from host_tools.detection import metrics, replay
from host_tools.detection.fit import Material
from host_tools.detection.replay import ChainConfig
from host_tools.detection.rule import Rule
from host_tools.evaluation import operating, scoring
from host_tools.formats.scaler import Scaler
from host_tools.runtimes import adapter as adapters

FIRST = 400


def rows(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (count, 2))


def run(seed: int) -> Recording:
    values, label = rows(1000, seed), np.zeros(1000, np.int64)
    values[600:800, 0] += 1.2
    label[600:800] = 1
    return Recording(f"valve/{seed}", values, label, np.arange(1000) * 1.0, 0.0)


def config() -> ChainConfig:
    one = np.ones(2, np.float32)
    scaler = Scaler(("a", "b"), 0 * one, one, one, np.float32(8), np.float32(1e6), 0)
    segments = [rows(400, 100 + i) for i in range(20)]
    found = fitting.fit(Material(segments, [False] * 20), Rule(), scaler)
    return ChainConfig(adapters.without_network(scaler), found.detector)


def test_the_own_threshold_is_what_the_chain_does_and_a_higher_one_misses_more() -> None:
    asked, runs = config(), [run(seed) for seed in (1, 2, 3)]
    points = operating.curve(asked, None, runs, FIRST)
    exact = [replay.run_chain(asked, r.values.astype(np.float32), None) for r in runs]
    figures = metrics.summarize(scoring.counted(runs, exact, FIRST))
    own = next(p for p in points if p.threshold == float(asked.detector.notice))
    assert abs(own.mar - figures.mar) < 1
    assert abs(own.far - figures.far) < 1
    assert (own.missed, own.delay) == (figures.missed, figures.delay)
    assert 0 < own.mar < 100
    mars = [p.mar for p in points]
    assert mars[0] < own.mar < mars[-1]
    assert [p.threshold for p in points] == sorted(p.threshold for p in points)
