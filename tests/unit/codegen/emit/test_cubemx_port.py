"""The generated port of a CubeMX project: the ring behind the HAL's events, on this machine."""

import ctypes
import subprocess

import pytest

from host_tools.cli import main
from targets.build import ROOT

FAKE = """
#include "main.h"

UART_HandleTypeDef huart2 = {.Init = {115200u}, .RxState = HAL_UART_STATE_READY};
uint32_t SystemCoreClock;
uint32_t fake_starts;
uint8_t *fake_landing;

static HAL_StatusTypeDef start(uint8_t *data)
{
    fake_landing = data;
    fake_starts++;
    huart2.RxState = HAL_UART_STATE_BUSY_RX;
    return HAL_OK;
}

HAL_StatusTypeDef HAL_UARTEx_ReceiveToIdle_IT(UART_HandleTypeDef *h, uint8_t *data, uint16_t size)
{
    (void)h; (void)size;
    return start(data);
}

HAL_StatusTypeDef HAL_UARTEx_ReceiveToIdle_DMA(UART_HandleTypeDef *h, uint8_t *data, uint16_t size)
{
    (void)h; (void)size;
    return start(data);
}

HAL_StatusTypeDef HAL_UART_Transmit(UART_HandleTypeDef *h, const uint8_t *data, uint16_t size,
                                    uint32_t timeout)
{
    (void)h; (void)data; (void)size; (void)timeout;
    return HAL_TIMEOUT;
}

uint32_t HAL_GetTick(void) { return 0; }
void NVIC_SystemReset(void) {}
"""
READY = 0x20
UART_ERROR, RX_OVERRUN, TX_TIMEOUT = 4, 8, 16
RING = 4096


class Port:
    def __init__(self, library):
        self.library = library
        library.safe_cubemx_receive()
        self.landing = ctypes.POINTER(ctypes.c_uint8).in_dll(library, "fake_landing")
        self.sent = bytearray()

    def land(self, start, data):
        """Put bytes where the hardware puts them."""
        for i, byte in enumerate(data):
            self.landing[start + i] = byte
        self.sent += data

    def tell(self, size, *, ended=False):
        """Call the HAL's event; without DMA the reception has ended."""
        if ended:
            self.state = READY
        self.library.safe_cubemx_received(ctypes.c_uint16(size))

    @property
    def state(self):
        return ctypes.c_uint32.from_address(self._state_at).value

    @state.setter
    def state(self, value):
        ctypes.c_uint32.from_address(self._state_at).value = value

    @property
    def _state_at(self):
        return ctypes.addressof(ctypes.c_char.in_dll(self.library, "huart2")) + 4

    def read(self, capacity=10000):
        buffer = ctypes.create_string_buffer(capacity)
        length = self.library.safe_port_read(buffer, ctypes.c_size_t(capacity))
        return buffer.raw[:length]


@pytest.fixture(params=["interrupt", "dma"])
def port(request, tmp_path):
    folder = tmp_path / "mx"
    arguments = ["generate", "--style", "cubemx", "--uart", "huart2", "--timer", "htim6"]
    assert main([*arguments, "--receive", request.param, "--out", str(folder)]) == 0
    (tmp_path / "fake.c").write_text(FAKE)
    sources = [tmp_path / "fake.c", folder / "Src" / "safe_cubemx.c"]
    places = [folder / "Inc", ROOT / "tests" / "standin" / "hal"]
    library = tmp_path / "port.so"
    subprocess.run(
        ["gcc", "-std=c99", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-Wno-unused",
         *(f"-I{place}" for place in places), *map(str, sources), "-o", str(library)],
        check=True, timeout=60,
    )  # fmt: skip
    found = Port(ctypes.CDLL(str(library)))
    found.is_dma = request.param == "dma"
    return found


def test_bytes_of_every_event_come_once_and_in_order(port):
    if port.is_dma:
        port.land(0, bytes(range(100)))
        port.tell(100)  # idle
        port.land(100, bytes(range(28)))
        port.tell(128)  # half
        port.tell(128)  # idle right after it
        port.land(128, bytes(range(128)))
        port.tell(256)  # whole
        port.tell(256)  # idle right after it
        port.land(0, b"next")
        port.tell(4)
    else:
        port.land(0, bytes(range(64)))
        port.tell(64, ended=True)
        port.land(0, b"next")
        port.tell(4, ended=True)
    assert port.read() == bytes(port.sent)
    assert port.read() == b""
    assert port.library.safe_port_status() == 0


def test_an_overrun_of_the_line_is_told_and_reception_starts_anew(port):
    starts = ctypes.c_uint32.in_dll(port.library, "fake_starts")
    port.land(0, b"abc")
    port.state = READY  # the HAL has stopped
    port.library.safe_cubemx_line_error(ctypes.c_uint32(8))
    assert starts.value == 2
    port.sent.clear()
    port.land(0, b"def")
    port.tell(3, ended=not port.is_dma)
    assert port.read() == b"def"
    assert port.library.safe_port_status() == UART_ERROR
    port.state = READY  # the HAL was locked when its callback asked
    assert port.read() == b""
    assert port.state != READY


def test_a_full_ring_keeps_what_it_has_and_says_so(port):
    size = 128 if port.is_dma else 64
    for i in range(RING // size):
        port.land(size * (i % 2) if port.is_dma else 0, bytes([i]) * size)
        port.tell(size * (1 + i % 2) if port.is_dma else size, ended=not port.is_dma)
    assert port.library.safe_port_status() == 0
    whole = bytes(port.sent)
    port.land(0, b"x")
    port.tell(1, ended=not port.is_dma)
    assert port.library.safe_port_status() == RX_OVERRUN
    assert port.read() == whole


def test_a_line_that_takes_nothing_is_told(port):
    assert port.library.safe_port_write(b"ab", ctypes.c_size_t(2)) != 0
    assert port.library.safe_port_status() == TX_TIMEOUT
