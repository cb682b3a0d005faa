"""Each malformed or unsupported model is one clear error that names operator and tensor."""

import struct

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from codegen.errors import ModelInvalidError, ModelUnsupportedError
from codegen.frontend import reader
from codegen.frontend.tflite import load
from codegen.ir.graph import DType
from tests.operators.builder import ModelBuilder, options


def reshape_model(shape=(1, 4), *, scale=0.5, dtype="int8", edit=None):
    m = ModelBuilder()
    x = m.input(shape, dtype, scale)
    y = m.tensor((1, int(np.prod(shape))), dtype, scale, name="flat")
    m.operator("RESHAPE", [x], [y], options("Reshape", newShape=[1, int(np.prod(shape))]))
    m.output(y)
    if edit is not None:
        edit(m._model, m._graph)
    return m.build()


def fails(data, error, *words):
    with pytest.raises(error) as caught:
        load(data, "m")
    text = str(caught.value)
    assert "\n" not in text
    for word in words:
        assert word in text, text
    return text


def test_reads_the_small_model(small_graph, small_bytes):
    kinds = [o.kind for o in small_graph.operators]
    assert kinds == [
        "RESHAPE",
        "CONV_2D",
        "RESHAPE",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "STRIDED_SLICE",
        "FULLY_CONNECTED",
        "RESHAPE",
    ]
    source = small_graph.tensor(small_graph.inputs[0])
    assert (source.shape, source.dtype) == ((1, 6, 3), DType.INT8)
    assert small_graph.tensor(small_graph.outputs[0]).shape == (1, 2, 3)
    assert sum(t.is_variable for t in small_graph.tensors.values()) == 2
    assert len(small_graph.sha256) == 64
    assert len({o.index for o in small_graph.operators}) == 7


def test_shipped_model(forecaster):
    graph = load(forecaster / "model_int8.tflite", "forecaster")
    assert graph.tensor(graph.inputs[0]).shape == (1, 30, 16)


@pytest.mark.parametrize("size", [0, 1, 7, 15, 16, 64, 1000, 3000, 5000, 5700])
def test_truncated(small_bytes, size):
    fails(small_bytes[:size], ModelInvalidError)


def test_not_a_tflite():
    fails(b"PK\x03\x04" + b"\0" * 100, ModelInvalidError, "not a TFLite model")


def test_missing_file(tmp_path):
    fails(tmp_path / "no.tflite", ModelInvalidError, "no.tflite", "No such file")


def test_directory(tmp_path):
    fails(tmp_path, ModelInvalidError, "directory")


def test_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "MAX_FILE_BYTES", 100)
    path = tmp_path / "big.tflite"
    path.write_bytes(b"x" * 101)
    fails(path, ModelUnsupportedError, "101 bytes")
    fails(b"x" * 101, ModelUnsupportedError, "101 bytes")


def test_schema_version():
    def edit(model, _):
        model.version = 2

    fails(reshape_model(edit=edit), ModelInvalidError, "schema version is 2")


def test_several_subgraphs():
    def edit(model, graph):
        model.subgraphs = [graph, graph]

    fails(reshape_model(edit=edit), ModelUnsupportedError, "2 subgraphs")


def test_float_model(models):
    text = fails(models / "small_float.tflite", ModelUnsupportedError, "float model", "quantize")
    assert "operator 0" in text
    assert "tensor" in text


def test_hybrid_model():
    m = ModelBuilder()
    x = m.input((1, 4), "float32")
    w = m.constant(np.ones((2, 4), np.int8), 0.5)
    y = m.tensor((1, 2), "float32")
    m.operator("FULLY_CONNECTED", [x, w, -1], [y], options("FullyConnected"))
    m.output(y)
    fails(m.build(), ModelUnsupportedError, "hybrid", "operator 0 FULLY_CONNECTED")


def test_one_float_operator_inside_an_integer_model():
    m = ModelBuilder()
    x = m.input((1, 4), "int8", 0.5)
    f, g = m.tensor((1, 4), "float32"), m.tensor((4,), "float32", name="inner")
    m.operator("DEQUANTIZE", [x], [f])
    m.operator("RESHAPE", [f], [g], options("Reshape", newShape=[4]))
    m.output(g)
    fails(m.build(), ModelUnsupportedError, "operator 1 RESHAPE", "float32")


def test_unknown_operator_names_it_and_the_supported_ones():
    m = ModelBuilder()
    x, y = m.input((1, 4), "int8", 0.5), m.tensor((1, 4), "int8", 0.5, name="soft")
    m.operator("COS", [x], [y])
    m.output(y)
    fails(m.build(), ModelUnsupportedError, "operator 0 COS", "soft", "CONV_2D", "RESHAPE")


def test_custom_operator_is_named():
    def edit(model, _):
        code = model.operatorCodes[0]
        code.builtinCode, code.customCode = schema.BuiltinOperator.CUSTOM, "Frobnicate"

    fails(reshape_model(edit=edit), ModelUnsupportedError, 'CUSTOM "Frobnicate"')


@pytest.mark.parametrize("where", ["shape", "signature"])
def test_dynamic_shape(where):
    def edit(_, graph):
        if where == "shape":
            graph.tensors[0].shape = [1, -1]
        else:
            graph.tensors[0].shapeSignature = [1, -1]

    fails(reshape_model(edit=edit), ModelUnsupportedError, "dynamic shape", "operator 0", "t0")


