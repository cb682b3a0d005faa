"""Columns, layouts and encodings, several files, and the verb that tells how they are read."""

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest

from host_tools import cli
from host_tools.data import csv
from host_tools.data.reading import options as reading_options
from host_tools.data.reading.options import ReadingOptions
from tests.unit.host_tools.data.reading.made import Write, asks, flow, reading, stamp

# --- columns and layouts


def test_states_become_channels_when_asked(write: Write) -> None:
    path = write("time,flow,mode", lambda i: f"{stamp(i)},{flow(i)},{'RUN' if i % 9 else 'STOP'}")
    found = reading(path)
    assert dict(found.left_out)["mode"].startswith("state: STOP, RUN")
    table = csv.read(path, ReadingOptions(state=("mode",)))
    assert table.names == ("flow", "mode=RUN", "mode=STOP")
    assert table.samples[9].tolist()[1:] == [0.0, 1.0]


def test_a_sparse_column_is_left_out_and_told(write: Write) -> None:
    path = write(
        "time,flow,lab", lambda i: f"{stamp(i)},{flow(i)},{flow(i) if i % 60 == 0 else ''}"
    )
    found = reading(path)
    assert found.channels == ("flow",)
    assert "1.7% of the rows" in dict(found.left_out)["lab"]
    assert reading(path, channels=("flow", "lab")).channels == ("flow", "lab")


def test_names_keep_their_spelling(write: Write) -> None:
    path = write(
        "time,温度 (°C),2nd flow!,a,a", lambda i: f"{stamp(i)},{flow(i)},{i % 3},{i % 5},{i % 7}"
    )
    found = reading(path)
    assert found.channels == ("温度 (°C)", "2nd flow!", "a", "a (2)")
    assert found.units == {"温度 (°C)": "°C"}


def test_groups_do_not_touch(write: Write) -> None:
    path = write("unit,cycle,flow", lambda i: f"{1 + i // 80},{1 + i % 80},{flow(i)}")
    asks(path, '--group "unit"')
    table = csv.read(path, ReadingOptions(group="unit"))
    assert table.names == ("flow",)
    assert len(set(table.segments.tolist())) == 3


def test_groups_that_take_turns_are_sorted(write: Write) -> None:
    path = write(
        "time,pump,flow", lambda i: f"{stamp(i // 2)},{'AB'[i % 2]},{i % 2 * 100 + flow(i)}"
    )
    table = csv.read(path, ReadingOptions(group="pump"))
    assert (table.samples[:120] < 50).all()
    assert (table.samples[120:] > 50).all()
    assert len(set(table.segments.tolist())) == 2
    assert table.rate_hz == 1.0


def test_a_long_log_of_several_blocks(write: Write) -> None:
    path = write("time,tag,value", lambda i: f"{stamp(i % 120)},{'AB'[i // 120]},{i}.5")
    table = csv.read(path)
    assert table.names == ("A", "B")
    assert table.samples[7].tolist() == [7.5, 127.5]


def test_two_values_at_one_time_are_an_error(write: Write) -> None:
    path = write("time,tag,value", lambda i: f"{stamp(i // 4)},{'AB'[i % 2]},{i}.5")
    asks(path, "two values at one time")


def test_rows_of_machines_that_take_turns_ask(write: Write) -> None:
    """They are no samples of one machine at twice the rate."""
    path = write("time,pump,flow,press",
                 lambda i: f"{stamp(i // 2)},{'AB'[i % 2]},{flow(i)},{i % 7}")  # fmt: skip
    asks(path, '--group "pump"', "--long", '--ignore "pump"')


def test_machines_or_channels_ask(write: Write) -> None:
    path = write("time,machine,value", lambda i: f"{stamp(i // 2)},{'AB'[i % 2]},{flow(i)}")
    asks(path, '--group "machine"', '--long "time,machine,value"')


def test_a_unit_beside_the_name_changes_nothing(write: Write) -> None:
    def row(i: int) -> str:
        return f"{stamp(i // 2)},{'tp'[i % 2]},{flow(i)},{('C', 'bar')[i % 2]}"

    assert reading(write("time,sensor,value,unit", row)).channels == ("t", "p")


def test_a_decimal_comma_between_commas_asks(write: Write) -> None:
    path = write("time,a,b", lambda i: f"{i},{20 + i % 5},{i % 9},{3 + i % 4},{i % 8}")
    asks(path, ":2: 5 fields where the header has 3", "decimal comma", "--skip 1")


def test_a_row_of_groups_above_the_names(write: Write) -> None:
    path = write("Sensor A,,Sensor B\ntime,flow,press", lambda i: f"{stamp(i)},{flow(i)},{i % 7}")
    assert reading(path).channels == ("flow", "press")


