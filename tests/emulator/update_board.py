"""What the tests of updates share: a product without a network, keys, a board in this process."""

import json
import select
import shutil

from host_tools.device import protocol
from host_tools.device.frame import Frame, Receiver, encode
from host_tools.device.protocol import Message
from host_tools.device.update import parse_info
from host_tools.formats.update_image import UNIT_BYTES
from targets import build
from tests.emulator.test_store import Board

FORECASTER = build.ROOT / "models" / "forecaster"


def product(folder):
    """Make the product that the shipped detector is without its network's residual."""
    folder.mkdir()
    for name in ("scaler.json", "golden.npz"):
        shutil.copy(FORECASTER / name, folder)
    detector = json.loads((FORECASTER / "detector.json").read_text())
    detector |= {f"residual_{key}": [] for key in ("channels", "factor", "prior")}
    (folder / "detector.json").write_text(json.dumps(detector))
    about = (FORECASTER / "model.toml").read_text()
    for line in ("window = 30\n", "horizon = 10\n"):
        assert line in about
        about = about.replace(line, "")
    about = about.replace('name = "forecaster"', 'name = "pump"\nnetwork = "none"', 1)
    (folder / "model.toml").write_text(about)
    return folder


class UpdateBoard(Board):
    """A board in this process that answers requests; a power cut ends it."""

    def __init__(self, target, image, slots):
        super().__init__(target, image, None, slots=slots)
        self.receiver, self.seq, self.frames, self.piece = Receiver(), 0, [], 0

    def listen(self):
        """Take what the board sent, text and frames; return all of it."""
        while select.select([self.client], [], [], 0)[0] and (data := self.client.recv(4096)):
            self.text += data
            self.frames += self.receiver.feed(data)
        return self.text

    def request(self, name, payload=b""):
        """Return the payload of the reply, and its status."""
        self.seq = (self.seq + 1) % 256
        kind, self.frames = Message[name], []
        self.client.sendall(encode(Frame(kind, self.seq, 0, payload)))
        self.run(self._is_answered)
        (frame,) = [f for f in self.frames if f.seq == self.seq]
        if frame.type == Message["ERROR"] | protocol.REPLY:
            return b"", protocol.parse_error(frame.payload)[0]
        assert frame.type == kind | protocol.REPLY
        return frame.payload, 0

    def _is_answered(self):
        self.listen()
        return any(frame.seq == self.seq for frame in self.frames)

    def run(self, until):
        """Run until a condition holds, looked at now and then, or the power goes."""
        steps = 0

        def sometimes():
            nonlocal steps
            steps += 1
            return steps % 5 == 0 and until()

        super().run(sometimes)

    def boot(self):
        """Wait for the banner, and open a session; return the model that runs."""
        self.run(lambda: b"status=0x" in self.listen().rpartition(b"safe 0")[2])
        hello, status = self.request("HELLO", protocol.u32(1))
        assert status == 0
        device = protocol.parse_hello(hello)
        self.piece = (device.max_payload - 4) // UNIT_BYTES * UNIT_BYTES
        return device.model

    def info(self):
        return parse_info(self.request("UPDATE_INFO")[0])

    def install(self, image):
        """Send an image; return the first status that is not 0."""
        _, status = self.request("UPDATE_BEGIN", image.header)
        for at in range(0, len(image.payload), self.piece):
            piece = protocol.u32(at) + image.payload[at : at + self.piece]
            status = status or self.request("UPDATE_DATA", piece)[1]
        return status or self.request("UPDATE_END")[1]

    def restart(self):
        """Restart the device; return the model that runs then."""
        self.request("RESET", protocol.u32(1))
        self.text = b""
        self.receiver = Receiver()
        return self.boot()
