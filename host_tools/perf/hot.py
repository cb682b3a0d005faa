"""Choice of functions and tables for RAM: those whose lines the flash's caches miss most often.

The caches are simulated on the executed stream (`host_tools.perf.waits`), so that what is chosen is
what waits, not what is large or runs often. A core may fetch from RAM more slowly than from a cache
in front of flash (a Cortex-M4 does, by its system bus), so what saves less than a hundredth of the
lines stays.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from host_tools.perf import standalone
from host_tools.perf.standalone import Standalone
from host_tools.report.table import aligned
from host_tools.report.words import number
from targets import elf, hot
from targets.elf import Symbol
from targets.emulate.count import Misses
from targets.hot import Hot

_LEAST_SHARE = 0.01
_WORD = 4


@dataclass(frozen=True)
class Candidate:
    """A symbol of the image, and the mean lines of one call that were missed in it."""

    symbol: Symbol
    missed: int

    @property
    def size(self) -> int:
        """Bytes of RAM that it takes."""
        return -(-self.symbol.size // _WORD) * _WORD


@dataclass(frozen=True)
class Chosen:
    """Candidates that fit into `most_bytes`, the one first that saves most for its size."""

    most_bytes: int
    candidates: tuple[Candidate, ...]

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The symbols that go to RAM."""
        return tuple(c.symbol for c in self.candidates)

    @property
    def names(self) -> Hot:
        """Names of the symbols, as an image takes them; a compiler's endings are left out."""
        of = {kind: [] for kind in (True, False)}  # type: dict[bool, list[str]]
        for symbol in self.symbols:
            name = symbol.name.split(".")[0]
            if name not in of[symbol.is_function]:
                of[symbol.is_function].append(name)
        return Hot(tuple(of[True]), tuple(of[False]))

    def fields(self) -> dict[str, Any]:
        """Return JSON values."""
        rows = [
            {
                "symbol": c.symbol.name,
                "kind": "code" if c.symbol.is_function else "data",
                "bytes": c.size,
                "lines_missed": c.missed,
            }
            for c in self.candidates
        ]
        total = sum(c.size for c in self.candidates)
        return {"most_bytes": self.most_bytes, "ram_bytes": total, "symbols": rows}

    def table(self) -> str:
        """Return the symbols for a terminal; ends without a newline."""
        rows = [["in RAM", "", "bytes", "lines missed in flash"]]
        for c in self.candidates:
            kind = "code" if c.symbol.is_function else "data"
            rows.append([c.symbol.name, kind, number(c.size), number(c.missed)])
        sums = (sum(c.size for c in self.candidates), sum(c.missed for c in self.candidates))
        rows.append(["", f"of {number(self.most_bytes)}", *map(number, sums)])
        return "\n".join(aligned(rows, right=True))

    def text(self, head: str) -> str:
        """Return the file that `scons hot=FILE` and `build --hot FILE` take."""
        return hot.text(self.names, head)


def _by_symbol(symbols: Sequence[Symbol], lines: Mapping[int, Misses]) -> dict[Symbol, int]:
    """Give each line to the symbol that it begins in, else to the first one behind it."""
    starts = [s.address for s in symbols]
    found: dict[Symbol, int] = {}
    for address, missed in lines.items():
        place = bisect_right(starts, address) - 1
        if place < 0 or address >= symbols[place].address + symbols[place].size:
            place += 1
        if place < len(symbols):
            symbol = symbols[place]
            found[symbol] = found.get(symbol, 0) + missed.fetches + missed.loads
    return found


def choose(built: Standalone, trace: standalone.Trace, most_bytes: int) -> Chosen:
    """Return what saves most of the misses of `trace`, in at most `most_bytes` of RAM."""
    symbols = sorted((s for s in elf.read(built.elf).symbols if s.size), key=lambda s: s.address)
    by_symbol = _by_symbol(symbols, trace.lines)
    calls = built.interface.warmup + trace.counts.calls
    least = _LEAST_SHARE * sum(by_symbol.values())
    candidates = [Candidate(s, round(n / calls)) for s, n in by_symbol.items() if n >= least]
    candidates.sort(key=lambda c: (-c.missed / c.size, c.symbol.name))
    taken: list[Candidate] = []
    for candidate in candidates:
        if sum(c.size for c in taken) + candidate.size <= most_bytes:
            taken.append(candidate)
    return Chosen(most_bytes, tuple(taken))
