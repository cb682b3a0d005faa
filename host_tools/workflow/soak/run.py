"""Days of samples through a device, as fast as it takes them, and through its twin on this host.

What only shows in the long run is looked for: records that differ from the host's, samples that
are not counted, a stack that grows, a line that loses bytes, a restart that loses what was learned.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from host_tools.detection import replay
from host_tools.device import protocol
from host_tools.device.faulty_port import FaultyPort
from host_tools.formats import description
from host_tools.formats.record import RECORD, State
from host_tools.runtimes import host_c
from host_tools.workflow.clock import Progress, Say, no_progress, silent
from host_tools.workflow.soak import outcome, scenario
from host_tools.workflow.soak.material import HOUR, Material
from host_tools.workflow.soak.outcome import Walked
from host_tools.workflow.soak.result import Hour, Soaked
from host_tools.workflow.soak.supply import Supply
from host_tools.workflow.soak.twin import Twin
from host_tools.workflow.soak.walk import Said, Terms, Walk


@dataclass(frozen=True)
class Asked:
    """Faults that are asked for.

    Attributes:
        groups: Some of `scenario.GROUPS`; empty: none.
        seed: Of when and how they come.
        keeps: Whether the device has a store that outlives the power.
        has_power_cut: Whether the power can go while that store is written.
    """

    groups: Sequence[str] = ()
    seed: int = 1
    keeps: bool = False
    has_power_cut: bool = False


NOTHING = Asked()


def run(
    device: str | Supply,
    directory: Path,
    material: Material,
    work: Path,
    *,
    asked: Asked = NOTHING,
    terms: Terms | None = None,
    stack_bound: int | None = None,
    progress: Progress = no_progress,
    say: Say = silent,
) -> Soaked:
    """Take everything through the device, a URL or what is switched on, and compare.

    Raises:
        DeviceError, LinkLostError: The device restarted by itself, or the link is lost.
        DataError, BuildError: The model directory cannot be run on this host, or there are too few
            samples for the faults.
        DifferentError: The device did not save what it should.
    """
    about = description.load(directory)
    hour_rows = max(1, round(about.rate_hz * HOUR))
    faults: tuple[scenario.Fault, ...] = ()
    config = replay.load(directory)
    detector = config.detector
    if asked.groups:
        kinds = scenario.possible(asked.groups, detector, has_power_cut=asked.has_power_cut)
        faults = scenario.draw(kinds, detector, len(material.samples), hour_rows, asked.seed)
        material = scenario.spoil(material, faults, detector, config.adapter.scaler.std)
    forecast = host_c.compile_model(directory, work).run if about.has_network else None
    twin = Twin(config, material, forecast, keeps=asked.keeps)
    say(f"stream {len(material.samples):,} samples")
    url = device if isinstance(device, str) else device.url
    with FaultyPort(url, asked.seed) as port:
        walk = Walk(port, twin, material, hour_rows, terms or Terms())
        walk.supply = None if isinstance(device, str) else device
        walk.run(faults, progress)
    different = walk.records.view((np.void, RECORD.itemsize)) != walk.expected.view(
        (np.void, RECORD.itemsize)
    )
    walked = Walked(material.numbers, walk.records, different, walk.is_sent, walk.restarts)
    result = _result(walked, hour_rows, walk.said, stack_bound)
    names = about.channels
    return replace(
        result,
        starts=1 + len(walk.restarts),
        faults=outcome.outcomes(walk.notes, walked, detector, names, hour_rows),
    )


def _result(
    walked: Walked, hour_rows: int, said: Sequence[Said], stack_bound: int | None
) -> Soaked:
    sent = np.flatnonzero(walked.is_sent)
    numbers = walked.numbers[sent]
    of_hour = numbers // hour_rows
    lost = np.diff(numbers, prepend=-1) - 1
    different = walked.different[sent]
    every = []
    for hour in range(int(walked.numbers[-1] // hour_rows) + 1):
        here = of_hour == hour
        until = [words for words in said if words.hour <= hour]
        every.append(
            Hour(
                hour + 1,
                int(here.sum()),
                int(lost[here].sum()),
                int(different[here].sum()),
                max((words.stack_bytes for words in until), default=0),
                until[-1].frame_errors if until else 0,
            )
        )
    states, counts = np.unique(walked.records["state"][sent], return_counts=True)
    at = np.flatnonzero(different)
    return Soaked(
        tuple(every),
        int(numbers[at[0]]) if len(at) else None,
        {State(s).name.lower(): int(n) for s, n in zip(states, counts, strict=True)},
        stack_bound,
        protocol.port_status_names(said[-1].status),
    )
