"""The native half of the command USART: what it answers, when it asks the model, when it chains."""

import ctypes

import pytest

from targets import native
from targets.emulate.board.peripheral import line as lines
from targets.emulate.board.peripheral.serial import Serial
from targets.emulate.board.peripheral.uart import RXNE, TC, TXE
from targets.emulate.board.watch import Watch

STATUS, RECEIVE, TRANSMIT, OTHER = 0x1C, 0x24, 0x28, 0x00
LR, PC, XPSR, MASKS = 14, 15, 16, (17, 18, 19)
VECTOR, EXCEPTION = 0x0800_0101, 16 + 61
EXIT, SVC = 8, 2
READ = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint32)
WRITE = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_uint64)
REGISTER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
STOP = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


class Bench:
    """The native functions around a core of a few registers and a model that notes its calls."""

    def __init__(self, folder, received):
        self.asked = []
        self.stopped = 0
        self.registers = {LR: 0, PC: 0xFFFF_FFE8, XPSR: 0xA100_0F4D, **dict.fromkeys(MASKS, 0)}
        self.buffers = lines.Buffers()
        self.line = self.buffers.line
        self.watch = Watch(instructions=10, limit=100)
        library = ctypes.CDLL(str(native.build(lines.SOURCE, folder, "a test")))
        self._read, self._write = library.safe_line_read, library.safe_line_write
        self._read.restype = ctypes.c_uint64
        self._interrupt = library.safe_line_interrupt
        self._keep = (READ(self.model_read), WRITE(self.model_write), STOP(self.stop))
        self._keep += (REGISTER(self.get), REGISTER(self.put))
        names = ("read", "write", "stop", "read_register", "write_register")
        for name, callback in zip(names, self._keep, strict=True):
            setattr(self.line, name, ctypes.cast(callback, ctypes.c_void_p).value)
        start = ctypes.addressof(self.watch)
        self.line.instructions = start + Watch.instructions.offset
        self.line.limit = start + Watch.limit.offset
        self.line.lr, self.line.pc, self.line.xpsr = LR, PC, XPSR
        self.line.priority = (ctypes.c_int32 * 3)(*MASKS)
        self.line.status_at, self.line.receive_at, self.line.transmit_at = STATUS, RECEIVE, TRANSMIT
        self.line.status, self.line.armed, self.line.chain = TXE | TC, 1, 1
        self.line.vector, self.line.exception, self.line.lr_bits = VECTOR, EXCEPTION, 1
        ctypes.memmove(self.buffers.received, received, len(received))
        self.line.input_count = len(received)

    def model_read(self, offset, width):
        self.asked.append((offset, width))
        return 0x77

    def model_write(self, offset, width, value):
        self.asked.append((offset, width, value))

    def stop(self, _core):
        self.stopped += 1
        return 0

    def get(self, _core, number, place):
        ctypes.c_uint32.from_address(place).value = self.registers[number]
        return 0

    def put(self, _core, number, place):
        self.registers[number] = ctypes.c_uint32.from_address(place).value
        return 0

    def read(self, offset, width=4):
        arguments = (ctypes.c_uint64(offset), ctypes.c_uint32(width))
        return self._read(None, *arguments, ctypes.byref(self.line))

    def write(self, offset, value, width=4):
        arguments = (ctypes.c_uint64(offset), ctypes.c_uint32(width), ctypes.c_uint64(value))
        self._write(None, *arguments, ctypes.byref(self.line))

    def interrupt(self, number):
        self._interrupt(None, ctypes.c_uint32(number), ctypes.byref(self.line))


@pytest.fixture
def bench(tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / "line"
    return lambda received=b"": Bench(folder, received)


def test_bytes_arrive_one_at_a_time(bench):
    desk = bench(b"ab")
    assert desk.read(STATUS) == RXNE | TC | TXE
    assert desk.read(STATUS) == RXNE | TC | TXE
    assert desk.read(RECEIVE) == ord("a")
    assert desk.line.status == TC | TXE
    assert [desk.read(STATUS), desk.read(RECEIVE)] == [RXNE | TC | TXE, ord("b")]
    assert [desk.read(STATUS), desk.read(RECEIVE)] == [TC | TXE, ord("b")]
    desk.write(TRANSMIT, ord("x"))
    assert bytes(desk.buffers.kept[: desk.line.output_count]) == b"x"
    assert desk.asked == []


def test_what_is_unusual_is_left_to_the_model(bench):
    desk = bench(b"a")
    assert desk.read(OTHER) == 0x77
    assert desk.read(STATUS, 1) == 0x77
    desk.write(OTHER, 5)
    desk.write(TRANSMIT, 0x100)
    desk.write(TRANSMIT, 0x41, 2)
    desk.line.output_count = lines.MOST_KEPT
    desk.read(STATUS)
    desk.write(TRANSMIT, 0x41)
    desk.line.armed = 0
    desk.read(RECEIVE)
    kept = [(OTHER, 4), (STATUS, 1), (OTHER, 4, 5), (TRANSMIT, 4, 0x100), (TRANSMIT, 2, 0x41)]
    assert desk.asked == [*kept, (STATUS, 4), (TRANSMIT, 4, 0x41), (RECEIVE, 4)]
    assert desk.line.input_next == 0


def test_the_handler_is_entered_again_while_bytes_wait(bench):
    desk = bench(b"ab")
    desk.interrupt(EXIT)
    assert (desk.stopped, desk.line.raised, desk.line.chained, desk.line.rose) == (0, 0, 1, 0)
    assert desk.registers[LR] == 0xFFFF_FFE9
    assert desk.registers[PC] == VECTOR
    assert desk.registers[XPSR] == 0xA100_0000 | EXCEPTION
    assert desk.read(RECEIVE) == ord("a")
    desk.interrupt(EXIT)
    assert desk.read(RECEIVE) == ord("b")
    desk.interrupt(EXIT)
    assert (desk.stopped, desk.line.raised) == (1, 1 + EXIT)


@pytest.mark.parametrize("why", ["chain", "armed", "limit", *MASKS])
def test_nothing_is_chained_when_another_may_be_served(bench, why):
    desk = bench(b"a")
    if why == "limit":
        desk.watch.limit = 10
    elif why in MASKS:
        desk.registers[why] = 1
    else:
        setattr(desk.line, why, 0)
    before = dict(desk.registers)
    desk.interrupt(EXIT)
    assert (desk.stopped, desk.line.raised, desk.line.chained) == (1, 1 + EXIT, 0)
    assert desk.registers == before


def test_other_exceptions_end_the_slice(bench):
    desk = bench(b"a")
    desk.interrupt(SVC)
    assert (desk.stopped, desk.line.raised) == (1, 1 + SVC)


def test_the_wire_keeps_what_a_slow_client_does_not_take():
    serial = Serial()
    serial.line.output_count = lines.MOST_KEPT - 1
    assert not serial.is_held_up
    serial._client = object()
    serial.put(0x41)
    assert serial.is_held_up
    for _ in range(2 * lines.MOST_KEPT):
        serial.put(0x42)
    assert serial.line.output_count == len(serial._kept)
    serial._client = None
    serial.flush()
