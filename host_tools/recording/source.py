"""Sources of rows: what every kind of board gives to a recording."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from targets.errors import SafeError


@dataclass(frozen=True)
class Row:
    """One row; `stamp` in seconds of the monotonic clock, values as text, empty where missing."""

    stamp: float
    values: list[str]
    is_fault: bool = False


@dataclass
class Timing:
    """What is known of the times of the rows.

    Attributes:
        rate_hz: Rows in a second, 0 while it is not known.
        jitter_seconds: Standard deviation of how they came.
        gaps: Stamp before each gap, and its length in seconds.
    """

    rate_hz: float = 0.0
    jitter_seconds: float = 0.0
    gaps: list[tuple[float, float]] = field(default_factory=list)


class Source(Protocol):
    """A kind of board."""

    @property
    def dropped(self) -> int:
        """Number of lines or frames that were no rows."""

    @property
    def first_dropped(self) -> str:
        """The first of the lines."""

    def take(self, data: bytes, now: float, *, is_fault: bool) -> list[Row]:
        """Return the rows that are known with these bytes, in order.

        Args:
            data: What came; empty when nothing did.
            now: When, in seconds of the monotonic clock.
            is_fault: Whether the rows in it are marked.
        """

    @property
    def waiting(self) -> int:
        """Number of rows that came and still wait for their time."""

    def rest(self) -> list[Row]:
        """Return rows that still waited for their time."""

    def lose(self, say: Callable[[str], None]) -> None:
        """Begin anew with a line that was away and is back."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the channels; () while they are not known."""

    @property
    def note(self) -> str:
        """What the user should know of the names, or nothing."""

    def timing(self) -> Timing:
        """Return what is known of the times."""

    def diagnosis(self, seconds: float) -> SafeError:
        """Return why no row came in this time."""
