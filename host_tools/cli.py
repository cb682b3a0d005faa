"""The command line: `host_tools VERB`; each verb is a file in `host_tools/commands`.

Only the verb that is named is imported: the list of verbs comes from the files' docstrings.
"""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from host_tools import completion, settings
from targets.errors import ExitCode, SafeError
from targets.processes import ended_by_signals
from targets.suggest import did_you_mean

_COMMANDS = Path(__file__).parent / "commands"
_HELP = "help"
_VERSION = "--version"


def verbs() -> dict[str, Path]:
    """Return the file of each verb, by name."""
    return {p.stem.replace("_", "-"): p for p in sorted(_COMMANDS.glob("[a-z]*.py"))}


def summary(file: Path) -> str:
    """Return the first line of a module's docstring, without importing the module."""
    import ast

    text = ast.get_docstring(ast.parse(file.read_bytes())) or ""
    return text.partition("\n")[0]


def version() -> str:
    """Return what `--version` prints."""
    from targets.build import runtime_version

    return f"host_tools {runtime_version()}"


def build_parser(
    verb: str = "", project: settings.Settings | None = None
) -> argparse.ArgumentParser:
    """Return the parser of one verb, or without `verb` one that only lists them all.

    A verb's module gives `add_arguments` and `run`; `run` is a default of the parsed arguments.
    The settings of `project` are defaults of the verb's options.
    """
    parser = argparse.ArgumentParser(
        prog="host_tools",
        description="Train, quantize, generate, build, emulate, bench and compare.",
        epilog="host_tools help VERB, or host_tools VERB --help, tells the options of a verb.",
    )
    parser.add_argument(_VERSION, action="version", version=version())
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
    if project is not None:
        settings.set_defaults(entry, verb, project)
    return parser


def parse(words: Sequence[str], project: settings.Settings | None = None) -> argparse.Namespace:
    """Return the parsed arguments; ends the process for a request for help and for wrong usage."""
    if words[:1] == [_HELP]:
        words = [*words[1:2], "--help"]
    verb = words[0] if words else ""
    known = verbs()
    if verb in known:
        arguments = build_parser(verb, project).parse_args(words)
        settings.fill(arguments, verb, project or settings.Settings())
        return arguments
    parser = build_parser()
    if verb and not verb.startswith("-"):
        near = did_you_mean(verb, [*known, _HELP])
        parser.error(f"no such verb: {verb!r}{near or '; host_tools help lists them'}")
    return parser.parse_args(words)


def _print_anything() -> None:
    """Let a stream that is not UTF-8, as a pipe on Windows, take any character: as `?` at worst."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() != "utf-8":
            stream.reconfigure(errors="replace")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; print an error as one line and return its exit code."""
    _print_anything()
    name = "host_tools"
    if completion.wanted(os.environ):
        completion.answer(build_parser, tuple(verbs()))
    words = list(sys.argv[1:] if argv is None else argv)
    if words and words[0] in verbs():
        name = f"host_tools {words[0]}"
    try:
        with ended_by_signals():
            project = settings.load(Path.cwd(), os.environ)
            settings.add_tools(project, os.environ)
            arguments = parse(words, project)
            return int(arguments.run(arguments))
    except SafeError as error:
        print(f"{name}: {error}", file=sys.stderr)  # noqa: T201
        return int(error.exit_code)
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)  # noqa: T201
        return int(ExitCode.INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
