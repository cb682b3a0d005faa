"""Write a project: a model directory, firmware with a place for the sensors, and a build file."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codegen.emit import channels, description
from host_tools.formats import scaler
from host_tools.package import package, request
from host_tools.package.render import fill
from host_tools.project import board, recording, styles
from host_tools.project.styles import STYLES, Style
from targets import build, output, toolchain
from targets.build import Model
from targets.errors import ModelError, OutputError
from targets.load import Target, find, is_own
from targets.options import Options

TEMPLATES = Path(__file__).parent / "templates"
LIBRARY = "safe"
"""Folder of the model and its runtime as a library, in a project that SAFE does not build."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_LEFT = ("__pycache__", "*.py", "*.h5", "*.keras")


@dataclass(frozen=True)
class Wanted:
    """What was asked for; `target_text` is a name or the path of a TOML file."""

    folder: Path
    target: Target
    target_text: str
    model: Model
    style: str


def write(wanted: Wanted) -> list[str]:
    """Write the project and return the commands that come next.

    Raises:
        ModelError: The model has no detector.
        OutputError: The folder is there and not empty, or cannot be written.
        DataError: `golden.npz` or the scaler is missing or malformed.
        TargetError: A style that brings its own board, for a target that is none.
        The errors of generation, for such a style.
    """
    folder, model = wanted.folder, wanted.model
    if not _NAME.fullmatch(folder.resolve().name):
        raise OutputError(f"{folder}: a project's name has letters, digits, - and _")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder} is there already: choose another name")
    if model.detector is None or model.scaler is None:
        raise ModelError(f"{model.folder} gives no alarms: host_tools fit --model makes a detector")
    style, values = STYLES[wanted.style], _values(wanted)
    texts = _code(style, values)
    texts[_place(style, "recording.h")] = _render(
        "recording.h.j2", values | {"rows": recording.rows(model.folder)}
    )
    if style.board == styles.BOARD:
        texts |= _board(wanted.target, values, texts)
    texts |= {
        path.format(name=values["title"]): _render(template, values)
        for path, template in style.files.items()
    }
    texts[".gitignore"] = "build/\n.pio/\n" if wanted.style == "platformio" else "build/\n"
    for name in ("safe.toml", "README.md"):
        texts[name] = _render(f"{name}.j2", values)
    with output.staged(folder) as stage:
        for name, text in texts.items():
            output.write(stage.folder / name, text)
        if style.board != styles.OWN:
            package.write(_request(wanted), stage.folder / LIBRARY)
        copied = stage.folder / values["model"]
        shutil.copytree(model.folder, copied, ignore=shutil.ignore_patterns(*_LEFT))
        if not is_own(find(wanted.target_text)):
            shutil.copy(find(wanted.target_text), stage.folder)
    return [f"cd {folder}", *values["commands"]]


def _place(style: Style, name: str) -> str:
    return f"{style.code}/{name}" if style.code else name


def _code(style: Style, values: dict[str, Any]) -> dict[str, str]:
    return {_place(style, name): _render(f"{name}.j2", values) for name in styles.SHARED}


def _render(template: str, values: dict[str, Any]) -> str:
    return fill(TEMPLATES, template, values)


def _request(wanted: Wanted) -> request.Request:
    models = (wanted.model,)
    return request.Request(
        models=models,
        name=request.default_name(models),
        version=build.runtime_version(),
        formats=(wanted.style,),
        target=wanted.target_text,
    )


def _values(wanted: Wanted) -> dict[str, Any]:
    """Return what the templates print."""
    model, target = wanted.model, wanted.target
    assert model.scaler is not None
    names = scaler.load(model.scaler).channels
    about = (
        description.load(model.description)
        if model.description.is_file()
        else description.Description()
    )
    rate = channels.rate(about)
    own = is_own(find(wanted.target_text))
    title, style = wanted.folder.resolve().name, STYLES[wanted.style]
    return {
        "title": title,
        "style": wanted.style,
        "name": model.name,
        "prefix": f"safe_{model.name}",
        "macro": f"SAFE_{model.name.upper()}",
        "model": f"models/{model.name}",
        "target": target.name if own else f"{target.name}.toml",
        "description": target.target.description,
        "channels": channels.channels(names, about),
        "rate": f"{about.rate_hz:g} Hz" if about.rate_hz else "at your rate",
        "period_us": rate.period_us.rstrip("u") if rate else "1000000",
        "code": f"{style.code}/" if style.code else "",
        "main": next(p.format(name=title) for p in style.files if "main.c" in p or ".ino" in p),
        "own_board": style.board == styles.BOARD,
        "needs": style.needs,
        "more": style.more,
        "commands": [command.replace("{name}", title) for command in style.commands],
        "library": f"safe_{model.name}",
        "library_macro": f"SAFE_{model.name.upper()}",
    }


def _board(target: Target, values: dict[str, Any], texts: dict[str, str]) -> dict[str, str]:
    """Return the board of a project that needs nothing of SAFE to build; `values` gains what the
    build files print of it.
    """
    # The loop is written after the build files, which list the board.
    parts = board.gather(target, [*texts.values(), _render("main.c.j2", values)])
    options = Options(compiler="gcc")
    own = ("-fstack-usage",)
    cflags = [*target.toolchain.cflags, *(f for f in options.cflags if f not in own)]
    script = f"{board.FOLDER}/linker.ld"
    ldflags = [*target.toolchain.ldflags, "-Wl,--gc-sections"]
    values |= {
        "board_sources": parts.sources,
        "includes": parts.includes,
        "prefix_tools": target.toolchain.prefix,
        "cpu": list(target.cpu.flags),
        "cpu_name": target.cpu.name,
        "cflags": [*cflags, "-Wall", "-Wextra"],
        "ldflags": [*ldflags, f"-T{script}"],
        # CMake links with the flags of the compiler, too, and some may not come twice.
        "ldflags_cmake": [
            *(flag for flag in ldflags if flag not in cflags),
            f"-T${{CMAKE_CURRENT_LIST_DIR}}/{Path(script).name}",
        ],
    }
    toolchain.choose(target, "gcc")
    return parts.files
