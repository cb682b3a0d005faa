"""A stand-in of an installation of ST Edge AI Core, written by the project.

Its tool generates a network whose kernels are SAFE's own behind ST's API, so that everything but
ST's own code is tried: the run of the tool, its arguments, both APIs, the glue, and the link.
"""

import json
import shlex
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
CORES = {
    "M4": ["-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"],
    "M33": ["-mcpu=cortex-m33", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"],
}
RCC = {"M4": (0x40023800, 0x40023830), "M33": (0x46020C00, 0x46020C88)}
"""RCC_CR and the register with the CRC unit's clock, of STM32F4 and STM32U5."""


@dataclass(frozen=True)
class Kind:
    """How the stand-in's tool and its networks are.

    Attributes:
        api: `stai` or `ai`.
        version: Of the tool, which its files tell.
        inputs_in: Whether the input lies in the memory for activations.
        outputs_in: Whether the output does.
        pools: Number of memories for activations, 1 or 2.
        states: Number of memories that last, 0 or 1; `stai` only.
        off: Units of the last place by which outputs are moved at most.
        isa: Instruction set of the kernels.
        status: Exit status of `stedgeai generate`, whatever it wrote.
        chip: Whether the core is that of an STM32, whose CRC unit must have its clock.
        fault: What goes wrong: "" or one of `refuses`, `hangs`, `half`, `external`, `other_model`.
    """

    api: str = "stai"
    version: str = "4.0.1"
    inputs_in: bool = True
    outputs_in: bool = True
    pools: int = 1
    states: int = 0
    off: int = 0
    isa: str = "dsp"
    status: int = 0
    chip: bool = True
    fault: str = ""


def install(folder: Path, kind: Kind | None = None, *, archives: bool = True) -> Path:
    """Write an installation into `folder` and return it; `archives` compiles ST's libraries."""
    kind = kind or Kind()
    tool = folder / "Utilities" / "linux" / "stedgeai"
    tool.parent.mkdir(parents=True, exist_ok=True)
    (tool.parent / "kind.json").write_text(json.dumps(asdict(kind)), encoding="utf-8")
    command = shlex.join(
        [sys.executable, str(HERE / "stedgeai.py"), str(tool.parent / "kind.json")]
    )
    tool.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {command} "$@"\n')
    tool.chmod(0o755)
    middleware = folder / "Middlewares" / "ST" / "AI"
    shutil.copytree(HERE / "inc", middleware / "Inc", dirs_exist_ok=True)
    for core in CORES if archives else ():
        library = middleware / "Lib" / "GCC" / f"ARMCortex{core}"
        library.mkdir(parents=True, exist_ok=True)
        path = library / f"NetworkRuntime{_number(kind.version)}_C{core}_GCC.a"
        archive(path, core, chip=kind.chip)
    return folder


def archive(path: Path, core: str, flags: list[str] | None = None, *, chip: bool = True) -> None:
    """Compile the runtime for a core, with other flags when they are given."""
    objects = path.with_suffix(".o")
    control, clock = RCC[core]
    compiler = ["arm-none-eabi-gcc", "-mthumb", *(flags or CORES[core]), "-O2", "-Wall", "-Werror"]
    macros = [f"-DSTANDIN_RCC_CR={control:#x}", f"-DSTANDIN_CRC_CLOCK={clock:#x}"]
    source = [f"-I{HERE / 'inc'}", "-c", str(HERE / "runtime.c"), "-o", str(objects)]
    command = [*compiler, *(macros if chip else ()), *source]
    subprocess.run(command, check=True, timeout=60)
    subprocess.run(["arm-none-eabi-ar", "rcs", str(path), str(objects)], check=True, timeout=60)
    objects.unlink()


def _number(version: str) -> str:
    """Return the number in an archive's name: `1201` of Core 4.0.1."""
    major, minor, micro = version.split(".")
    return f"{int(major) + (8 if int(major) < 7 else 0)}{minor}{micro}"
