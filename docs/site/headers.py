"""The pages of the C and C++ interfaces: the headers' comments, and the declarations as they stand.

A comment that starts with `/**` belongs to the declaration after it, as libclang tells; `@file`,
`@param` and `@return` have their usual meaning. Kernels are no part of the interface: what calls
them is generated.
"""

import contextlib
import inspect
import io
import re
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clang.cindex import AccessSpecifier, Cursor, CursorKind, Diagnostic, Index

from host_tools import cli

FOLDER = Path(__file__).resolve().parents[2] / "sdk" / "include" / "safe"
_COMMENT = re.compile(r"/\*\*(?!<)(.*?)\*/", re.DOTALL)
_FILE = re.compile(r"@file (\S+)\s*(.*)", re.DOTALL)
_TAG = re.compile(r"@(param \S+|return)\s+")
_MACRO = re.compile(r"(?:.*\\\n)*.*")
_DEFINED = re.compile(r"^ *#\s*define (\w+)", re.MULTILINE)
_FUNCTIONS = {CursorKind.FUNCTION_DECL, CursorKind.CXX_METHOD, CursorKind.FUNCTION_TEMPLATE}
_HOLDERS = {CursorKind.NAMESPACE, CursorKind.CLASS_TEMPLATE, CursorKind.CLASS_DECL}
_TYPES = {CursorKind.TYPEDEF_DECL, CursorKind.VAR_DECL}
_KINDS = _FUNCTIONS | _HOLDERS | _TYPES
_HIDDEN = {AccessSpecifier.PRIVATE, AccessSpecifier.PROTECTED}
_LANGUAGES = {"c": ("-xc", "-std=c99"), "c++": ("-xc++", "-std=c++17")}
_STANDARD = "/standard"
_STUBS = {
    "float.h": "#define FLT_EVAL_METHOD 0\n#define FLT_RADIX 2\n#define FLT_MANT_DIG 24\n"
    "#define FLT_MAX __FLT_MAX__\n",
    "stdbool.h": "#ifndef __cplusplus\n#define bool _Bool\n#define true 1\n#define false 0\n"
    "#endif\n",
    "stddef.h": "typedef __SIZE_TYPE__ size_t;\n#define NULL 0\n",
    "stdint.h": "".join(
        f"typedef __{sign}INT{bits}_TYPE__ {letter}int{bits}_t;\n"
        for bits in (8, 16, 32, 64)
        for sign, letter in (("", ""), ("U", "u"))
    )
    + "typedef __UINTPTR_TYPE__ uintptr_t;\n",
    "string.h": "void *memcpy(void *, const void *, __SIZE_TYPE__);\n",
}
"""The standard headers that ours include: libclang brings none, and a machine may have none."""
MODEL = "forecaster"


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
    """Return the text with what Markdown would take for markup written out: arrays, stars, tags.

    What stands between backticks, and lines of code, which are indented by four, stay as they are.
    """
    parts = re.split(r"(`[^`]*`|^ {4}.*$)", text, flags=re.MULTILINE)
    parts[::2] = [re.sub(r"([\[\]*<_])", r"\\\1", part) for part in parts[::2]]
    return "".join(parts)


def _macros(source: str) -> Iterator[tuple[int, Item]]:
    """Yield (offset, item) of each macro with a comment; branches of an `#if` belong to it."""
    for match in _COMMENT.finditer(source):
        if _FILE.match(match[1].strip()):
            continue
        code = source[match.end() :].removeprefix("\n")
        if code.startswith("#if"):
            code = code[: code.index("#endif") + len("#endif")]
        elif code.startswith("#define"):
            code = _MACRO.match(code)[0]  # type: ignore[index]  # it matches anything
        else:
            continue
        if name := _DEFINED.search(code):
            yield match.start(), Item(name[1], _words(match[1]), code)


def _units(path: Path, include: Path, language: str) -> Iterator[Cursor]:
    """Yield the declarations of a file that have a comment, as libclang reads them."""
    arguments = [*_LANGUAGES[language], "-nostdinc", "-isystem", _STANDARD, f"-I{include}"]
    unit = Index.create().parse(
        str(path),
        args=arguments,
        unsaved_files=[(f"{_STANDARD}/{name}", text) for name, text in _STUBS.items()],
    )
    if wrong := [d for d in unit.diagnostics if d.severity >= Diagnostic.Error]:
        raise ValueError(f"{path}: {wrong[0].spelling}")
    yield from _documented(unit.cursor, path)


