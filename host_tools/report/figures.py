"""Pictures that are files of their own (SVG, PNG): one look, the same bytes each time.

A PNG holds no text but drawn glyphs. Families that cover more scripts than matplotlib's own font
follow it where the machine has them; a name with a character that none of them has is drawn as
its number (`labels`), never as boxes.
"""

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font

INK = "#1f2933"
MUTED = "#566371"
GRID = "#dde4ea"
BLUE = "#1d6fd1"
ORANGE = "#c96d00"
GREEN = "#187a4b"
RED = "#c92a25"
PALE = "#d5dbe1"

FAMILIES = (
    "Noto Sans CJK SC", "WenQuanYi Micro Hei", "Droid Sans Fallback", "Microsoft YaHei",
    "PingFang SC", "Noto Sans Thai", "Noto Sans Devanagari", "Unifont",
)  # fmt: skip
"""Font families for characters that DejaVu Sans lacks, the nicer first. Set-up installs two of
them."""
_FILES = (
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/opentype/unifont/unifont.otf",
)
"""Paths at which Debian installs them; matplotlib's own list of fonts may be out of date."""


@cache
def fonts() -> tuple[tuple[str, FT2Font], ...]:
    """Return the families to draw with and their fonts, DejaVu Sans first."""
    for path in _FILES:
        if Path(path).is_file():
            font_manager.fontManager.addfont(path)
    known = set(font_manager.fontManager.get_font_names())
    names = ["DejaVu Sans", *(name for name in FAMILIES if name in known)]
    found = [font_manager.findfont(font_manager.FontProperties(family=[name])) for name in names]
    return tuple(zip(names, map(font_manager.get_font, found), strict=True))


def style(**more: Any) -> Any:
    """Return a context in which figures have the look; `more` are further settings."""
    settings = {
        "svg.fonttype": "none",
        "svg.hashsalt": "safe",
        "font.family": [name for name, _ in fonts()],
        "font.size": 10,
        "axes.edgecolor": GRID,
        "axes.labelcolor": INK,
        "axes.titlecolor": INK,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "axes.grid": True,
        "grid.color": GRID,
        "grid.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "text.color": INK,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "legend.frameon": False,
        "text.parse_math": False,
    }
    return mpl.rc_context({**settings, **more})


def labels(names: Sequence[str]) -> list[str]:
    """Return names to draw in a PNG: one with a character that no font has becomes its number."""

    def is_drawable(name: str) -> bool:
        shown = [c for c in name if c.isprintable()]
        return all(any(font.get_char_index(ord(c)) for _, font in fonts()) for c in shown)

    return [name if is_drawable(name) else f"column {i + 1}" for i, name in enumerate(names)]


def svg(figure: Figure) -> str:
    """Return a figure as the text of an SVG file without date; its words stay text."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def png(figure: Figure, dpi: int = 100) -> bytes:
    """Return a figure as PNG without date or version."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=dpi, metadata={"Software": None})
    return stream.getvalue()
