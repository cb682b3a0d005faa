"""A model behind a foreign runtime: set up by init, tensors outside the arena, calls that fail."""

import ctypes

import numpy as np
import pytest

from host_tools.detection import replay
from host_tools.detection.chain import Chain
from host_tools.detection.rings import IntegerForecaster
from host_tools.device import protocol
from host_tools.device.protocol import Status
from host_tools.formats.record import RECORD
from tests.unit.sdk.c_config import run_c
from tests.unit.sdk.test_server import Server, upload
from tests.unit.sdk.tiny import Tiny, build_library, samples

NONE, INIT, RESET, INVOKE = range(4)
CODES = {INIT: -101, RESET: -102, INVOKE: -103}
TINY = Tiny()
ARENA_BYTES = 28


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build_library(
        TINY, "gcc", "-O2", tmp_path_factory.mktemp("foreign") / "f.so", foreign=True
    )


@pytest.fixture(params=[False, True], ids=["windows", "streaming"])
def library(built, request):
    """Nothing fails yet."""
    built.safe_context_input.restype = built.safe_context_output.restype = ctypes.c_void_p
    fail(built, NONE)
    ctypes.c_bool.in_dll(built, "foreign_streaming").value = request.param
    return built


def fail(library, call):
    ctypes.c_uint32.in_dll(library, "foreign_fail").value = call


def is_streaming(library):
    return ctypes.c_bool.in_dll(library, "foreign_streaming").value


def bind(library):
    """Bind a context; return the status and it."""
    context = (ctypes.c_void_p * 2)()
    return library.shim_context_init(context), context


def code(context):
    """The runtime's own code, as an application reads it."""
    return ctypes.c_int32.from_address(context[1]).value


def run(library, context, window):
    """safe_context_run, or with streaming safe_stream_run."""
    call = library.safe_stream_run if is_streaming(library) else library.safe_context_run
    output = ctypes.create_string_buffer(6)
    data = window.tobytes()
    sizes = ctypes.c_size_t(len(data)), ctypes.c_size_t(6)
    return call(context, data, sizes[0], output, sizes[1]), output.raw


def window(seed=1):
    return np.random.default_rng(seed).integers(-128, 128, (1, 4, 3), dtype=np.int8)


def test_tensors_lie_where_the_runtime_says(library):
    status, context = bind(library)
    assert status == Status.OK
    start, end = context[1], context[1] + ARENA_BYTES
    places = [library.safe_context_output(context, ctypes.c_size_t(0))]
    if not is_streaming(library):
        places.append(library.safe_context_input(context, ctypes.c_size_t(0)))
    assert places[0] is not None
    assert not any(start <= place < end for place in places)
    assert library.safe_context_output(context, ctypes.c_size_t(1)) is None
    assert library.safe_context_input(context, ctypes.c_size_t(1)) is None
    data = window()
    assert run(library, context, data) == (Status.OK, TINY.run(data).tobytes())


def test_the_chain_equals_the_specification(library):
    assert library.shim_start(3) == 0
    data = samples(TINY, 400, seed=8)
    expected = replay.run_chain(TINY.config(), data, TINY.run)
    assert run_c(library, data, TINY.channels).tobytes() == expected.tobytes()


@pytest.mark.parametrize("call", [INIT, RESET])
def test_a_runtime_that_refuses_leaves_the_context_unbound(library, call):
    fail(library, call)
    status, context = bind(library)
    assert status == Status.RUNTIME
    assert list(context) == [None, None]
    assert library.shim_start(3) == -1
    fail(library, NONE)
    assert bind(library)[0] == Status.OK


@pytest.mark.parametrize("call", [RESET, INVOKE])
def test_a_failing_run_tells_and_leaves_the_output(library, call):
    _, context = bind(library)
    fail(library, call)
    assert run(library, context, window()) == (Status.RUNTIME, bytes(6))
    assert code(context) == CODES[call]
    library.safe_runtime_code.argtypes = [ctypes.c_void_p]
    assert library.safe_runtime_code(context[1]) == CODES[call]
    fail(library, NONE)
    assert run(library, context, window())[0] == Status.OK


