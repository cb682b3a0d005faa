"""[flash] of a target: how its flash is written, and what stands between it and the core."""

from dataclasses import dataclass

from targets.errors import TargetError

RUNNERS = ("cubeprog", "pyocd", "openocd", "probe-rs", "st-flash")
_MOST_LINES = 4096


@dataclass(frozen=True)
class FlashCache:
    """[flash.cache]: the lines between flash and core, as the chip's reference manual has them."""

    line_bytes: int
    instruction_lines: int
    data_lines: int
    """Lines of a cache for data alone; 0 where the instructions' one holds data, too."""
    ways: int = 0
    """Number of lines in which an address may lie; 0: all of them."""


@dataclass(frozen=True)
class Flash:
    """[flash]: names by which the flash runners know the chip, and which of them can serve it."""

    address: int = 0
    pyocd_target: str = ""
    openocd_target: str = ""
    """Name of OpenOCD's script of the chip, used with `openocd_interface`."""
    openocd_interface: str = "interface/stlink.cfg"
    openocd_board: str = ""
    """Name of OpenOCD's script of a whole board, probe included, instead of those two."""
    probe_rs_chip: str = ""
    algorithms: tuple[str, ...] = ()
    """Flash algorithms of the device's pack, which pyOCD runs."""
    runners: tuple[str, ...] = RUNNERS
    """Names of the flash runners in the order in which they are tried."""
    cache: FlashCache | None = None


def check(flash: Flash, where: str) -> None:
    """Raise TargetError for a runner that is not known or a cache that cannot be."""
    for runner in flash.runners:
        if runner not in RUNNERS:
            known = ", ".join(RUNNERS)
            raise TargetError(f"{where}.flash.runners: {runner!r} is not one of {known}")
    if (cache := flash.cache) is None:
        return
    if cache.line_bytes <= 0 or cache.line_bytes & (cache.line_bytes - 1):
        raise TargetError(f"{where}.flash.cache.line_bytes: {cache.line_bytes} is no power of two")
    for name, least in (("instruction_lines", 1), ("data_lines", 0)):
        lines = getattr(cache, name)
        if not least <= lines <= _MOST_LINES:
            raise TargetError(f"{where}.flash.cache.{name}: must be in [{least}, {_MOST_LINES}]")
        if cache.ways < 0 or (cache.ways and lines % cache.ways):
            raise TargetError(f"{where}.flash.cache.ways: {cache.ways} does not divide {name}")
