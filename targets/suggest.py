"""The nearest known name to one that is not known, for error messages."""

from collections.abc import Iterable

_LIKENESS = 0.6
"""Least ratio of matching letters (difflib) for a suggestion: one or two wrong letters in a short
name."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'bench'?`, or an empty string when no known name is near `word`."""
    import difflib

    folded = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=_LIKENESS)
    return f"; did you mean {folded[near[0]]!r}?" if near else ""
