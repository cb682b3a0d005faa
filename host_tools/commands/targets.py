"""List targets, show where the facts of one come from, or describe a new chip from a CMSIS-Pack.

    host_tools targets list
    host_tools targets show stm32f4 --pack Keil.STM32F4xx_DFP.pdsc
    host_tools targets new STM32U585AIIx --pack Keil.STM32U5xx_DFP.pack --out boards

`new` writes NAME.toml and NAME.ld; `host_tools build --target boards/NAME.toml` builds for it.
Core, memories, flash algorithms and SVD are the pack's, interrupts are from modm-devices, clock
tree and UART from the family's driver or from the options. `show` warns where description, pack and
modm-devices disagree.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from codegen.emit import linker
from host_tools.commands import _output
from host_tools.report.table import aligned
from targets import build, describe, family, load, output, pack, parts, provenance
from targets.describe import TargetDraft, Wishes
from targets.errors import OutputError, TargetError
from targets.load import Target
from targets.provenance import ComparedFact


def _new_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("part", metavar="PART", help="device name of the pack, e.g. STM32U585AIIx")
    add("--pack", type=Path, help=".pdsc or .pack file (default: the pack cache, then a download)")
    add("--processor", help="of a chip with several")
    add("--name", help="of the target (default: PART in lower case)")
    add(
        "--out", type=_output.folder, default=".", metavar="DIR", help="default: the current folder"
    )
    add("--clock-hz", type=int, default=0, help="core clock, when no driver serves the family")
    add("--uart", default="", help="of the command link, e.g. USART1: as the board wires it")
    add("--baud", type=int, default=0, help="default: 115200")
    add("--interrupts", type=int, default=0, help="lines of the vector table, when nobody knows")
    add("--force", action="store_true", help="replace files that are there")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    verbs = parser.add_subparsers(dest="action", required=True, metavar="list|show|new")
    listing = verbs.add_parser("list", help="every target, with CPU, memories and emulator")
    showing = verbs.add_parser("show", help="every fact of a target, and where it comes from")
    showing.add_argument("target", help="name under targets/, or a .toml file")
    showing.add_argument("--pack", type=Path, help=".pdsc or .pack file to compare with")
    for entry in (listing, showing):
        entry.add_argument("--json", action="store_true", help="print JSON instead of a table")
    _new_arguments(verbs.add_parser("new", help="describe a chip from its pack"))


def _print(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")


def _warn(lines: Sequence[str]) -> None:
    for line in lines:
        sys.stderr.write(f"targets: warning: {line}\n")


def _size(target: Target, kind: str) -> int:
    return sum(m.size for m in target.memory if m.kind == kind)


def _list(arguments: argparse.Namespace) -> int:
    targets = [load.load(name) for name in load.available()]
    if arguments.json:
        rows = [
            {
                "name": t.name,
                "description": t.target.description,
                "cpu": t.cpu.name,
                "isa": t.isa,
                "flash_bytes": _size(t, "flash"),
                "ram_bytes": _size(t, "ram"),
                "emulator": t.emulator.kind if t.emulator else None,
                "flash": list(t.flash.runners) if t.flash else [],
            }
            for t in targets
        ]
        _print(json.dumps(rows, indent=2))
        return 0
    table = [["target", "emulator", "flash", "description"]]
    table += [
        [
            t.name,
            t.emulator.kind if t.emulator else "-",
            "yes" if t.flash else "-",
            t.target.description,
        ]
        for t in targets
    ]
    _print(*aligned(table))
    return 0


def _findings(target: Target, file: Path | None) -> list[ComparedFact]:
    """Compare with a pack, when one is given, and with modm-devices, when it knows the part."""
    part = target.device.part if target.device else ""
    if file is not None and not part:
        raise TargetError(f"{target.name}.toml: no [device] part to look for in {file}: add it")
    device = pack.read(file, part) if file is not None else None
    return provenance.compare(target, device, parts.find(part) if part else None)


def _show(arguments: argparse.Namespace) -> int:
    target = load.load(arguments.target)
    text = load.find(arguments.target).read_text(encoding="utf-8")
    sources = provenance.read(text)
    rows = [
        [key, value, sources.get(key) or sources.get(key.rpartition(".")[0], "")]
        for key, value in provenance.facts(target)
    ]
    findings = _findings(target, arguments.pack)
    if arguments.json:
        fields = {
            "target": target.name,
            "head": list(provenance.head(text)),
            "facts": [dict(zip(("key", "value", "source"), row, strict=True)) for row in rows],
            "compared": [{**vars(f), "agrees": f.agrees} for f in findings],
        }
        _print(json.dumps(fields, indent=2))
    else:
        _print(*provenance.head(text), "", *aligned([["fact", "value", "source"], *rows]))
        if findings:
            marks = [[f.key, f.ours, f.theirs, f.source] for f in findings]
            _print("", *aligned([["compared", "here", "there", "there is"], *marks]))
    _warn([f"{f.key}: {f.ours} here, {f.theirs} in {f.source}" for f in findings if not f.agrees])
    return 0


def _head(made: TargetDraft, sources: Sequence[str]) -> list[str]:
    """Return the comment that the file begins with."""
    part = made.target.device.part if made.target.device else made.target.name
    return [
        f"{part}, by `host_tools targets new` from:",
        *(f"  {source}" for source in sources),
        "Behind each fact stands where it comes from. Nothing here was tried on silicon.",
        *(f"- warning: {line}" for line in made.warnings),
        *(f"- {line}" for line in made.notes),
    ]


def _write(path: Path, text: str, force: bool) -> None:
    if path.exists() and not force:
        raise OutputError(f"{path} is there: choose another --out or --name, or give --force")
    output.write(path, text)


def _new(arguments: argparse.Namespace) -> int:
    if arguments.pack is not None:
        device = pack.read(arguments.pack, arguments.part, arguments.processor)
    else:
        device = pack.download(arguments.part, arguments.processor)
    part, served = parts.find(device.part), family.find(device.part)
    name = arguments.name or device.part.lower()
    wishes = Wishes(arguments.clock_hz, arguments.uart, arguments.baud, arguments.interrupts)
    made = describe.describe(device, part, served, name, wishes)
    sources = [device.source, *([part.source] if part else [])]
    text = provenance.write(made.target, made.sources, _head(made, sources))
    path = arguments.out / f"{name}.toml"
    target = load.parse(text, name)  # before anything is written
    script = linker.linker_script(target, build.runtime_version())
    load.check_name(path)
    _write(path, text, arguments.force)
    _write(path.with_suffix(".ld"), script, arguments.force)
    _warn(made.warnings)
    _print(f"{path} and {path.with_suffix('.ld')}: {target.target.description}")
    for note in made.notes:
        _print(f"  - {note}")
    if served is None:
        _print(f"no driver serves {device.part}: write targets/driver/<family>, or read the .ld")
    else:
        _print(f"build: host_tools build --target {path}")
    return 0


def run(arguments: argparse.Namespace) -> int:
    """List, show or describe; return the exit code.

    Raises:
        TargetError: A target, pack or part cannot be read, or a fact must be given.
        OutputError: A file is there already, or cannot be written.
    """
    actions = {"list": _list, "show": _show, "new": _new}
    return actions[arguments.action](arguments)
