"""The one Jinja environment; an unknown name in a template is an error."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from codegen.emit import text

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


@cache
def environment() -> Environment:
    """Return the environment of all templates."""
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    found.filters["declaration"] = text.declaration
    found.filters["c_int"] = text.c_int
    found.filters["c_float"] = text.c_float
    found.filters["c_decimal"] = text.c_decimal
    found.filters["c_string"] = text.c_string
    found.filters["c_value"] = text.c_value
    return found


def render(template: str, **values: Any) -> str:
    """Return a template filled with `values`."""
    return environment().get_template(template).render(**values)
