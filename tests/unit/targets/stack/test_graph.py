"""Chains over small graphs: calls, jumps, pointers, and what has no bound."""

import pytest

from targets.errors import BuildError
from targets.stack.graph import CallGraph
from targets.stack.listing import ListedFunction
from targets.stack.usage import Frames, StackFrame
from targets.stack.words import Words


def graph(
    *functions: ListedFunction,
    stored: tuple[int, ...] = (),
    frames: Frames | None = None,
    files: dict[int, str] | None = None,
) -> CallGraph:
    words = Words(frozenset(stored), (), is_thumb=False)
    return CallGraph({f.address: f for f in functions}, files or {}, frames or {}, words)


def test_the_deepest_call_counts() -> None:
    a = ListedFunction("a", 1, pushed=8, calls={2, 3})
    found = graph(a, ListedFunction("b", 2, pushed=16), ListedFunction("c", 3, pushed=24)).deepest(
        a
    )
    assert found.bytes == 32
    assert str(found) == "a 8 > c 24"


def test_a_jump_has_given_its_frame_back_and_a_part_has_not() -> None:
    a = ListedFunction("a", 1, pushed=8, jumps={2})
    assert graph(a, ListedFunction("b", 2, pushed=16)).deepest(a).bytes == 16
    assert graph(a, ListedFunction("a.cold", 2, pushed=16)).deepest(a).bytes == 24


def test_what_calls_itself_is_named() -> None:
    a, b = ListedFunction("a", 1, calls={2}), ListedFunction("b", 2, calls={1})
    with pytest.raises(BuildError, match="recursion: a > b > a"):
        graph(a, b).deepest(a)


def test_a_pointer_reaches_what_the_rules_say() -> None:
    invoke = ListedFunction("safe_context_invoke", 1, pushed=8, pointers=[5], calls_pointer=True)
    model = ListedFunction("invoke_arena", 2, pushed=100)
    other = ListedFunction("handle_ping", 3, pushed=1000)
    found = graph(invoke, model, other, stored=(2, 3))
    assert found.deepest(invoke).bytes == 108
    assert found.unnamed(set()) == []


def test_an_unknown_pointer_and_an_unknown_address_are_named() -> None:
    wild = ListedFunction("wild", 1, pointers=[0x55], calls_pointer=True)
    with pytest.raises(BuildError, match="wild calls through a pointer at 0x55"):
        graph(wild).deepest(wild)
    assert graph(ListedFunction("stray", 7), stored=(7,)).unnamed(set()) == ["stray"]


def test_a_switch_is_no_pointer() -> None:
    wild = ListedFunction("wild", 0x10, pointers=[0x14])
    assert graph(wild, ListedFunction("next", 0x40), stored=(0x20,)).deepest(wild).bytes == 0


def test_the_compiler_is_believed_but_for_empty_frames() -> None:
    a = ListedFunction("a", 1, pushed=40)
    assert graph(a, frames={("", "a"): StackFrame(24, is_bounded=True)}).deepest(a).bytes == 24
    assert graph(a, frames={("", "a"): StackFrame(0, is_bounded=True)}).deepest(a).bytes == 40
    with pytest.raises(BuildError, match="depends on run time"):
        graph(a, frames={("", "a"): StackFrame(24, is_bounded=False)}).deepest(a)
    moving = ListedFunction("m", 2, is_dynamic=True)
    with pytest.raises(BuildError, match="value of run time"):
        graph(moving).deepest(moving)


def test_a_frame_is_that_of_its_own_file() -> None:
    frames = {
        ("a.c", "f"): StackFrame(24, is_bounded=True),
        ("", "f"): StackFrame(40, is_bounded=True),
    }
    local, other, part = (
        ListedFunction("f", 1),
        ListedFunction("f", 2),
        ListedFunction("f.part.0", 3),
    )
    found = graph(local, other, part, frames=frames, files={1: "a.c", 2: "b.c"})
    assert [found.frame(f) for f in (local, other, part)] == [24, 40, 40]


def test_a_jump_without_a_table_is_a_pointer() -> None:
    """And a call is one even where there is a table."""
    jumps = ListedFunction("wild", 0x10, pointers=[0x14])
    with pytest.raises(BuildError, match="wild calls through a pointer at 0x14"):
        graph(jumps, ListedFunction("next", 0x40), stored=(0x44,)).deepest(jumps)
    calls = ListedFunction("wild", 0x10, pointers=[0x14], calls_pointer=True)
    with pytest.raises(BuildError, match="through a pointer"):
        graph(calls, ListedFunction("next", 0x40), stored=(0x20,)).deepest(calls)


def test_a_table_of_the_last_function() -> None:
    last = ListedFunction("last", 0x9000_0000, pushed=8, pointers=[0x9000_0004])
    assert graph(ListedFunction("a", 1), last, stored=(0x9000_0010,)).deepest(last).bytes == 8


def test_assembly_that_runs_into_the_next_keeps_its_frame() -> None:
    first = ListedFunction("first", 1, pushed=8, jumps={2}, falls_through=True)
    found = graph(first, ListedFunction("second", 2, pushed=16)).deepest(first)
    assert (found.bytes, str(found)) == (24, "first 8 > second 16")


def test_of_calls_and_jumps_the_deeper_counts() -> None:
    a = ListedFunction("a", 1, pushed=8, calls={2}, jumps={3})
    found = graph(a, ListedFunction("b", 2, pushed=16), ListedFunction("c", 3, pushed=30))
    first = found.deepest(a)
    assert str(first) == "a 0 > c 30"
    assert found.deepest(a) is first
    equal = graph(a, ListedFunction("b", 2, pushed=16), ListedFunction("c", 3, pushed=24))
    assert str(equal.deepest(a)) == "a 8 > b 16"


def test_going_back_to_the_reset_takes_the_stack_anew() -> None:
    reset = ListedFunction("safe_reset", 1, pushed=8, calls={2})
    again = ListedFunction("again", 2, pushed=4, jumps={1})
    assert graph(reset, again).deepest(reset).bytes == 12


def test_a_call_into_the_middle_takes_the_whole_frame() -> None:
    divide = ListedFunction("divide", 2, pushed=16, last=8)
    found = graph(ListedFunction("a", 1, pushed=8, calls={6}), divide)
    assert found.deepest(found.named("a")).bytes == 24
    beyond = graph(ListedFunction("a", 1, calls={10}), divide)
    with pytest.raises(BuildError, match="a calls 0xa, which is no function"):
        beyond.deepest(beyond.named("a"))


def test_a_call_to_nowhere_is_named() -> None:
    a = ListedFunction("a", 1, calls={0x99})
    with pytest.raises(BuildError, match="a calls 0x99, which is no function"):
        graph(a).deepest(a)
    with pytest.raises(BuildError, match="no function safe_reset"):
        graph(a).named("safe_reset")


def test_addresses_in_code_are_taken_too() -> None:
    a = ListedFunction("a", 1, taken={3})
    found = graph(
        a,
        ListedFunction("b", 2),
        ListedFunction("c", 3),
        ListedFunction("invoke_arena", 4),
        stored=(4,),
    )
    assert found.unnamed(set()) == ["c"]
    assert found.unnamed({3}) == []
