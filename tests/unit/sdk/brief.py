"""A tiny detector whose raised states may be brief, and rows with steps that come and go."""

from dataclasses import replace

import numpy as np

from host_tools.detection.replay import ChainConfig
from tests.unit.sdk.tiny import Tiny

TINY = Tiny()
BRIEF = 30
"""Rows that a raised state may last, with what the score needs to fall."""


def config(**changes) -> ChainConfig:
    """Without stuck sensors and residual; a quiet score is below 1."""
    base = TINY.config()
    fixed = {
        "stuck_samples": np.zeros(3, np.uint16),
        "change_samples": 500,
        "recover_samples": BRIEF,
        "block_rows": 20,
        "notice": np.float32(6),
        "alarm": np.float32(9),
        "alpha": np.float32(0.5),
        "residual": type(base.detector.residual)(),
    }
    return ChainConfig(base.adapter, replace(base.detector, **{**fixed, **changes}))


def steps(*rows: tuple[int, int], size=150, count=600):
    """Quiet rows with steps in channel 2 from one row to another."""
    scaler = TINY.config().adapter.scaler
    noise = np.random.default_rng(1).normal(0, 0.3, (count, TINY.channels))
    found = (noise * scaler.std + scaler.mean).astype(np.float32)
    for first, last in rows:
        found[first:last, 2] += size
    return found
