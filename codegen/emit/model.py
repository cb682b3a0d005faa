"""The model as C: `safe_<name>.{h,c}` and its weights."""

from collections.abc import Sequence
from dataclasses import dataclass

from codegen.emit import program as emitted
from codegen.emit import text
from codegen.emit.environment import render
from codegen.emit.program import KernelProgram, Program, runtime_version
from codegen.errors import ModelUnsupportedError, VerifierError
from codegen.ir.call import (
    COUNTER,
    Argument,
    ConstantArg,
    KernelCall,
    ListArg,
    ParamsArg,
    ScratchArg,
    TensorArg,
)
from codegen.ir.dump import describe_operator, describe_tensor
from codegen.ir.graph import DType, Operator

_DTYPE_CODES = {
    DType.INT8: "SAFE_DTYPE_INT8",
    DType.UINT8: "SAFE_DTYPE_UINT8",
    DType.INT16: "SAFE_DTYPE_INT16",
    DType.INT32: "SAFE_DTYPE_INT32",
    DType.FLOAT32: "SAFE_DTYPE_FLOAT32",
}
_MAX_EXTENT = 0xFFFF


@dataclass(frozen=True)
class EdgeText:
    """An input or output as text: everything a template prints of it."""

    macro: str
    argument: str
    """Name of the edge as an argument of a C function."""
    name: str
    comment: str
    dtype_code: str
    c_type: str
    rank: int
    shape: str
    elements: int
    size_bytes: int
    arena_start: int
    scale: str
    scale_decimal: str
    """The scale as a decimal constant for a header: C++ before C++17 has no hexadecimal floats."""
    zero_point: str
    quantized: bool


@dataclass(frozen=True)
class Function:
    """One operator as text; a view has no arguments and is only a comment."""

    comment: str
    symbol: str
    is_view: bool
    kernel: str
    params_type: str | None
    params_name: str
    params: list[tuple[str, str]]
    arguments: list[str]


def header(program: Program) -> str:
    """Return `safe_<name>.h`."""
    return render("model.h.j2", **common(program))


def source(program: KernelProgram) -> str:
    """Return `safe_<name>.c`."""
    headers = sorted({c.header for _, c in program.calls if c is not None} | {"safe/compiler.h"})
    return render(
        "model.c.j2",
        **common(program),
        headers=headers,
        abi=runtime_version("SAFE_MODEL_ABI"),
        functions=[_function(program, o, c) for o, c in program.calls],
        states=_states(program),
        sha256_bytes=text.bytes_initializer(program.graph.sha256),
        weight_bytes=program.weight_bytes,
        operator_count=len(program.calls),
        backend=program.code,
        model_name=text.c_string(program.graph.name),
    )


def weights_header(program: KernelProgram) -> str:
    """Return `safe_<name>_weights.h`: one declaration for each constant array."""
    return render("weights.h.j2", **common(program), arrays=_declarations(program))


def weights_source(program: KernelProgram) -> str:
    """Return `safe_<name>_weights.c`."""
    arrays = [
        {**declared, "body": text.c_array(constant.data)}
        for declared, (_, constant) in zip(_declarations(program), program.constants(), strict=True)
    ]
    return render("weights.c.j2", **common(program), arrays=arrays)


def common(program: Program) -> dict[str, object]:
    """Return what the templates of any backend print."""
    inputs = _edges(program, "INPUT", program.inputs)
    outputs = _edges(program, "OUTPUT", program.outputs)
    return {
        "banner": program.banner,
        "prefix": program.prefix,
        "macro": program.macro_prefix,
        "name": program.name,
        "sha256": program.sha256,
        "arena_bytes": program.arena.size_bytes,
        "inputs": inputs,
        "outputs": outputs,
        "single": len(inputs) == 1 and len(outputs) == 1,
        "stream": _stream(program),
        "keeps_state": program.keeps_state,
        "next": _prototype(program, "step", [*_values(inputs), *_pointers(outputs)]),
        "run": _prototype(program, "run", [*_values(inputs), *_pointers(outputs)]),
        "step": _prototype(
            program, "step", [f"const {inputs[0].c_type} *sample", *_pointers(outputs)]
        ),
    }


