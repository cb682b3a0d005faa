"""The text files of a package that are no C of the models: templates, filled."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates"


@cache
def _environment(folder: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def render(template: str, **values: Any) -> str:
    """Return a template filled with `values`; an unknown name in it is an error."""
    return fill(TEMPLATES, template, values)


def fill(folder: Path, template: str, values: Mapping[str, Any]) -> str:
    """Return a template of another `folder`, filled in the same way."""
    return _environment(folder).get_template(template).render(**values)
