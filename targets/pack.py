"""Device facts from a CMSIS-Pack: core, memories, flash algorithms, register description.

Memories, algorithms and processors come from `cmsis-pack-manager`; what its index leaves out (DSP
extension, highest clock) is read from the same .pdsc. Packs hold neither interrupts, nor clock
tree, nor pins.
"""

import difflib
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from targets.errors import TargetError
from targets.load import Memory

HINT = "pip install 'safe-edge[packs]'"
_CLOSE = 3
MOST_PDSC_BYTES = 32 << 20
"""Largest size of a description: a pack of a few kilobytes can unpack to gigabytes; the largest
families have 10 MB."""
VIDX_LIST = ""
"""File with the addresses of pack indices; empty: the one of cmsis-pack-manager (keil.com)."""


@dataclass(frozen=True)
class PackDevice:
    """One processor of one device of a pack.

    Attributes:
        part: Device name, e.g. `STM32U585AIIx`.
        pack: Vendor and name of the pack, e.g. `Keil.STM32U5xx_DFP`.
        version: Of the pack.
        core: As the index writes it, e.g. `CortexM33`.
        fpu: `None`, `SinglePrecision` or `DoublePrecision`.
        dsp: Whether the core has the DSP extension; None when the pack does not say.
        clock_hz: Highest core clock; None when the pack does not say.
        flash: The region that the core boots from.
        ram: Contiguous RAM merged; first the lowest region that holds default RAM.
        algorithms: Files in the pack that program `flash`.
        svd: Path in the pack; empty when there is none.
    """

    part: str
    pack: str
    version: str
    core: str
    fpu: str
    dsp: bool | None
    clock_hz: int | None
    flash: Memory
    ram: tuple[Memory, ...]
    algorithms: tuple[str, ...]
    svd: str

    @property
    def source(self) -> str:
        """Name and version of the pack, for comments and messages."""
        return f"{self.pack} {self.version}"


def _cache(folder: str | None = None) -> Any:
    try:
        from cmsis_pack_manager import Cache
    except ImportError:
        raise TargetError(f"cmsis-pack-manager is not installed: {HINT}") from None
    return Cache(True, True, json_path=folder, data_path=folder, vidx_list=VIDX_LIST or None)


@contextmanager
def _pdsc(path: Path) -> Iterator[Path]:
    """Give the .pdsc of a pack: the file itself, or the one in the archive."""
    if not path.is_file():
        raise TargetError(f"no pack at {path}: give a .pdsc or .pack file")
    if path.suffix.lower() == ".pdsc":
        _check_size(path.stat().st_size, path)
        yield path
        return
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            names = [n for n in archive.namelist() if n.lower().endswith(".pdsc") and "/" not in n]
            if len(names) != 1:
                raise TargetError(f"{path}: holds {len(names)} .pdsc files, a pack holds one")
            _check_size(archive.getinfo(names[0]).file_size, path)
            yield Path(archive.extract(names[0], folder))
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, zlib.error) as error:
        raise TargetError(f"{path}: not a pack: {error}") from None


def _check_size(size: int, shown: Path) -> None:
    if size > MOST_PDSC_BYTES:
        raise TargetError(
            f"{shown}: its .pdsc has {size:,} bytes, more than {MOST_PDSC_BYTES:,}: not a device"
            " family pack"
        )


def _index(pdsc: Path, shown: Path) -> Mapping[str, Any]:
    """Return the devices of a .pdsc as cmsis-pack-manager sees them."""
    with tempfile.TemporaryDirectory() as folder:
        # It copies nothing when it cannot read, and says so on standard output only.
        _cache(folder).add_pack_from_path(str(pdsc))
        index: Mapping[str, Any] = _cache(folder).index
    if not index:
        raise TargetError(f"{shown}: no device in it: not a device family pack")
    return index


def _tree(pdsc: Path, shown: Path) -> ElementTree.Element:
    try:
        return ElementTree.parse(pdsc).getroot()
    except ElementTree.ParseError as error:
        raise TargetError(f"{shown}: not valid XML: {error}") from None


def _attributes(root: ElementTree.Element, part: str, processor: str | None) -> dict[str, str]:
    """Return the `processor` attributes of a device: family, sub-family, device and variant."""

    def walk(element: ElementTree.Element, above: dict[str, str]) -> dict[str, str] | None:
        here = dict(above)
        for entry in element.findall("processor"):
            if entry.get("Pname") in (None, processor):
                here.update(entry.attrib)
        if part in (element.get("Dname"), element.get("Dvariant")):
            return here
        for child in element:
            if child.tag in ("family", "subFamily", "device", "variant"):
                found = walk(child, here)
                if found is not None:
                    return found
        return None

    devices = root.find("devices")
    return (walk(devices, {}) if devices is not None else None) or {}


def merged(regions: list[Memory]) -> tuple[Memory, ...]:
    """Join regions that follow each other without a gap; the name is that of the first."""
    joined: list[Memory] = []
    for region in sorted(regions, key=lambda r: r.origin):
        last = joined[-1] if joined else None
        if last is not None and region.origin <= last.origin + last.size:
            end = max(last.origin + last.size, region.origin + region.size)
            joined[-1] = Memory(last.name, last.kind, last.origin, end - last.origin)
        else:
            joined.append(region)
    return tuple(joined)


