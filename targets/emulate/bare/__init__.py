"""A standalone model on a bare core in an emulator: compiled plainly, called, measured, ended.

No application, no UART, no interrupt: what runs between the entry of `safe_<name>_run` and its
return is the model's own, so it is counted exactly.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from targets import build
from targets.command import run as run_command
from targets.emulate import counting
from targets.errors import BuildError, EmulatorError
from targets.load import Target

PLAIN = ("-O2",)
CALL = "safe_bare_call"
SEED = 20261122
_FOLDER = Path(__file__).parent
_COMPILE_SECONDS = 300
_RUN_SECONDS = 600
_CALL = re.compile(r"^call ([0-9a-f]{8}) ([0-9a-f]{8}) ((?:[0-9a-f]{2})*)$", re.MULTILINE)


@dataclass(frozen=True)
class Interface:
    """Function that the harness calls: `int run(const void *input, void *output)`."""

    header: str
    run: str
    input_bytes: int
    output_bytes: int
    warmup: int = 0
    """Number of calls before those that are counted: they fill a window sample by sample."""
    counted: str = ""
    """Function that is counted, when `run` only takes the values apart and calls it."""

    @property
    def caller(self) -> str:
        """Function that the counted one returns to."""
        return CALL if self.counted in ("", self.run) else self.run


@dataclass(frozen=True)
class Call:
    """Observations of the harness about one call."""

    status: int
    stack_bytes: int
    """Number of bytes of stack that were written below the stack pointer at entry."""
    output: bytes


def inputs(size_bytes: int, calls: int) -> list[bytes]:
    """Return what the harness calls with unless it is fed: zeros, -128s, 127s, then pseudo-random.

    See main.c.
    """
    found = [bytes(size_bytes), b"\x80" * size_bytes, b"\x7f" * size_bytes]
    state = SEED
    for _ in range(calls - len(found)):
        values = bytearray(size_bytes)
        for i in range(size_bytes):
            state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
            values[i] = state >> 24
        found.append(bytes(values))
    return found[:calls]


def _call(command: Sequence[str], folder: Path) -> None:
    result = run_command(command, _COMPILE_SECONDS, timeout=BuildError, cwd=folder)
    if result.returncode != 0:
        lines = [line for line in result.stderr.splitlines() if line.strip()]
        telling = [line for line in lines if "error" in line or "overflowed" in line]
        raise BuildError(f"{Path(command[0]).name}: {(telling or lines or ['failed'])[0]}")


def compile_objects(
    target: Target, sources: Sequence[Path], folder: Path, flags: Sequence[str] = PLAIN
) -> list[Path]:
    """Compile each of `sources`, which includes from its own folder, into an object in `folder`.

    No name in the call tells where the sources lie, so that a compiler cache knows them again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = [build.tool(target, "gcc"), *target.cpu.flags, *target.toolchain.cflags, *flags]
    objects = [folder.resolve() / f"{source.stem}.o" for source in sources]
    for source, made in zip(sources, objects, strict=True):
        _call([*command, "-I.", "-c", source.name, "-o", str(made)], source.parent)
    return objects


def link(
    target: Target,
    objects: Sequence[Path],
    interface: Interface,
    folder: Path,
    *,
    include: Path,
    calls: int,
    feed: Path | None = None,
) -> Path:
    """Link `objects` with the harness into `folder`/bare.elf and return it.

    With `feed` the inputs are that file's bytes, one call after the other, warming up included.
    `folder` holds `safe_target.h` and `linker.ld` of the target; `include` the interface's header.
    The C library is the toolchain's plain one. Raises BuildError.
    """
    defines = {
        "SAFE_BARE_HEADER": f'"{interface.header}"',
        "SAFE_BARE_RUN": interface.run,
        "SAFE_BARE_INPUT_BYTES": f"{interface.input_bytes}u",
        "SAFE_BARE_OUTPUT_BYTES": f"{interface.output_bytes}u",
        "SAFE_BARE_CALLS": f"{calls}u",
        "SAFE_BARE_WARMUP": f"{interface.warmup}u",
        "SAFE_BARE_SEED": f"{SEED}u",
    }
    if feed is not None:
        defines["SAFE_BARE_FEED"] = f'"{feed.resolve()}"'
    if target.emulator is not None and target.emulator.kind == "verilator" and target.uart:
        defines["SAFE_BARE_CONSOLE"] = f"0x{target.uart.base:08x}u"
    return link_main(target, _FOLDER / "main.c", objects, defines, folder, include=include)


def link_main(
    target: Target,
    main: Path,
    objects: Sequence[Path],
    defines: Mapping[str, str],
    folder: Path,
    *,
    include: Path,
) -> Path:
    """Link `objects`, another `main` and the core's start-up; else as `link`."""
    arch = _FOLDER / f"{target.target.arch}.c"
    if not arch.is_file():
        raise BuildError(f"no bare harness for architecture {target.target.arch}: it has {arch}")
    elf = folder / "bare.elf"
    command = [build.tool(target, "gcc"), *target.cpu.flags, *target.toolchain.cflags]
    command += ["-std=c99", "-O1", *(f"-D{name}={value}" for name, value in defines.items())]
    command += [f"-I{_FOLDER}", f"-I{folder.resolve()}", f"-I{include.resolve()}"]
    command += [str(main), str(_FOLDER / "start.c"), str(arch)]
    command += [str(o.resolve()) for o in objects]
    known = ("--specs=nano.specs", *target.toolchain.cflags)  # GCC takes no specs file twice
    command += [flag for flag in target.toolchain.ldflags if flag not in known]
    command += [f"-T{folder.resolve() / 'linker.ld'}", "-o", str(elf.resolve())]
    _call(command, folder)
    return elf


def run(target: Target, elf: Path, counter: counting.Files | None = None) -> list[Call]:
    """Run the image to its end, counted or not; return what the harness printed.

    Raises EmulatorError when it does not end, faults, or a call returns another status than 0.
    """
    command = counting.bare_command(target, elf, counter)
    what = f"{target.name}: {elf.name}"
    result = run_command(command, _RUN_SECONDS, timeout=EmulatorError, what=what)
    text = result.stdout + result.stderr
    calls = [
        Call(int(status, 16), int(stack, 16), bytes.fromhex(output))
        for status, stack, output in _CALL.findall(text)
    ]
    if result.returncode != 0 or not calls:
        last = (text.strip().splitlines() or ["no message"])[-1]
        raise EmulatorError(f"{target.name}: {elf.name} ended with {result.returncode}: {last}")
    for index, call in enumerate(calls):
        if call.status != 0:
            raise EmulatorError(f"{target.name}: call {index} returned status {call.status}")
    return calls
