"""ADC1 of the STM32F4 and the voltages at its pins: conversions, their time, and complaints."""

import pytest

from targets.emulate.board import chips
from targets.emulate.board.chip import Outside, Surroundings
from targets.emulate.board.peripheral.analog import Analog
from targets.errors import EmulatorError
from targets.load import load

RCC_AHB1ENR, RCC_APB2ENR = 0x40023830, 0x40023844
GPIOA_MODER, ADC, CCR = 0x40020000, 0x40012000, 0x40012304
SR, CR1, CR2, SMPR2, SQR1, SQR3, DR = 0x00, 0x04, 0x08, 0x10, 0x2C, 0x34, 0x4C
ADON, START = 1, 1 << 30


class Wire:
    is_held_up = False
    has_received = False


class Board:
    """A chip that runs at 16 MHz, whose time is set."""

    def __init__(self, path=None):
        from targets.emulate.board.peripheral.bus import Bus

        self.now, self.said = 0, []
        outside = Outside(Analog(path))
        around = Surroundings(
            Wire(), lambda *_: None, self.said.append, lambda: self.now, outside=outside
        )
        chip = chips.build(load("stm32f4"), around)
        self.bus = Bus(chip.peripherals, self.said.append, lambda _address: None)
        self.put(RCC_AHB1ENR, 0x00100001)
        self.put(RCC_APB2ENR, 1 << 8)
        self.put(GPIOA_MODER, 0xA800000F)

    def put(self, address, value):
        self.bus.write(address, 4, value)

    def get(self, address):
        return self.bus.read(address, 4)

    def convert(self, channel):
        """Start a conversion of a stable converter, and return its result and time."""
        self.put(ADC + CR2, ADON)
        self.now += 1000
        self.put(ADC + SQR3, channel)
        self.put(ADC + CR2, ADON | START)
        start = self.now
        while not self.get(ADC + SR) & 2:
            self.now += 1
        code = self.get(ADC + DR)
        assert not self.get(ADC + SR) & 2, "reading DR clears EOC"
        return code, self.now - start


@pytest.fixture
def volts(tmp_path):
    path = tmp_path / "volts.csv"
    path.write_text("seconds,IN0,IN1\n0,1.65,-1\n0.5,3.3,9\n")
    return path


def test_codes_follow_the_volts_and_the_time(volts):
    board = Board(volts)
    assert board.convert(0)[0] == 2048
    assert board.convert(1)[0] == 0
    board.now = 8_000_000 - 2000
    assert board.convert(0)[0] == 2048
    board.now = 8_000_000
    assert board.convert(0)[0] == 4095
    assert board.convert(1)[0] == 4095
    assert board.said == []


def test_time_is_sampling_and_twelve_cycles(volts):
    board = Board(volts)
    assert board.convert(0)[1] == 2 * (3 + 12)
    board.put(CCR, 3 << 16)
    board.put(ADC + SMPR2, 7)
    assert board.convert(0)[1] == 8 * (480 + 12)


def test_complaints(volts):
    board = Board(volts)
    board.put(ADC + CR2, START)
    board.put(ADC + CR2, ADON)
    board.put(ADC + CR2, ADON | START)
    board.now += 1000
    board.convert(2)
    board.put(ADC + CR1, 1 << 8)
    board.put(ADC + CR2, ADON | 1 << 8)
    board.put(ADC + SQR1, 1 << 20)
    board.put(ADC + CR2, ADON | START)
    board.put(ADC + 0x14, 1)
    assert [line.split(" (")[0] for line in board.said] == [
        "ADC1: SWSTART while ADON is 0",
        "ADC1: SWSTART before the converter is stable",
        "ADC1: PA2 of channel 2 is not an analog pin",
        "ADC1: no voltage is given for IN2",
        "ADC1_CR1 0x00000100: modelled are single conversions, polled",
        "ADC1_CR2 0x00000101: modelled are single conversions, polled",
        "ADC1_SQR1: a sequence of one conversion is modelled",
        "ADC1: PA2 of channel 2 is not an analog pin",
        "write of 0x00000001 to ADC1_JOFR1: it is not modelled",
    ]


def test_the_clock_of_the_converter_is_needed():
    board = Board()
    board.put(RCC_APB2ENR, 0)
    board.get(ADC + SR)
    board.put(CCR, 0)
    assert [text.endswith("its clock is off") for text in board.said] == [True, True]


@pytest.mark.parametrize(
    "text",
    ["", "seconds,IN0\n0,x\n", "time,IN0\n0,1\n", "seconds,IN0\n0\n", "seconds,IN0\n1,0\n0,0\n"],
)
def test_files_that_are_none(tmp_path, text):
    path = tmp_path / "volts.csv"
    path.write_text(text)
    if text:
        with pytest.raises(EmulatorError, match=r"volts\.csv"):
            Analog(path)
    else:
        assert Analog(path).volts(0, 1.0) == 0.0
    with pytest.raises(EmulatorError, match="no CSV of voltages"):
        Analog(tmp_path / "none.csv")
