"""Choose a flash runner, start it, and tell its failures apart."""

import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from host_tools.device.runners import RUNNERS, FlashJob, FlashRunner, FlashStep
from host_tools.errors import FlashError, ProbeNotFoundError, RunnerMissingError, VerifyError
from targets.chip_flash import Flash
from targets.errors import TargetError
from targets.load import Target

SECONDS = 300.0
"""Longest time that one run of a program may take: a large image over a slow probe takes a
minute."""
AUTO = "auto"
_ERROR = re.compile(r"\b(error|failed|cannot|unable|not recognized)\b", re.IGNORECASE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

Say = Callable[[str], None]


@dataclass(frozen=True)
class FlashPlan:
    """A chosen runner and what it will run."""

    name: str
    runner: FlashRunner
    steps: tuple[FlashStep, ...]


def settings(target: Target) -> Flash:
    """Return the target's [flash]; TargetError when it is not a chip that is flashed."""
    if target.flash is None:
        raise TargetError(f"target {target.name} has no [flash]: nothing to write it into")
    return target.flash


def _reason(name: str, flash: Flash, packs: Sequence[Path]) -> str:
    """Return why a runner cannot serve; empty when it can."""
    runner = RUNNERS[name]
    return runner.lacks(flash, packs) if runner.find() else f"not installed ({runner.package})"


def choose(target: Target, wanted: str, packs: Sequence[Path], *, dry: bool = False) -> str:
    """Return the name of the runner that is wanted, or the first of the target's that can serve.

    With `dry` a runner that is asked for by name need not be installed.

    Raises:
        TargetError: The target lists no such runner, or lacks what it needs.
        RunnerMissingError: It is not installed, or none is; the message has each one's reason.
    """
    flash = settings(target)
    if wanted == AUTO:
        reasons = []
        for name in flash.runners:
            reason = _reason(name, flash, packs)
            if not reason:
                return name
            reasons.append(f"{name}: {reason}")
        raise RunnerMissingError(f"nothing here can flash {target.name}: {'; '.join(reasons)}")
    if wanted not in flash.runners:
        known = ", ".join(flash.runners)
        raise TargetError(f"{target.name} is not flashed by {wanted}; known are {known}")
    lacking = RUNNERS[wanted].lacks(flash, packs)
    if lacking:
        raise TargetError(f"{wanted}: {lacking}")
    if not dry and RUNNERS[wanted].find() is None:
        raise RunnerMissingError(f"{wanted} is not installed: {RUNNERS[wanted].package}")
    return wanted


def plan(name: str, job: FlashJob) -> FlashPlan:
    """Return what runner `name` will run."""
    runner = RUNNERS[name]
    head = runner.find() or (runner.program,)
    return FlashPlan(name, runner, tuple(runner.steps(head, job)))


def _run(step: FlashStep, say: Say) -> tuple[int, str]:
    try:
        done = subprocess.run(
            step.argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FlashError(
            f"{step.argv[0]} did not end within {SECONDS:.0f} s: unplug the probe and try again"
        ) from None
    except OSError as error:
        raise FlashError(f"{step.argv[0]} cannot be started: {error.strerror}") from None
    output = _COLOUR.sub("", done.stdout)
    for line in output.splitlines():
        say(line)
    return done.returncode, output


def _telling(output: str) -> str:
    """Return the line that tells most of a failed run."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return ([line for line in lines if _ERROR.search(line)] or lines or ["no message"])[0]


def _judge(chosen: FlashPlan, step: FlashStep, status: int, output: str, probe: str) -> None:
    """Raise the error that a program run stands for; return when it went well."""
    runner = chosen.runner
    if runner.no_probe.search(output):
        which = f"no debug probe {probe}" if probe else "no debug probe"
        raise ProbeNotFoundError(
            f"{chosen.name} finds {which}: connect the board by USB, close other debuggers, and"
            " check the permission of the USB device (udev rules)"
        )
    found = runner.mismatch.search(output)
    if found:
        line = output[found.start() :].splitlines()[0]
        raise VerifyError(f"{chosen.name}: the flash does not hold the image: {line.strip()}")
    if status != 0:
        raise FlashError(f"{chosen.name} failed with status {status}: {_telling(output)}")
    if step.says is not None and not step.says.search(output):
        raise VerifyError(
            f"{chosen.name} ended well but did not say that the image is verified:"
            f" {_telling(output)}"
        )


def run(chosen: FlashPlan, job: FlashJob, say: Say = lambda _: None) -> None:
    """Write the image, verify it and restart the chip.

    Args:
        chosen: From `plan`.
        job: What is written; its files must exist.
        say: Takes every line that the runner prints.

    Raises:
        ProbeNotFoundError: No probe, or not the one that was asked for.
        VerifyError: The chip holds something else than the image.
        FlashError: Any other failure, with the runner's own words.
    """
    for step in chosen.steps:
        status, output = _run(step, say)
        _judge(chosen, step, status, output, job.probe)
