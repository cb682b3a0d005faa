# ruff: noqa: ARG002 (every fault has the same signature)
"""A faulty line: a TCP proxy between a host and a device that damages bytes on the way."""

import contextlib
import random
import select
import socket
import threading

from host_tools.device.frame import Frame, Receiver, encode
from host_tools.device.protocol import Message

TO_DEVICE, TO_HOST = 0, 1


class Fault:
    """No fault: passes every byte. Subclasses change `pass_on`, and count in `hits`."""

    hits = 0

    def pass_on(self, direction: int, data: bytes, proxy: "Proxy") -> bytes:
        """Return what arrives of `data`; may send more, or close, through `proxy`."""
        return data


class Every(Fault):
    """Damages each byte with a chance of one in `period`, in both directions."""

    def __init__(self, kind: str, period: int, seed: int = 1, limit: int = 10**9) -> None:
        self.kind, self.period, self.left = kind, period, limit
        self.random = random.Random(seed)
        self.hits = 0
        self._next = self._gap()

    def _gap(self) -> int:
        return 1 + int(self.random.expovariate(1 / self.period))

    def pass_on(self, direction, data, proxy):
        out = bytearray()
        for byte in data:
            self._next -= 1
            if self._next > 0 or not self.left:
                out.append(byte)
                continue
            self._next = self._gap()
            self.left -= 1
            self.hits += 1
            if self.kind == "flip":
                out.append(byte ^ (1 << self.random.randrange(8)))
            elif self.kind == "insert":
                out += bytes([byte, self.random.randrange(256)])
            elif self.kind == "zero":
                out.append(0)
            elif self.kind == "duplicate":
                out += bytes([byte, byte])
            # "drop": nothing
        return bytes(out)


class Cut(Fault):
    """Loses the rest of every n-th block."""

    def __init__(self, every: int, direction: int) -> None:
        self.every, self.direction, self.count, self.hits = every, direction, 0, 0

    def pass_on(self, direction, data, proxy):
        if direction != self.direction or len(data) < 4:
            return data
        self.count += 1
        if self.count % self.every:
            return data
        self.hits += 1
        return data[: len(data) // 2]


class Replies(Fault):
    """Changes the order or number of whole frames on their way to the host.

    Subclasses change `arrives`. Text between frames is lost; the bench on the host sends none.
    """

    def __init__(self) -> None:
        self.hits = 0
        self._receiver = Receiver()

    def pass_on(self, direction, data, proxy):
        if direction != TO_HOST:
            return data
        frames = self._receiver.feed(data)
        return b"".join(encode(one) for frame in frames for one in self.arrives(frame))

    def arrives(self, frame: Frame) -> list[Frame]:
        """Return the frames that arrive where the device sent `frame`."""
        return [frame]


class Twice(Replies):
    """Delivers every reply twice: the second one is old when the next request is on its way."""

    def arrives(self, frame):
        self.hits += 1
        return [frame, frame]


class Late(Replies):
    """Holds every n-th reply back until the next one comes, and delivers it behind that one.

    The host repeats the request whose reply is held; the answer to the repeated one arrives first,
    so that the held reply reaches a host that already waits for something else.
    """

    def __init__(self, every: int) -> None:
        super().__init__()
        self.every, self.count, self.held = every, 0, []

    def arrives(self, frame):
        self.count += 1
        if self.count % self.every == 0:
            self.hits += 1
            self.held.append(frame)
            return []
        held, self.held = self.held, []
        return [frame, *held]


class Earlier(Replies):
    """Delivers, before each reply, the one before it with the present number.

    This is what a reply looks like that is late by exactly 256 requests: its number is right, what
    it answers is not.
    """

    def __init__(self) -> None:
        super().__init__()
        self.last: Frame | None = None

    def arrives(self, frame):
        last, self.last = self.last, frame
        if last is None or last.type == frame.type:
            return [frame]
        self.hits += 1
        return [Frame(last.type, frame.seq, last.flags, last.payload), frame]


class Trigger(Fault):
    """Does something once, when `after` bytes went to the device (then after `again`, if given)."""

    def __init__(self, after: int, action, again: int = 0, times: int = 1) -> None:
        self.after, self.action, self.again, self.times = after, action, again, times
        self.hits = 0

    def pass_on(self, direction, data, proxy):
        if direction == TO_DEVICE and self.times:
            self.after -= len(data)
            if self.after <= 0:
                self.after, self.times, self.hits = self.again, self.times - 1, self.hits + 1
                return self.action(data, proxy)
        return data


class Resets(Trigger):
    """Restarts the device in the session that the host has opened, as `Trigger` says when."""

    def __init__(self, after: int, again: int = 0, times: int = 1) -> None:
        super().__init__(after, lambda data, _: data + self.request(), again, times)
        self.session = b""
        self._receiver = Receiver()

    def request(self) -> bytes:
        """Return RESET as another program would send it."""
        return encode(Frame(Message["RESET"], 99, 0, self.session))

    def pass_on(self, direction, data, proxy):
        if direction == TO_DEVICE:
            for frame in self._receiver.feed(data):
                self.session = frame.payload if frame.type == Message["HELLO"] else self.session
        return super().pass_on(direction, data, proxy)


class Proxy:
    """Listens on a free port; connects each client to `port` of the device, through `fault`."""

    def __init__(self, device_port: int, fault: Fault) -> None:
        self._device_port, self.fault = device_port, fault
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stop = False
        self.refuse = False
        self.device: socket.socket | None = None
        self.client: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"socket://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stop = True
        self._thread.join(5)
        self._listener.close()

    def _serve(self):
        while not self._stop:
            if self.refuse:
                self._listener.close()
                return
            if not select.select([self._listener], [], [], 0.05)[0]:
                continue
            self.client = self._listener.accept()[0]
            self.device = socket.create_connection(("127.0.0.1", self._device_port))
            with self.client, self.device, contextlib.suppress(OSError, ValueError):
                self._pump()

    def _pump(self):
        pair = [(self.client, self.device), (self.device, self.client)]
        while not self._stop:
            readable = select.select([self.client, self.device], [], [], 0.05)[0]
            for direction, (source, sink) in enumerate(pair):
                if source in readable:
                    data = source.recv(65536)
                    if not data:
                        return
                    sink.sendall(self.fault.pass_on(direction, data, self))
