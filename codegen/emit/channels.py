"""The channels of a sample as C: names, units, and a macro for the place of each."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from codegen.emit import text
from codegen.emit.description import Description

_LONGEST = 40


@dataclass(frozen=True)
class Channel:
    """A channel as text: what a template prints of it."""

    macro: str
    """End of the macro that holds its place in a sample."""
    name: str
    unit: str
    comment: str
    """Comment behind the macro, with the blank before it; empty where there is no unit."""


@dataclass(frozen=True)
class Rate:
    """Samples per second, and microseconds from one to the next, as C constants."""

    hertz: str
    period_us: str


def channels(names: Sequence[str], description: Description) -> list[Channel]:
    """Return the channels in the order of a sample."""
    words = [_word(name) for name in names]
    found = []
    for index, (name, word) in enumerate(zip(names, words, strict=True)):
        unit = description.units.get(name, "")
        comment = f" /**< {text.c_comment(unit, ascii_only=False)} */" if unit else ""
        macro = word if word and words.count(word) == 1 else f"{word}_{index}".lstrip("_")
        found.append(Channel(macro, text.c_utf8(name), text.c_utf8(unit), comment))
    return found


def rate(description: Description) -> Rate | None:
    """Return the rate; None where it is not told."""
    if description.rate_hz is None:
        return None
    hertz = text.c_decimal(text.single(description.rate_hz))
    return Rate(hertz, text.c_unsigned(round(1e6 / description.rate_hz)))


def _word(name: str) -> str:
    """Return what a name gives for a C identifier: `Öl-Druck 2` becomes `OL_DRUCK_2`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Z0-9]+", "_", plain.upper()).strip("_")[:_LONGEST].strip("_")
