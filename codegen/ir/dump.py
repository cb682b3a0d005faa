"""Stable text of a graph: for messages, comments in generated code, and reviews of passes."""

from collections.abc import Iterator

from codegen.ir.graph import ABSENT, Graph, Operator, Tensor


def hex_float(value: float) -> str:
    """Return a float exactly and briefly: 0.01171875 is `0x1.8p-7`."""
    mantissa, exponent = float(value).hex().split("p")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}p{exponent}"


def describe_tensor(tensor: Tensor) -> str:
    """Return e.g. `t12 int8[1,80] scale=0x1.9p-7 zero_point=-3`."""
    text = f"t{tensor.index} {tensor.dtype}[{','.join(map(str, tensor.shape))}]"
    quantization = tensor.quantization
    if quantization is None:
        return text
    if quantization.per_channel:
        return f"{text} scales={len(quantization.scales)} axis={quantization.axis}"
    return f"{text} scale={hex_float(quantization.scale)} zero_point={quantization.zero_point}"


def describe_operator(graph: Graph, operator: Operator) -> str:
    """Return e.g. `FULLY_CONNECTED "lstm/dense" in t12 int8[1,80] … out t14 …`."""
    name = graph.tensor(operator.subject).name
    inputs = [
        describe_tensor(graph.tensor(i))
        for i in operator.inputs
        if i != ABSENT and not graph.tensor(i).is_constant
    ]
    outputs = [describe_tensor(graph.tensor(i)) for i in operator.outputs]
    results = f" out {', '.join(outputs)}" if outputs else ""
    return f'{operator.kind} "{name}" in {", ".join(inputs)}{results}'


def dump(graph: Graph) -> str:
    """Return the whole graph as lines; equal graphs give equal text."""
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    yield f"graph {graph.name} sha256={graph.sha256}"
    yield "inputs " + " ".join(f"t{i}" for i in graph.inputs)
    yield "outputs " + " ".join(f"t{i}" for i in graph.outputs)
    for index in sorted(graph.tensors):
        tensor = graph.tensor(index)
        role = " constant" if tensor.is_constant else " variable" if tensor.is_variable else ""
        yield f'{describe_tensor(tensor)}{role} "{tensor.name}"'
    for operator in graph.operators:
        inputs = " ".join("-" if i == ABSENT else f"t{i}" for i in operator.inputs)
        outputs = " ".join(f"t{i}" for i in operator.outputs)
        options = " ".join(f"{k}={operator.options[k]}" for k in sorted(operator.options))
        yield f"op {operator.index} {operator.kind} {inputs} -> {outputs} {options}".rstrip()
