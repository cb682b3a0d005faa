"""Registers of SVD files, from wherever they are at hand.

pyOCD brings those of three STM32F4 parts. SAFE_SVD may name a folder with more: of a CMSIS-Pack, or
of the package cmsis-svd 0.4 (docs/emulation.md has the command).
"""

import importlib.util
import io
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

FOLDER = os.environ.get("SAFE_SVD", "")
_RANGE = re.compile(r"\[(\d+):(\d+)\]")


@dataclass(frozen=True)
class Known:
    """One register as an SVD file has it."""

    peripheral: str
    name: str
    bits: int
    reset: int


def files():
    """Return the bytes of SVD files by stem."""
    found = {}
    pyocd = importlib.util.find_spec("pyocd")
    if pyocd is not None:
        archive = Path(pyocd.origin).parent / "debug/svd/svd_data.zip"
        with zipfile.ZipFile(archive) as data:
            found = {Path(name).stem: data.read(name) for name in data.namelist()}
    for path in sorted(Path(FOLDER).glob("**/*.svd")) if FOLDER else ():
        found[path.stem] = path.read_bytes()
    return found


def _number(text):
    text = text.strip().lower()
    if text.startswith("#"):
        return int(text[1:].replace("x", "0"), 2)
    return int(text, 16 if text.startswith("0x") else 10)


def _mask(field):
    span = field.findtext("bitRange")
    if span:
        high, low = map(int, _RANGE.fullmatch(span.strip()).groups())
    elif field.findtext("lsb"):
        low, high = _number(field.findtext("lsb")), _number(field.findtext("msb"))
    else:
        low = _number(field.findtext("bitOffset"))
        high = low + _number(field.findtext("bitWidth")) - 1
    return (2 << high) - (1 << low)


def read(data):
    """Return the registers by address, and the bases of the peripherals by name."""
    peripherals = {
        p.findtext("name"): p for p in ElementTree.parse(io.BytesIO(data)).iter("peripheral")
    }
    registers, bases = {}, {}
    for name, peripheral in peripherals.items():
        base = bases[name] = _number(peripheral.findtext("baseAddress"))
        source = peripheral
        while source.find("registers") is None and "derivedFrom" in source.attrib:
            source = peripherals[source.attrib["derivedFrom"]]
        for register in source.iter("register"):
            bits = 0
            for field in register.iter("field"):
                bits |= _mask(field)
            registers[base + _number(register.findtext("addressOffset"))] = Known(
                name,
                register.findtext("name"),
                bits,
                _number(register.findtext("resetValue") or "0"),
            )
    return registers, bases
