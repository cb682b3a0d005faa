"""Build an image from Python: the same SCons run that a user starts by hand."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from targets import apps, build, detection_budget, processes, toolchain
from targets.errors import BuildError, ExitCode, OutputError
from targets.load import find, is_own, load
from targets.options import Options
from targets.places import BUILD, MODELS, OUT, ROOT

SECONDS = 900
_SIZE = {"flash_bytes": int, "static_ram_bytes": int, "parts": list}
_MANIFEST = {"name": str, "model_sha256": str, "inputs": list, "outputs": list, "operators": list}
"""What is read of either file besides others; the build itself wrote them."""
_STATUS = re.compile(r"^scons: \*\*\* .* Error (\d+)$", re.MULTILINE)
_TELLING = re.compile(
    r"^(scons|codegen): |\berror\b|overflowed by|undefined reference", re.IGNORECASE
)


@dataclass(frozen=True)
class Built:
    """A built image and what was generated for it."""

    elf: Path
    folder: Path

    @property
    def generated(self) -> Path:
        """Folder of the generated C."""
        return self.folder / "gen"

    def size(self) -> dict[str, Any]:
        """Return the size report."""
        return _object(self.folder / "size.json", _SIZE)

    def manifest(self) -> dict[str, Any]:
        """Return the generator's manifest."""
        return _object(self.generated / "manifest.json", _MANIFEST)


def _object(path: Path, wanted: Mapping[str, type]) -> dict[str, Any]:
    """Return a JSON object that holds what is wanted, key by kind; BuildError when it does not."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BuildError(f"{path}: not readable: {error}") from error
    if not isinstance(value, dict):
        raise BuildError(f"{path}: not a JSON object")
    for key, kind in wanted.items():
        if type(value.get(key)) is not kind:
            raise BuildError(
                f'{path}: "{key}" is {value.get(key)!r:.40}, not {kind.__name__}: the file was'
                " changed: remove it and build again"
            )
    return value


def make(
    target: str,
    model: str,
    *,
    app: str = apps.APPS[0],
    sensor: str = "",
    out: Path | None = None,
    streaming: bool = False,
    options: Options | None = None,
    optimize: str = "",
    shown: bool = False,
) -> Built:
    """Build one image, or find it up to date; several processes may ask at the same time.

    `target` is a name or a TOML file; `model` is a name under `models/` or a folder; `app` is one
    of `apps.APPS` or a folder of C files, and `sensor` a folder, too; `out` replaces `build/`;
    without `options` they are the defaults, with the target's own compiler; an empty `optimize` is
    the generator's default.
    `shown` lets the build tell what it does on standard output, and its compilers warn. Raises
    BuildError with the failed tool's own message and exit code, OutputError when `out` cannot be
    written, TargetError for updates on a target without slots.
    """
    about = load(target)
    if options is None:
        options = Options(compiler=toolchain.choose(about, ""))
    if options.update:
        about.update_origin  # noqa: B018 - raises where there are no slots, before SCons starts
    found = build.find_model(model)
    root = out if out is not None else BUILD
    folder = build.output_folder(root, about, found, options.backend, options.suffix)
    application = apps.find_app(app, sensor)
    arguments = {"target": target, "model": model, "app": application.argument}
    if application.sensor is not None:
        arguments["sensor"] = application.sensor.argument
    arguments |= options.variables
    arguments |= {"optimize": optimize} if optimize else {}
    arguments |= {"streaming": "1"} if streaming else {}
    file = find(target)
    if not is_own(file):
        arguments["target"] = str(file.resolve())
    if found.folder.parent != MODELS:
        arguments["model"] = str(found.folder.resolve())
    if root != ROOT / OUT:
        arguments["out"] = str(root.resolve())
    if about.name != "host":  # what runs on the host is compared, and no product
        for note in detection_budget.check(found.folder):
            sys.stderr.write(f"note: {note}\n")
    with _locked(folder):
        result = _scons([f"{key}={value}" for key, value in arguments.items()], shown)
    if result.returncode != 0:
        raise _failure(result, f"scons target={target} model={model}")
    return Built(folder / f"{application.name}.elf", folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder against a second build of the same image at the same time."""
    lock = FileLock(folder / "lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()


def _scons(arguments: list[str], shown: bool) -> "subprocess.CompletedProcess[str]":
    """Run SCons; `shown` passes on what it says, its messages at the end."""
    try:
        result = subprocess.run(
            [sys.executable, "-m", "SCons", "-Q", *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=None if shown else subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=SECONDS,
            check=False,
            env=dict(os.environ, PYTHONPATH=str(ROOT)),
            preexec_fn=processes.with_parent(),
        )
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"scons did not end within {SECONDS} s") from error
    if shown:
        sys.stderr.write(result.stderr)
    return result


def _failure(result: "subprocess.CompletedProcess[str]", what: str) -> BuildError:
    """Return the error of a failed run, with the exit code of the tool that failed."""
    error = BuildError(f"{what}: {_first_error(result)}")
    status = _STATUS.search(result.stderr)
    if status is not None and int(status[1]) in set(ExitCode) - {ExitCode.INTERNAL}:
        error.exit_code = ExitCode(int(status[1]))
    return error


def _first_error(result: "subprocess.CompletedProcess[str]") -> str:
    """Return the line that tells most: a tool's own message, not that SCons saw it fail."""
    lines = [
        line.strip()
        for line in (result.stderr + (result.stdout or "")).splitlines()
        if line.strip()
    ]
    telling = [line for line in lines if _TELLING.search(line) and "***" not in line]
    return (telling or lines or [f"status {result.returncode}"])[0].removeprefix("scons: ")
