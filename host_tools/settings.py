"""Defaults of a project: `safe.toml` in the current folder or above it, and SAFE_… variables.

    target = "stm32u5"          # a name, or the path of a .toml file
    model = "model"             # a name, or a folder
    app = "firmware"            # bench, detector, or a folder of C files
    sensor = "sensor"           # of app = "detector": a folder that defines safe/sensor.h
    backend = "native"
    port = "/dev/ttyACM0"       # COM7, or any pyserial URL
    tools = ["/opt/arm/bin"]    # folders of compilers, emulators and flash tools, before PATH

Paths are as seen from the file. An option of the command line is stronger than the environment
(SAFE_TARGET, SAFE_MODEL, SAFE_APP, SAFE_SENSOR, SAFE_BACKEND, SAFE_PORT; SAFE_TOOLS as PATH is
written), and the environment is stronger than the file.
"""

import argparse
import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from targets import toml_file
from targets.errors import ExitCode, SafeError
from targets.places import PROJECT, project
from targets.suggest import did_you_mean

TOOLS = "tools"
KEYS = ("target", "model", "app", "sensor", "backend", "port")
"""Settings that are the default of the option of their name, in every verb that has it."""
_PATHS = ("target", "model", "app", "sensor")
"""Settings that may be a path."""
_OTHER = {"train": ("model",), "export": ("model",), "perf": ("target",), "profile": ("target",)}
"""Verbs whose option of that name means something else than the project's."""


class SettingsError(SafeError):
    """`safe.toml` cannot be read or is malformed."""

    exit_code = ExitCode.USAGE


@dataclass(frozen=True)
class Settings:
    """What a project and the environment say; `tools` are folders, the strongest first."""

    values: Mapping[str, str] = field(default_factory=dict)
    tools: tuple[str, ...] = ()


def load(folder: Path, environ: Mapping[str, str]) -> Settings:
    """Return the settings that hold in `folder`. Raises SettingsError in one line."""
    home = project(folder)
    given = _read(home / PROJECT) if home is not None else {}
    values = {key: str(given[key]) for key in KEYS if key in given}
    tools = tuple(given.get(TOOLS, ()))
    values |= {k: text for k in KEYS if (text := environ.get(f"SAFE_{k.upper()}"))}
    listed = environ.get(f"SAFE_{TOOLS.upper()}", "").split(os.pathsep)
    return Settings(values, (*(name for name in listed if name), *tools))


def _read(path: Path) -> dict[str, Any]:
    """Return the checked content of a file, its paths as seen from anywhere."""
    content = toml_file.read(path, SettingsError)
    known = (*KEYS, TOOLS)
    for key, value in content.items():
        if key not in known:
            near = did_you_mean(key, known) or f"; known are {', '.join(known)}"
            raise SettingsError(f"{path}: unknown key {key!r}{near}")
        listed = value if key == TOOLS and isinstance(value, list) else [value]
        if (key == TOOLS) != isinstance(value, list) or not _texts(listed):
            wanted = 'a list of folders, as in ["/opt/arm/bin"]' if key == TOOLS else "a text"
            raise SettingsError(f"{path}: {key} = {value!r}: must be {wanted}")
    home = path.parent
    for key in _PATHS:
        if key in content and (home / content[key]).exists():
            content[key] = str(home / content[key])
    content[TOOLS] = [str(home / Path(name).expanduser()) for name in content.get(TOOLS, ())]
    missing = [name for name in content[TOOLS] if not Path(name).is_dir()]
    if missing:
        raise SettingsError(f"{path}: {TOOLS}: {missing[0]} is no folder")
    return content


def _texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) and value for value in values)


def add_tools(settings: Settings, environ: MutableMapping[str, str]) -> None:
    """Put the folders of tools before PATH, where every program is looked for."""
    if settings.tools:
        path = environ.get("PATH", os.defpath)
        environ["PATH"] = os.pathsep.join([*settings.tools, path])


def set_defaults(parser: argparse.ArgumentParser, verb: str, settings: Settings) -> None:
    """Make the settings the defaults of the options of `verb` that have their names.

    An option that was required need not be given then.
    """
    for action in parser._actions:  # no public list is there
        key = action.dest
        if f"--{key}" not in action.option_strings or key in _OTHER.get(verb, ()):
            continue
        if key in settings.values:
            value = settings.values[key]
            # A list that is there would be added to: `fill` gives it when no option has.
            action.default = None if isinstance(action, argparse._AppendAction) else value
            action.required = False


def fill(arguments: argparse.Namespace, verb: str, settings: Settings) -> None:
    """Give the options of `verb` that may be repeated, and were not given, the settings."""
    for key, value in settings.values.items():
        if getattr(arguments, key, "") is None and key not in _OTHER.get(verb, ()):
            setattr(arguments, key, [value])
