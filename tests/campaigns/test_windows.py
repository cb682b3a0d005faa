"""The campaign over windows: a part of it, and that it sees one flipped bit."""

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

from codegen import reference
from targets.emulate import bare
from targets.load import available, load
from tests.campaigns import lanes, windows
from tests.campaigns.lanes import Choice
from tests.campaigns.members import Member, draw, members

WINDOWS = 40
CORE = "mps2-an386"


@pytest.fixture(scope="module")
def fleet() -> dict[str, Member]:
    return {member.name: member for member in members()}


def lane(name: str) -> lanes.Lane:
    return next(lane for lane in lanes.lanes() if lane.name == name)


@pytest.mark.parametrize(
    ("member", "name"),
    [("keyword-0", "host mve"), ("conv_2d_s16", "host dsp"), ("branched-0", "riscv-virt")],
)
def test_a_block(member: str, name: str, fleet: dict[str, Member]) -> None:
    (row,) = windows.block(fleet[member], 0, [(lane(name), Choice("speed", "clang"))], WINDOWS)
    assert row["failure"] == ""
    assert row["windows"] == WINDOWS


@pytest.mark.parametrize("name", ["host rv32", CORE])
def test_one_flipped_bit_is_found(
    name: str, fleet: dict[str, Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = reference.run

    def wrong(*arguments: object) -> list[lanes.Array]:
        outputs = right(*arguments)  # type: ignore[arg-type]
        outputs[-1].reshape(WINDOWS, -1)[31, -1] ^= 1
        return outputs

    monkeypatch.setattr(windows.reference, "run", wrong)
    member = fleet["branched-0"]
    (row,) = windows.block(member, 0, [(lane(name), Choice("size", "gcc"))], WINDOWS)
    last = sum(member.graph.tensor(i).size_bytes for i in member.graph.outputs) - 1
    assert f"1 windows differ, first window 31 in byte {last}: " in row["failure"]


def test_one_flipped_bit_of_a_weight_is_found(fleet: dict[str, Member]) -> None:
    member = fleet["fully_connected"]
    weights = next(t.data for t in member.graph.tensors.values() if t.data is not None)
    place = member.data.index(weights.tobytes())
    other = bytearray(member.data)
    other[place] ^= 0x40  # one that matters to a few windows' output
    changed = Member("changed", lambda: bytes(other))
    vars(changed)["graph"] = member.graph
    wanted = [(lane("host dsp"), Choice("balanced", "gcc"))]
    (row,) = windows.block(changed, 0, wanted, WINDOWS)
    assert "windows differ, first window" in row["failure"]


def test_a_program_that_fails_is_a_failure(
    fleet: dict[str, Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "BULK", lanes.BULK.with_name("nothing.c"))
    (row,) = windows.block(fleet["add"], 0, [(lane("host ref"), Choice("size", "gcc"))], 3)
    assert "does not compile" in row["failure"]


def test_a_log_is_gone_on_with(fleet: dict[str, Member], monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def block(member: Member, number: int, wanted: list[object], count: int) -> Iterator[object]:
        tried.append((member.name, number, len(wanted), count))
        for one, choice in wanted:  # type: ignore[misc]
            yield {"member": member.name, "block": number, "lane": one.name, **vars(choice)}

    monkeypatch.setattr(windows, "block", block)
    where = [lane("host ref"), lane(CORE)]
    chosen, kept = {3: fleet["add"], 5: fleet["mul"]}, []
    campaign = windows.Campaign(chosen, [0, 1], where, 7)
    rows = campaign.run([], kept.append)
    assert rows == kept
    assert len(rows) == 8
    again = campaign.run(rows[:3] + rows[4:], kept.append)
    assert sorted(map(json.dumps, again)) == sorted(map(json.dumps, rows))
    assert tried[4:] == [("mul", 0, 1, 7)]
    assert {row["goal"] for row in rows} == {"balanced", "speed", "size"}


def test_the_same_windows_come_out_again(fleet: dict[str, Member]) -> None:
    for name in ("quantize", "wide-0", "branched-0", "forecaster"):
        member = fleet[name]
        first, again, other = (draw(member, number, 9) for number in (4, 4, 5))
        assert [v.tobytes() for v in first] == [v.tobytes() for v in again]
        assert [v.tobytes() for v in first] != [v.tobytes() for v in other]


@pytest.mark.slow
def test_a_full_campaign_is_a_million_windows(fleet: dict[str, Member]) -> None:
    assert sum(member.windows for member in fleet.values()) >= windows.FULL


def test_every_target_has_a_core() -> None:
    emulated = {name for name in available() if load(name).target.arch != "host"}
    named = [name for one in lanes.cores() for name in (one.target, *one.stands_for)]
    assert sorted(named) == sorted(emulated)


def code(objects: list[Path]) -> str:
    """Return a digest of all instructions and constants."""
    digest = hashlib.sha256()
    for path in objects:
        with path.open("rb") as file:
            for section in ELFFile(file).iter_sections():
                if section["sh_flags"] & SH_FLAGS.SHF_ALLOC:
                    digest.update(section.name.encode() + section.data())
    return digest.hexdigest()


def test_a_core_stands_for_targets_with_the_same_machine_code(
    fleet: dict[str, Member], tmp_path: Path
) -> None:
    for one in lanes.cores():
        found = set()
        for name in (one.target, *one.stands_for):
            folder = tmp_path / name
            folder.mkdir()
            of_target = replace(one, target=name)
            lanes.generate_for(fleet["conv_2d"].data, of_target, "balanced", folder)
            sources = lanes.sources_of(folder / "generated")
            found.add(
                code(bare.compile_objects(load(name), sources, folder / "objects", lanes.FLAGS))
            )
        assert len(found) == 1, one.name


def test_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    log = tmp_path / "log.jsonl"
    line = f"windows --only mul --lanes host\\ ref --most 20 --log {log}".replace("\\ ", "~")
    arguments = [part.replace("~", " ") for part in line.split()]
    monkeypatch.setattr(sys, "argv", arguments)
    assert windows.main() == 0
    assert "| `ref` | host, gcc and clang | host | 1 | 20 | 0 |" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["windows", "--only", "nothing"])
    assert windows.main() == 2
