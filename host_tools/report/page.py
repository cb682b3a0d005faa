"""Self-contained HTML pages: what may stand on one, and the one environment of their templates.

A page needs nothing but itself: no script, no font, no network. Every text goes through the
environment's escaping; a name that a template does not get is an error. Pictures are `Chart`s
(see `chart`), whose words are text of the page, so that the reader's fonts draw every script.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from host_tools.report.chart import Chart


@cache
def environment() -> Environment:
    """Return the environment of all pages."""
    found = Environment(
        loader=PackageLoader("host_tools.report"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters["breakable"] = _breakable
    return found


def _breakable(text: str) -> Markup:
    """Escape a name and let it break after each underscore first."""
    return Markup("_<wbr>").join(text.split("_"))


@dataclass(frozen=True)
class Cell:
    """A table cell that is more than text.

    Attributes:
        text: What it says.
        kind: Classes of the style sheet: `words`, `bad`, or a heat of `heat`.
        share: Length of a bar behind the text, 0 … 1; None draws none.
        link: Id of the part of this page that it leads to, or "".
    """

    text: str
    kind: str = ""
    share: float | None = None
    link: str = ""


def heat(text: str, strength: float, colour: str = "orange") -> Cell:
    """Return a cell whose background says how strong `strength` (0 … 1) is."""
    return Cell(text, f"heat {colour}-{round(min(max(strength, 0.0), 1.0) * 10)}")


@dataclass(frozen=True)
class Table:
    """A table; the first cell of each row is its header.

    Attributes:
        caption: What it holds, for the reader of a screen; also shown when `titled`.
        head: One word per column.
        rows: Cells, each text or a `Cell`.
        dense: Small type, for many columns.
        upright: Whether names of columns stand upright: narrow cells, long names.
        titled: Whether the caption is shown.
    """

    kind: ClassVar[str] = "table"
    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str | Cell]]
    dense: bool = False
    upright: bool = False
    titled: bool = False

    def look(self, column: int) -> str:
        """Return the class of a column's head, so that it stands as its cells do."""
        cell = self.rows[0][column] if self.rows else ""
        return cell.kind.split()[0] if isinstance(cell, Cell) and cell.kind else ""


@dataclass(frozen=True)
class Bullets:
    """List of sentences with bullets."""

    kind: ClassVar[str] = "bullets"
    lines: Sequence[str]


@dataclass(frozen=True)
class Panels:
    """Small pictures beside each other, as many in a row as the window is wide."""

    kind: ClassVar[str] = "panels"
    charts: Sequence[Chart]
    wide: bool = False
    """Whether at most two panels stand in a row."""


@dataclass(frozen=True)
class Fold:
    """Parts that show when their title is opened; a link to `key` opens it."""

    kind: ClassVar[str] = "fold"
    key: str
    title: str
    parts: Sequence["Part"]
    is_open: bool = False


Part = Table | Bullets | Panels | Chart | Fold


@dataclass(frozen=True)
class Section:
    """A part of a page with a heading, an explanation and what it explains."""

    title: str
    text: str
    parts: Sequence[Part]


@dataclass(frozen=True)
class Page:
    """A whole page.

    Attributes:
        title: Its heading.
        lines: A few words each, below the heading.
        cards: (figure, what it is).
        sections: In order.
        verdict: A word in a coloured box; none when empty.
        good: Whether the box is green, red, or (None) grey.
    """

    title: str
    lines: Sequence[str]
    cards: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    verdict: str = ""
    good: bool | None = None

    def html(self) -> str:
        """Return the page as text, the same for the same content."""
        return environment().get_template("page.html.j2").render(page=self)
