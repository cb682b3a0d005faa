"""The mutants themselves, and a sample of them against the tests of their modules."""

import ast
from pathlib import Path

import pytest

from tests.mutation import campaign
from tests.mutation.operators import mutants
from tests.mutation.subjects import SUBJECTS

MODULE = '''"""Text 1 < 2."""

LIMIT: dict[1, int] = 3


@decorated(True)
def judge(value: int = 0) -> bool:
    """More text."""
    total = value + 1
    total <<= 2
    if not value or value <= LIMIT:
        return value in zip([1], [2], strict=True)
    return False


def say(value):
    return f"{value + 1}"
'''


def changes(source: str) -> list[tuple[int, str, str]]:
    return [
        (m.line, m.operator, m.described(source)[1].partition(" → ")[2])
        for m in mutants("m.py", source)
    ]


def test_every_kind_of_change_and_nothing_else() -> None:
    assert sorted(changes(MODULE)) == sorted(
        [
            (3, "constant", "(4)"),
            (3, "constant", "(2)"),
            (7, "constant", "(1)"),
            (7, "constant", "(-1)"),
            (9, "arithmetic", "(value - 1)"),
            (9, "constant", "(2)"),
            (9, "constant", "(0)"),
            (10, "arithmetic", "total >>= 2"),
            (10, "constant", "(3)"),
            (10, "constant", "(1)"),
            (11, "boolean", "(not value and value <= LIMIT)"),
            (11, "boolean", "(value)"),
            (11, "comparison", "(value < LIMIT)"),
            (12, "return", "return None"),
            (12, "comparison", "(value not in zip([1], [2], strict=True))"),
            (12, "constant", "(2)"),
            (12, "constant", "(0)"),
            (12, "constant", "(3)"),
            (12, "constant", "(1)"),
            (13, "constant", "True"),
            (17, "return", "return None"),
        ]
    )


def test_a_change_stays_in_its_place() -> None:
    """Text that is longer in UTF-8 than in characters, and a mutant's own brackets."""
    source = 'x = "é", (a or b and c)\n'
    found = {m.apply(source) for m in mutants("m.py", source)}
    assert ast.unparse(ast.parse(sorted(found)[0])) in (
        "x = ('é', a and (b and c))",
        "x = ('é', a or (b or c))",
    )
    assert len(found) == 2


def test_every_subject_and_its_tests_exist() -> None:
    root = campaign.ROOT
    for module, tests in SUBJECTS.items():
        assert (root / module).is_file(), module
        for name in tests:
            assert (root / name.partition("::")[0]).exists(), name


def test_mutants_can_be_read() -> None:
    """One in 40 of each module: to read all of them takes longer than a quick test may."""
    for module in SUBJECTS:
        source = (campaign.ROOT / module).read_text("utf-8")
        found = mutants(module, source)
        assert found or not source.strip()
        for mutant in found[::40]:
            ast.parse(mutant.apply(source))
            assert mutant.apply(source) != source


def test_what_changes_nothing_is_still_there() -> None:
    for entry in campaign.same():
        source = (campaign.ROOT / entry.module).read_text("utf-8")
        described = [(m, *m.described(source)) for m in mutants(entry.module, source)]
        for change in entry.changes:
            one = campaign.Same(entry.module, entry.line, (change,), entry.why)
            assert any(one.covers(*each) for each in described), (entry.line, change)


def test_a_sample_is_the_same_each_time() -> None:
    population = campaign.every(["codegen/quantization.py"])
    first, again = (campaign.sample(population, 20, 3) for _ in range(2))
    assert first == again == sorted(first)
    assert first != campaign.sample(population, 20, 4)
    assert campaign.sample(population, 10**6, 1) == population


def test_survivors_can_be_run_again() -> None:
    population = campaign.every(["codegen/quantization.py"])
    kept = population[5:8]
    rows = [{**vars(m), "outcome": "survived" if m in kept else "noticed"} for m in population[:20]]
    assert campaign.again(population, rows) == kept


@pytest.mark.slow
def test_a_sample_of_mutants_is_noticed() -> None:
    """At most one in ten of all survives; of 60 drawn, one in six leaves room for chance."""
    before = {name: (campaign.ROOT / name).read_bytes() for name in SUBJECTS}
    population = campaign.every(list(SUBJECTS))
    results = campaign.run(campaign.sample(population, 60, seed=1))
    assert len(results) == 60
    left = [r.mutant for r in results if r.survived]
    assert len(left) <= 10, left
    assert before == {name: Path(campaign.ROOT / name).read_bytes() for name in SUBJECTS}
