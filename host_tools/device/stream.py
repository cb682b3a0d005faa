"""A stream of raw samples through the detector of a device, a piece at a time."""

import itertools
import secrets
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from host_tools.device import protocol
from host_tools.device.frame import Frame, encode
from host_tools.device.link import Link
from host_tools.device.protocol import DeviceInfo, Message
from host_tools.formats.record import RECORD


class SampleStream:
    """An open stream; a restart of the device ends it (DeviceRestartedError)."""

    def __init__(
        self,
        link: Link,
        info: DeviceInfo,
        phase: int | None = None,
        *,
        resume: bool = False,
        pace: int = protocol.PACE_REPLAY,
    ) -> None:
        """Open a stream; `bench.stream_samples` says what the arguments are."""
        self._link, self._info = link, info
        self._token = secrets.randbelow(2**32)
        message = "STREAM_RESUME" if resume else "STREAM_RESET"
        link.request(message, protocol.stream_reset(self._token, phase, pace))

    @property
    def most(self) -> int:
        """Number of samples that the next frame takes, as the line allows it; at least one."""
        return max(1, self._link.chunk.within(self._info.max_chunk) // self._info.sample_bytes)

    def send(self, samples: NDArray[np.float32], numbers: NDArray[np.int64]) -> NDArray[np.void]:
        """Take samples through; return RECORD [rows].

        `numbers` [rows] go on from the samples before, the first of all being 0; where they jump
        the device is told what was lost.

        Raises:
            DeviceRestartedError, StatusError, LinkLostError: see Link.request.
        """
        records = np.zeros(len(samples), dtype=RECORD)
        for start, last in self._frames(numbers):
            data = samples[start:last].astype("<f4").tobytes()
            request = protocol.chunk(self._token, int(numbers[start]), data)
            reply = self._link.request("SAMPLE", request)
            records[start:last] = protocol.parse_records(
                reply[protocol.CHUNK_HEADER_BYTES :], last - start
            )
        return records

    def abandon(self, samples: NDArray[np.float32], number: int, share: float) -> None:
        """Send a share of the frame of these samples and wait for nothing: what a device gets
        that goes off meanwhile.

        Raises:
            PortLostError: The line is gone.
        """
        request = protocol.chunk(self._token, number, samples.astype("<f4").tobytes())
        line = encode(Frame(Message["SAMPLE"], 0, 0, request))
        self._link.port.send(line[: round(share * len(line))])

    def relearn(self, state: int) -> None:
        """Let the detector forget its baseline; `state`, that of the last record, confirms it.

        Raises:
            StatusError: The state is another one by now, or the stream is closed.
            DeviceRestartedError, LinkLostError: see Link.request.
        """
        self._link.request("RELEARN", protocol.relearn(self._token, state))

    def _frames(self, numbers: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
        """Yield first and last + 1 of what fits a frame and has numbers without a jump."""
        breaks = [0, *(np.flatnonzero(np.diff(numbers) != 1) + 1), len(numbers)]
        for first, last in itertools.pairwise(breaks):
            start = int(first)
            while start < last:
                end = min(start + self.most, int(last))
                yield start, end
                start = end
