"""A small real model, as bytes, as a graph and as a program; and strict compilers."""

import subprocess
from pathlib import Path

import pytest

from codegen.backends.native.backend import compile_model
from codegen.frontend import tflite

MODELS = Path(__file__).parent / "models"
WARNINGS = "-std=c99 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror".split()
COMPILERS = {
    "gcc": ["gcc", "-O2"],
    "clang": ["clang", "-O1"],
    "arm": ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-O2"],
}


@pytest.fixture(scope="session")
def models():
    return MODELS


@pytest.fixture(scope="session")
def small_bytes():
    return (MODELS / "small.tflite").read_bytes()


@pytest.fixture(scope="session")
def small_graph(small_bytes):
    return tflite.load(small_bytes, "small")


@pytest.fixture(scope="session")
def small_program(small_graph):
    return compile_model(small_graph, target="host", isa="ref")


@pytest.fixture(scope="session")
def forecaster(root):
    return root / "models" / "forecaster"


@pytest.fixture
def strict():
    """Return a function that compiles sources with all warnings as errors."""

    def compile_all(compiler, sources, *includes, out):
        flags = [f"-I{folder}" for folder in includes]
        for source in sources:
            command = [*COMPILERS[compiler], *WARNINGS, *flags, "-c", source, "-o", out / "x.o"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr

    return compile_all
