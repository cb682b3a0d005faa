"""News and progress of a long run, and the wall clock of its steps."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Say = Callable[[str], None]
"""Function that takes one line of news for the user."""
Progress = Callable[[str, int, int], None]
"""Function that takes what is done (`windows`, `samples`), how many are done, and how many there
are."""


def silent(_: str) -> None:
    """Say nothing."""


def no_progress(_what: str, _done: int, _total: int) -> None:
    """Show no progress."""


@dataclass
class Stopwatch:
    """Wall clock by step, in the order of the steps."""

    say: Say
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Announce a step and measure it."""
        self.say(name)
        start = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - start
