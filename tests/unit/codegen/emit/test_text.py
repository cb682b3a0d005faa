"""Numbers as C text: exact, of the right type, and safe inside strings and comments."""

import re

import numpy as np
import pytest

from codegen.emit import text
from codegen.errors import VerifierError


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (-7, "-7"),
        (2**31 - 1, "2147483647"),
        (-(2**31), "INT32_MIN"),
        (2**31, "2147483648u"),
        (2**32, "INT64_C(4294967296)"),
        (-(2**63), "INT64_MIN"),
    ],
)
def test_integers(value, expected):
    assert text.c_int(value) == expected


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1])
def test_integers_beyond_64_bits(value):
    with pytest.raises(VerifierError):
        text.c_int(value)


@pytest.mark.parametrize("value", np.float32([0.0, 3.4e-8, -1.5, 1e-45, 3.4e38, 0.1]))
def test_single_precision_reads_back(value):
    found = text.c_float(float(value))
    assert found.endswith("f")
    assert np.float32(float.fromhex(found[:-1])) == value


@pytest.mark.parametrize("value", np.float32([0.0, 3.4e-8, -1.5, 1e-45, 3.4e38, 0.1, 123456789]))
def test_decimals_read_back(value):
    found = text.c_decimal(float(value))
    assert re.fullmatch(r"-?\d+(\.\d+)?(e[+-]\d+)?f", found)
    assert "." in found or "e" in found
    assert np.float32(found[:-1]) == value
    assert text.c_decimal(0.1) == "0.1"


def test_double_precision_has_no_suffix():
    assert float.fromhex(text.c_float(0.1)) == 0.1
    assert text.c_float(1e300)[-1] != "f"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_not_finite(value):
    for written in (text.c_float, text.c_decimal):
        with pytest.raises(VerifierError):
            written(value)


def test_values():
    assert text.c_value({"a": 1, "b": {"c": 0.5}}) == "{.a = 1, .b = {.c = 0x1p-1f}}"
    assert text.c_value(True) == "1"
    assert text.c_value("SAFE_X") == "SAFE_X"
    assert text.c_string("????") == '"?\\?\\?\\?"'
    assert text.c_value(np.int16([1, -2])) == "{1, -2}"
    with pytest.raises(VerifierError):
        text.c_value(object())


def test_strings_and_comments_cannot_be_left():
    hostile = 'a"; */ int x; /* \\ \n ??/ é'
    assert re.fullmatch(r'"(\\.|[^"\\])*"', text.c_string(hostile))
    comment = text.c_comment(hostile)
    assert "*/" not in comment
    assert "/*" not in comment
    assert "??/" not in comment
    assert "\n" not in comment


@pytest.mark.parametrize("hostile", ["**//", "*/*/", "/*/", "???/", "*" * 300 + "/"])
def test_block_comment_ends_once(hostile):
    comment = text.c_block_comment(hostile + " word" * 60)
    assert comment.count("*/") == 1
    assert comment.endswith("*/")
    assert comment.count("/*") == 1
    assert "??" not in comment


def test_arrays_are_wrapped_and_complete():
    data = np.random.default_rng(1).integers(-128, 128, (7, 50)).astype(np.int8)
    body = text.c_array(data)
    assert max(map(len, body.splitlines())) <= text.LINE
    assert [int(v) for v in body.replace("\n", "").split(",") if v.strip()] == data.ravel().tolist()


def test_array_types():
    assert text.c_type(np.uint16([1])) == "uint16_t"
    assert text.c_type(np.float32([1])) == "float"
    with pytest.raises(VerifierError):
        text.c_type(np.float64([1]))
