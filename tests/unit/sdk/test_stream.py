"""What the functions of stream.h refuse; tests/operators/test_stream*.py has what they compute."""

import ctypes

import pytest

from host_tools.device.protocol import Status


@pytest.fixture
def library(builds):
    library = builds()
    assert library.shim_start(2) == 0
    library.shim_context.restype = ctypes.c_void_p
    library.safe_stream_is_ready.restype = ctypes.c_bool
    return library


def feed(library, context, start, data, length):
    return library.safe_stream_feed(
        ctypes.c_void_p(context), ctypes.c_size_t(start), data, ctypes.c_size_t(length)
    )


def test_null_is_an_argument_error(library):
    context, data = library.shim_context(), ctypes.create_string_buffer(64)
    assert feed(library, None, 0, data, 1) == Status.ARGUMENT
    assert feed(library, context, 0, None, 1) == Status.ARGUMENT
    assert library.safe_stream_push(None, data, ctypes.c_size_t(3)) == Status.ARGUMENT
    assert library.safe_stream_invoke(None) == Status.ARGUMENT
    assert not library.safe_stream_is_ready(None)


def test_an_unbound_context_is_an_argument_error(library):
    empty = (ctypes.c_void_p * 2)()
    data = ctypes.create_string_buffer(64)
    assert feed(library, ctypes.addressof(empty), 0, data, 1) == Status.ARGUMENT


def test_a_model_of_whole_windows_is_unsupported(library):
    context, data = library.shim_context(), ctypes.create_string_buffer(64)
    unsupported = Status.UNSUPPORTED
    pointer, size = ctypes.c_void_p(context), ctypes.c_size_t
    assert feed(library, context, 0, data, 12) == unsupported
    assert library.safe_stream_push(pointer, data, size(3)) == unsupported
    assert library.safe_stream_invoke(pointer) == unsupported
    assert library.safe_stream_run(pointer, data, size(12), data, size(6)) == unsupported
    assert not library.safe_stream_is_ready(pointer)
