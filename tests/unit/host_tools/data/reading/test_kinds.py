"""Each kind of form, marker and column, and each question with the option that answers it."""

from collections.abc import Callable

import numpy as np
import pytest

from host_tools.data import csv
from host_tools.data.reading.options import ReadingOptions
from tests.unit.host_tools.data.reading.made import Write, asks, flow, reading, stamp

# --- labels


@pytest.mark.parametrize(
    ("column", "normal", "fault", "said"),
    [
        ("ATT_FLAG", "-999", "1", None),
        ("Machine failure", "0", "1", None),
        ("Normal/Attack", "Normal", "Attack", None),
        ("y_anomaly", "1", "-1", None),
        ("Defect Type", "None", "Scratch", None),
        ("class", "0", "3", "class"),
        ("state", "run", "jam", "state=run"),
        ("state", "run", "jam", "state=jam"),
        ("code", "200", "404", "code=404"),
    ],
)
def test_labels_by_name_and_value(
    write: Write, column: str, normal: str, fault: str, said: str | None
) -> None:
    path = write(f"time,flow,{column}",
                 lambda i: f"{stamp(i)},{flow(i)},{fault if 99 < i < 130 else normal}")  # fmt: skip
    table = csv.read(path, ReadingOptions(label=(said,) if said else ()))
    assert table.names == ("flow",)
    assert table.labels.tolist() == [int(99 < i < 130) for i in range(240)]
    assert table.reading is not None
    assert table.reading["label"]["rows"] == 30


def test_every_row_labelled_is_an_error(write: Write) -> None:
    path = write("time,flow,fault", lambda i: f"{stamp(i)},{flow(i)},1")
    asks(path, 'column "fault" labels every row', "--label", "--ignore")


def test_a_label_without_a_normal_value_asks(write: Write) -> None:
    path = write("time,flow,fault", lambda i: f"{stamp(i)},{flow(i)},{'AB'[i // 120]}")
    asks(path, '"fault" holds A (120 rows), B (120 rows)', '--label "fault=VALUE"')
    label = reading(path, label=("fault=B",)).label
    assert label == {"column": "fault", "normal": "B", "rows": 120}


def test_a_column_that_looks_like_a_label_is_named(write: Write) -> None:
    path = write("time,flow,valve", lambda i: f"{stamp(i)},{flow(i)},{int(i > 200)}")
    found = reading(path)
    assert found.channels == ("flow", "valve")
    assert '--label "valve"' in "".join(found.notes)


# --- clocks and counters


@pytest.mark.parametrize("name", ["index", "UDI", "No", "anything"])
def test_counters_are_no_sensors(write: Write, name: str) -> None:
    path = write(f"{name},time,flow", lambda i: f"{i + 1},{stamp(i)},{flow(i)}")
    found = reading(path)
    assert found.channels == ("flow",)
    assert found.left_out[0][0] == name


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("epoch", lambda i: 1711000000 + i),
        ("time_ms", lambda i: 1000 * i),
        ("minute", lambda i: i // 60 % 60),
        ("# t (s)", lambda i: f"{i:.1f}"),
    ],
)
def test_a_second_clock_is_no_sensor(
    write: Write, name: str, cell: Callable[[int], object]
) -> None:
    path = write(f"timestamp,{name},flow", lambda i: f"{stamp(i)},{cell(i)},{flow(i)}")
    assert reading(path).channels == ("flow",)


@pytest.mark.parametrize(
    ("step", "unit"), [(1, "s"), (60, "s"), (16, "ms"), (100, "ms"), (20, None), (5, None)]
)
def test_numbers_from_zero(write: Write, step: int, unit: str | None) -> None:
    path = write("timestamp,accX", lambda i: f"{step * i},{flow(i)}")
    if unit is None:
        asks(path, f"rises by {step}", "--time-format s or --time-format ms")
        unit = "ms"
        found = reading(path, time_format="ms")
    else:
        found = reading(path)
    assert found.time is not None
    assert found.time["period_s"] == step * {"s": 1, "ms": 1e-3}[unit]


def test_an_arduino_dump_asks_for_its_clock(write: Write) -> None:
    path = write("", lambda i: f"{100 * i + i % 3},{flow(i)},{flow(i + 3)}")
    asks(path, '"column1" rises', '--time "column1"', '--ignore "column1"')
    found = reading(path, time=("column1",))
    assert found.time is not None
    assert found.time["period_s"] == pytest.approx(0.1, rel=0.02)


# --- time


@pytest.mark.parametrize(
    ("form", "order"),
    [
        ("%Y:%m:%d %H:%M", "year-first"),
        ("%Y%m%d%H%M%S", "year-first"),
        ("%d.%m.%y %H:%M:%S", "day-first"),
        ("%d/%m/%Y %I:%M:%S %p", "day-first"),
        ("%m/%d/%Y %I:%M %p", "month-first"),
        ("%d-%b-%y %H:%M:%S", "day-first"),
        ("%a, %d %b %Y %H:%M:%S +0000", "day-first"),
        ("%a %b %d %H:%M:%S CET %Y", "day-first"),
        ("%H:%M:%S %d.%m.%Y", "day-first"),
        ("%d/%m/%y %H", "day-first"),
    ],
)
def test_forms_of_dates(write: Write, form: str, order: str) -> None:
    path = write("when,flow", lambda i: f'"{stamp(7200 * i, form)}",{flow(i)}')
    found = reading(path)
    assert found.time is not None
    assert (found.time["order"], found.time["period_s"], found.gaps) == (order, 7200, ())


