"""Completion in the shell: verbs, options, targets and models, by argcomplete.

Bash and zsh learn it by `eval "$(register-python-argcomplete host_tools)"`.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence

VARIABLE = "_ARGCOMPLETE"
"""Variable of the environment that argcomplete sets when the shell asks."""
_LINE = "COMP_LINE"

Parser = Callable[[str], argparse.ArgumentParser]
"""Function that gives the parser of a verb, or of all verbs for an empty name."""


def wanted(environ: Mapping[str, str]) -> bool:
    """Return whether the shell asks for completions."""
    return VARIABLE in environ


def answer(parser: Parser, verbs: Sequence[str]) -> None:
    """Print what may come next and end the process."""
    import argcomplete

    words = os.environ.get(_LINE, "").split()
    verb = next((word for word in words[1:2] if word in verbs), "")
    found = parser(verb)
    _name_values(found, verb)
    argcomplete.autocomplete(found)
    sys.exit(1)  # argcomplete has ended the process, unless the shell asked for nothing


def _name_values(parser: argparse.ArgumentParser, verb: str) -> None:
    """Give the options that take a name the names that there are; others complete files."""
    from argcomplete.completers import DirectoriesCompleter

    from targets import build, load

    def model(prefix: str, **_: object) -> list[str]:
        return [*build.models(), *DirectoriesCompleter()(prefix)]

    completers = {
        "--target": lambda **_: load.available(),
        "--backend": lambda **_: build.backends(),
        "--model": model,
    }
    for action in _options(parser, verb):
        for option in set(action.option_strings) & set(completers):
            action.completer = completers[option]  # type: ignore[attr-defined]


def _options(parser: argparse.ArgumentParser, verb: str) -> list[argparse.Action]:
    """Return the options of a verb's own parser."""
    for action in parser._actions:
        choices = action.choices
        if isinstance(choices, Mapping) and verb in choices:
            return list(choices[verb]._actions)
    return []
