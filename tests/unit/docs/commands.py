"""The commands that the documentation tells: of its shell blocks, and between backticks.

A block's commands are simple ones of a shell: words, with `&&` between some, a comment at the end,
and a backslash where one goes on in the next line. Between backticks a command may be shortened: by
placeholders, by `…`, or to a verb and its options.
"""

import re
import shlex
from dataclasses import dataclass
from functools import cache

from host_tools import cli
from tests.architecture import tree

PAGES = tuple(
    path.relative_to(tree.ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "examples/*/README.md")
    for path in sorted(tree.ROOT.glob(pattern))
    if path.name != "CHANGELOG.md"
)
"""Every page but the changelog, which tells of commands that are gone, too."""
SHELLS = ("sh", "bash", "shell", "console")
_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_TICKS = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_CONTROL = {"&&", "||", ";", "|", "&"}


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        page: The page, below the repository.
        line: The line that it ends in, counted from 1.
        words: Its words; a shell has not looked at patterns and variables in them.
        typed: What is typed, up to the end of the line: other commands, too.
    """

    page: str
    line: int
    words: tuple[str, ...]
    typed: str

    def __str__(self) -> str:
        """`docs/install.md:25: host_tools build`."""
        return f"{self.page}:{self.line}: {self.text}"

    @property
    def text(self) -> str:
        """The words with a blank between them."""
        return " ".join(self.words)


@dataclass(frozen=True)
class Block:
    """A shell block: its page and first line, its text without indentation, its commands."""

    page: str
    line: int
    text: str
    commands: tuple[Command, ...]


def simple(text: str) -> list[list[str]]:
    """Return the words of each simple command of a piece of shell."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    for word in lexer:
        if word in _CONTROL:
            found.append([])
        else:
            found[-1].append(word)
    return [words for words in found if words]


def _commands(page: str, first: int, text: str) -> tuple[Command, ...]:
    found, begun = [], ""
    for number, line in enumerate(text.splitlines()):
        begun += line
        if begun.endswith("\\"):
            begun = begun[:-1] + " "
            continue
        place = (page, first + number)
        found += [Command(*place, tuple(words), begun) for words in simple(begun)]
        begun = ""
    return tuple(found)


@cache
def blocks() -> tuple[Block, ...]:
    """Return the shell blocks of all pages, in their order."""
    found = []
    for page in PAGES:
        source = (tree.ROOT / page).read_text(encoding="utf-8")
        for match in _BLOCK.finditer(source):
            if match[2] in SHELLS:
                line = source[: match.start()].count("\n") + 2
                text = re.sub(f"^{match[1]}", "", match[3], flags=re.MULTILINE)
                found.append(Block(page, line, text, _commands(page, line, text)))
    return tuple(found)


def told() -> list[Command]:
    """Return every command of the shell blocks."""
    return [command for block in blocks() for command in block.commands]


def mentioned() -> list[Command]:
    """Return what stands between backticks and is a command of SAFE, shortened or not."""
    found = []
    verbs = set(cli.verbs())
    for page in PAGES:
        source = (tree.ROOT / page).read_text(encoding="utf-8")
        for number, line in enumerate(_BLOCK.sub(_blank, source).splitlines(), 1):
            for match in _TICKS.finditer(line):
                words = tuple(match[1].replace("\\|", "|").split())
                is_bare = words[0] in verbs and any(w.startswith("--") for w in words[1:])
                if words[0] in ("./safe", "host_tools", "scons", "python") or is_bare:
                    found.append(Command(page, number, words, match[1]))
    return found


def _blank(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")
