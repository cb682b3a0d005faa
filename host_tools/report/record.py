"""The report as values: what a bench or a demo measured, and what it means.

`Report.fields()` is the one list of JSON keys; `report.json` and `host_tools bench --json` are
both written from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from numpy.typing import NDArray

from host_tools.compare.metrics import Comparison, RealDelta
from host_tools.compare.rounding import Rounding
from host_tools.formats.description import NO_NETWORK

Array = NDArray[Any]

REPORT_VERSION = 1
DEVICE = "device"
"""Name of the device in `comparisons`."""

DEFINITIONS = {
    "mismatched_bytes": "bytes of the device's outputs that differ from any exact result",
    "max_lsb": "largest such difference, in units of the last place",
    "chain_mismatches": "raw samples whose record (state, score bits, CRC of the model's output) "
    "differs between device and host",
    "rounding": "of a backend that need not be exact: output bytes by their difference from the "
    "exact ones, and the alarms of the chain on the device beside those of the exact chain; F1 of "
    "the raw samples against their labels",
    "rmse_vs_float": "int8 forecast of the device against the float model, in standard deviations "
    "of the channels, over in-distribution windows only; saturated and random windows "
    "count for exactness",
    "instructions_per_inference": "executed instructions of one inference, counted by the "
    "emulator; not cycles",
    "instructions_per_step": "the detector's step of one raw sample beside the inference, the most "
    "over some samples; counted by the emulator",
    "cycles_per_inference": "clock cycles of one inference without interrupts, exact: counted in "
    "the simulated RTL of the core; not measured on other targets",
    "flash_bytes": "text and initialised data of the whole image",
    "model_bytes": "constants of the model in flash: weights, biases and the tables of its calls",
    "static_ram_bytes": "initialised and zeroed data of the whole image, arena included, stack "
    "not included",
    "stack_bytes": "deepest stack since boot, from the painted stack",
    "stack_bound_bytes": "the deepest that the stack can get, proved from the linked image: "
    "program, exception frame and one interrupt handler",
    "alarms": "samples in the alarm state",
    "network": "tflite, or none: then there is no inference, no arena and no window",
    "rate_hz": "samples per second that the model was trained on",
    "scored": "the statistics of the detector that take each channel; a channel that is not named "
    "is not scored",
    "reading": "how the log was read, as training kept it",
    "injected_faults": "what the detector saw of faults that its fit put into quiet rows, as "
    "training.json has it; null where it does not",
    "host_seconds": "wall clock of the whole run on this host",
}


@dataclass(frozen=True)
class OperatorCost:
    """Cost of one operator of the model; None is what was not counted."""

    index: int
    kind: str
    name: str
    macs: int
    instructions: int | None
    cycles: int | None = None

    @property
    def counted(self) -> int | None:
        """Instructions, or clock cycles where these were counted instead."""
        return self.instructions if self.cycles is None else self.cycles


@dataclass(frozen=True)
class Report:
    """One run. None stands for "not measured here"; the tables show it as a dash."""

    target: str
    backend: str
    model: str
    model_sha256: str
    data: str
    """Source of the samples in words: `synthetic plant`, or a file name."""
    channels: int
    window: int
    horizon: int
    windows: int
    windows_by_kind: Mapping[str, int]
    mismatched_bytes: int
    max_lsb: int
    chain_samples: int
    chain_mismatches: int
    rmse_vs_float: float | None
    mae_vs_float: float | None
    max_vs_float: float | None
    instructions_per_inference: int | None
    flash_bytes: int | None
    model_bytes: int | None
    arena_bytes: int | None
    static_ram_bytes: int | None
    stack_bytes: int | None
    alarms: int
    alarm_episodes: int
    host_seconds: float
    comparisons: Sequence[Comparison] = ()
    int8_vs_truth: RealDelta | None = None
    float_vs_truth: RealDelta | None = None
    operators: Sequence[OperatorCost] = ()
    network: str = "tflite"
    """`none`: the detector is all there is, and nothing of windows was compared."""
    instructions_per_step: int | None = None
    cycles_per_inference: int | None = None
    stack_bound_bytes: int | None = None
    rate_hz: float | None = None
    """Samples per second of the model's channels."""
    scored: Mapping[str, str] = field(default_factory=dict)
    """Statistics that score each channel: `level`, `residual`, or both."""
    reading: Sequence[str] = ()
    """Sentences that say how the log was read."""
    injected_faults: Mapping[str, Any] | None = None
    """What the detector sees of faults that its fit put into quiet rows."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Wall-clock seconds of each step, in the order of the run."""
    rounding: Rounding | None = None
    """Differences of a backend that need not be exact; None for one that must be."""

    @property
    def has_network(self) -> bool:
        """Whether there is an inference."""
        return self.network != NO_NETWORK

    @property
    def shape(self) -> str:
        """Channels, window and horizon in words."""
        if not self.has_network:
            return f"{self.channels} channels, no network"
        return f"{self.channels} channels, window {self.window}, horizon {self.horizon}"

    @property
    def exact(self) -> bool:
        """Whether device and host agree on every byte of every window and every sample."""
        pairs = all(pair.delta.mismatched_bytes == 0 for pair in self.comparisons)
        return self.mismatched_bytes == 0 and self.chain_mismatches == 0 and pairs

    @property
    def agrees(self) -> bool:
        """Whether all agree that must: of a backend that need not be exact, the host's results."""
        if self.rounding is None:
            return self.exact
        host = [pair for pair in self.comparisons if DEVICE not in (pair.left, pair.right)]
        return all(pair.delta.mismatched_bytes == 0 for pair in host)

    def fields(self) -> dict[str, Any]:
        """Return the report as JSON values, keys in a fixed order."""
        values = asdict(self)
        values["comparisons"] = [
            {"left": pair.left, "right": pair.right, **asdict(pair.delta)}
            for pair in self.comparisons
        ]
        values["operators"] = [asdict(operator) for operator in self.operators]
        values["windows_by_kind"] = dict(self.windows_by_kind)
        values["rounding"] = None if self.rounding is None else self.rounding.fields()
        values["scored"], values["reading"] = dict(self.scored), list(self.reading)
        values["seconds"] = {step: round(value, 3) for step, value in self.seconds.items()}
        values["host_seconds"] = round(self.host_seconds, 3)
        return {
            "report_version": REPORT_VERSION,
            "exact": self.exact,
            **values,
            "definitions": dict(DEFINITIONS),
        }


