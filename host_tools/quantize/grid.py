"""The points of a sweep: every combination of what the user lists."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from host_tools.conversion import calibration
from host_tools.conversion.calibration import Method
from host_tools.errors import DataError
from host_tools.formats.scaler import CLIP

MAX_TOTALS = (100, 200, 300, 500, 750, 1000, 1500, 2000)
BALANCES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)


@dataclass(frozen=True)
class Point:
    """One configuration.

    Attributes:
        max_total: Representative windows.
        balance: Part of them from the high-score tail.
        clip: Limit of model inputs in standard deviations, in calibration and in use.
        method: How ranges are chosen.
        seed: Of the choice of windows.
    """

    max_total: int
    balance: float
    clip: float
    method: Method
    seed: int

    @property
    def name(self) -> str:
        """Name of the point's folder: mt500_b0.25_clip8_minmax_s1."""
        method = str(self.method).replace(":", "-")
        return f"mt{self.max_total}_b{self.balance:g}_clip{self.clip:g}_{method}_s{self.seed}"


@dataclass(frozen=True)
class Grid:
    """Lists of values whose combinations are the points of a sweep."""

    max_totals: tuple[int, ...] = MAX_TOTALS
    balances: tuple[float, ...] = BALANCES
    clips: tuple[float, ...] = (CLIP,)
    methods: tuple[Method, ...] = (Method(),)
    seeds: tuple[int, ...] = (1,)

    def points(self) -> list[Point]:
        """Return every combination, the last list varying fastest."""
        lists = (self.max_totals, self.balances, self.clips, self.methods, self.seeds)
        return [Point(*values) for values in product(*lists)]

    def fields(self) -> dict[str, Any]:
        """Return the lists as JSON values."""
        return {
            "max_totals": list(self.max_totals),
            "balances": list(self.balances),
            "clips": list(self.clips),
            "calibrations": [str(method) for method in self.methods],
            "seeds": list(self.seeds),
        }


def numbers(option: str, texts: Sequence[str], least: float, most: float) -> tuple[float, ...]:
    """Read a list given with spaces or commas; repeated values count once.

    Raises:
        DataError: Empty, not a number, or outside least … most.
    """
    words = [word for text in texts for word in re.split(r"[,\s]+", text.strip()) if word]
    if not words:
        raise DataError(f"{option}: no value")
    found: dict[float, None] = {}
    for word in words:
        try:
            value = float(word)
        except ValueError as error:
            raise DataError(f"{option} {word}: not a number") from error
        if not least <= value <= most:
            raise DataError(f"{option} {word}: must be {least:g} … {most:g}")
        found[value] = None
    return tuple(found)


def integers(option: str, texts: Sequence[str], least: int, most: int) -> tuple[int, ...]:
    """Read a list of whole numbers; see `numbers`."""
    values = numbers(option, texts, least, most)
    if broken := [value for value in values if value != int(value)]:
        raise DataError(f"{option} {broken[0]:g}: must be a whole number")
    return tuple(int(value) for value in values)


def methods(texts: Sequence[str]) -> tuple[Method, ...]:
    """Read a list of calibration methods; see `calibration.parse`."""
    words = [word for text in texts for word in re.split(r"[,\s]+", text.strip()) if word]
    return tuple(dict.fromkeys(calibration.parse(word) for word in words))


def from_options(given: Mapping[str, Any]) -> Grid:
    """Return the grid of a command line: `max_totals`, `balances`, `clips`, `calibrations`,
    `seeds`, each a list of texts, or None for the default.

    Raises:
        DataError: A value is outside its range; the message names option and range.
    """
    fresh = Grid()
    totals, balances, clips = given["max_totals"], given["balances"], given["clips"]
    seeds, asked = given["seeds"], given["calibrations"]
    return Grid(
        max_totals=integers("--max-totals", totals, 1, 10**6) if totals else fresh.max_totals,
        balances=numbers("--balances", balances, 0, 1) if balances else fresh.balances,
        clips=numbers("--clips", clips, 0.1, 1e6) if clips else fresh.clips,
        methods=methods(asked) if asked else fresh.methods,
        seeds=integers("--seeds", seeds, 0, 2**32 - 1) if seeds else fresh.seeds,
    )
