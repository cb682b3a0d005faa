"""A self-contained HTML page of cards, tables and pictures, in the style of the report."""

import base64
import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

_PAGE = Path(__file__).with_name("page.html")
_MORE_STYLE = """
img { display: block; max-width: 100%; height: auto; margin: 0 auto; }
ul { margin: 0; padding-left: 18px; }
li { margin: 3px 0; overflow-wrap: anywhere; }
td.heat { text-align: center; }
table.dense { font-size: 13px; }
table.dense th, table.dense td { padding: 4px 7px; }
.plain { background: var(--muted); }
"""


class Raw(str):
    """A table cell that is HTML already: a whole `<td>` element."""


def section(title: str, text: str, body: str) -> str:
    """Return a section; `body` is HTML."""
    return f"<section><h2>{escape(title)}</h2><p>{escape(text)}</p>{body}</section>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, dense: bool = False) -> str:
    """Return a table; cells are text, or `Raw`."""

    def cell(text: str) -> str:
        return text if isinstance(text, Raw) else f"<td>{escape(text)}</td>"

    top = "".join(f"<th>{escape(text)}</th>" for text in head)
    body = "".join(f"<tr>{''.join(cell(text) for text in row)}</tr>" for row in rows)
    kind = ' class="dense"' if dense else ""
    return f'<div class="scroll"><table{kind}><tr>{top}</tr>{body}</table></div>'


def heat(text: str, strength: float, *, good: bool = False) -> Raw:
    """Return a cell whose background says how strong `strength` (0 … 1) is."""
    share = round(min(max(strength, 0.0), 1.0) * 0.75, 3)
    colour = f"rgba(31,157,97,{share})" if good else f"rgba(224,123,0,{share})"
    return Raw(f'<td class="heat" style="background:{colour}">{escape(text)}</td>')


def bullets(lines: Iterable[str]) -> str:
    """Return a list."""
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def picture(png: bytes, text: str) -> str:
    """Return a PNG inside the page; `text` is what it shows."""
    data = base64.b64encode(png).decode()
    return f'<img alt="{escape(text)}" src="data:image/png;base64,{data}">'


def page(
    title: str,
    subtitle: str,
    *,
    cards: Sequence[tuple[str, str]],
    sections: Sequence[str],
    verdict: str = "",
    good: bool | None = None,
) -> str:
    """Return a whole page.

    Args:
        title: Its heading.
        subtitle: One line below.
        cards: (figure, what it is).
        sections: HTML of `section`.
        verdict: A word in a coloured box; none when empty.
        good: Green, red, or neither.
    """
    found = re.search(r"<style>(.*?)</style>", _PAGE.read_text(encoding="utf-8"), re.DOTALL)
    style = (found.group(1) if found else "") + _MORE_STYLE
    kind = "plain" if good is None else "good" if good else "bad"
    box = f'<div class="verdict {kind}">{escape(verdict)}</div>' if verdict else ""
    shown = "".join(
        f'<div class="card"><b>{escape(value)}</b><span>{escape(label)}</span></div>'
        for value, label in cards
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n"
        f"<header>\n<div><h1>{escape(title)}</h1><p>{escape(subtitle)}</p></div>\n{box}\n</header>\n"
        f'<div class="cards">{shown}</div>\n'
        + "\n".join(sections)
        + "\n</main>\n</body>\n</html>\n"
    )