def _documented(cursor: Cursor, path: Path) -> Iterator[Cursor]:
    for child in cursor.get_children():
        place = child.location.file
        if place is None or Path(place.name) != path or child.access_specifier in _HIDDEN:
            continue
        if (child.raw_comment or "").startswith("/**") and child.kind in _KINDS:
            yield child
        if child.kind in _HOLDERS:
            yield from _documented(child, path)


def _item(source: bytes, cursor: Cursor) -> tuple[int, Item]:
    """Return the offset of a declaration's comment, and the declaration without a body."""
    comment = cursor.raw_comment.encode()
    start = source.rindex(comment, 0, cursor.extent.start.offset)
    text = source[start + len(comment) : cursor.extent.end.offset].decode().strip("\n")
    text = textwrap.dedent(text)
    if cursor.kind in _HOLDERS or cursor.kind in _FUNCTIONS:
        text = text.partition("\n{")[0].partition(" {")[0].rstrip()
    words = comment.decode().removeprefix("/**").removesuffix("*/")
    return start, Item(_full_name(cursor), _words(inspect.cleandoc(words)), f"{text};")


def _full_name(cursor: Cursor) -> str:
    parent = cursor.semantic_parent
    if parent is None or parent.kind not in _HOLDERS:
        return str(cursor.spelling)
    return f"{_full_name(parent)}::{cursor.spelling}"


def read(path: Path, include: Path = FOLDER.parent, language: str = "c") -> Header:
    """Return a header's comments and declarations, in order; ValueError where it is no C or C++."""
    source = path.read_text(encoding="utf-8")
    found = dict(_macros(source))
    raw = source.encode()
    for cursor in _units(path, include, language):
        start, item = _item(raw, cursor)
        found.setdefault(len(raw[:start].decode()), item)
    files = (match for match in map(_FILE.match, _comments(source)) if match)
    about = next((_words(match[2]) for match in files), "")
    return Header(path.name, about, tuple(item for _, item in sorted(found.items())))


def _comments(source: str) -> list[str]:
    return [match[1].strip() for match in _COMMENT.finditer(source)]


def sections(header: Header) -> str:
    """Return a header as Markdown."""
    parts = [f"## {header.name}\n\n{header.text}\n"]
    parts += [f"### {i.name}\n\n{i.text}\n\n```c\n{i.code}\n```\n" for i in header.items]
    return "\n".join(parts)


def page() -> str:
    """Return the page of the C interface in Markdown."""
    version = (FOLDER / "version.h").read_text(encoding="utf-8")
    release = re.search(r'SAFE_VERSION "([^"]+)"', version)
    assert release is not None
    head = (
        f"# C interface\n\nThe public headers of release {release[1]}, from `sdk/include/safe`: "
        '`#include "safe/safe.h"` has the usual ones. The functions of one model and of its '
        "detector: [generated headers](generated.md); C++: [safe.hpp](cpp.md); how they are used: "
        "[integration](integration.md).\n"
    )
    return "\n".join([head, *(sections(read(path)) for path in sorted(FOLDER.glob("*.h")))])


def cpp_page() -> str:
    """Return the page of the C++ interface in Markdown."""
    head = (
        "# C++ interface\n\n`safe/safe.hpp` is all of it: a detector as one object, for C++17. The "
        "generated `safe_<name>_detector.hpp` names the type of a model, "
        "`safe::Detector<safe::<name>_model>`; results and statuses are those of the "
        "[C interface](api.md).\n"
    )
    text = sections(read(FOLDER / "safe.hpp", language="c++"))
    return f"{head}\n{text}".replace("```c\n", "```cpp\n")


def generated_page() -> str:
    """Return the page of what is generated of a model, the shipped one, in Markdown."""
    head = (
        "# Generated headers\n\nWhat `host_tools generate` writes of a model that is named "
        "`forecaster`: every name begins with the model's. With `SAFE_FORECASTER_CHANNEL_…` the "
        "header also has the place of each channel in a sample. The types of the runtime: "
        "[C interface](api.md).\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "gen"
        with contextlib.redirect_stdout(io.StringIO()):
            code = cli.main(["generate", "--standalone", "--model", MODEL, "--out", str(out)])
        assert code == 0, "the shipped model generates"
        names = (f"safe_{MODEL}.h", f"safe_{MODEL}_detector.h")
        return "\n".join([head, *(sections(read(out / name, out)) for name in names)])
