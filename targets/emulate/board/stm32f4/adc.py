"""ADC1: RM0090 section 13, of which single conversions of one channel that software starts.

A conversion takes its sampling time and 12 cycles of ADCCLK; the flags tell when it is over. Other
ways to use the converter (scan, continuous, DMA, injected, interrupts, triggers) are reported.
"""

from collections.abc import Callable
from dataclasses import dataclass

from targets.emulate.board.peripheral.analog import REFERENCE_VOLTS, Analog
from targets.emulate.board.peripheral.bus import Peripheral, Register
from targets.emulate.board.peripheral.clock import Speed
from targets.emulate.board.peripheral.gpio import ANALOG, Gpio

_ADON, _ALIGN, _SWSTART = 0, 11, 30
_EOC, _STRT = 1 << 1, 1 << 4
_OTHER_CR2 = 0x3F7F0702
"""Bits of CR2 that select what is not modelled."""
_SAMPLING = (3, 15, 28, 56, 84, 112, 144, 480)
_CONVERSION = 12
_CODES = 1 << 12
_MOST_HZ = 36_000_000
"""Largest ADCCLK above 2.4 V: DS8626 table "ADC characteristics"."""
_STABLE_SECONDS = 3e-6
"""Time from ADON to a conversion that counts: tSTAB of the same table."""
_PINS = {
    **{i: ("A", i) for i in range(8)},
    8: ("B", 0),
    9: ("B", 1),
    **{10 + i: ("C", i) for i in range(6)},
}
"""Port and pin of each channel: DS8626, table of pins."""


class Common(Peripheral):
    """Register CCR, which all converters share; the others of the group are not declared."""

    name = "C_ADC"
    registers = (Register(0x04, "CCR", 0x00C3EF1F),)

    @property
    def divider(self) -> int:
        """Divider from APB2's clock to ADCCLK."""
        return 2 * (self.field("CCR", 16, 2) + 1)


@dataclass(frozen=True)
class Around:
    """Clock, ports and voltages that a converter works with."""

    cycles: Callable[[], int]
    speed: Callable[[], Speed]
    ports: dict[str, Gpio]
    analog: Analog


class Adc(Peripheral):
    """A converter with 12 bits."""

    name = "ADC1"
    registers = (
        Register(0x00, "SR", 0x3F),
        Register(0x04, "CR1", 0x07C0FFFF),
        Register(0x08, "CR2", 0x7F7F0F03),
        Register(0x0C, "SMPR1", 0x07FFFFFF),
        Register(0x10, "SMPR2", 0x3FFFFFFF),
        *(Register(0x14 + 4 * i, f"JOFR{i + 1}", 0xFFF, modelled=False) for i in range(4)),
        Register(0x24, "HTR", 0xFFF, reset=0xFFF, modelled=False),
        Register(0x28, "LTR", 0xFFF, modelled=False),
        Register(0x2C, "SQR1", 0x00FFFFFF),
        Register(0x30, "SQR2", 0x3FFFFFFF),
        Register(0x34, "SQR3", 0x3FFFFFFF),
        Register(0x38, "JSQR", 0x003FFFFF, modelled=False),
        *(Register(0x3C + 4 * i, f"JDR{i + 1}", 0xFFFF, read_only=0xFFFF) for i in range(4)),
        Register(0x4C, "DR", 0xFFFF, read_only=0xFFFF),
    )

    def __init__(
        self, base: int, clocked: Callable[[], bool], common: Common, around: Around
    ) -> None:
        """Convert what `around.analog` has at the pins."""
        self._common = common
        self._around = around
        super().__init__(base, clocked)

    def reset(self) -> None:
        """Switch the converter off."""
        super().reset()
        self._on_at = 0
        self._done_at: int | None = None

    def _seconds(self) -> float:
        return self._around.cycles() / self._around.speed().core

    def read(self, name: str) -> int:
        """Return a register; reading DR clears EOC."""
        if self._done_at is not None and self._around.cycles() >= self._done_at:
            self._done_at = None
            self.value["SR"] |= _EOC
            self.value["DR"] = self._convert()
        if name == "DR":
            self.value["SR"] &= ~_EOC
        return self.value[name]

    def write(self, name: str, value: int) -> None:
        """Take a register; flags are cleared by writing 0, SWSTART starts a conversion."""
        if name == "SR":
            self.value["SR"] &= value
            return
        if name == "CR1" and value:
            self.complain(f"ADC1_CR1 {value:#010x}: modelled are single conversions, polled")
        if name == "CR2":
            self._control(value)
            value &= ~(1 << _SWSTART)
        super().write(name, value)

    def _control(self, value: int) -> None:
        if value & _OTHER_CR2:
            self.complain(f"ADC1_CR2 {value:#010x}: modelled are single conversions, polled")
        if value >> _ADON & 1 and not self.bit("CR2", _ADON):
            self._on_at = self._around.cycles()
        if value >> _SWSTART & 1:
            self._start()

    def _start(self) -> None:
        speed = self._around.speed()
        hz = speed.apb2 // self._common.divider
        channel = self.field("SQR3", 0, 5)
        if not self.bit("CR2", _ADON):
            self.complain("ADC1: SWSTART while ADON is 0")
            return
        if self._around.cycles() - self._on_at < _STABLE_SECONDS * speed.core:
            self.complain("ADC1: SWSTART before the converter is stable")
        if hz > _MOST_HZ:
            self.complain(f"ADC1: ADCCLK is {hz} Hz, at most {_MOST_HZ} Hz are allowed")
        if self.field("SQR1", 20, 4):
            self.complain("ADC1_SQR1: a sequence of one conversion is modelled")
        port, pin = _PINS.get(channel, ("", 0))
        if port not in self._around.ports:
            self.complain(f"ADC1: channel {channel} is not modelled")
        elif self._around.ports[port].field("MODER", 2 * pin, 2) != ANALOG:
            self.complain(f"ADC1: P{port}{pin} of channel {channel} is not an analog pin")
        self.value["SR"] |= _STRT
        cycles = (self._sampling(channel) + _CONVERSION) * speed.core / hz
        self._done_at = self._around.cycles() + int(cycles)

    def _sampling(self, channel: int) -> int:
        """Return the cycles for which a channel is sampled."""
        register, at = ("SMPR2", channel) if channel < 10 else ("SMPR1", channel - 10)
        return _SAMPLING[self.field(register, 3 * at, 3)]

    def _convert(self) -> int:
        channel = self.field("SQR3", 0, 5)
        volts = self._around.analog.volts(channel, self._seconds())
        if volts is None:
            self.complain(f"ADC1: no voltage is given for IN{channel}")
        code = int((volts or 0.0) / REFERENCE_VOLTS * _CODES)
        code = max(0, min(_CODES - 1, code))
        return code << 4 if self.bit("CR2", _ALIGN) else code
