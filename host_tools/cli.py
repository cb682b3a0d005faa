"""The command line: `host_tools VERB`; each verb is a file in `host_tools/commands`.

Only the verb that is named is imported: the list of verbs comes from the files' docstrings.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from targets.errors import ExitCode, SafeError
from targets.processes import ended_by_signals
from targets.suggest import did_you_mean

_COMMANDS = Path(__file__).parent / "commands"
_HELP = "help"


def verbs() -> dict[str, Path]:
    """Return the file of each verb, by name."""
    return {p.stem.replace("_", "-"): p for p in sorted(_COMMANDS.glob("[a-z]*.py"))}


def summary(file: Path) -> str:
    """Return the first line of a module's docstring, without importing the module."""
    import ast

    text = ast.get_docstring(ast.parse(file.read_bytes())) or ""
    return text.partition("\n")[0]


def build_parser(verb: str = "") -> argparse.ArgumentParser:
    """Return the parser of one verb, or without `verb` one that only lists them all.

    A verb's module gives `add_arguments` and `run`; `run` is a default of the parsed arguments.
    """
    parser = argparse.ArgumentParser(
        prog="host_tools",
        description="Train, quantize, generate, build, emulate, bench and compare.",
        epilog="host_tools help VERB, or host_tools VERB --help, tells the options of a verb.",
    )
    entries = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    if not verb:
        for name, file in verbs().items():
            entries.add_parser(name, help=summary(file).replace("%", "%%"))
        return parser
    module = import_module(f"host_tools.commands.{verb.replace('-', '_')}")
    entry = entries.add_parser(
        verb,
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(entry)
    entry.set_defaults(run=module.run)
    return parser


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Return the parsed arguments; ends the process for a request for help and for wrong usage."""
    if words[:1] == [_HELP]:
        words = [*words[1:2], "--help"]
    verb = words[0] if words else ""
    known = verbs()
    if verb in known:
        return build_parser(verb).parse_args(words)
    parser = build_parser()
    if verb and not verb.startswith("-"):
        near = did_you_mean(verb, [*known, _HELP])
        parser.error(f"no such verb: {verb!r}{near or '; host_tools help lists them'}")
    return parser.parse_args(words)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; print an error as one line and return its exit code."""
    name = "host_tools"
    words = list(sys.argv[1:] if argv is None else argv)
    if words and words[0] in verbs():
        name = f"host_tools {words[0]}"
    try:
        arguments = parse(words)
        with ended_by_signals():
            return int(arguments.run(arguments))
    except SafeError as error:
        print(f"{name}: {error}", file=sys.stderr)  # noqa: T201
        return int(error.exit_code)
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)  # noqa: T201
        return int(ExitCode.INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