def _prototype(program: Program, name: str, parameters: Sequence[str]) -> text.Prototype:
    return text.Prototype(f"safe_status_t {program.prefix}_{name}", tuple(parameters))


def _values(edges: Sequence[EdgeText]) -> list[str]:
    return [f"const {pointer}" for pointer in _pointers(edges)]


def _pointers(edges: Sequence[EdgeText]) -> list[str]:
    return [f"{edge.c_type} *{edge.argument}" for edge in edges]


def _stream(program: Program) -> dict[str, object] | None:
    """Return what streaming adds: the window, the sample, and where the samples are counted."""
    stream = program.stream
    if stream is None or not isinstance(program, KernelProgram):
        return None
    sample = program.graph.tensor(program.graph.inputs[0])
    counters = [label for label in program.plan.scratch if label.endswith(f".{COUNTER}")]
    return {
        "window": stream.samples,
        "sample_elements": sample.elements,
        "sample_bytes": sample.size_bytes,
        "sample_start": program.inputs[0].arena_start,
        "count_start": program.plan.scratch[counters[0]],
        "push_calls": stream.push_operators,
    }


def _edges(program: Program, role: str, edges: Sequence[emitted.Edge]) -> list[EdgeText]:
    return [
        _edge(program, role if len(edges) == 1 else f"{role}{i}", edge)
        for i, edge in enumerate(edges)
    ]


def _edge(program: Program, role: str, edge: emitted.Edge) -> EdgeText:
    tensor = edge.tensor
    if tensor.dtype not in _DTYPE_CODES or max(tensor.shape, default=1) > _MAX_EXTENT:
        raise ModelUnsupportedError(
            f'{role.lower()} "{tensor.name}" is {tensor.dtype}{list(tensor.shape)}: inputs and '
            f"outputs must be int8, uint8, int16, int32 or float32 with extents up to {_MAX_EXTENT}"
        )
    quantization = tensor.quantization
    return EdgeText(
        macro=f"{program.macro_prefix}_{role}",
        argument=role.lower(),
        name=text.c_string(tensor.name),
        comment=text.c_comment(tensor.name),
        dtype_code=_DTYPE_CODES[tensor.dtype],
        c_type=text.tensor_c_type(tensor),
        rank=len(tensor.shape),
        shape="{" + ", ".join(map(str, tensor.shape or (1,))) + "}",
        elements=tensor.elements,
        size_bytes=tensor.size_bytes,
        arena_start=edge.arena_start or 0,
        scale=text.c_float(quantization.scale if quantization else 0.0),
        scale_decimal=text.c_decimal(quantization.scale if quantization else 0.0),
        zero_point=text.c_int(quantization.zero_point if quantization else 0),
        quantized=quantization is not None,
    )


def _function(program: KernelProgram, operator: Operator, call: KernelCall | None) -> Function:
    added = operator.index >= program.source_operator_count
    label = f"op {operator.index}" + ("" if added else f"/{program.source_operator_count}")
    described = describe_operator(program.graph, operator)
    if call is None:
        comment = text.c_block_comment(f"{label} {described}: a view, no code")
        return Function(comment, program.symbol(operator), True, "", None, "", [], [])
    return Function(
        comment=text.c_block_comment(f"{label} {described}"),
        symbol=program.symbol(operator),
        is_view=False,
        kernel=call.kernel,
        params_type=call.params_type,
        params_name=_params_name(operator),
        params=[(k, text.c_value(v)) for k, v in call.params.items()],
        arguments=[_argument(program, operator, call, a) for a in call.arguments],
    )


def _params_name(operator: Operator) -> str:
    """Return the name of its parameters, by which the size report finds them in a linker's map."""
    return f"op{operator.index}_params"


