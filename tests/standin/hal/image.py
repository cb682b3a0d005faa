"""A CubeMX project with a generated folder, compiled against the stand-in of ST's HAL."""

import subprocess
from pathlib import Path

from codegen.emit import linker
from targets import build
from targets.load import Target

HERE = Path(__file__).parent
FLAGS = ("-std=gnu11", "-O1", "-g", "-ffunction-sections", "-fdata-sections", "-Wall", "-Wextra",
         "-Wshadow", "-Wconversion", "-Werror")  # fmt: skip
"""Compiler flags of CubeIDE, and the warnings that a careful user adds."""


def link(
    target: Target, folder: Path, work: Path, *, lose: int = 0, period_ms: int = 1000,
    includes: tuple[Path, ...] = (), more: tuple[Path, ...] = (),
) -> Path:  # fmt: skip
    """Compile `Src` of `folder` with main.c and the HAL; return the image.

    `lose` is the number of the received byte that an overrun takes; 0: none. `more` are files of
    the user's project, compiled as he does.
    """
    work.mkdir(parents=True, exist_ok=True)
    (work / "safe_target.h").write_text(linker.target_header(target, "0"))
    (work / "linker.ld").write_text(linker.linker_script(target, "0"))
    gcc = [build.tool(target, "gcc"), *target.cpu.flags]
    macros = [f"-DSTANDIN_LOSE_BYTE={lose}u", f"-DSTANDIN_PERIOD_MS={period_ms}u"]
    own = [f"-I{place}" for place in (folder / "Inc", HERE, *includes)]
    chip = [f"-I{place}" for place in (work, HERE, *build.include_paths(target))]
    driver = build.code_folders(target)[-1]
    cortex = build.ROOT / "targets" / "arch" / "cortex_m"
    cores = [
        driver / "clock.c",
        *(cortex / f"{name}.c" for name in ("startup", "vectors", "fault")),
    ]
    parts = {
        "project": [*FLAGS, *macros, *own, *sorted((folder / "Src").glob("*.c")), HERE / "main.c"],
        "more": [*FLAGS, "-w", *own, *more],
        "hal": [*FLAGS, *macros, *chip, HERE / "hal.c"],
        "uart": [*chip, "-O1", "-Dsafe_isr_uart=driver_isr_uart", driver / "uart.c"],
        "chip": [*chip, "-O1", *cores],
    }
    objects = []
    for name, arguments in parts.items():
        if name != "more" or more:
            objects.append(work / f"{name}.o")
            _run([*gcc, "-r", "-nostdlib", *map(str, arguments), "-o", str(objects[-1])])
    image = work / f"{target.name}.elf"
    _run([*gcc, *target.toolchain.ldflags, f"-T{work / 'linker.ld'}", "-Wl,--gc-sections",
          *map(str, objects), "-o", str(image)])  # fmt: skip
    return image


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, timeout=120)
