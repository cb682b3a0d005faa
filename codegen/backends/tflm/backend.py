"""TensorFlow Lite Micro: a C++ file that drives the interpreter, and the model as an array.

The library is the user's own build of it (docs/tflm.md). All of its objects lie in the arena, the
interpreter and its resolver in the head, so that two contexts may run at the same time. The arena
is exactly as large as was measured: with less, `AllocateTensors` of a release build may never
return.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from codegen.backends.base import Needs, Setting
from codegen.backends.native.backend import compile_model
from codegen.backends.tflm import library
from codegen.emit import model, text
from codegen.emit.environment import render
from codegen.emit.program import Arena, Edge, OperatorRow, Program, runtime_version, symbol
from codegen.errors import BackendRefusedError, ModelUnsupportedError, where
from codegen.frontend import reader
from codegen.ir.graph import Graph
from codegen.options import Request
from targets.load import Target

ADDERS = {
    "ABS": "AddAbs",
    "ADD": "AddAdd",
    "AVERAGE_POOL_2D": "AddAveragePool2D",
    "BATCH_MATMUL": "AddBatchMatMul",
    "BATCH_TO_SPACE_ND": "AddBatchToSpaceNd",
    "CONCATENATION": "AddConcatenation",
    "CONV_2D": "AddConv2D",
    "DEPTHWISE_CONV_2D": "AddDepthwiseConv2D",
    "DEQUANTIZE": "AddDequantize",
    "DIV": "AddDiv",
    "ELU": "AddElu",
    "EXP": "AddExp",
    "EXPAND_DIMS": "AddExpandDims",
    "FILL": "AddFill",
    "FULLY_CONNECTED": "AddFullyConnected",
    "HARD_SWISH": "AddHardSwish",
    "LEAKY_RELU": "AddLeakyRelu",
    "LOG": "AddLog",
    "LOGISTIC": "AddLogistic",
    "MAXIMUM": "AddMaximum",
    "MAX_POOL_2D": "AddMaxPool2D",
    "MEAN": "AddMean",
    "MINIMUM": "AddMinimum",
    "MUL": "AddMul",
    "NEG": "AddNeg",
    "PACK": "AddPack",
    "PAD": "AddPad",
    "PADV2": "AddPadV2",
    "PRELU": "AddPrelu",
    "QUANTIZE": "AddQuantize",
    "REDUCE_MAX": "AddReduceMax",
    "REDUCE_MIN": "AddReduceMin",
    "RELU": "AddRelu",
    "RELU6": "AddRelu6",
    "RESHAPE": "AddReshape",
    "RESIZE_BILINEAR": "AddResizeBilinear",
    "RESIZE_NEAREST_NEIGHBOR": "AddResizeNearestNeighbor",
    "REVERSE_V2": "AddReverseV2",
    "RSQRT": "AddRsqrt",
    "SHAPE": "AddShape",
    "SLICE": "AddSlice",
    "SOFTMAX": "AddSoftmax",
    "SPACE_TO_BATCH_ND": "AddSpaceToBatchNd",
    "SPLIT": "AddSplit",
    "SPLIT_V": "AddSplitV",
    "SQRT": "AddSqrt",
    "SQUARE": "AddSquare",
    "SQUARED_DIFFERENCE": "AddSquaredDifference",
    "SQUEEZE": "AddSqueeze",
    "STRIDED_SLICE": "AddStridedSlice",
    "SUB": "AddSub",
    "SUM": "AddSum",
    "SVDF": "AddSvdf",
    "TANH": "AddTanh",
    "TRANSPOSE": "AddTranspose",
    "TRANSPOSE_CONV": "AddTransposeConv",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "AddUnidirectionalSequenceLSTM",
    "UNPACK": "AddUnpack",
}
"""Method of the resolver by operator. GELU, RELU_N1_TO_1 and TILE have none; resource variables
would need memory of their own."""


@dataclass(frozen=True, eq=False, kw_only=True)
class TflmProgram(Program):
    """A model file that TensorFlow Lite Micro interprets."""

    content: bytes
    """The model file."""


class Tflm:
    """The interpreter of TensorFlow Lite Micro, with the kernels of its archive."""

    name = "tflm"
    code = 1
    exact = True
    measures_arena = True
    settings = (Setting(library.VARIABLE, f"of backend=tflm: {library.MEANING}"),)

    def files(self, name: str) -> tuple[str, ...]:
        """Return the C file, the C++ file with a header between both, the model, and a README."""
        stem = f"safe_{name}"
        ends = (".h", ".c", "_tflm.h", "_tflm.cc", "_data.c")
        return (*(f"{stem}{end}" for end in ends), "README.md")

    def takes(self, kind: str) -> bool:
        """Return whether the interpreter's resolver has a method for it."""
        return kind in ADDERS

    def refuses(self, request: Request) -> str | None:
        """Refuse what the interpreter cannot do."""
        if request.streaming:
            return "TensorFlow Lite Micro computes whole windows: leave streaming out"
        if request.source is not None:
            return "needs no files of another tool: leave --from out"
        if request.isa != request.target.isa:
            return "its kernels are those of the archive: leave --isa out"
        return None

    def needs(self, target: Target, environ: Mapping[str, str]) -> Needs:
        """Return headers, archive and flags of the user's build of the library."""
        found = library.find(target, environ)
        return Needs(found.includes, (found.archive,), found.flags, ("m",))

    def compile(self, graph: Graph, request: Request) -> TflmProgram:
        """Check the operators, and describe the file."""
        for operator in graph.source_operators:
            if not self.takes(operator.kind):
                place = where(operator.index, operator.kind)
                raise ModelUnsupportedError(
                    f"{place}: backend tflm has nothing for it: use backend native"
                )
        if request.arena_bytes is None or request.model is None:
            raise BackendRefusedError(
                f"backend {self.name}: its arena shows only on the core: build an image, or give"
                " --arena, the bytes that interpreter.arena_used_bytes() and the head take"
            )
        content = reader.read_bytes(request.model)
        weight_bytes = _weight_bytes(graph)
        return TflmProgram(
            name=graph.name,
            sha256=graph.sha256,
            target=request.target.name,
            isa=request.isa,
            goal=request.goal,
            backend=self.name,
            code=self.code,
            inputs=tuple(Edge(graph.tensor(i), None) for i in graph.inputs),
            outputs=tuple(Edge(graph.tensor(i), None) for i in graph.outputs),
            arena=Arena(request.arena_bytes, "measured"),
            weight_bytes=weight_bytes,
            constant_bytes=len(content) - weight_bytes,
            operators=_rows(graph, request),
            content=content,
        )

    def texts(self, program: Program) -> Mapping[str, str]:
        """Return the model's header, and what `files` says."""
        assert isinstance(program, TflmProgram)
        stem = program.prefix
        values = {
            **model.common(program),
            "abi": runtime_version("SAFE_MODEL_ABI"),
            "sha256_bytes": text.bytes_initializer(program.sha256),
            "weight_bytes": program.weight_bytes,
            "data_bytes": len(program.content),
            "data": text.c_array(np.frombuffer(program.content, np.uint8)),
            "backend": program.code,
            "model_name": text.c_string(program.name),
            "symbols": [row.symbol for row in program.operators],
            "adders": sorted({ADDERS[row.kind] for row in program.operators}),
            "target": program.target,
        }
        return {
            f"{stem}.h": model.header(program),
            f"{stem}.c": render("tflm.c.j2", **values),
            f"{stem}_tflm.h": render("tflm.h.j2", **values),
            f"{stem}_tflm.cc": render("tflm.cc.j2", **values),
            f"{stem}_data.c": render("tflm_data.c.j2", **values),
            "README.md": render("tflm_readme.md.j2", **values),
        }


def _weight_bytes(graph: Graph) -> int:
    """Return the bytes of weights and biases of the file; equal arrays count once."""
    used = {i for operator in graph.operators for i in operator.inputs if i in graph.tensors}
    constants = (graph.tensor(i) for i in used)
    arrays = {
        (t.dtype, t.data.tobytes()): t.size_bytes
        for t in constants
        if t.data is not None and t.quantization is not None
    }
    return sum(arrays.values())


def _rows(graph: Graph, request: Request) -> tuple[OperatorRow, ...]:
    """Return the operators of the file; their MACs are those of SAFE's own kernels."""
    own = compile_model(graph, target=request.target.name, isa=request.isa, optimize=request.goal)
    macs = {row.index: row.macs for row in own.operators}
    return tuple(
        OperatorRow(
            index=operator.index,
            kind=operator.kind,
            name=graph.tensors[operator.subject].name if operator.subject in graph.tensors else "",
            symbol=symbol(graph.name, operator),
            kernel=ADDERS[operator.kind],
            macs=macs.get(operator.index, 0),
            scratch_bytes=0,
            variant=None,
            source=None,
            estimated_instructions=0,
            notes=(),
        )
        for operator in graph.source_operators
    )


BACKEND = Tflm()
