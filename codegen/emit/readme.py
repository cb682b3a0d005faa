"""`README.md` of a standalone folder: the command, the calls, the files."""

from collections.abc import Mapping

from codegen.emit import channels
from codegen.emit.description import Description
from codegen.emit.detector import DetectorConstants
from codegen.emit.environment import render
from codegen.emit.program import Program

FILE = "README.md"
ISAS: Mapping[str, str] = {
    "dsp": "Cortex-M cores with the DSP extension (M4, M7, M33)",
    "mve": "Cortex-M cores with the vector extension Helium (M55, M85)",
    "rv32": "32-bit RISC-V cores",
    "v6m": "Cortex-M cores without the DSP extension (M0, M0+, M23)",
    "ref": "no instruction set in particular",
}
"""Words for the instruction set that kernels are chosen for."""


def text(program: Program, rules: DetectorConstants | None, about: Description) -> str:
    """Return the text; `rules` are the detector's, None without one."""
    return render(
        "standalone_README.md.j2",
        banner=program.banner,
        name=program.name,
        prefix=program.prefix,
        macro=program.macro_prefix,
        detector=rules is not None,
        learns=rules is not None and rules.learns,
        channels=[] if rules is None else channels.channels(rules.names, about),
        rate=f"{about.rate_hz:g}" if about.rate_hz else "",
        network=program.has_network,
        stream=program.stream is not None,
        arena_bytes=f"{program.arena.size_bytes:,}",
        constant_bytes=f"{program.weight_bytes + program.constant_bytes:,}",
        isa_text=ISAS[program.isa],
    )
