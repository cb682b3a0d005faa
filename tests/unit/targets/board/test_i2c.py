"""I2C1 of the STM32F4 and its bus: a transfer by registers, a held line, complaints."""

import pytest

from targets.emulate.board import chips
from targets.emulate.board.chip import Outside, Surroundings
from targets.emulate.board.peripheral.bus import Bus
from targets.emulate.board.peripheral.i2c_bus import I2cBus
from targets.errors import EmulatorError
from targets.load import load
from tests.unit.targets.board.test_adc import Wire

AHB1ENR, APB1ENR, GPIOB = 0x40023830, 0x40023840, 0x40020400
MODER, OTYPER, IDR, BSRR, AFRL = 0x00, 0x04, 0x10, 0x18, 0x20
I2C = 0x40005400
CR1, CR2, DR, SR1, SR2, CCR, TRISE = 0x00, 0x04, 0x10, 0x14, 0x18, 0x1C, 0x20
PE, START, STOP, ACK = 1, 1 << 8, 1 << 9, 1 << 10
BYTE = 9 * 160
"""Cycles of a byte at 16 MHz."""


class Board:
    """A chip that runs at 16 MHz, whose time is set, with its controller set up for 100 kHz."""

    def __init__(self, path):
        self.now, self.said = 0, []
        outside = Outside(i2c=I2cBus(path))
        around = Surroundings(
            Wire(), lambda *_: None, self.said.append, lambda: self.now, outside=outside
        )
        chip = chips.build(load("stm32f4"), around)
        self.bus = Bus(chip.peripherals, self.said.append, lambda _address: None)
        self.put(AHB1ENR, 0x00100002)
        self.put(APB1ENR, 1 << 21)
        self.put(GPIOB + MODER, 0x00000280 | 0b1010 << 12)
        self.put(GPIOB + OTYPER, 3 << 6)
        self.put(GPIOB + AFRL, 0x44 << 24)
        for register, value in ((CR2, 16), (CCR, 80), (TRISE, 17), (CR1, PE | ACK)):
            self.put(I2C + register, value)

    def put(self, address, value):
        self.bus.write(address, 4, value)

    def get(self, address):
        return self.bus.read(address, 4)

    def until(self, flag, most=2 * BYTE):
        """Cycles until a flag of SR1 is set."""
        for cycles in range(most):
            if self.get(I2C + SR1) & flag:
                return cycles
            self.now += 1
        raise AssertionError(f"{flag:#x} is never set")

    def call(self, byte):
        """Make a start condition, and send an address."""
        self.put(I2C + CR1, PE | ACK | START)
        self.until(1)
        self.put(I2C + DR, byte)


@pytest.fixture
def board(tmp_path):
    path = tmp_path / "bus.csv"
    path.write_text("seconds,0x48,0x49\n0,-0.0625,\n1,stuck,\n2,dead,\n")
    return Board(path)


def test_a_byte_takes_nine_periods_and_two_wait(board):
    board.call(0x48 << 1 | 1)
    assert board.until(2) == BYTE
    assert board.get(I2C + SR2) & 7 == 3
    assert board.until(1 << 6) == BYTE
    assert board.until(4) == BYTE, "the second byte waits in the shift register"
    board.put(I2C + CR1, PE)
    assert (board.get(I2C + DR), board.get(I2C + DR)) == (0xFF, 0xF0)
    assert board.said == []


def test_no_answer(board):
    board.call(0x49 << 1)
    board.until(1 << 10)
    board.put(I2C + SR1, ~(1 << 10) & 0xDF00)
    assert not board.get(I2C + SR1) & 1 << 10
    board.put(I2C + CR1, PE | STOP)
    board.now += 161
    assert board.get(I2C + SR2) & 2 == 0
    assert board.said == []


def test_a_held_line_lets_go_after_nine_clocks_and_a_dead_one_never(board):
    board.now = 16_000_000
    board.put(I2C + CR1, PE | START)
    board.now += BYTE
    assert board.get(I2C + SR1) & 1 == 0
    assert board.get(I2C + SR2) & 2, "the bus is busy"
    board.put(GPIOB + BSRR, 3 << 6)
    board.put(GPIOB + MODER, 0x00000280 | 0b0101 << 12)
    for clock in range(9):
        assert board.get(GPIOB + IDR) >> 6 == 0b01, clock
        board.put(GPIOB + BSRR, 1 << 22)
        assert board.get(GPIOB + IDR) >> 6 == 0b00
        board.put(GPIOB + BSRR, 1 << 6)
    assert board.get(GPIOB + IDR) >> 6 == 0b11
    board.now = 32_000_000
    for _ in range(20):
        board.put(GPIOB + BSRR, 1 << 22)
        board.put(GPIOB + BSRR, 1 << 6)
    assert board.get(GPIOB + IDR) >> 6 == 0b01


def test_complaints(board):
    board.put(I2C + CCR, 20)
    board.put(I2C + DR, 1)
    board.put(GPIOB + OTYPER, 1 << 6)
    board.call(0x48 << 1 | 1)
    board.until(2)
    board.get(I2C + SR2)
    board.until(1 << 6)
    board.put(I2C + CR1, PE | ACK | STOP)
    board.now += 2 * BYTE
    board.get(I2C + SR1)
    board.put(I2C + CR2, 1 << 11 | 16)
    assert board.said == [
        "I2C1_CCR: written while PE is 1",
        "I2C1_DR: written while no byte can be sent",
        "I2C1: PB7 is not open-drain with alternate function 4",
        "I2C1_CCR: SCL is 400000 Hz, at most 100000 Hz are allowed",
        "I2C1: STOP after a byte that was acknowledged: SDA is the device's",
        "I2C1_CR2 0x0810: modelled is the polled master",
    ]


@pytest.mark.parametrize(
    "text", ["seconds,0x48\n0,warm\n", "time,0x48\n0,1\n", "seconds,first\n0,1\n"]
)
def test_files_that_are_none(tmp_path, text):
    path = tmp_path / "bus.csv"
    path.write_text(text)
    with pytest.raises(EmulatorError, match=r"bus\.csv"):
        I2cBus(path)
