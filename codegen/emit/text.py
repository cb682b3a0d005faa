"""The only place where a number becomes C text. Every function gives the same text each time."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from codegen.errors import VerifierError
from codegen.ir.dump import hex_float
from codegen.ir.graph import Array, DType, Tensor

LINE = 100
_WORD_BYTES = 4
C_TYPES = {
    DType.INT8: "int8_t",
    DType.INT16: "int16_t",
    DType.INT32: "int32_t",
    DType.INT64: "int64_t",
    DType.UINT8: "uint8_t",
    DType.BOOL: "uint8_t",
    DType.FLOAT32: "float",
}
_FLOAT32_MAX = float(np.finfo(np.float32).max)
_INT32_MIN, _INT32_MAX, _UINT32_MAX = -(1 << 31), (1 << 31) - 1, (1 << 32) - 1


@dataclass(frozen=True)
class Prototype:
    """A function: return type and name, and its parameters."""

    head: str
    parameters: tuple[str, ...]


def declaration(function: Prototype, before: str = "") -> str:
    """Return the prototype, in lines aligned behind the bracket, without a semicolon."""
    head = f"{before}{function.head}("
    lines, line = [], head
    for parameter in function.parameters:
        if line.strip() and line != head and len(line) + len(parameter) + len(");") > LINE:
            lines.append(line.rstrip())
            line = " " * len(head)
        line += f"{parameter}, "
    return "\n".join([*lines, line.removesuffix(", ") + ")"])


def c_int(value: int) -> str:
    """Return an integer constant whose type holds the value, for any C99 compiler."""
    value = int(value)
    if value == _INT32_MIN:
        return "INT32_MIN"
    if _INT32_MIN < value <= _INT32_MAX:
        return str(value)
    if 0 < value <= _UINT32_MAX:
        return f"{value}u"
    if value == -(1 << 63):
        return "INT64_MIN"
    if not -(1 << 63) < value < (1 << 63):
        raise VerifierError(f"{value} does not fit into 64 bits; this is a defect of SAFE")
    return f"INT64_C({value})"


def c_float(value: float) -> str:
    """Return a hexadecimal float constant, exact; with suffix f when it is a float32."""
    value = _finite(value)
    return hex_float(value) + ("f" if _is_single(value) else "")


def c_decimal(value: float) -> str:
    """Return the shortest decimal constant of the same number; its type is that of `c_float`."""
    value = _finite(value)
    return f"{np.float32(value)!s}f" if _is_single(value) else repr(value)


def single(value: float) -> float:
    """Return the nearest float32 value."""
    return float(np.float32(value))


def c_unsigned(value: int) -> str:
    """Return an unsigned constant of 32 bits, or of 64 where the value needs them."""
    return f"{value}u" if value <= _UINT32_MAX else f"UINT64_C({value})"


def _finite(value: float) -> float:
    value = float(value)
    if not isfinite(value):
        raise VerifierError(f"{value} has no C constant; this is a defect of SAFE")
    return value


def _is_single(value: float) -> bool:
    return abs(value) <= _FLOAT32_MAX and float(np.float32(value)) == value


def c_value(value: Any) -> str:
    """Return one field of a structure: a number, an identifier, a nested structure or a list."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f".{k} = {c_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "1" if value else "0"
    if isinstance(value, int | np.integer):
        return c_int(int(value))
    if isinstance(value, float | np.floating):
        return c_float(float(value))
    if isinstance(value, Sequence | np.ndarray):
        return "{" + ", ".join(c_value(v) for v in value) + "}"
    raise VerifierError(f"{type(value).__name__} has no C text; this is a defect of SAFE")


def c_string(value: str) -> str:
    """Return a string literal of printable ASCII; anything else becomes a question mark."""
    kept = _printable(value).replace("\\", "\\\\").replace('"', '\\"')
    # Two question marks could start a trigraph.
    return '"' + re.sub(r"(?<=\?)\?", r"\\?", kept) + '"'


def c_utf8(value: str) -> str:
    """Return a string literal of the text in UTF-8: what is no printable ASCII as octal numbers."""
    escaped = "".join(
        chr(byte) if chr(byte) not in '\\"?' and 32 <= byte < 127 else f"\\{byte:03o}"
        for byte in value.encode("utf-8", "replace")
    )
    return f'"{escaped}"'


def c_comment(value: str, *, ascii_only: bool = True) -> str:
    """Return text that is safe inside a block comment: one line of ASCII that does not end it, or
    of printable characters of any script.
    """
    kept = (
        _printable(value) if ascii_only else "".join(c if c.isprintable() else "?" for c in value)
    )
    return re.sub(r"\*(?=/)|/(?=\*)|\?(?=\?)", r"\g<0> ", kept)


def _printable(value: str) -> str:
    return "".join(c if " " <= c <= "~" else "?" for c in value)


def c_array(data: Array, indent: str = "    ") -> str:
    """Return the elements of an array, flattened in C order, wrapped into lines."""
    flat = data.reshape(-1)
    if data.dtype == np.bool_:
        flat = flat.astype(np.uint8)
    if data.dtype.kind == "f":
        items = map(c_float, flat.tolist())
    else:
        # c_int, without its checks for the many small values.
        small = data.dtype.itemsize < _WORD_BYTES
        items = map(str if small else c_int, flat.tolist())
    return "\n".join(indent + line for line in _wrap(items, LINE - len(indent)))


def _wrap(items: Iterable[str], width: int) -> Iterator[str]:
    line: list[str] = []
    length = 0
    for item in items:
        length += len(item) + 2
        if line and length - 1 > width:
            yield ", ".join(line) + ","
            line, length = [], len(item) + 2
        line.append(item)
    if line:
        yield ", ".join(line) + ","


def c_block_comment(value: str) -> str:
    """Return a block comment, wrapped at word ends and indented by a star where it is long."""
    words = f"/* {c_comment(value)} */".split(" ")
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) > LINE:
            lines.append(" *")
        lines[-1] += f" {word}"
    return "\n".join(lines)


def c_type(data: Array) -> str:
    """Return the C element type of an array; generated tables may be of any integer type."""
    name = data.dtype.name
    if data.dtype.kind in "iu":
        return f"{name}_t"
    if name not in ("bool", "float32"):
        raise VerifierError(f"an array of {name} has no C text; this is a defect of SAFE")
    return C_TYPES[DType(name)]


def tensor_c_type(tensor: Tensor) -> str:
    """Return the C element type of a tensor."""
    return C_TYPES[tensor.dtype]


def bytes_initializer(digest: str) -> str:
    """Return a hexadecimal digest as the items of a byte array, in lines."""
    items = [f"0x{digest[i : i + 2]}" for i in range(0, len(digest), 2)]
    return "\n".join(" " * 8 + line for line in _wrap(items, LINE - 8))
