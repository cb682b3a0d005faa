"""The options of every verb that reads a log: the same everywhere."""

import argparse
from pathlib import Path

from host_tools.data.reading import options as reading
from host_tools.data.reading.options import ReadingOptions


def add_arguments(parser: argparse.ArgumentParser, files: str, *, required: bool = False) -> None:
    """Declare --csv (`files` says what for) and how it is read."""
    group = parser.add_argument_group(
        "the log", "Everything is found in the file; an option says what it cannot tell."
    )
    add = group.add_argument
    add("--csv", type=Path, nargs="+", default=[], required=required, metavar="FILE",
        help=f"{files}; also .gz, .zip, or a folder")  # fmt: skip
    add("--reading", type=Path, metavar="FILE", help="the options below from a reading.toml")
    add("--time", action="append", metavar="NAME", help="column of the time, or DATE,TIME")
    add("--time-format", metavar="F", help="s, ms, us, ns, min, h, excel, or %%d/%%m/%%Y %%H:%%M")
    add("--day-first", action=argparse.BooleanOptionalAction, default=None,
        help="01/03/2024 is the first of March (--no-day-first: the third of January)")  # fmt: skip
    add("--rate", type=float, metavar="HZ", help="rows per second, where no stamp says it")
    add("--label", action="append", metavar="NAME[=VALUE]",
        help="labels faults; VALUE is the normal one (or the fault, if rare)")  # fmt: skip
    add("--channels", action="append", metavar="A,B", help="these columns and no others")
    add("--ignore", action="append", metavar="A,B", help="leave these columns out")
    add("--state", action="append", metavar="A,B", help="columns of text: a channel per text")
    add("--missing", nargs="+", default=[], metavar="VALUE", help="cells that mean no value, too")
    add("--skip", type=int, metavar="N", help="lines before the header")
    add("--encoding", metavar="E", help="for example cp1252; UTF-8 and UTF-16 are found")
    add("--delimiter", metavar="C", help="between fields: one character, tab, or blanks")
    add("--decimal", metavar="C", choices=(".", ","), help="decimal mark: . or ,")
    add("--long", metavar="TIME,NAME,VALUE", help="columns of a log with one value per line")
    add("--group", metavar="NAME", help="column that tells machines apart; windows stay in one")


def options(arguments: argparse.Namespace) -> ReadingOptions:
    """Return what the command line says, on top of --reading. Raises DataError."""
    said = ReadingOptions(
        time=_listed(arguments.time),
        time_format=arguments.time_format,
        day_first=arguments.day_first,
        rate=arguments.rate,
        label=tuple(arguments.label or ()),
        channels=_listed(arguments.channels),
        ignore=_listed(arguments.ignore),
        missing=tuple(arguments.missing),
        skip=arguments.skip,
        encoding=arguments.encoding,
        delimiter=arguments.delimiter,
        decimal=arguments.decimal,
        long=_listed([arguments.long] if arguments.long else []),
        group=arguments.group,
        state=_listed(arguments.state),
    )
    if arguments.reading is None:
        return said
    return reading.load(arguments.reading, kept=True).merged(said)


def _listed(values: list[str] | None) -> tuple[str, ...]:
    """Return the names in options such as `A,B`; an option may be given more than once."""
    names = (name.strip() for value in values or () for name in value.split(","))
    return tuple(name for name in names if name)