def _region(name: str, kind: str, entry: Mapping[str, Any]) -> Memory:
    return Memory(name, kind, int(entry["start"]), int(entry["size"]))


def _memories(entry: Mapping[str, Any], processor: str | None) -> tuple[Memory, tuple[Memory, ...]]:
    """Return boot flash and merged RAM; TargetError when the pack names none."""
    mine = {n: m for n, m in entry["memories"].items() if m["p_name"] in (None, processor)}
    code = {n: m for n, m in mine.items() if m["access"]["execute"] and not m["access"]["write"]}
    # Bootable first, then default, then the lowest address.
    order = sorted(code, key=lambda n: (not code[n]["startup"], not code[n]["default"], n))
    data = {n: m for n, m in mine.items() if m["access"]["write"]}
    if not order or not data:
        missing = "flash" if not order else "RAM"
        raise TargetError(f"{entry['name']}: the pack describes no {missing}: write it by hand")
    default = [m["start"] for m in data.values() if m["default"]] or [
        m["start"] for m in data.values()
    ]
    ram = merged([_region(n, "ram", m) for n, m in data.items()])
    first = [r for r in ram if any(r.origin <= start < r.origin + r.size for start in default)]
    rest = [r for r in ram if r != first[0]]
    return _region(order[0], "flash", code[order[0]]), (first[0], *rest)


def _processor(entry: Mapping[str, Any], wanted: str | None) -> Mapping[str, Any]:
    processors: list[Mapping[str, Any]] = entry["processors"]
    for processor in processors:
        if len(processors) == 1 or processor["name"] == wanted:
            return processor
    names = ", ".join(str(p["name"]) for p in processors)
    raise TargetError(f"{entry['name']} has several processors: choose one of {names}")


def _algorithms(entry: Mapping[str, Any], flash: Memory) -> tuple[str, ...]:
    """Return the default algorithms whose range begins where `flash` does."""
    return tuple(
        str(a["file_name"]).replace("\\", "/")
        for a in entry["algorithms"]
        if a["default"] and a["start"] <= flash.origin < a["start"] + a["size"]
    )


def _device(entry: Mapping[str, Any], root: ElementTree.Element, wanted: str | None) -> PackDevice:
    processor = _processor(entry, wanted)
    attributes = _attributes(root, entry["name"], processor["name"])
    flash, ram = _memories(entry, processor["name"])
    clock, dsp = attributes.get("Dclock", ""), attributes.get("Ddsp")
    origin = entry["from_pack"]
    return PackDevice(
        part=entry["name"],
        pack=f"{origin['vendor']}.{origin['pack']}",
        version=origin["version"],
        core=processor["core"],
        fpu=processor["fpu"],
        dsp=None if dsp is None else dsp.upper() in ("DSP", "1", "TRUE"),
        clock_hz=int(clock) if clock.isdigit() else None,
        flash=flash,
        ram=ram,
        algorithms=_algorithms(entry, flash),
        svd=(processor["svd"] or "").replace("\\", "/"),
    )


def _choose(index: Mapping[str, Any], part: str, where: str) -> Mapping[str, Any]:
    folded = {name.lower(): name for name in index}
    if part.lower() in folded:
        entry: Mapping[str, Any] = index[folded[part.lower()]]
        return entry
    close = difflib.get_close_matches(part.lower(), folded, _CLOSE)
    hint = f"; close are {', '.join(folded[name] for name in close)}" if close else ""
    raise TargetError(f"{where}: no device {part!r} among {len(index)}{hint}")


def read(path: Path, part: str, processor: str | None = None) -> PackDevice:
    """Return a device of the pack in a .pdsc or .pack file; capitals in `part` do not matter.

    Raises:
        TargetError: The file is no pack, or lacks the device, its flash or its RAM.
    """
    with _pdsc(path) as pdsc:
        root = _tree(pdsc, path)
        return _device(_choose(_index(pdsc, path), part, str(path)), root, processor)


def read_all(path: Path) -> Iterator[PackDevice | TargetError]:
    """Return every single-processor device of a pack, or the reason why it cannot be used."""
    with _pdsc(path) as pdsc:
        root, index = _tree(pdsc, path), _index(pdsc, path)
    for name in sorted(index):
        try:
            yield _device(index[name], root, None)
        except TargetError as error:
            yield error


def download(part: str, processor: str | None = None) -> PackDevice:
    """Return a device from the user's pack cache, filled from the network when it lacks it.

    Raises:
        TargetError: No pack describes the part, or there is no network.
    """
    known = _cache().index
    if part.lower() not in {name.lower() for name in known}:
        cache = _cache()
        Path(cache.index_path).parent.mkdir(parents=True, exist_ok=True)
        cache.cache_descriptors()  # without a network it returns, and changes nothing
        known = _cache().index
    if not known:
        raise TargetError(
            f"{part}: no pack index here and none could be downloaded (no network?):"
            " give --pack FILE.pdsc or FILE.pack"
        )
    entry = _choose(known, part, "pack index")
    origin = entry["from_pack"]
    name = f"{origin['vendor']}.{origin['pack']}.{origin['version']}.pdsc"
    pdsc = Path(_cache().data_path) / name
    if not pdsc.is_file():
        raise TargetError(f"{pdsc}: not in the pack cache: give --pack FILE")
    return _device(entry, _tree(pdsc, pdsc), processor)
