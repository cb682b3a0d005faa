"""The line and the limit of a proved bound, and the files of the compiler."""

import re
from pathlib import Path
from typing import Any

import pytest

from targets.build import ROOT
from targets.errors import BudgetError, BuildError, ExitCode
from targets.stack import bound, usage


def facts(**changes: Any) -> dict[str, Any]:
    chain = {"bytes": 300, "chain": [{"function": "main", "frame_bytes": 300}]}
    report = {"bytes": 40, "chain": [{"function": "safe_fault_report", "frame_bytes": 40}]}
    fields = {"bound_bytes": 412, "reserved_bytes": 512, "exception_frame_bytes": 108}
    return {**fields, "program": chain, "interrupt": {"bytes": 4}, "fault": report, **changes}


def test_a_bound_within_what_is_reserved_is_one_line() -> None:
    bound.check(facts(), "board")
    assert bound.summary(facts()) == (
        "stack 412 bytes at most, proved: program 300, exception 108, interrupt 4"
    )


def test_a_bound_beyond_what_is_reserved_is_an_error_that_names_the_chain() -> None:
    with pytest.raises(BudgetError, match=r"412 bytes, 12 more than its 400 on board: main 300"):
        bound.check(facts(reserved_bytes=400), "board")
    assert BudgetError.exit_code == ExitCode.BUDGET


def test_what_just_fits_is_no_error() -> None:
    bound.check(facts(reserved_bytes=412), "board")
    full = {"bytes": bound.FAULT_RESERVE, "chain": []}
    bound.check(facts(fault=full), "board")


def test_an_image_without_handlers_is_one_line_too() -> None:
    without = {name: value for name, value in facts().items() if name != "interrupt"}
    assert bound.summary(without).endswith("exception 108, interrupt 0")


def test_a_fault_has_room_for_its_report() -> None:
    deep = {"bytes": 513, "chain": [{"function": "safe_fault_report", "frame_bytes": 513}]}
    with pytest.raises(BudgetError, match="a fault's report can take 513 bytes, 1 more"):
        bound.check(facts(fault=deep), "board")


def test_what_is_not_proved_says_why() -> None:
    none = {"bound_bytes": None, "reason": "recursion: a > a"}
    bound.check(none, "board")
    assert bound.summary(none) == "stack bound not proved: recursion: a > a"


def test_usage_files(tmp_path: Path) -> None:
    (tmp_path / "a.su").write_text("x/a.c:1:2:f\t24\tstatic\nx/a.c:9:2:g\t8\tdynamic\n")
    (tmp_path / "b.su").write_text("x/b.c:1:2:f\t40\tdynamic,bounded\n")
    frames = usage.read(sorted(tmp_path.glob("*.su")))
    assert frames["a.c", "f"].bytes == 24
    assert frames["", "f"] == usage.StackFrame(40, is_bounded=True)
    assert not frames["a.c", "g"].is_bounded
    (tmp_path / "d.su").write_text("a.b.c:1:2:f.part.0\t8\tstatic\na.c:7:3:f\t16\tstatic\n")
    both = usage.read([tmp_path / "a.su", tmp_path / "d.su"])
    assert both["a.c", "f"].bytes == 24  # the larger of two of one name
    assert both["a.b.c", "f"].bytes == 8
    (tmp_path / "c.su").write_text("nonsense\n")
    with pytest.raises(BuildError, match="not a stack usage file"):
        usage.read([tmp_path / "c.su"])


def test_no_handler_of_a_cortex_m_interrupts_another() -> None:
    """The bound counts one handler, which holds while no source names a register of priorities."""
    priorities = {*range(0xE000E400, 0xE000E7F0), *range(0xE000ED18, 0xE000ED24)}
    addresses = {
        int(text, 16)
        for pattern in ("*.c", "*.h")
        for path in (ROOT / "targets").rglob(pattern)
        for text in re.findall(r"0x(E000[0-9A-F]{4})u", path.read_text(encoding="utf-8"))
    }
    assert addresses
    assert not addresses & priorities
