"""The programs that write an image into a chip: their command lines and what they say.

Each runner gives argument vectors only; `flash` starts them. No status is trusted alone: a
programmed image counts as verified when the runner says so in its own words (pyOCD's `compare` ends
with status 0 on a mismatch). Sources of syntax and words: `pyocd --help` 0.46, OpenOCD 0.12,
st-flash 1.7.0 as installed; UM2237 for STM32_Programmer_CLI and probe-rs 0.2x by their documents.
"""

import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from re import Pattern

from targets.chip_flash import Flash

_CUBE_FOLDERS = (
    "~/STMicroelectronics/STM32Cube/STM32CubeProgrammer/bin",
    "/usr/local/STMicroelectronics/STM32Cube/STM32CubeProgrammer/bin",
    "/opt/st/stm32cubeprogrammer/bin",
    "/Applications/STMicroelectronics/STM32Cube/STM32CubeProgrammer"
    "/STM32CubeProgrammer.app/Contents/MacOs/bin",
    "C:/Program Files/STMicroelectronics/STM32Cube/STM32CubeProgrammer/bin",
)


@dataclass(frozen=True)
class FlashJob:
    """Image to be written, and the way to write it.

    Attributes:
        flash: The target's [flash].
        elf: The image; `.bin` and `.hex` of the same stem lie beside it.
        probe: Serial number of the debug probe; empty for the only one.
        packs: CMSIS-Packs for pyOCD: `.pack` or `.pdsc` files, or an unpacked folder.
        verify: Read back and compare.
    """

    flash: Flash
    elf: Path
    probe: str = ""
    packs: tuple[Path, ...] = ()
    verify: bool = True

    @property
    def binary(self) -> Path:
        """The bytes of the flash from its address on."""
        return self.elf.with_suffix(".bin")

    @property
    def hexadecimal(self) -> Path:
        """The image as Intel HEX."""
        return self.elf.with_suffix(".hex")


@dataclass(frozen=True)
class FlashStep:
    """One program run. `says` matches what it prints when it has verified the image."""

    argv: tuple[str, ...]
    says: Pattern[str] | None = None


class FlashRunner:
    """A program that writes an image into a chip. `RUNNERS` holds one of each subclass."""

    package = ""
    """Package or page that the program comes from, for messages."""
    program = ""
    no_probe = re.compile(r"$^")
    """Pattern of the output of a run that found no probe."""
    mismatch = re.compile(r"$^")
    """Pattern of the output of a run that read other bytes back than those of the image."""

    def find(self) -> tuple[str, ...] | None:
        """Return the head of the command line; None when the program is not installed."""
        found = shutil.which(self.program)
        return (found,) if found else None

    def lacks(self, flash: Flash, packs: Sequence[Path]) -> str:  # noqa: ARG002
        """Return what is missing besides the program; empty for nothing."""
        return ""

    def steps(self, head: tuple[str, ...], job: FlashJob) -> list[FlashStep]:
        """Return the program runs that write, verify and restart."""
        raise NotImplementedError


class CubeProgrammer(FlashRunner):
    """STM32CubeProgrammer, ST's own program."""

    package = "STM32CubeProgrammer from st.com"
    program = "STM32_Programmer_CLI"
    no_probe = re.compile(r"No debug probe detected|No ST-?LINK detected", re.IGNORECASE)
    mismatch = re.compile(r"Data mismatch found|Download verification failed", re.IGNORECASE)

    def find(self) -> tuple[str, ...] | None:
        """Look for the program on PATH, then where its installer puts it."""
        for folder in (None, *_CUBE_FOLDERS):
            path = None if folder is None else str(Path(folder).expanduser())
            found = shutil.which(self.program, path=path)
            if found:
                return (found,)
        return None

    def steps(self, head: tuple[str, ...], job: FlashJob) -> list[FlashStep]:
        """Connect under reset, so that firmware that sleeps or hangs does not matter."""
        serial = (f"sn={job.probe}",) if job.probe else ()
        check = ("-v",) if job.verify else ()
        argv = (*head, "-c", "port=SWD", *serial, "mode=UR", "reset=HWrst")
        says = re.compile(r"Download verified successfully") if job.verify else None
        return [FlashStep((*argv, "-w", str(job.hexadecimal), *check, "-rst"), says)]