def test_open_batch_is_one():
    def edit(_, graph):
        graph.tensors[0].shape = [-1, 4]
        graph.tensors[0].shapeSignature = [-1, 4]

    graph = load(reshape_model(edit=edit), "m")
    assert graph.tensor(0).shape == (1, 4)


def test_an_open_batch_behind_another_axis_is_one():
    """Time before batch, as in an unrolled LSTM: the converter writes 1 into the shape."""

    def edit(_, graph):
        graph.tensors[0].shape = [4, 1]
        graph.tensors[0].shapeSignature = [4, -1]

    assert load(reshape_model(edit=edit), "m").tensor(0).shape == (4, 1)


def test_zero_extent():
    def edit(_, graph):
        graph.tensors[0].shape = [1, 0]

    fails(reshape_model(edit=edit), ModelInvalidError, "extent below 1")


def test_rank():
    def edit(_, graph):
        graph.tensors[0].shape = [1] * 7

    fails(reshape_model(edit=edit), ModelUnsupportedError, "rank 7")


def test_buffer_index():
    def edit(_, graph):
        graph.tensors[0].buffer = 99

    fails(reshape_model(edit=edit), ModelInvalidError, "buffer 99", "operator 0 RESHAPE", '"t0"')


def test_buffer_size():
    m = ModelBuilder()
    x, w = m.input((1, 4), "int8", 0.5), m.constant(np.ones((2, 4), np.int8), 0.5)
    y = m.tensor((1, 2), "int8", 0.5)
    m.operator("FULLY_CONNECTED", [x, w, -1], [y], options("FullyConnected"))
    m.output(y)
    m._model.buffers[1].data = [1] * 7
    fails(m.build(), ModelInvalidError, "7 bytes", "needs 8", "FULLY_CONNECTED", f'"t{w}"')


@pytest.mark.parametrize("edge", ["inputs", "outputs"])
def test_tensor_index_of_an_operator(edge):
    def edit(_, graph):
        setattr(graph.operators[0], edge, [77])

    fails(reshape_model(edit=edit), ModelInvalidError, "tensor 77", "operator 0 RESHAPE")


def test_tensor_index_of_the_model():
    def edit(_, graph):
        graph.outputs = [77]

    fails(reshape_model(edit=edit), ModelInvalidError, "model output", "tensor 77")


def test_operator_code_index():
    def edit(_, graph):
        graph.operators[0].opcodeIndex = 5

    fails(reshape_model(edit=edit), ModelInvalidError, "operator 0", "operator code 5")


@pytest.mark.parametrize("scale", [0.0, -0.5, float("nan"), float("inf")])
def test_scale(scale):
    def edit(_, graph):
        graph.tensors[0].quantization.scale = [scale]

    fails(reshape_model(edit=edit), ModelInvalidError, "scale", "operator 0 RESHAPE", '"t0"')


def test_scale_absent():
    def edit(_, graph):
        graph.tensors[1].quantization = None

    fails(reshape_model(edit=edit), ModelInvalidError, "without a scale", '"flat"')


def test_zero_points_missing():
    def edit(_, graph):
        graph.tensors[0].quantization.zeroPoint = []

    fails(reshape_model(edit=edit), ModelInvalidError, "1 scales and 0 zero points")


def test_zero_point_out_of_range():
    def edit(_, graph):
        graph.tensors[0].quantization.zeroPoint = [200]

    fails(reshape_model(edit=edit), ModelInvalidError, "zero point 200")


def test_scales_of_wrong_length():
    def edit(_, graph):
        graph.tensors[0].quantization.scale = [0.5] * 3
        graph.tensors[0].quantization.zeroPoint = [0] * 3

    fails(reshape_model(edit=edit), ModelInvalidError, "3 scales along axis 0")


def test_element_type():
    def edit(_, graph):
        graph.tensors[0].type = schema.TensorType.STRING

    fails(reshape_model(edit=edit), ModelUnsupportedError, "STRING", '"t0"')


def test_no_operators_and_no_edges():
    def drop(field):
        def edit(_, graph):
            setattr(graph, field, [])

        return reshape_model(edit=edit)

    fails(drop("operators"), ModelInvalidError, "no operators")
    fails(drop("inputs"), ModelInvalidError, "no input")
    fails(drop("outputs"), ModelInvalidError, "no output")


def test_huge_vector_length(small_bytes):
    """A claimed length of 2^31 − 1 anywhere ends at once, without asking for memory."""
    for place in range(0, 400, 4):
        data = bytearray(small_bytes)
        data[place : place + 4] = struct.pack("<I", 0x7FFFFFFF)
        try:
            load(bytes(data), "m")
        except (ModelInvalidError, ModelUnsupportedError):
            continue


def test_names_are_one_printable_line():
    def edit(_, graph):
        graph.tensors[0].name = "a\nb\x00*/" + "x" * 500
        graph.tensors[0].quantization = None

    text = fails(reshape_model(edit=edit), ModelInvalidError)
    assert len(text) < 400


def test_deprecated_operator_code():
    """Files of old converters have the code in the deprecated byte only."""

    def edit(model, _):
        model.operatorCodes[0].builtinCode = 0

    assert load(reshape_model(edit=edit), "m").operators[0].kind == "RESHAPE"


def test_operator_code_without_the_deprecated_one():
    """The tflite package alone reads these as ADD."""

    def edit(model, _):
        model.operatorCodes[0].deprecatedBuiltinCode = 0

    assert load(reshape_model(edit=edit), "m").operators[0].kind == "RESHAPE"