def test_a_fraction_behind_a_dash(write: Write) -> None:
    path = write("when,flow", lambda i: f"{stamp(i, '%Y-%m-%d-%H-%M-%S')}.114,{flow(i)}")
    found = reading(path).time
    assert found is not None
    assert found["first"] == "2024-03-21T00:00:00.114"


def test_zones_join_the_hour_that_is_set_back(write: Write) -> None:
    def row(i: int) -> str:
        summer = i < 180
        local = stamp(60 * (i + (60 if summer else 0)), "%Y-%m-%dT%H:%M:%S", "2024-10-26T22:00:00")
        return f"{local}+0{2 if summer else 1}:00,{flow(i)}"

    found = reading(write("time,flow", row))
    assert found.gaps == ()
    assert found.time is not None
    assert found.time["first"] == "2024-10-26T21:00:00"


def test_whole_seconds_of_ten_hertz(write: Write) -> None:
    path = write("time,flow", lambda i: f"{stamp((i + 4) // 10)},{flow(i)}")
    table = csv.read(path)
    assert table.rate_hz == 10
    assert len(set(table.segments.tolist())) == 1
    assert "10 rows share each 1 s" in "".join(table.notices)
    assert table.seconds is not None
    np.testing.assert_allclose(np.diff(table.seconds), 0.1, atol=1e-6)


def test_the_newest_row_first(write: Write) -> None:
    path = write("time,flow", lambda i: f"{stamp(60 * (239 - i))},{flow(i)}")
    table = csv.read(path)
    assert table.samples[:, 0].tolist() == [np.float32(flow(i)) for i in range(239, -1, -1)]
    assert "from the newest to the oldest" in "".join(table.notices)
    assert len(set(table.segments.tolist())) == 1


def test_days_of_a_spreadsheet(write: Write) -> None:
    found = reading(write("Date,flow", lambda i: f"{45352 + i / 1440:.8f},{flow(i)}")).time
    assert found is not None
    assert (found["first"], found["period_s"]) == ("2024-03-01T00:00:00", 60)


def test_jitter_is_told(write: Write) -> None:
    random = np.random.default_rng(1)
    shift = random.normal(0, 0.08, 240)
    path = write("time,flow", lambda i: f"{i + 5 + shift[i]:.3f},{flow(i)}")
    assert "the steps vary" in "".join(reading(path).notes)


# --- numbers and missing values


@pytest.mark.parametrize(
    ("cell", "value", "unit"),
    [
        ("20.5 °C", 20.5, "°C"), ("20%", 20.0, "%"), ("1'020.5", 1020.5, ""), ("−3.5", -3.5, ""),
        ("1e-3", 1e-3, ""), ("+4", 4.0, ""), (".5", 0.5, ""), ("1 020", 1020.0, ""),
        ("3.3V", 3.3, "V"),
    ],
)  # fmt: skip
def test_forms_of_numbers(write: Write, cell: str, value: float, unit: str) -> None:
    other = {"°C": "1.0 °C", "%": "3%", "V": "2.0V"}.get(unit, "2")
    path = write("time;flow;b", lambda i: f"{stamp(i)};{cell if i % 3 else other};{flow(i)}")
    table = csv.read(path)
    assert table.samples[1, 0] == np.float32(value)
    assert table.units[0] == unit


@pytest.mark.parametrize(
    "marker",
    ["-", "--", "?", "#N/A", "n/a", "<null>", "Bad Input", "1.#QNAN", "NULL", "nan", "BAD INPUT"],
)
def test_markers_of_missing(write: Write, marker: str) -> None:
    path = write("time,flow", lambda i: f"{stamp(i)},{marker if i == 77 else flow(i)}")
    assert reading(path).missing == {"flow": 1}


def test_an_unknown_word_asks_and_is_answered(write: Write) -> None:
    path = write("time,flow", lambda i: f"{stamp(i)},{'Sensor Fault' if i % 90 == 7 else flow(i)}")
    asks(path, ':9: column "flow": "Sensor Fault" (3 cells)', '--missing "Sensor Fault"')
    assert reading(path, missing=("sensor fault",)).missing == {"flow": 3}


def test_two_units_in_one_column_ask(write: Write) -> None:
    path = write("time,flow", lambda i: f"{stamp(i)},{flow(i)} {'mV' if i % 2 else 'V'}")
    asks(path, "two units", "--ignore")


def test_numbers_above_single_precision_are_told(write: Write) -> None:
    path = write("time,flow,total",
                 lambda i: f"{stamp(i)},{flow(i)},{40_000_000 + 7 * i * (i % 5)}")  # fmt: skip
    assert "16,777,216" in "".join(reading(path).notes)


def test_decimal_commas_between_semicolons_are_no_fields(write: Write) -> None:
    """A comma would split these lines alike as well, into pieces that mean nothing."""

    def row(i: int) -> str:
        numbers = ";".join(f"{flow(i + k):.2f}".replace(".", ",") for k in range(3))
        return f"{900_000 * i};{numbers};{'RUN' if i % 50 < 30 else 'STOP'}"

    assert reading(write("time_ms;a;b;c;mode", row)).channels == ("a", "b", "c")