class PyOcd(FlashRunner):
    """pyOCD, with the flash algorithms of a CMSIS-Pack."""

    package = "pip install 'safe-edge[flash]'"
    program = "pyocd"
    no_probe = re.compile(r"No connected debug probes|No (available )?debug probes? (is|are) conn")
    mismatch = re.compile(r"Mismatched byte at")

    def find(self) -> tuple[str, ...] | None:
        """Look for the program on PATH, then for the package in this Python."""
        found = super().find()
        return found or ((sys.executable, "-m", "pyocd") if find_spec("pyocd") else None)

    def lacks(self, flash: Flash, packs: Sequence[Path]) -> str:
        """Ask for the chip's name and pack: without a pack, pyOCD knows few chips."""
        if not flash.pyocd_target:
            return "the target has no flash.pyocd_target"
        return "" if packs else "needs --pack FILE (or SAFE_PACK)"

    def steps(self, head: tuple[str, ...], job: FlashJob) -> list[FlashStep]:
        """Program under reset, then compare and restart in a second session."""
        where = ["--no-wait", "--target", job.flash.pyocd_target]
        where += [word for pack in job.packs for word in ("--pack", str(pack))]
        where += ["--probe", job.probe] if job.probe else []
        load = FlashStep((*head, "load", *where, "--connect", "under-reset", str(job.elf)))
        if not job.verify:
            return [load]
        compare = ("compare", f"0x{job.flash.address:08x}", str(job.binary))
        argv = (*head, "commander", *where, "--connect", "halt", "--command", *compare)
        says = re.compile(r"All \d+ bytes match")
        return [load, FlashStep((*argv, "--command", "reset"), says)]


class OpenOcd(FlashRunner):
    """OpenOCD: any probe that a script names, RISC-V too."""

    package = "apt-get install openocd"
    program = "openocd"
    no_probe = re.compile(
        r"Error: open failed|No J-Link device found|unable to open ftdi device|"
        r"unable to find a matching CMSIS-DAP device|Error: no device found|No device matches"
    )
    mismatch = re.compile(r"\*\* Verify Failed \*\*|contents differ|checksum mismatch")

    def lacks(self, flash: Flash, packs: Sequence[Path]) -> str:  # noqa: ARG002
        """Ask for the script of the chip, or of the board."""
        named = flash.openocd_target or flash.openocd_board
        return "" if named else "the target has no flash.openocd_target"

    def steps(self, head: tuple[str, ...], job: FlashJob) -> list[FlashStep]:
        """Name the probe before the scripts, because a board's script may connect at once."""
        flash = job.flash
        scripts = [flash.openocd_board] if flash.openocd_board else []
        scripts = scripts or [flash.openocd_interface, flash.openocd_target]
        argv = [*head, *(("-c", f"adapter serial {job.probe}") if job.probe else ())]
        argv += [word for script in scripts for word in ("-f", script)]
        check = " verify" if job.verify else ""
        argv += ["-c", f"program {{{job.elf}}}{check} reset exit"]
        says = re.compile(r"\*\* Verified OK \*\*") if job.verify else None
        return [FlashStep(tuple(argv), says)]


class ProbeRs(FlashRunner):
    """probe-rs; a probe is VID:PID or VID:PID:SERIAL to it."""

    package = "probe-rs from probe.rs"
    program = "probe-rs"
    no_probe = re.compile(r"No connected probes were found|Probe (was )?not found", re.IGNORECASE)
    mismatch = re.compile(r"verification failed", re.IGNORECASE)

    def lacks(self, flash: Flash, packs: Sequence[Path]) -> str:  # noqa: ARG002
        """Ask for the chip's name only: probe-rs has descriptions of chips."""
        return "" if flash.probe_rs_chip else "the target has no flash.probe_rs_chip"

    def steps(self, head: tuple[str, ...], job: FlashJob) -> list[FlashStep]:
        """Download, then reset, because `download` leaves the chip halted."""
        chosen = ("--probe", job.probe) if job.probe else ()
        where = ("--non-interactive", "--chip", job.flash.probe_rs_chip, *chosen)
        check = ("--verify",) if job.verify else ()
        argv = (*head, "download", *where, "--connect-under-reset", *check, str(job.elf))
        return [FlashStep(argv), FlashStep((*head, "reset", *where))]


class StFlash(FlashRunner):
    """St-flash of stlink-tools, which always verifies."""

    package = "apt-get install stlink-tools"
    program = "st-flash"
    no_probe = re.compile(r"Couldn't find any ST-Link|Couldn't locate any ST-Link", re.IGNORECASE)
    mismatch = re.compile(r"Verification of flash failed")

    def steps(self, head: tuple[str, ...], job: FlashJob) -> list[FlashStep]:
        """Write the image; all options stand before the command, as st-flash wants them."""
        serial = ("--serial", job.probe) if job.probe else ()
        argv = (*head, "--connect-under-reset", "--reset", *serial, "write", str(job.binary))
        says = re.compile(r"Flash written and verified")
        return [FlashStep((*argv, f"0x{job.flash.address:08x}"), says)]


RUNNERS: Mapping[str, FlashRunner] = {
    "cubeprog": CubeProgrammer(),
    "pyocd": PyOcd(),
    "openocd": OpenOcd(),
    "probe-rs": ProbeRs(),
    "st-flash": StFlash(),
}
"""Runners by the names that a target's [flash] lists."""