def test_single_calls_tell(library):
    _, context = bind(library)
    if is_streaming(library):
        invoke, feed = library.safe_stream_invoke, library.safe_stream_feed
        assert run(library, context, window())[0] == Status.OK
        fail(library, INVOKE)
        assert invoke(context) == Status.RUNTIME
        fail(library, RESET)
        assert feed(context, ctypes.c_size_t(0), bytes(12), ctypes.c_size_t(12)) == Status.RUNTIME
    else:
        fail(library, INVOKE)
        assert library.safe_context_invoke(context) == Status.RUNTIME
        fail(library, RESET)
    assert library.safe_context_reset(context) == Status.RUNTIME


def test_detector_tells_a_failing_reset(library):
    """A streaming model is reset with the detector; one of whole windows before each of them."""
    assert library.shim_start(3) == 0
    fail(library, RESET)
    expected = Status.RUNTIME if is_streaming(library) else Status.OK
    assert library.shim_detector_init() == expected
    assert library.shim_reset() == expected
    assert library.shim_gap() == expected
    lost = np.full((4, 3), np.nan, np.float32)
    status = run_c(library, lost, 3)["status"][-1]
    assert status == (Status.RUNTIME if is_streaming(library) else Status.NOT_FINITE)


def specified(data, failing):
    """The chain's records when the model fails on the rows `failing`: each then is as a gap."""
    config = TINY.config()
    one = Chain(config.detector, config.adapter, IntegerForecaster(config.adapter))
    records = np.zeros(len(data), RECORD)
    for row, sample in enumerate(data):
        result, values = one.step(sample)
        output = None
        if values is not None and row not in failing:
            output = TINY.run(values.astype(np.int8)[None])[0]
            one.forecaster.accept(output)
        records[row] = replay.record(result, output)
        if values is not None and row in failing:
            records[row]["status"] = Status.RUNTIME
            one.gap()
    return records


# An inference of a streaming model does not begin with a reset.
@pytest.mark.parametrize(
    ("library", "call"), [(False, INVOKE), (False, RESET), (True, INVOKE)], indirect=["library"]
)
def test_a_failing_inference_counts_as_a_gap(library, call):
    assert library.shim_start(3) == 0
    data = samples(TINY, 120, seed=3)
    data[~np.isfinite(data)] = 0
    expected = specified(data, {60})
    assert expected["status"].tolist().count(Status.RUNTIME) == 1
    before = run_c(library, data[:60], 3)
    fail(library, call)
    during = run_c(library, data[60:61], 3)
    fail(library, NONE)
    after = run_c(library, data[61:], 3)
    assert np.concatenate([before, during, after]).tobytes() == expected.tobytes()
    assert after["index"][0] == 0


def test_server_tells_the_backend_and_goes_on_after_a_failure(library):
    server = Server(library)
    info = server.hello()
    assert info.backend_code == 5
    assert info.features & 0xF == protocol.FEATURE_WINDOW | protocol.FEATURE_STREAM | 8
    data = window(2)
    upload(server, 1, data.tobytes())
    fail(library, INVOKE)
    assert server.ask("INFER", protocol.u32(1)) == Status.RUNTIME
    assert server.ask("INFER", protocol.u32(1)) == Status.NOT_READY
    fail(library, NONE)
    upload(server, 2, data.tobytes())
    assert not isinstance(server.ask("INFER", protocol.u32(2)), int)
    reply = server.ask("RESULT", protocol.result_request(2, 0, 6))
    assert reply[8:] == TINY.run(data).tobytes()


# Only a streaming model is reset with the detector.
@pytest.mark.parametrize("library", [True], indirect=True)
@pytest.mark.parametrize("message", ["STREAM_RESET", "RELEARN"])
def test_server_closes_a_stream_that_cannot_begin(library, message):
    server = Server(library)
    server.hello()
    server.ask("STREAM_RESET", protocol.stream_reset(7))
    payloads = {"STREAM_RESET": protocol.stream_reset(7), "RELEARN": protocol.relearn(7, 0)}
    fail(library, RESET)
    assert server.ask(message, payloads[message]) == Status.RUNTIME
    fail(library, NONE)
    sample = protocol.chunk(7, 0, np.ones(3, "<f4").tobytes())
    assert server.ask("SAMPLE", sample) == Status.SAMPLE_ORDER
    server.ask("STREAM_RESET", protocol.stream_reset(8))
    assert len(server.ask("SAMPLE", protocol.chunk(8, 0, np.ones(3, "<f4").tobytes()))) == 64


def test_a_native_model_says_so(builds):
    assert Server(builds()).hello().backend == "native"
