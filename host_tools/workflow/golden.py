"""Compare every implementation of a model on the same windows, one device among them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.compare import matrix, participants
from host_tools.compare.matrix import Matrix
from host_tools.formats import description
from host_tools.formats.golden import Golden
from host_tools.workflow import bisect
from host_tools.workflow.bisect import Beginning
from host_tools.workflow.clock import Say, silent
from host_tools.workflow.report import must_be_exact
from host_tools.workflow.run import Emulated, Port, RunPlan, run
from targets.load import load
from targets.options import Options


def beginning(directory: Path, windows: Golden, place: Emulated | None) -> Beginning | None:
    """Return the operator where a difference begins, on the emulated device or, without one, in the
    generated C on this host; None when neither differs from the integer reference.
    """
    content = (directory / participants.INT8_MODEL).read_bytes()
    target = load(place.target if place is not None else "host")
    options = place.options if place is not None and place.options is not None else Options()
    return bisect.locate(content, windows.windows, target, options)


def compare(
    directory: Path,
    windows: Golden,
    place: Emulated | Port | None,
    work: Path,
    *,
    say: Say = silent,
) -> Matrix:
    """Run everything that is installed, and the device at `place`, and compare each with each.

    Args:
        directory: The model directory.
        windows: What to run; see `participants.windows_of`.
        place: The device; None: this host only.
        work: Takes intermediate files.
        say: Takes one line of news for the user.

    Raises:
        DataError: Fewer than two implementations that must agree.
        The errors of every step; a difference is not one.
    """

    def device(inputs: NDArray[np.int8]) -> tuple[NDArray[np.int8], dict[str, Any], bool]:
        assert place is not None
        only = replace(windows, windows=inputs, samples=windows.samples[:0])
        plan = RunPlan(directory, place, only, frozenset({"bench"}))
        answers = run(plan, work)
        assert answers.bench is not None
        strict = must_be_exact(answers.bench.info.backend)
        return answers.bench.outputs, dict(answers.link), strict

    title = f"device {place.target}" if isinstance(place, Emulated) else "device"
    collected = participants.run_all(
        directory,
        windows,
        work,
        device=None if place is None else device,
        device_name=title,
        say=say,
    )
    return matrix.build(
        collected.participants,
        windows,
        participants.lsb_of(directory),
        model=description.load(directory).name,
        model_sha256=participants.sha256_of(directory),
        absent=collected.absent,
        link=collected.link,
        seconds=collected.seconds,
    )
