"""General-purpose I/O: RM0090 section 8.4 (STM32F405), RM0390 section 7.4 (STM32F446), RM0444 and
RM0456 chapter GPIO (STM32G0B1, STM32U575). Pins have levels only where something is connected;
which function they have is checked.
"""

from collections.abc import Callable

from targets.emulate.board.peripheral.bus import Peripheral, Register

_ALL = 0xFFFFFFFF
OUTPUT, ALTERNATE, ANALOG = 1, 2, 3


class Gpio(Peripheral):
    """A GPIO port."""

    registers: tuple[Register, ...] = ()

    def __init__(
        self,
        base: int,
        port: str,
        resets: dict[str, int],
        clocked: Callable[[], bool],
        *,
        more: int,
    ) -> None:
        """Make port `port` ("A"); `resets` are the values after reset that are not 0.

        `more` registers follow those of the STM32F4: BRR in the STM32G0, in the STM32U5 also HSLVR.
        """
        self.name = f"GPIO{port}"
        table = [
            ("MODER", 0x00, _ALL, 0),
            ("OTYPER", 0x04, 0xFFFF, 0),
            ("OSPEEDR", 0x08, _ALL, 0),
            ("PUPDR", 0x0C, _ALL, 0),
            ("IDR", 0x10, 0xFFFF, 0xFFFF),
            ("ODR", 0x14, 0xFFFF, 0),
            ("BSRR", 0x18, _ALL, 0),
            ("LCKR", 0x1C, 0x1FFFF, 0),
            ("AFRL", 0x20, _ALL, 0),
            ("AFRH", 0x24, _ALL, 0),
        ]
        table += [("BRR", 0x28, 0xFFFF, 0), ("HSLVR", 0x2C, 0xFFFF, 0)][:more]
        self.registers = tuple(
            Register(offset, name, bits, resets.get(name, 0), read_only)
            for name, offset, bits, read_only in table
        )
        self.on_write: Callable[[], None] = lambda: None
        """Called after each write: what is connected sees the pins change."""
        self.levels: Callable[[], int] = lambda: 0
        """Returns the levels of the pins that something is connected to."""
        super().__init__(base, clocked)

    def read(self, name: str) -> int:
        """Return a register; IDR are the levels of the pins."""
        return self.levels() if name == "IDR" else super().read(name)

    def pulls(self, pin: int) -> bool:
        """Return whether the port drives a pin low."""
        return self.field("MODER", 2 * pin, 2) == OUTPUT and not self.bit("ODR", pin)

    def is_open_drain(self, pin: int) -> bool:
        """Return whether a pin never drives high."""
        return self.bit("OTYPER", pin)

    def write(self, name: str, value: int) -> None:
        """Take a register; BSRR and BRR change ODR."""
        if name == "BSRR":
            self.value["ODR"] = self.value["ODR"] & ~(value >> 16) | value & 0xFFFF
        elif name == "BRR":
            self.value["ODR"] &= ~value
        else:
            super().write(name, value)
        self.on_write()

    def function(self, pin: int) -> int | None:
        """Return the alternate function of a pin, None when it has none."""
        if self.field("MODER", 2 * pin, 2) != ALTERNATE:
            return None
        return self.field("AFRL" if pin < 8 else "AFRH", 4 * (pin % 8), 4)
