"""How many bytes a frame takes on a line that damages some of them.

A byte that is damaged costs its whole frame: where one in a hundred is, a frame of 500 bytes comes
through once in two hundred times, one of 50 bytes every second time. So frames begin small, double
with each one that came through at once, and shrink by half when one had to be sent again twice;
once that was so they grow by a quarter only, after a long stretch without damage.
"""

from dataclasses import dataclass

LEAST = 32
"""Smallest chunk in bytes: with its header and its reply about 70 bytes are on the line."""
FIRST = 64
"""Size of the first chunk of a session."""
SPOILED = 2
"""Number of damaged sendings of one request that shrinks the chunk."""
QUIET = 32
"""Number of requests in a row without damage after which a chunk that has shrunk grows again."""


@dataclass
class ChunkSize:
    """The number of bytes of data for the next frame.

    Attributes:
        size: That number; the caller bounds it by what the device takes.
        has_shrunk: Whether the line has damaged frames repeatedly.
    """

    size: int = FIRST
    has_shrunk: bool = False
    _quiet: int = 0

    def note(self, damaged: int, length: int) -> None:
        """Note a request that is over: so many sendings were damaged, the longer of request and
        reply had `length` bytes. A short one says nothing about a longer one.
        """
        self._quiet = 0 if damaged else self._quiet + 1
        if damaged >= SPOILED:
            self.shrink()
        elif damaged:
            self.has_shrunk = True
        elif 2 * length < self.size:
            return
        elif not self.has_shrunk:
            self.size *= 2
        elif self._quiet >= QUIET:
            self.size += max(self.size // 4, 1)
            self._quiet = 0

    def shrink(self) -> None:
        """Halve the chunk."""
        self.has_shrunk = True
        self.size = max(LEAST, self.size // 2)

    def within(self, most: int) -> int:
        """Return the size for a device that takes `most` bytes, and grow no further than that."""
        self.size = min(self.size, max(most, LEAST))
        return min(self.size, most)
