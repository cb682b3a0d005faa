"""The page of the C interface: each public header's comments, with the declarations as they stand.

A comment that starts with `/**` belongs to the declaration after it; `@file`, `@param` and
`@return` have their usual meaning. Kernels are no part of the interface: generated code calls them.
"""

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "sdk" / "include" / "safe"
_COMMENT = re.compile(r"/\*\*(?!<)(.*?)\*/", re.DOTALL)
_FILE = re.compile(r"@file (\S+)\s*(.*)", re.DOTALL)
_REMARK = re.compile(r"/\*.*?\*/", re.DOTALL)
_TAG = re.compile(r"@(param \S+|return)\s+")
_INLINE = re.compile(r"\s*\{\n.*", re.DOTALL)


@dataclass(frozen=True)
class Item:
    """One declaration with its comment."""

    name: str
    text: str
    """The comment, in Markdown."""
    code: str
    """The declaration, verbatim."""


@dataclass(frozen=True)
class Header:
    """One header."""

    name: str
    text: str
    items: tuple[Item, ...]


def _words(comment: str) -> str:
    """Return a comment without its stars, as Markdown: parameters are a list."""
    lines = [re.sub(r"^\s*\* ?", "", line) for line in comment.strip().split("\n")]
    text, *tags = _TAG.split("\n".join(lines).strip())
    pairs = list(zip(tags[::2], tags[1::2], strict=True))
    rows = [f"- {_label(tag)}: {' '.join(words.split())}" for tag, words in pairs]
    return _escaped("\n\n".join([text.strip(), *(["\n".join(rows)] if rows else [])]))


def _label(tag: str) -> str:
    return "returns" if tag == "return" else f"`{tag.removeprefix('param ')}`"


def _escaped(text: str) -> str:
    """Return the text with what Markdown would take for markup written out: arrays, stars, tags."""
    parts = re.split(r"(`[^`]*`)", text)
    parts[::2] = [re.sub(r"([\[\]*<_])", r"\\\1", part) for part in parts[::2]]
    return "".join(parts)


def _declaration(source: str) -> str:
    """Return the declaration at the beginning of `source`: a macro, a function, or a whole type."""
    if source.startswith("#define"):
        match = re.match(r"(?:.*\\\n)*.*", source)
        assert match is not None
        return match[0]
    if source.startswith("#if"):
        return source[: source.index("#endif") + len("#endif")]
    bare = _REMARK.sub(lambda remark: " " * len(remark[0]), source)
    depth = 0
    for place, sign in enumerate(bare):
        depth += (sign in "{(") - (sign in "})")
        body_ends = sign == "}" and depth == 0 and source.startswith(("static", "SAFE_INLINE"))
        if body_ends:
            return _INLINE.sub(";", source[: place + 1])
        if sign == ";" and depth == 0:
            return source[: place + 1]
    return ""


def _name(code: str) -> str:
    """Return what a declaration declares."""
    patterns = (
        r"^(?:#if[^\n]*\n)?#define (\w+)",
        r"^typedef [^{;]*\(\*(\w+)\)",
        r"^(?:typedef )?(?:struct|enum|union)\b.*\}\s*(\w+);",
        r"(\w+)\(",
        r"(\w+)(?:\[.*\])?;$",
    )
    for pattern in patterns:
        if match := re.search(pattern, code, re.DOTALL):
            return match[1]
    return ""


def read(path: Path) -> Header:
    """Return a header's comments and declarations, in order."""
    source = path.read_text(encoding="utf-8")
    about, items, place = "", [], 0
    while match := _COMMENT.search(source, place):
        place = match.end()
        if found := _FILE.match(match[1].strip()):
            about = _words(found[2])
            continue
        code = _declaration(source[match.end() :].lstrip("\n"))
        if source[match.end() :].startswith("\n\n") or not code:
            continue
        place = match.end() + len(code)
        items.append(Item(_name(code), _words(match[1]), code))
    return Header(path.name, about, tuple(items))


def page() -> str:
    """Return the page in Markdown."""
    version = (FOLDER / "version.h").read_text(encoding="utf-8")
    release = re.search(r'SAFE_VERSION "([^"]+)"', version)
    assert release is not None
    parts = [
        f"# C interface\n\nThe public headers of release {release[1]}, from `sdk/include/safe`: "
        '`#include "safe/safe.h"` has the usual ones. The functions of one model and of its '
        "detector stand in the generated `safe_<name>.h` and `safe_<name>_detector.h`, and the "
        "C++ wrapper in `safe/safe.hpp`: [integration](integration.md).\n"
    ]
    for path in sorted(FOLDER.glob("*.h")):
        header = read(path)
        parts.append(f"## {header.name}\n\n{header.text}\n")
        parts += [
            f"### {item.name}\n\n{item.text}\n\n```c\n{item.code}\n```\n" for item in header.items
        ]
    return "\n".join(parts)
