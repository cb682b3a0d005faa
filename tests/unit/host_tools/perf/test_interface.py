"""Where several values of a call lie, and what calls the model with them."""

from host_tools.perf.interface import HEADER, interface, parts


def edge(dtype, size):
    return {"dtype": dtype, "size_bytes": size}


def manifest(inputs, outputs, **more):
    return {"name": "m", "inputs": inputs, "outputs": outputs, **more}


def test_each_value_is_aligned_for_its_elements():
    found = parts([edge("int8", 3), edge("int8", 2), edge("int16", 6), edge("float32", 4)])
    assert [(p.offset, p.end) for p in found] == [(0, 3), (3, 5), (6, 12), (12, 16)]
    assert [p.c_type for p in found] == ["int8_t", "int8_t", "int16_t", "float"]


def test_one_input_and_one_output_are_called_as_they_are():
    found, files = interface(manifest([edge("int8", 480)], [edge("int8", 160)]))
    assert (found.header, found.run, found.counted) == ("safe_m.h", "safe_m_run", "safe_m_run")
    assert (found.input_bytes, found.output_bytes, found.warmup) == (480, 160, 0)
    assert files == {}


def test_several_are_taken_apart():
    outputs = [edge("int8", 3), edge("int32", 8)]
    found, files = interface(manifest([edge("int8", 5), edge("int16", 4)], outputs))
    assert (found.header, found.counted, found.caller) == (HEADER, "safe_m_run", found.run)
    assert (found.input_bytes, found.output_bytes) == (10, 12)
    for line in (
        "(const int8_t *)(const void *)&from[0],",
        "(const int16_t *)(const void *)&from[6],",
        "(int8_t *)(void *)&to[0],",
        "(int32_t *)(void *)&to[4]);",
    ):
        assert line in files[HEADER]


def test_a_stream_takes_samples():
    streaming = {"sample_bytes": 16, "window": 30}
    found, _ = interface(manifest([edge("int8", 480)], [edge("int8", 160)], streaming=streaming))
    assert (found.run, found.input_bytes, found.warmup) == ("safe_m_step", 16, 29)
