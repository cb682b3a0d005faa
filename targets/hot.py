"""Functions and tables that an image has in RAM, because its flash is slower than the core.

A file names them, as the image's symbols: written by `host_tools profile --hot-ram`, or by hand.
It is given to a build, or lies as `hot-TARGET.toml` beside a model whose `model.toml` says
`hot = "ram"`. The linker places them by section; start-up copies them from flash.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from targets import toml_file
from targets.errors import BuildError, TargetError
from targets.load import Target
from targets.tables import table

CODE, DATA = ".hot_code", ".hot_data"
"""Output sections: functions, and constants."""
KEY = "hot"
"""Key of model.toml; its value is one of `PLACES`."""
PLACES = ("flash", "ram")
_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Hot:
    """Symbols without what a compiler appends to them (`.isra.0`)."""

    code: tuple[str, ...] = ()
    """Names of functions."""
    data: tuple[str, ...] = ()
    """Names of constants."""


NOTHING = Hot()


def read(path: Path) -> Hot:
    """Return what a file names; BuildError where it is none, or names what no symbol is called."""
    content = toml_file.read(path, BuildError)
    try:
        found = table(Hot, content, str(path))
    except TargetError as error:
        raise BuildError(str(error)) from error
    for name in (*found.code, *found.data):
        if not _NAME.fullmatch(name):
            raise BuildError(f"{path}: {name!r} is no name of a function or constant")
    if found == NOTHING:
        raise BuildError(f"{path}: names neither code nor data: leave hot out")
    return found


def of_model(description: Path, target: Target) -> Path | None:
    """Return the file of a model and target; None where its `model.toml` leaves all in flash.

    None, too, without a file for a target whose flash is not described: nothing can be measured
    there. Raises BuildError for another value, and where the file of other targets is missing.
    """
    if not description.is_file():
        return None
    place = toml_file.read(description, BuildError).get(KEY, PLACES[0])
    if place not in PLACES:
        raise BuildError(f"{description}: {KEY} is {place!r}, expected one of {', '.join(PLACES)}")
    if place == PLACES[0]:
        return None
    file = description.with_name(f"{KEY}-{target.name}.toml")
    if file.is_file():
        return file
    if target.flash is None or target.flash.cache is None:
        return None
    raise BuildError(
        f'{description} says {KEY} = "ram", and {file.name} is missing: host_tools profile'
        f" {description.parent} --target {target.name} --hot-ram BYTES --hot {file} writes it"
    )


def _lines(key: str, names: Sequence[str]) -> str:
    inside = "".join(f'    "{name}",\n' for name in names)
    return f"{key} = [\n{inside}]\n"


def text(hot: Hot, head: str) -> str:
    """Return the file that `read` reads; `head` is a comment of one line."""
    return f"# {head}\n{_lines('code', hot.code)}{_lines('data', hot.data)}"
