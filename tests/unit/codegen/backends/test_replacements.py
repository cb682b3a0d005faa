"""Tuned forms are found by their file's name, the chain decides, and C lies in the same folder."""

import sys
from types import ModuleType

import numpy as np
import pytest

from codegen.backends.native import replacements
from codegen.backends.native.lower import call_of
from codegen.backends.native.shared import add
from codegen.errors import CodegenError
from codegen.frontend import tflite
from codegen.ir.call import KernelCall
from codegen.operators.registry import operators
from codegen.options import GOALS, KernelChoice
from targets import kernels
from targets.kernels import CHAIN, ISAS
from tests.operators.cases import CASES

SEEDS = 4


def graphs():
    """Drawn models of every operator that a file may hold."""
    for make in CASES.values():
        for seed in range(SEEDS):
            try:
                yield tflite.load(make(np.random.default_rng(seed)).model, "m")
            except CodegenError:
                continue


def test_every_call_names_a_file_of_the_chain():
    """A form is prepared in the folder whose C reads it; a plain call names a file of `ref`."""
    seen = set()
    for graph in graphs():
        for operator in graph.operators:
            plain = operators()[operator.kind].call(graph, operator)
            if plain is None:
                continue
            assert kernels.path("ref", plain.source).parent.name == "ref"
            for isa in ISAS:
                for goal in GOALS:
                    call = call_of(graph, operator, KernelChoice(isa, goal))
                    assert call is not None
                    folder = kernels.variant(isa, call.source)
                    assert folder in kernels.folders(isa)
                    assert call.kernel == plain.kernel or folder != "ref" or "affine" in call.kernel
                    seen.add((isa, folder))
    assert {
        ("ref", "ref"),
        ("dsp", "dsp"),
        ("mve", "mve"),
        ("rv32", "rv32"),
        ("v6m", "v6m"),
    } <= seen


def test_the_reference_is_the_plain_call_and_nothing_else():
    for graph in graphs():
        for operator in graph.operators:
            plain = operators()[operator.kind].call(graph, operator)
            call = call_of(graph, operator, KernelChoice("ref"))
            assert (call is None) == (plain is None)
            assert operators()[operator.kind].is_view <= (plain is None)
            if plain is not None and call is not None:
                assert (call.kernel, call.notes) == (plain.kernel, plain.notes)


def test_forms_of_each_folder():
    packed = {
        "CONV_2D",
        "CONV_STREAM",
        "DEPTHWISE_CONV_2D",
        "FULLY_CONNECTED",
        "REROLLED_GRU",
        "REROLLED_LSTM",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
    }
    assert replacements.folders() == ("dsp", "mve", "rv32", "shared", "v6m")
    elements = {"AVERAGE_POOL_2D", "MAX_POOL_2D", "MUL"}
    assert set(replacements.replacements("dsp")) == packed | elements | {"TRANSPOSE_CONV"}
    assert set(replacements.replacements("rv32")) == packed | elements
    assert set(replacements.replacements("mve")) == {
        "ADD",
        "AVERAGE_POOL_2D",
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "FULLY_CONNECTED",
        "MAX_POOL_2D",
        "REROLLED_GRU",
        "REROLLED_LSTM",
        "SUB",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
    }
    assert set(replacements.replacements("v6m")) == packed - {
        "CONV_STREAM",
        "REROLLED_GRU",
        "REROLLED_LSTM",
    }
    portable = {"ADD", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "SUB"}
    assert set(replacements.replacements("shared")) == portable


def test_sub_has_the_form_of_add():
    forms = replacements.replacements("shared")
    assert forms["SUB"] is forms["ADD"] is add.replace


def form(monkeypatch, kind, answer):
    """Let folder `dsp` answer for a kind, whatever it is asked."""
    answers = {"first": answer, "second": "second refuses"}
    monkeypatch.setitem(CHAIN, "dsp", tuple(answers))

    def replacements_of(folder):
        return {kind: lambda *_: answers[folder]}

    monkeypatch.setattr("codegen.backends.native.lower.replacements", replacements_of)


def softmax():
    graph = tflite.load(CASES["SOFTMAX"](np.random.default_rng(0)).model, "m")
    return graph, graph.operators[0]


def test_reasons_stand_behind_the_first_note(monkeypatch):
    graph, operator = softmax()
    plain = operators()["SOFTMAX"].call(graph, operator)
    form(monkeypatch, "SOFTMAX", "it is drawn")
    call = call_of(graph, operator, KernelChoice("dsp"))
    reasons = ("no first kernel: it is drawn", "no second kernel: second refuses")
    assert call.notes == (*plain.notes[:1], *reasons, *plain.notes[1:])


def test_the_first_form_wins_and_none_says_nothing(monkeypatch):
    graph, operator = softmax()
    other = KernelCall(kernel="k", header="h", source="s", arguments=())
    form(monkeypatch, "SOFTMAX", other)
    assert call_of(graph, operator, KernelChoice("dsp")) is other
    form(monkeypatch, "SOFTMAX", None)
    notes = call_of(graph, operator, KernelChoice("dsp")).notes
    assert [n for n in notes if "kernel:" in n] == ["no second kernel: second refuses"]


def test_a_form_of_no_operator_is_an_error(monkeypatch):
    class Found:
        name = "conv_3d"

    module = ModuleType("codegen.backends.native.dsp.conv_3d")
    module.replace = lambda *_: None
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(replacements.pkgutil, "iter_modules", lambda _: [Found])
    replacements.replacements.cache_clear()
    with pytest.raises(CodegenError, match="no operator is named CONV_3D"):
        replacements.replacements("dsp")
    monkeypatch.undo()
    replacements.replacements.cache_clear()
