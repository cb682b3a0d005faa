"""The bench: windows and samples through a device, everything it answered in one result.

A restart of the device does not spoil a bench: windows go on after the last one answered; the
sample stream starts again from its beginning, because the detector forgot. A link that is lost
for good raises: there is no half result.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from host_tools.device import protocol
from host_tools.device.link import ChunkDamagedError, Counters, DeviceRestartedError, Link
from host_tools.device.protocol import DeviceInfo, Inference, Stats, Timing
from host_tools.device.rate import LineRate, negotiate, restore
from host_tools.device.stream import SampleStream
from host_tools.errors import DeviceError, LinkLostError
from host_tools.formats.record import RECORD

RESTARTS = 3
"""Number of restarts of the device that a bench survives without any progress between them."""

Progress = Callable[[str, int, int], None]
"""Function that is told what is sent (`windows` or `samples`), how many are done, and how many
there are."""


@dataclass(frozen=True, eq=False)
class BenchResult:
    """A complete bench.

    Attributes:
        info: What the device said of itself, in the last session.
        outputs: int8 [N, output bytes], one row per window.
        records: RECORD [M], one per sample.
        inferences: One per window: elapsed ms, cycles when the device can count.
        timing: The device's own sums since its last start; None without windows.
        stats: Stack, link counters and status of the device at the end.
        counters: What the host saw on the line.
        restarts: Times that the device restarted during the bench.
        window_seconds: Time for all windows, retries included.
        sample_seconds: Time for all samples, retries included.
        rate: Rate of the line, as agreed on when the last session was opened.
    """

    info: DeviceInfo
    outputs: NDArray[np.int8]
    records: NDArray[np.void]
    inferences: tuple[Inference, ...]
    timing: Timing | None
    stats: Stats
    counters: Counters
    restarts: int
    window_seconds: float
    sample_seconds: float
    rate: LineRate


class _Session:
    """A link with its device, and the restarts it has borne."""

    def __init__(self, link: Link, sha256: str | None, most_baud: int) -> None:
        self.link = link
        self._sha256 = sha256
        self._most_baud = most_baud
        self.restarts = 0
        self._without_progress = 0
        self.info = self._open()

    def _open(self) -> DeviceInfo:
        info = self.link.connect()
        if self._sha256 is not None:
            self.link.require_model(info, self._sha256)
        self.rate = negotiate(self.link, info, self._most_baud)
        return info

    def progress(self) -> None:
        """Note that the bench has advanced, which allows further restarts."""
        self._without_progress = 0

    def recover(self) -> None:
        """Open a new session after a restart; the model must be the one of before."""
        self.restarts += 1
        self._without_progress += 1
        if self._without_progress > RESTARTS:
            raise LinkLostError(
                f"the device on {self.link.port.url} restarted {self.restarts} times and gets"
                f" no further: {self.link.fault or 'no fault was reported; check its power'}"
            )
        sha256 = self.info.model_sha256
        self.info = self._open()
        self.link.require_model(self.info, sha256)


def run_window(link: Link, info: DeviceInfo, token: int, window: bytes) -> tuple[bytes, Inference]:
    """Upload one window, run the model, read its output back.

    Raises:
        DeviceRestartedError, StatusError, LinkLostError: see Link.request.
    """
    while not _upload(link, info, token, window):
        pass  # frames are smaller each time, to a least size that is not given up
    inference = protocol.parse_infer(link.request("INFER", protocol.u32(token)))
    output = b""
    while len(output) < info.output_bytes:
        length = min(link.chunk.within(info.max_chunk), info.output_bytes - len(output))
        request = protocol.result_request(token, len(output), length)
        try:
            reply = link.request("RESULT", request, is_chunk=True)
        except ChunkDamagedError:
            continue
        if len(reply) != protocol.CHUNK_HEADER_BYTES + length:
            raise protocol.ReplyError(f"RESULT reply has {len(reply)} bytes for {length} asked")
        output += reply[protocol.CHUNK_HEADER_BYTES :]
    return output, inference


def _upload(link: Link, info: DeviceInfo, token: int, window: bytes) -> bool:
    """Send one window; False: it must begin anew, because frames must be smaller.

    Nobody knows whether a chunk that was given up has been taken; start 0 begins an upload anyway.
    """
    start = 0
    while start < len(window):
        end = start + link.chunk.within(info.max_chunk)
        request = protocol.chunk(token, start, window[start:end])
        try:
            link.request("WINDOW", request, is_chunk=True)
        except ChunkDamagedError:
            return False
        start = end
    return True


def _run_windows(
    session: _Session, windows: NDArray[np.int8], progress: Progress
) -> tuple[NDArray[np.int8], tuple[Inference, ...]]:
    outputs = np.zeros((len(windows), session.info.output_bytes), dtype=np.int8)
    inferences: list[Inference] = []
    while len(inferences) < len(windows):
        at = len(inferences)
        try:
            output, inference = run_window(
                session.link, session.info, at + 1, windows[at].tobytes()
            )
        except DeviceRestartedError:
            session.recover()
            continue
        outputs[at] = np.frombuffer(output, dtype=np.int8)
        inferences.append(inference)
        session.progress()
        progress("windows", at + 1, len(windows))
    return outputs, tuple(inferences)


def stream_samples(
    link: Link,
    info: DeviceInfo,
    samples: NDArray[np.float32],
    progress: Progress,
    phase: int | None = None,
    *,
    resume: bool = False,
    counter: NDArray[np.int64] | None = None,
    pace: int = protocol.PACE_REPLAY,
) -> NDArray[np.void]:
    """Take samples through a new stream, as fast as they go; return RECORD [M].

    `phase` is the number of the first sample in its day; None: the time of day is not known.
    The detector forgets all that it learned before, unless `resume`. `counter` numbers the samples
    from 0 on, ascending: where it jumps, the device is told what was lost; None: nothing was.
    At PACE_PLANT the device minds silence from now on.

    Raises:
        DeviceRestartedError, StatusError, LinkLostError: see Link.request.
    """
    stream = SampleStream(link, info, phase, resume=resume, pace=pace)
    numbers = np.arange(len(samples)) if counter is None else counter
    records = np.zeros(len(samples), dtype=RECORD)
    last = 0
    while last < len(samples):
        start, last = last, min(last + stream.most, len(samples))
        records[start:last] = stream.send(samples[start:last], numbers[start:last])
        progress("samples", last, len(samples))
    return records


def _run_samples(
    session: _Session, samples: NDArray[np.float32], progress: Progress
) -> NDArray[np.void]:
    if not len(samples):
        return np.zeros(0, dtype=RECORD)
    # A detector that knows hours gives no verdict without the time of day: here it is midnight.
    phase = 0 if session.info.day_samples else None
    while True:
        try:
            return stream_samples(session.link, session.info, samples, progress, phase)
        except DeviceRestartedError:
            session.recover()


def _closing(session: _Session, with_timing: bool) -> tuple[Stats, Timing | None]:
    while True:
        try:
            timing = protocol.parse_timing(session.link.request("TIMING")) if with_timing else None
            stats = protocol.parse_stats(session.link.request("STATS"))
            with contextlib.suppress(LinkLostError):  # all is there; the device returns by itself
                restore(session.link)
            return stats, timing
        except DeviceRestartedError:
            session.recover()


def _check(info: DeviceInfo, windows: NDArray[np.int8], samples: NDArray[np.float32]) -> None:
    if len(windows):
        size = windows[0].nbytes
        if not info.features & protocol.FEATURE_WINDOW:
            raise DeviceError("the device takes no windows: flash the bench application")
        if windows.dtype != np.int8 or size != info.input_bytes:
            raise DeviceError(
                f"windows of {size} bytes ({windows.dtype}) do not fit the device's model input"
                f" of {info.input_bytes} bytes"
            )
    if len(samples):
        if not info.features & protocol.FEATURE_STREAM:
            raise DeviceError(
                "the device takes no samples: it has no detector, or sensors of its own"
            )
        if samples.ndim != 2 or samples.shape[1] != info.channels:
            raise DeviceError(
                f"samples have shape {samples.shape}, the device has {info.channels} channels"
            )


def _silent(_what: str, _done: int, _total: int) -> None:
    return


def run_bench(
    link: Link,
    windows: NDArray[np.int8],
    samples: NDArray[np.float32],
    *,
    sha256: str | None = None,
    most_baud: int = 0,
    progress: Progress = _silent,
) -> BenchResult:
    """Open a session and take all windows and all samples through the device.

    Args:
        link: Over an open port; connect() is called here.
        windows: int8 [N, …], each the bytes of model input 0; N may be 0.
        samples: float32 [M, channels], raw units, NaN is a gap; M may be 0.
        sha256: Hexadecimal hash of the model file that the device must hold.
        most_baud: Highest rate of the line to try; 0 keeps the one that the port is open at.
        progress: Called after each answered window and each frame of samples.

    Raises:
        DeviceSilentError, DeviceUnknownError, DeviceVersionError: see Link.connect.
        DeviceModelError: Another model.
        DeviceError: The device lacks what is asked of it, or answered with an error.
        LinkLostError: The link broke for good, or the device keeps restarting.
    """
    session = _Session(link, sha256, most_baud)
    _check(session.info, windows, samples)
    begin = time.monotonic()
    outputs, inferences = _run_windows(session, windows, progress)
    middle = time.monotonic()
    records = _run_samples(session, samples, progress)
    end = time.monotonic()
    stats, timing = _closing(session, len(windows) > 0)
    return BenchResult(
        info=session.info,
        outputs=outputs,
        records=records,
        inferences=inferences,
        timing=timing,
        stats=stats,
        counters=link.counters,
        restarts=session.restarts,
        window_seconds=middle - begin,
        sample_seconds=end - middle,
        rate=session.rate,
    )
