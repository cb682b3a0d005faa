"""What one sample gives."""

from dataclasses import dataclass, field

import numpy as np

from host_tools.detection.statistic import ZERO
from host_tools.formats.detector import FORMS
from host_tools.formats.record import NO_CHANNEL, Event, State

NONE: tuple[int, ...] = ()
NOTHING = Event(0)


@dataclass
class Result:
    """What one sample gives; a statistic is 0 while there is none."""

    index: int
    state: State
    limit: np.float32
    is_missing: bool = False
    forms: list[np.float32] = field(default_factory=lambda: [ZERO] * len(FORMS))
    score: np.float32 = ZERO
    top: tuple[int, ...] = NONE
    masked: tuple[int, ...] = NONE
    event: Event = NOTHING
    drift: int = NO_CHANNEL