def _argument(
    program: KernelProgram, operator: Operator, call: KernelCall, argument: Argument
) -> str:
    """Return the C expression of one kernel argument."""
    if isinstance(argument, ParamsArg):
        return f"&{_params_name(operator)}"
    if isinstance(argument, ConstantArg):
        constant = next(c for c in call.constants if c.suffix == argument.suffix)
        return program.constant_name(operator, constant)
    if isinstance(argument, ScratchArg):
        label = f"op{operator.index}.{argument.name}"
        if label not in program.plan.scratch:
            return "NULL"
        return f"(void *)(arena + {program.plan.scratch[label]})"
    if isinstance(argument, ListArg):
        items = [_argument(program, operator, call, item) for item in argument.items]
        tensors = [item.tensor for item in argument.items if isinstance(item, TensorArg)]
        written = any(tensor in operator.outputs for tensor in tensors)
        const = "" if written else "const "
        return f"({const}void *const[]){{{', '.join(items)}}}"
    return _tensor_argument(program, operator, argument)


def _tensor_argument(program: KernelProgram, operator: Operator, argument: TensorArg) -> str:
    tensor = program.graph.tensor(argument.tensor)
    if tensor.index not in program.plan.tensors:
        raise VerifierError(f"tensor t{tensor.index} has no place; this is a defect of SAFE")
    only_read = tensor.index not in operator.outputs and not tensor.is_variable
    const = "const " if only_read else ""
    # Through void *: the plan proves the alignment that a direct cast would hide.
    through = "" if tensor.dtype.itemsize == 1 else f"({const}void *)"
    place = f"(arena + {program.plan.tensors[tensor.index]})"
    # Kernels of bytes know int8 only: a uint8 value is looked up by its byte.
    c_type = "int8_t" if tensor.dtype is DType.UINT8 else text.tensor_c_type(tensor)
    return f"({const}{c_type} *){through}{place}"


def _states(program: KernelProgram) -> list[dict[str, object]]:
    """Return the memory that a reset fills: variables with the real number 0, scratch with 0.

    With streaming, what the operators per sample keep is `kept` when the outputs are computed.
    """
    states: list[dict[str, object]] = []
    seen: set[int] = set()
    pushed = program.stream.push_operators if program.stream is not None else 0
    for position, (operator, call) in enumerate(program.calls):
        kept = position < pushed
        for index in operator.inputs:
            tensor = program.graph.tensors.get(index)
            if tensor is None or not tensor.is_variable or index in seen:
                continue
            seen.add(index)
            start, size = program.plan.tensors[index], tensor.size_bytes
            # As TensorFlow Lite Micro resets: int8 to its zero point, wider types to 0.
            zero = tensor.quantization.zero_point if tensor.quantization else 0
            zero = zero if tensor.initial is None else tensor.initial
            value = zero & 0xFF if tensor.dtype is DType.INT8 else 0
            described = text.c_comment(describe_tensor(tensor))
            states.append(
                {
                    "start": start,
                    "size": size,
                    "value": f"0x{value:02x}",
                    "comment": described,
                    "kept": kept,
                }
            )
        for scratch in call.scratch if call is not None else ():
            label = f"op{operator.index}.{scratch.name}"
            if scratch.persistent and label in program.plan.scratch:
                start = program.plan.scratch[label]
                size = scratch.size_bytes
                states.append(
                    {"start": start, "size": size, "value": "0x00", "comment": label, "kept": kept}
                )
    return states


def _declarations(program: KernelProgram) -> list[dict[str, object]]:
    return [
        {
            "name": program.constant_name(operator, constant),
            "c_type": text.c_type(constant.data),
            "size": max(1, constant.data.size),
            "shape": ", ".join(map(str, constant.data.shape)),
        }
        for operator, constant in program.constants()
    ]


def example_source(program: KernelProgram) -> str:
    """Return the shortest program that runs the model."""
    return render("example_model.c.j2", **common(program))
