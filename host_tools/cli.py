"""The command line: `host_tools VERB`; each verb is a file in `host_tools/commands`."""

import argparse
import pkgutil
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from targets.errors import ExitCode, SafeError

_COMMANDS = Path(__file__).parent / "commands"


def _modules() -> dict[str, ModuleType]:
    names = sorted(m.name for m in pkgutil.iter_modules([str(_COMMANDS)]))
    return {
        n.replace("_", "-"): import_module(f"host_tools.commands.{n}")
        for n in names
        if not n.startswith("_")
    }


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs; each module gives `add_arguments` and `run`."""
    parser = argparse.ArgumentParser(prog="host_tools", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, module in _modules().items():
        verb = verbs.add_parser(
            name,
            help=(module.__doc__ or "").strip().splitlines()[0],
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(verb)
        verb.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; print an error as one line and return its exit code."""
    name = "host_tools"
    try:
        arguments = build_parser().parse_args(argv)
        name = f"host_tools {arguments.verb}"
        return int(arguments.run(arguments))
    except SafeError as error:
        print(f"{name}: {error}", file=sys.stderr)  # noqa: T201
        return int(error.exit_code)
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)  # noqa: T201
        return int(ExitCode.INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
