"""Show where the instructions of a model go: by operator, per MAC, with estimated cycles.

A standalone folder is generated, compiled with plain -O2 and called on a bare core in QEMU, as by
`count MODEL.tflite`. Instructions are exact; cycles are an estimate after the Cortex-M4's timings.
With --wait-states the caches between flash and core are simulated as the target describes them:
lines that were missed, by operator, and cycles with the waits.
On target ibex clock cycles are counted, exactly, in the RTL of the core.

    host_tools profile forecaster --target ibex --windows 1

With --flash-of the flash is that of another target, for one whose image no emulator counts: of an
STM32U5 the core is that of mps2-an505.

    host_tools profile forecaster --target mps2-an505 --flash-of stm32u5

With --hot-ram the functions and tables that wait most for the flash are chosen, as many as fit into
so many bytes of RAM, and the profile is of a program that has them there. The file that is written
is what `build --hot FILE` and `scons hot=FILE` take.

    host_tools profile forecaster --target stm32f4 --hot-ram 40960
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

from codegen.backends import registry
from codegen.errors import BackendRefusedError
from codegen.options import Goal
from host_tools.commands import _output
from host_tools.commands._options import add_backend, positive
from host_tools.perf import hot, operators, standalone, waits
from host_tools.report import profile as picture
from targets import output
from targets.build import find_model
from targets.emulate import counting
from targets.kernels import ISAS
from targets.load import load
from targets.places import BUILD


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    add = parser.add_argument
    add("model", nargs="?", default="forecaster", help="name under models/, folder, or .tflite")
    add("--target", default="mps2-an386", help="name under targets/ (default %(default)s)")
    add("--optimize", choices=get_args(Goal), default="balanced", help="default %(default)s")
    add_backend(parser)
    add("--isa", choices=ISAS, help="kernels to compare with (default: the target's)")
    add("--windows", type=int, default=4, help="calls (default %(default)s)")
    add("--wait-states", action="store_true", help="with an estimate of what the flash costs")
    add("--flash-of", metavar="T", help="another target's flash and caches before this core")
    add("--hot-ram", type=positive, metavar="BYTES", help="choose what goes to RAM")
    add("--hot", type=_output.file, metavar="FILE", help="of --hot-ram (beside the picture)")
    drawing = "SVG or PNG (default build/profile/MODEL-TARGET-GOAL.svg)"
    add("--picture", type=_output.file, help=drawing)
    add("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Build, count, attribute, print, draw; return the exit code."""
    if registry.backend(arguments.backend).settings:
        raise BackendRefusedError(
            f"backend {arguments.backend}: profile shows SAFE's own kernels; operators of a foreign"
            f" runtime: host_tools count --backend native,{arguments.backend} MODEL.tflite"
        )
    path = Path(arguments.model)
    model = path if path.suffix == ".tflite" else find_model(arguments.model).network
    target = load(arguments.target)
    if arguments.isa is not None:
        target = replace(target, target=replace(target.target, isa=arguments.isa))
    if arguments.flash_of is not None:
        target = waits.with_flash_of(target, load(arguments.flash_of))
    counting.check(target)  # an emulator is needed: say so before the work
    with output.scratch("profile") as folder:
        built = standalone.build(
            model,
            target,
            folder,
            optimize=arguments.optimize,
            calls=arguments.windows,
            backend=arguments.backend,
        )
        flash = bool(arguments.wait_states or arguments.hot_ram or arguments.flash_of)
        trace = standalone.trace(built, BUILD / "emulate", waits=flash)
        chosen = None
        if arguments.hot_ram is not None:
            chosen = hot.choose(built, trace, arguments.hot_ram)
            trace = standalone.trace(built, BUILD / "emulate", waits=flash, hot=chosen.symbols)
        found = operators.attribute(built, trace, flash=flash)
    name = f"{found.model}-{found.target}-{found.optimize}.svg"
    drawing = arguments.picture or BUILD / "profile" / name
    title = f"{found.model} on {found.target}: {found.total:,} {found.unit}"
    picture.draw(title, found.operators, drawing, found.unit)
    fields, text = found.fields(), found.table()
    if chosen is not None:
        path = arguments.hot or drawing.with_suffix(".hot.toml")
        head = (
            f"{found.model} on {found.target}: most waits saved in {arguments.hot_ram} bytes of RAM"
        )
        output.write(path, chosen.text(head))
        fields["hot"] = {**chosen.fields(), "file": str(path)}
        text = f"{text}\n\n{chosen.table()}\n\n  hot: {path}"
    if arguments.json:
        text = json.dumps({**fields, "picture": str(drawing)})
    else:
        text = f"{text}\n  picture: {drawing}"
    sys.stdout.write(text + "\n")
    return 0
