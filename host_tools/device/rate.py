"""The highest rate of the line that passes an error check, agreed on by both ends.

From rate to rate: the device is asked (BAUD), both ends change, and frames of the largest size go
there and back. The first one that fails ends the climb; both ends are at the first rate again
after the device's hold time, whoever heard what, and take the last good rate from there.
"""

import random
import time
from dataclasses import dataclass, replace

from host_tools.device import protocol
from host_tools.device.link import Link, StatusError
from host_tools.device.protocol import DeviceInfo

RATES = (230_400, 460_800, 921_600, 1_500_000, 2_000_000, 3_000_000)
MOST = RATES[-1]
ECHOES = 4
"""Number of frames of the largest size that must come back at each rate, none of them twice."""
ECHO_SECONDS = 1.0
"""Longest wait for one of them, beside twice its time on the wire."""
_HOLD_SHARE = 1.2
"""Factor on the device's hold time, because its clock may be slow."""


@dataclass(frozen=True)
class LineRate:
    """Result of the negotiation of the line's rate.

    Attributes:
        baud: The rate of the line now.
        tried: Each rate that was tried, and `ok`, `refused` (by the device), `not possible` (for
            this port) or `errors`.
    """

    baud: int
    tried: tuple[tuple[int, str], ...]


def _passes(link: Link, payload_bytes: int, seed: int) -> bool:
    """Return whether frames of random bytes come back whole."""
    pattern = random.Random(seed)
    return all(link.echo(pattern.randbytes(payload_bytes), ECHO_SECONDS) for _ in range(ECHOES))


def _attempt(link: Link, info: DeviceInfo, baud: int) -> tuple[str, float]:
    """Take both ends to `baud` and check; return the verdict, and the device's hold time in s."""
    try:
        _, hold_ms = protocol.parse_baud(link.request("BAUD", protocol.u32(baud)))
    except StatusError:
        return "refused", 0.0
    if not link.set_baud(baud):
        return "not possible", hold_ms / 1000
    return "ok" if _passes(link, info.max_payload, baud) else "errors", hold_ms / 1000


def _return(link: Link, hold_seconds: float) -> None:
    """Meet the device at the first rate again.

    Frames at the wrong rate are damage to it, and so is silence; either ends its hold time.
    """
    link.set_baud(link.first_baud)
    link.echo(b"", 0.0)
    time.sleep(hold_seconds * _HOLD_SHARE)
    link.request("PING")


def negotiate(link: Link, info: DeviceInfo, most: int = MOST) -> LineRate:
    """Climb to the highest rate up to `most` that passes; see the module.

    What the line does meanwhile is not counted in `link.counters`.

    Raises:
        LinkLostError: The device does not come back at the first rate.
    """
    tried: list[tuple[int, str]] = []
    good = link.port.baud
    if not info.features & protocol.FEATURE_BAUD:
        return LineRate(good, ())
    counters = replace(link.counters)
    for baud in (rate for rate in RATES if good < rate <= most):
        verdict, hold_seconds = _attempt(link, info, baud)
        tried.append((baud, verdict))
        if verdict == "ok":
            good = baud
        elif verdict != "refused":
            _return(link, hold_seconds)
            if good != link.first_baud and _attempt(link, info, good)[0] != "ok":
                _return(link, hold_seconds)
                good = link.first_baud
            break
    link.counters = counters
    return LineRate(good, tuple(tried))


def restore(link: Link) -> None:
    """Take both ends back to the first rate, so that the next program finds the device there."""
    if link.port.baud != link.first_baud:
        link.request("BAUD", protocol.u32(link.first_baud))
        link.set_baud(link.first_baud)
