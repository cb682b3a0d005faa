"""Types of the options that name an output: what cannot be written ends before the work begins."""

from pathlib import Path

from targets import output


def file(text: str) -> Path:
    """Return the path of a file to write; OutputError when it cannot be written."""
    path = Path(text)
    output.check_file(path)
    return path


def folder(text: str) -> Path:
    """Return the path of a folder to write files to; OutputError when it cannot be."""
    path = Path(text)
    output.check_folder(path)
    return path