def test_one_row_without_a_line_end(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("time,a,b\n2024-01-05 00:00:00,1,2")
    assert reading(path).rows == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings(write: Write, encoding: str) -> None:
    path = write("time;Füllstand;b", lambda i: f"{stamp(i)};{flow(i)};{i % 5}", encoding=encoding)
    found = reading(path)
    assert found.channels == ("Füllstand", "b")
    assert found.encoding == encoding


@pytest.mark.parametrize("pack", ["gz", "zip"])
def test_packed_files(write: Write, tmp_path: Path, pack: str) -> None:
    path = write("time,flow", lambda i: f"{stamp(i)},{flow(i)}")
    packed = tmp_path / f"log.{pack}"
    if pack == "gz":
        packed.write_bytes(gzip.compress(path.read_bytes()))
    else:
        with zipfile.ZipFile(packed, "w") as archive:
            archive.write(path, "inside.csv")
    assert csv.read(packed).samples.tolist() == csv.read(path).samples.tolist()


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n\0\0", b"PK\x03\x04broken", b"", b"\0" * 99]
)
def test_what_is_no_text_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    asks(path, "log.csv")


def test_files_in_any_order_are_one_log(write: Write, tmp_path: Path) -> None:
    late = write("time,flow", lambda i: f"{stamp(1000 + i)},{flow(i)}", name="a.csv")
    early = write("time,flow", lambda i: f"{stamp(i)},{flow(i + 9)}", name="b.csv")
    table = csv.read([late, early])
    assert table.samples[0, 0] == np.float32(flow(9))
    assert csv.read(tmp_path).samples.tolist() == table.samples.tolist()
    assert "order of their first stamps" in "".join(table.notices)


# --- the verb


def test_canonical_files_need_no_options(write: Write, tmp_path: Path) -> None:
    path = write("Zeit;Druck [bar];Stufe;fault",
                 lambda i: f"{stamp(60 * i, '%d.%m.%Y %H:%M')};{str(flow(i)).replace('.', ',')};"
                           f"{i % 4};{int(i > 200)}", encoding="cp1252")  # fmt: skip
    clean, again = tmp_path / "clean.csv", tmp_path / "again.csv"
    assert cli.main(["read", "--csv", str(path), "--write", str(clean)]) == 0
    one, two = csv.read(path), csv.read(clean)
    assert (one.names, one.units, one.rate_hz) == (two.names, two.units, two.rate_hz)
    assert one.samples.tobytes() == two.samples.tobytes()
    assert one.labels.tolist() == two.labels.tolist()
    assert cli.main(["read", "--csv", str(clean), "--write", str(again)]) == 0
    assert clean.read_bytes() == again.read_bytes()


def test_resampling_takes_the_rule_that_is_named(write: Write, tmp_path: Path) -> None:
    path = write("time,flow", lambda i: f"{stamp(i)},{i % 10}")
    out = tmp_path / "out.csv"
    base = ["read", "--csv", str(path), "--write", str(out), "--resample", "10s"]
    assert cli.main(base) == 10
    for rule, value in (("mean", 4.5), ("last", 9.0)):
        assert cli.main([*base, "--rule", rule]) == 0
        rows = out.read_text().splitlines()
        assert len(rows) == 25
        assert float(rows[1].split(",")[1]) == value


def test_a_reading_is_kept_and_used_again(write: Write, tmp_path: Path) -> None:
    def row(i: int, step: int, start: str) -> str:
        return f"{stamp(step * i, '%d/%m/%Y %H:%M', start)},{i},{flow(i)},{i % 2}"

    long = write("time,n,flow,fault", lambda i: row(i, 7200, "2024-03-21"))
    saved = tmp_path / "reading.toml"
    assert cli.main(["read", "--csv", str(long), "--save", str(saved)]) == 0
    kept = reading_options.load(saved)
    assert (kept.day_first, kept.time, kept.label) == (True, ("time",), ("fault=0",))
    short = write("time,n,flow,fault", lambda i: row(i, 60, "2024-05-04"))
    asks(short, "--day-first")
    assert cli.main(["read", "--csv", str(short), "--reading", str(saved)]) == 0


def test_a_kept_reading_serves_a_log_without_labels(write: Write, tmp_path: Path) -> None:
    saved = tmp_path / "reading.toml"
    log = write("when,no,flow,fault", lambda i: f"{stamp(i)},{i},{flow(i)},{int(i > 200)}")
    assert cli.main(["read", "--csv", str(log), "--save", str(saved)]) == 0
    plain = write("when,flow", lambda i: f"{stamp(i)},{flow(i)}")
    options = reading_options.load(saved, kept=True)
    table = csv.read(plain, options)
    assert table.names == ("flow",)
    assert not table.labels.any()
    assert "columns that are not there: --label" in "".join(table.notices)


def test_a_name_that_is_not_there_is_named(write: Write) -> None:
    path = write("time,flow", lambda i: f"{stamp(i)},{flow(i)}")
    asks(path, '--label: no column "fault": there are time, flow', label=("fault",))
