"""Channels and rate as C: macros that are identifiers, text in any script, damaged descriptions."""

import re

import pytest

from codegen.emit import channels, description, text
from codegen.emit.description import Description
from codegen.errors import DescriptionInvalidError

NAMES = ("flow", "Flow ", "Öl-Druck 2", "温度", "4.1 (A)", "x" * 60, "")


def test_macros_are_unlike_and_identifiers():
    found = [channel.macro for channel in channels.channels(NAMES, Description())]
    assert found == ["FLOW_0", "FLOW_1", "OL_DRUCK_2", "3", "4_1_A", "X" * 40, "6"]
    assert all(re.fullmatch(r"[A-Z0-9_]+", macro) for macro in found)


def test_names_and_units_as_text():
    about = Description(units={"温度": "°C", "flow": "*/ \\ ?? \u202e"})
    found = channels.channels(NAMES, about)
    assert found[3].name == r'"\346\270\251\345\272\246"'
    assert found[3].unit == r'"\302\260C"'
    assert found[3].comment == " /**< °C */"
    assert found[0].unit == r'"*/ \134 \077\077 \342\200\256"'
    assert found[0].comment == " /**< * / \\ ? ? ? */"
    assert found[1].comment == ""


def test_digits_after_an_escape_do_not_join_it():
    assert text.c_utf8("é1") == r'"\303\2511"'


@pytest.mark.parametrize(
    ("hertz", "expected", "period"),
    [
        (1.0, "1.0f", "1000000u"),
        (0.1, "0.1f", "10000000u"),
        (3200.0, "3200.0f", "312u"),
        (1e-6, "1e-06f", "UINT64_C(1000000000000)"),
    ],
)
def test_rate(hertz, expected, period):
    assert channels.rate(Description(rate_hz=hertz)) == channels.Rate(expected, period)


def test_no_rate():
    assert channels.rate(Description()) is None


def test_description(tmp_path):
    path = tmp_path / "model.toml"
    path.write_text('name = "m"\nrate_hz = 2\n[[channels]]\nname = "a"\nunit = "V"\n')
    assert description.load(path) == Description({"a": "V"}, 2.0)
    path.write_text('name = "m"\n')
    assert description.load(path) == Description()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("rate_hz = 0", "rate_hz is 0, expected from 1e-6"),
        ("rate_hz = inf", "rate_hz is inf"),
        ('rate_hz = "1 Hz"', "rate_hz is '1 Hz', expected a number"),
        ("rate_hz = true", "rate_hz is True"),
        ("channels = 3", "channels is no list of tables"),
        ("channels = [3]", "channels is no list of tables"),
        ("[[channels]]\nname = 3", "channels: name is 3, expected text"),
        ('[[channels]]\nname = "a"\nunit = 3', "channels: unit is 3, expected text"),
        ("x =", "not valid TOML"),
    ],
)
def test_damaged_description(tmp_path, content, words):
    path = tmp_path / "model.toml"
    path.write_text(content)
    with pytest.raises(DescriptionInvalidError, match=words):
        description.load(path)
