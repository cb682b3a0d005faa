"""Budgets fail with the numbers, and only when they are exceeded."""

import pytest

from codegen.command import main
from codegen.emit.budget import Budget, load, smallest
from codegen.errors import BudgetExceededError, BudgetInvalidError
from targets.errors import ExitCode


def test_limits(small_program):
    arena = small_program.plan.arena_bytes
    constants = small_program.weight_bytes + small_program.constant_bytes
    Budget(arena, constants).check(small_program)
    Budget().check(small_program)
    with pytest.raises(BudgetExceededError, match=rf"arena: {arena} bytes, 1 more than"):
        Budget(arena - 1, constants).check(small_program)
    with pytest.raises(BudgetExceededError, match=rf"flash: {constants} bytes, 2 more than"):
        Budget(arena, constants - 2).check(small_program)


def test_model_toml(tmp_path):
    path = tmp_path / "model.toml"
    path.write_text('name = "m"\n[budget]\nram_bytes = 100\n')
    assert load(path) == Budget(100, None)
    path.write_text('name = "m"\n')
    assert load(path) == Budget()
    assert smallest(Budget(3, None), Budget(2, 9), Budget()) == Budget(2, 9)


@pytest.mark.parametrize(
    "text", ["[budget]\nram_bytes = -1", '[budget]\nflash_bytes = "1 KB"', "budget = 3", "x ="]
)
def test_damaged_model_toml(tmp_path, text):
    path = tmp_path / "model.toml"
    path.write_text(text)
    with pytest.raises(BudgetInvalidError, match=r"model\.toml"):
        load(path)
    with pytest.raises(BudgetInvalidError, match="cannot be read"):
        load(tmp_path / "none.toml")


def test_command(models, tmp_path, capsys):
    arguments = [str(models / "small.tflite"), "--name", "m", "--out", str(tmp_path / "o")]
    assert main([*arguments, "--max-arena-bytes", "63"]) == int(ExitCode.BUDGET)
    assert "64 bytes, 1 more than the budget of 63" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()
    (tmp_path / "model.toml").write_text("[budget]\nram_bytes = 48\n")
    budget = ["--description", str(tmp_path / "model.toml")]
    assert main([*arguments, "--max-arena-bytes", "64", *budget]) == int(ExitCode.BUDGET)
    assert main([*arguments, "--max-arena-bytes", "64", "--max-constant-bytes", "99999"]) == 0


def test_plan_is_printed(models, tmp_path, capsys):
    arguments = [str(models / "small.tflite"), "--name", "m", "--out", str(tmp_path / "o")]
    assert main([*arguments, "--plan"]) == 0
    out = capsys.readouterr().out
    assert "arena 64 bytes, at least " in out
    assert (tmp_path / "o" / "memory_plan.txt").read_text() in out
