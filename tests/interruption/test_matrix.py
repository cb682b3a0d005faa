"""A sample of the matrix of interruptions; and the matrix sees what is wrong."""

import pytest

from tests.interruption import matrix


@pytest.fixture
def place(tmp_path):
    return matrix.Place(tmp_path, tmp_path / "inputs")


def test_a_short_verb_is_whole_or_nothing(tmp_path):
    cells = list(matrix.strike("plant", tmp_path, tmp_path, 2, matrix.FAULTS))
    assert {cell.fault for cell in cells} == set(matrix.FAULTS)
    assert [cell for cell in cells if cell.problems] == []
    codes = {cell.fault: cell.code for cell in cells if cell.at == 0}
    assert codes == {"INT": 130, "TERM": 130, "KILL": -9} | dict.fromkeys(
        ("full", "read-only", "too long"), 32
    )


@pytest.mark.slow
@pytest.mark.emulator
@pytest.mark.parametrize("name", list(matrix.VERBS))
def test_a_verb_is_whole_or_nothing(tmp_path, name):
    inputs, root = tmp_path / "inputs", tmp_path / "runs"
    root.mkdir()
    matrix.prepare(inputs, [name])
    cells = matrix.strike(name, inputs, root, 4, matrix.FAULTS)
    assert [cell for cell in cells if cell.problems] == []


RUN = matrix.Run(32, "plant: full", [], [])


@pytest.mark.parametrize(
    ("files", "run", "problem"),
    [
        ({"a": "old"}, RUN, None),
        ({"a": "new", "when": "later"}, RUN, None),
        ({"a": "ne"}, RUN, "neither the earlier result nor the new one"),
        ({"a": "new"}, RUN, "neither the earlier result nor the new one"),
        ({"a": "old"}, matrix.Run(0, "", [], []), "ended with 0, and its result is not whole"),
        ({"a": "old"}, matrix.Run(1, "", [], []), "exit code 1"),
        ({"a": "old"}, matrix.Run(32, "Traceback (most", [], []), "a traceback"),
        ({"a": "old"}, matrix.Run(32, "", [], ["qemu"]), "runs on: qemu"),
        ({"a": "old", ".a.1.tmp": ""}, RUN, "scratch files stay: .a.1.tmp"),
    ],
)
def test_what_is_wrong_is_seen(place, files, run, problem):
    right = matrix.Expected(_tree("old"), {**_tree("new"), "when": "any"}, frozenset({"when"}))
    place.out.mkdir()
    for name, text in files.items():
        (place.out / name).write_text(text)
    found = list(matrix.judge(matrix.VERBS["plant"], "full", run, place, right))
    assert found == ([problem] if problem else [])


def _tree(text):
    return {"a": matrix.digest(text.encode())}
