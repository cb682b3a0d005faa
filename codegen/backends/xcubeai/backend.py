"""X-CUBE-AI (ST Edge AI Core): ST's generated C and its runtime archive, in an arena as any model.

ST's tool makes the network from the same `.tflite`; here it is run, its files are read, and the C
that binds them to `safe_model_t` is written beside them. ST's kernels take scales as floating-point
numbers, so outputs may differ from TensorFlow Lite Micro's by a few units of the last place.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from codegen.backends.base import Needs, Setting
from codegen.backends.xcubeai import layout, network, tool
from codegen.backends.xcubeai.network import Network
from codegen.emit import model, text
from codegen.emit.environment import render
from codegen.emit.program import Arena, Edge, Program, runtime_version
from codegen.errors import NetworkInvalidError
from codegen.ir.graph import Graph, Tensor
from codegen.options import Request
from targets import family
from targets.family import ClockBit
from targets.load import Target


@dataclass(frozen=True, eq=False, kw_only=True)
class NetworkProgram(Program):
    """A program whose operators are in ST's files."""

    network: Network
    crc: ClockBit | None
    """Clock that ST's runtime needs; None on a core that is no STM32."""


class XCubeAi:
    """ST's network behind `safe_model_t`; version 7.1 to 12, either API."""

    name = "xcubeai"
    code = 2
    exact = False
    measures_arena = False
    settings = (
        Setting(tool.VARIABLE, "folder of ST Edge AI Core, for backend=xcubeai", tool.OPTION),
    )

    def files(self, name: str) -> tuple[str, ...]:
        """Return the fixed part of the files: which of the others ST's tool writes, its API says.

        All that are compiled are always there.
        """
        stem = network_name(name)
        return (
            f"safe_{name}.h",
            f"safe_{name}.c",
            f"{stem}.h",
            f"{stem}.c",
            f"{stem}_data.h",
            f"{stem}_data.c",
            f"{stem}_data_params.c",
            "README.md",
        )

    def takes(self, kind: str) -> None:
        """Leave it to ST's tool, whose report names what it refuses."""
        del kind

    def refuses(self, request: Request) -> str | None:
        """Refuse streaming: ST's network takes whole windows."""
        if request.streaming:
            return "ST's network takes whole windows: leave --streaming out"
        if request.arena_bytes is not None:
            return "reads the size of its arena from ST's files: leave --arena out"
        return None

    def needs(self, target: Target, environ: Mapping[str, str]) -> Needs:
        """Return ST's headers and the runtime archive of the target's core."""
        found = tool.installation(environ)
        return Needs(
            includes=(found.includes,),
            archives=(found.archive(target),),
            libraries=("m",),
            foreign=tuple(f"_st{ending}" for ending in (".c", "_data.c", "_data_params.c")),
        )

    def compile(self, graph: Graph, request: Request) -> NetworkProgram:
        """Read the network of `--from`, or let ST's tool generate it, and check that it fits."""
        found = _network(request)
        _check_edges(found, "IN", [graph.tensor(i) for i in graph.inputs])
        _check_edges(found, "OUT", [graph.tensor(i) for i in graph.outputs])
        pointer_bytes = 8 if request.target.target.arch == "host" else 4
        weights = found.weight_bytes
        return NetworkProgram(
            name=graph.name,
            sha256=graph.sha256,
            target=request.target.name,
            isa=request.isa,
            goal=request.goal,
            backend=self.name,
            code=self.code,
            inputs=tuple(Edge(graph.tensor(i), None) for i in graph.inputs),
            outputs=tuple(Edge(graph.tensor(i), None) for i in graph.outputs),
            arena=Arena(
                layout.arena_bytes(found, pointer_bytes), f"{found.name}.h of {_told(found)}"
            ),
            weight_bytes=weights,
            constant_bytes=0,
            network=found,
            runtime=_told(found),
            crc=family.crc_clock(request.target.target.driver),
        )

    def texts(self, program: Program) -> Mapping[str, str]:
        """Return ST's files, and the model that is computed by them."""
        assert isinstance(program, NetworkProgram)
        found = program.network
        values = {
            **model.common(program),
            "abi": runtime_version("SAFE_MODEL_ABI"),
            "network": found.name,
            "macros": found.name.upper(),
            "crc": program.crc,
            "sha256_bytes": text.bytes_initializer(program.sha256),
            "weight_bytes": program.weight_bytes,
            "operator_count": found.number(f"{found.prefix}_NODES_NUM") or 0,
            "backend": program.code,
            "model_name": text.c_string(program.name),
        }
        own = {f"{program.prefix}.h": model.header(program)}
        own[f"{program.prefix}.c"] = render("xcubeai.c.j2", **values)
        own["README.md"] = render("xcubeai_readme.md.j2", **values, told=_told(found))
        return {**_absent(program, found), **found.texts, **own}


def network_name(name: str) -> str:
    """Return the name that ST's tool is given for model `name`: that of its files and C names."""
    return f"safe_{name}_st"


def _network(request: Request) -> Network:
    if request.source is not None:
        return network.read(request.source)
    assert request.model is not None
    core = tool.installation(os.environ)
    name = network_name(request.name)
    found = core.generate(request.model, name, request.target, request.goal)
    if request.target.target.arch == "cortex_m":
        tool.check_versions(found.version or core.version(), core.archive(request.target))
    return found


def _absent(program: Program, found: Network) -> dict[str, str]:
    """Return a text in place of the file that one API lacks: a build names its files beforehand."""
    if found.name != network_name(program.name):
        return {}
    text = "/* ST's network has no such file. */\ntypedef int safe_no_data_params_t;\n"
    return {f"{found.name}_data_params.c": text}


def _told(found: Network) -> str:
    version = found.version
    return "X-CUBE-AI" if version is None else f"X-CUBE-AI {version}"


def _check_edges(found: Network, kind: network.Kind, tensors: list[Tensor]) -> None:
    """Refuse a network whose inputs or outputs are not those of the model."""
    role = {"IN": "input", "OUT": "output"}[kind]
    sizes = found.sizes(kind)
    wanted = tuple(tensor.size_bytes for tensor in tensors)
    if sizes != wanted:
        raise NetworkInvalidError(
            f"{found.folder}: {found.name} has {role}s of {list(sizes)} bytes, the model of "
            f"{list(wanted)}: it was generated from another model, or with other input and output "
            "types"
        )


BACKEND = XCubeAi()
