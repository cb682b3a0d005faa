"""An installation of ST Edge AI Core: its command line tool, its headers, its runtime archives."""

import os
import platform
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from codegen.backends.xcubeai import network
from codegen.backends.xcubeai.network import Network
from codegen.backends.xcubeai.version import Version
from codegen.errors import CodegenError, NetworkInvalidError
from codegen.options import Goal
from targets import command, external, output, processes
from targets.errors import BuildError, ExternalError
from targets.load import Target

VARIABLE, OPTION = "STEDGEAI_CORE_DIR", "stedgeai_dir"
GENERATE_SECONDS = 900.0
VERSION_SECONDS = 60.0
_INCLUDE = Path("Middlewares", "ST", "AI", "Inc")
_LIBRARIES = Path("Middlewares", "ST", "AI", "Lib")
_OPTIMIZATION: dict[Goal, str] = {"speed": "time", "size": "ram", "balanced": "balanced"}
_VERSION = re.compile(r"\bv?(\d+)\.(\d+)\.(\d+)")
_TELLING = re.compile(r"error|invalid|not (found|supported)|unknown", re.IGNORECASE)


@dataclass(frozen=True)
class Installation:
    """A folder of ST Edge AI Core."""

    folder: Path

    @property
    def includes(self) -> Path:
        """Folder of the runtime's headers; raises `ExternalError` when it is missing."""
        return self._folder(_INCLUDE, "the headers of ST's runtime")

    def archive(self, target: Target) -> Path:
        """Return the runtime archive for GCC and the target's core; the newest of several.

        Raises `ExternalError`, naming what was looked for, or what does not fit the target.
        """
        core = target.cpu.name.removeprefix("cortex-m").upper()
        if core == target.cpu.name.upper():
            raise ExternalError(
                f"backend xcubeai: ST's runtime is for STM32 (Cortex-M), target {target.name} has "
                f"a {target.cpu.name}"
            )
        place = self._folder(_LIBRARIES, "ST's runtime archives")
        pattern = f"NetworkRuntime*_CM{core}_GCC.a"
        # CubeMX copies the archive of a project's core without the folders.
        found = [*place.glob(f"GCC/ARMCortexM{core}/{pattern}"), *place.glob(pattern)]
        found.sort(key=lambda path: Version.of_archive(path.name) or _NONE)
        if not found:
            raise ExternalError(
                f"{VARIABLE}: {place} holds no {pattern}: the installation lacks the runtime for "
                f"target {target.name}"
            )
        external.check(found[-1], target, "take ST's archive as it comes, for this core and GCC")
        return found[-1]

    def version(self) -> Version | None:
        """Return the version of the tool; None when it does not tell."""
        done = command.run([str(self.tool), "--version"], VERSION_SECONDS, timeout=BuildError)
        told = _VERSION.search(done.stdout + done.stderr)
        return Version.of_tool(*told.groups()) if told else None

    @property
    def tool(self) -> Path:
        """Path of `stedgeai`; raises `ExternalError` when it is missing."""
        name = "stedgeai.exe" if sys.platform == "win32" else "stedgeai"
        places = [self.folder / "Utilities" / _system() / name, self.folder / name]
        found = next((path for path in places if path.is_file()), None)
        if found is None:
            raise ExternalError(
                f"{VARIABLE}: {self.folder} holds no {places[0].relative_to(self.folder)}: it must "
                "be the folder of a whole installation of ST Edge AI Core, with Utilities and "
                "Middlewares"
            )
        return found

    def generate(
        self, model: Path, name: str, target: Target, goal: Goal, seconds: float = GENERATE_SECONDS
    ) -> Network:
        """Run `stedgeai generate` and return what it wrote, whatever its exit status.

        Raises BuildError when it does not end within `seconds` or writes no whole network.
        """
        with output.scratch("stedgeai") as folder:
            out = folder / "generated"
            arguments = [
                "generate",
                *("--model", str(model.resolve())),
                *("--target", _series(target)),
                *("--name", name),
                *("--optimization", _OPTIMIZATION[goal]),
                *("--compression", "none"),
                *("--output", str(out)),
                *("--workspace", str(folder / "workspace")),
            ]
            log = folder / "log.txt"
            try:
                status = _bounded([str(self.tool), *arguments], log, seconds)
            except OSError as error:
                raise BuildError(f"{self.tool}: cannot be started: {error.strerror}") from error
            try:
                return network.read(out)
            except (CodegenError, OSError) as error:
                told = _telling(log.read_text(encoding="utf-8", errors="replace"))
                raise BuildError(
                    f"stedgeai ended with {status} and wrote no whole network: {told or error}"
                ) from error

    def _folder(self, part: Path, what: str) -> Path:
        path = self.folder / part
        if not path.is_dir():
            raise ExternalError(
                f"{VARIABLE}: {self.folder} holds no {part} ({what}): it must be the folder of a "
                "whole installation of ST Edge AI Core"
            )
        return path


_NONE = Version(0, 0, 0)
_ONE_TOOL = 9


def _bounded(arguments: list[str], log: Path, seconds: float) -> int:
    """Run a tool and return its status; when it does not end in time, it and its children end.

    ST's tool starts processes of its own, which would go on without it.
    """
    with log.open("wb") as stream:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=processes.with_parent(),  # noqa: PLW1509 - system calls only
        )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"stedgeai did not end within {seconds:g} s") from error
    finally:
        if process.poll() is None:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def installation(environ: Mapping[str, str]) -> Installation:
    """Return the installation that the environment names; raises `ExternalError` otherwise."""
    what = "an installation of ST Edge AI Core, with Utilities and Middlewares"
    return Installation(external.folder(VARIABLE, environ, what, str(_INCLUDE.parent), OPTION))


def check_versions(generated: Version | None, archive: Path) -> None:
    """Raise `NetworkInvalidError` when generated code and archive are of different versions.

    X-CUBE-AI 9.0 and 9.1 both have the tool 1.0.0: the code does not tell which of them it is of.
    """
    linked = Version.of_archive(archive.name)
    if generated is None or linked is None or generated.major == linked.major == _ONE_TOOL:
        return
    if generated != linked:
        raise NetworkInvalidError(
            f"{archive.name} is of X-CUBE-AI {linked}, the generated code of {generated}: both "
            f"must come from one installation: name that of the code, or generate again"
        )


def _system() -> str:
    if sys.platform == "darwin":
        return "macarm" if platform.machine() == "arm64" else "mac"
    return "windows" if sys.platform == "win32" else "linux"


def _series(target: Target) -> str:
    """Return ST's name of the target: its series, or any STM32 for a core that is no chip."""
    driver = target.target.driver
    return driver if driver.startswith("stm32") else "stm32"


def _telling(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in lines if _TELLING.search(line)), lines[-1] if lines else "")
