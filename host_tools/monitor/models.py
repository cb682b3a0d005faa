"""What a model folder tells of a device: names and units of the channels, thresholds."""

from collections.abc import Sequence
from pathlib import Path

from host_tools.device.protocol import DeviceInfo
from host_tools.formats import description
from host_tools.formats import detector as detectors
from host_tools.monitor.watched import Facts


def split_units(names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return names and units of `name [unit]`."""
    pairs = [
        name.rstrip("]").partition(" [") if name.endswith("]") else (name, "", "") for name in names
    ]
    return tuple(pair[0] for pair in pairs), tuple(pair[2] for pair in pairs)


def without_units(names: Sequence[str], units: Sequence[str]) -> tuple[str, ...]:
    """Return names without the unit that they end with, as those of a log do that has them."""
    return tuple(
        name.removesuffix(f" [{unit}]") if unit else name
        for name, unit in zip(names, units, strict=True)
    )


def facts_of(
    info: DeviceInfo, folder: Path | None, actions: frozenset[str], given: Sequence[str] = ()
) -> Facts:
    """Return what is known of a device that answered HELLO.

    Args:
        info: The answer.
        folder: Model directory that holds this model; None: it is not known here.
        actions: What can be asked of the device.
        given: Names that the user gave; they come before the model's.
    """
    names: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    ratio = 0.0
    if folder is not None:
        about = description.load(folder)
        config = detectors.load(folder / detectors.FILE, len(about.channels))
        names, units = without_units(about.channels, about.units), about.units
        ratio = float(config.alarm / config.notice)
    if len(given) == info.channels:
        names, units = split_units(given)
    if len(names) != info.channels:
        names, units = tuple(f"ch{c}" for c in range(info.channels)), ("",) * info.channels
    return Facts(
        channels=names,
        units=units,
        period=info.period_us / 1e6,
        model=info.model,
        sha256=info.model_sha256,
        version=info.version,
        ratio=ratio,
        actions=actions,
    )
