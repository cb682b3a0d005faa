"""What the backend of TensorFlow Lite Micro writes, and what it refuses."""

import json
import re
from pathlib import Path

import pytest

from codegen.backends.tflm.backend import ADDERS, BACKEND
from codegen.errors import BackendRefusedError, ModelUnsupportedError
from codegen.operators.registry import operators
from codegen.pipeline import generate
from targets import build
from tests.operators.stream_models import VALID, Net
from tests.unit.codegen.frontend.test_islands import model as island
from tests.unit.codegen.frontend.test_islands import unary

MODEL = build.ROOT / "models/forecaster/model_int8.tflite"


def made(tmp_path: Path, model: Path = MODEL, **more: object) -> dict[str, object]:
    arguments = {"name": "m", "out": tmp_path / "out", "backend": "tflm", "arena_bytes": 11088}
    return generate(model, **{**arguments, **more})


def test_the_files_are_those_that_were_announced(tmp_path):
    manifest = made(tmp_path)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {*BACKEND.files("m"), "safe_app_model.c", "manifest.json"}
    assert manifest["arena_bytes"] == 11088
    assert manifest["arena_method"] == "measured"
    assert [edge["arena_start"] for edge in (*manifest["inputs"], *manifest["outputs"])] == [
        None
    ] * 2
    assert manifest["weight_bytes"] + manifest["constant_bytes"] == MODEL.stat().st_size


def test_the_resolver_has_exactly_the_operators_of_the_file(tmp_path):
    manifest = made(tmp_path)
    text = (tmp_path / "out/safe_m_tflm.cc").read_text()
    kinds = [row["kind"] for row in manifest["operators"]]
    assert re.findall(r"\? (Add\w+)\(\)", text) == sorted({ADDERS[kind] for kind in kinds})
    assert f"MicroMutableOpResolver<{len(set(kinds))}>" in text
    assert re.findall(r"static SAFE_NOINLINE TfLiteStatus (\w+)\(", text) == [
        row["symbol"] for row in manifest["operators"]
    ]
    assert len(text.splitlines()) < 190
    assert "AllOpsResolver" not in text


def test_the_model_file_is_there_byte_for_byte(tmp_path):
    made(tmp_path)
    text = (tmp_path / "out/safe_m_data.c").read_text()
    assert "SAFE_ALIGNED(16)" in text
    numbers = text.split("= {")[1].split("}")[0]
    assert bytes(int(n) for n in re.findall(r"\d+", numbers)) == MODEL.read_bytes()


def test_the_same_input_gives_the_same_bytes(tmp_path):
    first = made(tmp_path, out=tmp_path / "a")
    assert json.dumps(first) == json.dumps(made(tmp_path, out=tmp_path / "b"))


def test_a_standalone_folder_has_the_runtime(tmp_path):
    made(tmp_path, standalone=True)
    assert (tmp_path / "out/safe/model.h").is_file()
    assert (tmp_path / "out/model.c").is_file()
    assert "11088 bytes" in (tmp_path / "out/README.md").read_text()


def test_streaming_and_a_foreign_isa_are_refused(tmp_path):
    with pytest.raises(BackendRefusedError, match="computes whole windows: leave streaming out"):
        made(tmp_path, stream=True)
    with pytest.raises(BackendRefusedError, match="those of the archive: leave --isa out"):
        made(tmp_path, isa="dsp")


def test_without_an_arena_it_is_said_how_to_get_one(tmp_path):
    with pytest.raises(BackendRefusedError, match="build an image, or give --arena"):
        made(tmp_path, arena_bytes=None)


@pytest.mark.parametrize("kind", ["EXP", "LOG", "NEG", "SQRT", "SQUARE"])
def test_a_float_island_is_the_interpreters(tmp_path, kind):
    """SAFE makes a table of it on import; the interpreter gets the file as it is."""
    path = tmp_path / "island.tflite"
    path.write_bytes(island(unary(kind)))
    manifest = made(tmp_path, path)
    assert [row["kind"] for row in manifest["operators"]] == ["DEQUANTIZE", kind, "QUANTIZE"]
    text = (tmp_path / "out" / "safe_m_tflm.cc").read_text()
    assert {"AddDequantize", f"Add{kind.capitalize()}", "AddQuantize"} == set(
        re.findall(r"\? (Add\w+)\(\)", text)
    )


def test_every_operator_has_a_method_or_is_refused_by_name(tmp_path):
    lacking = {kind for kind, spec in operators().items() if not spec.internal} - set(ADDERS)
    assert lacking == {"GELU", "RELU_N1_TO_1", "TILE"}
    net = Net(16, 4)
    x = net.conv(net.first, 8, 3, padding=VALID, activation=0)
    y = net._value(net.shapes[x], *net.scales[x])
    net.builder.operator("RELU_N1_TO_1", [x], [y])
    model = tmp_path / "m.tflite"
    model.write_bytes(net.model(net.conv(y, 8, 3, padding=VALID)))
    with pytest.raises(
        ModelUnsupportedError, match=r"operator \d+ RELU_N1_TO_1: backend tflm has nothing"
    ):
        made(tmp_path, model)
