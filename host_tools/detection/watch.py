"""What is watched beside the score: stuck sensors, and slow drift for maintenance."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from host_tools.detection.features import F64, longest_runs
from host_tools.detection.rule import Rule
from host_tools.formats.detector import MAX_COUNT, Detector

SPREADS = 4.0
"""Of what is compared, beyond which a channel drifts."""


def stuck(segments: Sequence[F64], rule: Rule) -> dict[str, Any]:
    """Return `stuck_band`, the move up to which a channel stands still, raw units, [C], and
    `stuck_samples`, a run of such values that never occurred by far; 0: any may occur.

    The band is a share of the median step, which is 0 for a channel that mostly rests: then equal
    values are meant. Else it is wider by the spacing of float32 there: the difference of two values
    that lie one unit of a logger apart is off by as much.
    """
    rows = [s.astype(np.float32) for s in segments]
    steps = np.median(np.concatenate([np.abs(np.diff(r, axis=0)) for r in rows]), axis=0)
    spacing = np.spacing(np.max([np.abs(r).max(axis=0) for r in rows], axis=0))
    band = np.where(steps > 0, np.float32(rule.stuck_share) * steps + spacing, 0)
    band = band.astype(np.float32)
    longest = np.max([longest_runs(r, band) for r in rows], axis=0)
    limit = rule.stuck_factor * longest + rule.stuck_extra
    samples = np.where(limit <= MAX_COUNT, limit, 0).astype(np.uint16)
    return {"stuck_band": band, "stuck_samples": samples}


def with_drift(
    detector: Detector, segments: Sequence[F64], white: Sequence[int], rule: Rule
) -> Detector:
    """Watch the channels that are white over blocks: there a slow ramp stands out.

    The limit is SPREADS spreads of what is compared: the smoothed channel (half a block's
    variance), the learned mean (a sixth of it), and an allowance of 3/4 of the rows' spread.

    Args:
        detector: To be extended.
        segments: Quiet rows in standard deviations, [T, C] each.
        white: The channels.
        rule: Of the fit.
    """
    size = rule.block_rows
    blocks = [z[: len(z) // size * size].reshape(-1, size, z.shape[1]) for z in segments]
    usable = [b for b in blocks if len(b) > 1]
    if not white or not usable:
        return detector
    vb = np.median([b.mean(axis=1).var(axis=0, ddof=1) for b in usable], axis=0)
    vx = np.median([z.var(axis=0) for z in segments], axis=0)
    limit = SPREADS * np.sqrt(vb * (0.5 + 1.0 / 6.0) + 0.75**2 * vx)
    return replace(
        detector,
        drift_channels=tuple(white),
        drift_limit=np.clip(limit[list(white)], 1e-6, 1e6).astype(np.float32),
    )