@dataclass(frozen=True, eq=False)
class Series:
    """The arrays behind the plots.

    W window, H horizon, C channels, T samples. `history` f32[W,C], `truth`, `float_forecast` and
    `int8_forecast` f32[H,C], one in-distribution window in standard deviations; `score` f32[T],
    `state` uint8[T] (0 warm-up, 1 ok, 2 alarm, 3 learning, 4 sensor fault), `labels` uint8[T];
    `exact_lsb` and `float_lsb` count differences of the device by LSB; `memory` holds capacity of
    flash and RAM in bytes. `units`, `mean` and `std` (raw units, by channel) turn standard
    deviations into physical values; empty when unknown. `scale` is one LSB of a forecast in
    standard deviations. Without a network all of the window is empty.
    """

    channel_names: Sequence[str]
    history: Array
    truth: Array
    float_forecast: Array
    int8_forecast: Array
    score: Array
    state: Array
    labels: Array
    threshold: float
    exact_lsb: Mapping[int, int]
    float_lsb: Mapping[int, int]
    memory: Mapping[str, int] = field(default_factory=dict)
    units: Sequence[str] = ()
    mean: Sequence[float] = ()
    std: Sequence[float] = ()
    scale: float = 0.0

    def physical(self, channel: int) -> tuple[float, float]:
        """Return what one standard deviation is, and where 0 lies, in the channel's unit."""
        if not self.std:
            return 1.0, 0.0
        return float(self.std[channel]), float(self.mean[channel])

    def unit(self, channel: int) -> str:
        """Return the unit of `physical`, as a word of a title."""
        if not self.std:
            return "σ"
        return (self.units[channel] if self.units else "") or "raw units"
