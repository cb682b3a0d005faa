"""The whole look at a log: good files, every kind of bad one, memory, files written."""

import json
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from host_tools import cli
from host_tools.data import plant
from host_tools.eda import summary as eda_summary
from host_tools.eda import survey as eda
from host_tools.errors import DataError
from host_tools.report import eda_page

OUTPUTS = {"stats_completo.csv", "top_corr_pairs.csv", "correlazioni_full.png",
           "istogrammi_full.png", "eda.json", "eda.html"}  # fmt: skip


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("eda") / "plant.csv"
    path.write_text(plant.csv_text(4, 3000))
    return path


def write(tmp_path: Path, *lines: str, name: str = "log.csv") -> Path:
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("block", [1 << 23, 5000])
def test_statistics_are_those_of_pandas(log: Path, block: int) -> None:
    found = eda.run([log], block_bytes=block)
    frame = pd.read_csv(log)[[column.name for column in found.columns]]
    assert found.rows == len(frame)
    assert found.labelled_rows is not None
    assert dict(found.left_out) == {"datetime": "timestamp", "anomaly": "label"}
    for column in found.columns:
        values = frame[column.name]
        assert column.count == values.count()
        assert column.missing == values.isna().sum()
        expected = [values.mean(), values.std(), values.skew(), values.kurt()]
        got = [column.mean, column.std, column.skew, column.kurtosis]
        np.testing.assert_allclose(got, expected, rtol=1e-9)
        wanted = values.quantile(list(eda.QUANTILES))
        np.testing.assert_allclose(column.quantiles, wanted, rtol=1e-9)
        assert (column.low, column.high) == (values.min(), values.max())
        assert abs(column.autocorrelation - values.autocorr()) < 0.01
    np.testing.assert_allclose(found.correlation, frame.corr(), atol=1e-10)


def test_every_file_is_written(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "out"
    assert cli.main(["eda", "--csv", str(log), "--outdir", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == OUTPUTS
    assert "suggested clip" in capsys.readouterr().out
    stats = pd.read_csv(out / "stats_completo.csv", index_col="channel")
    assert {"count", "mean", "std", "min", "25%", "50%", "75%", "max"} <= set(stats.columns)
    assert stats.loc["flow", "50%"] == pytest.approx(pd.read_csv(log)["flow"].median())
    pairs = pd.read_csv(out / "top_corr_pairs.csv")
    assert pairs["abs_correlation"].is_monotonic_decreasing
    page = (out / "eda.html").read_text()
    assert "://" not in page
    assert json.loads((out / "eda.json").read_text())["quantile_rank_error"] == 0
    for name in ("correlazioni_full.png", "istogrammi_full.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")


def test_the_same_bytes_each_time(log: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert cli.main(["eda", "--csv", str(log), "--outdir", str(tmp_path / name)]) == 0
    for name in OUTPUTS:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_several_files_are_one_log(log: Path) -> None:
    found = eda.run([log, log])
    assert found.rows == 2 * eda.run([log]).rows
    assert len(found.files) == 2
    assert found.sampling.backwards == 0


def test_files_with_different_headers(tmp_path: Path) -> None:
    one = write(tmp_path, "time,a,b", "0,1,2", "1,2,3", name="one.csv")
    two = write(tmp_path, "time,a,c", "0,1,2", "1,2,3", name="two.csv")
    with pytest.raises(DataError, match=r"two\.csv: other columns than .*one\.csv: lacks b"):
        eda.run([one, two])


def test_a_troubled_log_is_told_not_refused(tmp_path: Path) -> None:
    rows = [f"{second},{second % 7},{second % 5}.5,auto,1" for second in range(400)]
    rows[10] = "10,inf,1.5,auto,1"
    rows[20] = "20,error,1.5,auto,1"
    rows[30] = "30,,1.5,manual,1"
    rows[41] = "40,1,1.5,auto,1"
    rows[50] = "20,1,1.5,auto,1"
    found = eda.run([write(tmp_path, "time,a,b,mode,k", *rows)], block_bytes=500)
    a = found.columns[0]
    assert (a.count, a.missing, a.infinite, a.text) == (397, 1, 1, 1)
    assert a.first_text.endswith("log.csv:22")
    assert dict(found.left_out)["mode"].startswith("state: auto, manual")
    text = "\n".join(f.text for f in eda_summary.findings(found))
    for part in ("log.csv:43", "set back", "are text", "infinite", '"k": constant'):
        assert part in text


def test_mixed_sampling_rates_are_told(tmp_path: Path) -> None:
    stamps = [*range(300), *range(300, 3300, 10)]
    path = write(tmp_path, "time,a", *(f"{t},{t % 11}" for t in stamps))
    assert "mixed sampling rates" in eda_summary.findings(eda.run([path]))[0].text


def test_decimal_comma_blank_lines_and_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    rows = [f"2026-01-01 00:00:{s:02d};{s},5;{s * s},25" for s in range(50)]
    body = "\r\n".join(["\ufeffdatetime;a;b", *rows[:20], "", "   ", *rows[20:]])
    path.write_bytes(body.encode())
    found = eda.run([path], block_bytes=97)
    assert found.rows == 50
    assert found.columns[0].mean == 25.0
    assert found.sampling.period == 1.0
    assert found.sampling.gaps == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"time,a\n", "header only"),
        (b"time,a\n0,1\n1,2,3\n", r":3: 3 fields where the header has 2"),
        (b"time,a\n0,1\n1\n2,3\n", r":3: 1 fields where the header has 2"),
        (b"time,mode\n0,on\n1,off\n", "no column of numbers"),
        (b"time,a\n0,1\n\0\0\n2,3\n", r":3: holds zero bytes"),
        (b"one thing\nanother\na third one\n", "one column only"),
        (b"time,a\n0,\n1,\n", "no values at all"),
    ],
)
def test_bad_files(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        eda.run([path])


def test_a_ragged_row_far_below_names_its_line(tmp_path: Path) -> None:
    rows = [f"{t},{t}" for t in range(100_000)]
    rows[90_000], rows[90_001] = "1,2,3", "1"  # together they have the usual number of cells
    with pytest.raises(DataError, match=r":90002: 3 fields"):
        eda.run([write(tmp_path, "time,a", *rows)], block_bytes=1 << 16)


def test_missing_file_and_full_folder(tmp_path: Path, log: Path) -> None:
    assert cli.main(["eda", "--csv", str(tmp_path / "none.csv"), "--outdir", str(tmp_path)]) == 10
    (tmp_path / "file").write_text("")
    assert cli.main(["eda", "--csv", str(log), "--outdir", str(tmp_path / "file" / "x")]) == 32


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    rows = [f"{t},{a:.4f},{b:.4f}" for t, (a, b) in enumerate(random.normal(size=(20_000, 2)))]
    peaks = []
    for times in (2, 12):
        path = tmp_path / f"log{times}.csv"
        path.write_text("time,a,b\n" + "\n".join(rows * times) + "\n")
        tracemalloc.start()
        found = eda.run([path], block_bytes=1 << 17, sketch_budget_bytes=1 << 20)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found.rows == 20_000 * times
        assert found.rank_error < 2e-3
    assert peaks[1] < 1.25 * peaks[0]
    assert peaks[1] < 8e6


def test_suggested_clip_widens_with_the_tail_and_gives_reasons(tmp_path: Path) -> None:
    random = np.random.default_rng(9)
    usual = random.normal(size=(50_000, 2))
    wide = usual.copy()
    wide[::1000, 1] = 9.0
    found = []
    for name, values in (("usual.csv", usual), ("wide.csv", wide)):
        rows = (f"{t},{a:.5f},{b:.5f}" for t, (a, b) in enumerate(values))
        found.append(eda_summary.suggest_clip(
            eda.run([write(tmp_path, "time,a,b", *rows, name=name)]).columns))  # fmt: skip
    assert found[0].sigma == 8
    assert "hides large faults" in found[0].reason
    assert found[1].sigma == 11
    assert 'widest: "b"' in found[1].reason


def test_ctrl_c_ends_with_130_and_leaves_nothing(tmp_path: Path, root: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("time,a\n" + "".join(f"{t},{t % 97}\n" for t in range(3_000_000)))
    out = tmp_path / "out"
    code = "import sys; from host_tools import cli; print('up', flush=True); sys.exit(cli.main())"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "eda", "--csv", str(path), "--outdir", str(out)],
        cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "interrupted" in errors
    assert not out.exists() or not list(out.iterdir())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("block", [7, 64, 1 << 20])
def test_quotes_and_line_ends(tmp_path: Path, end: str, block: int) -> None:
    path = tmp_path / "log.csv"
    rows = [f'"{t}","{t}.5","{t % 4}"' for t in range(40)]
    path.write_bytes(end.join(['"time","flow, raw","b"', *rows]).encode())  # no end at the end
    found = eda.run([path], block_bytes=block)
    assert [column.name for column in found.columns] == ["flow, raw", "b"]
    assert found.rows == 40
    assert found.columns[0].mean == 20.0
    assert found.sampling.period == 1.0


def test_no_timestamp_one_row_and_an_empty_channel(tmp_path: Path) -> None:
    found = eda.run([write(tmp_path, "a,b", "1,")])
    assert found.rows == 1
    assert found.sampling.period is None
    assert [column.count for column in found.columns] == [1]
    assert dict(found.left_out) == {"b": "no values at all"}
    text = "\n".join(f.text for f in eda_summary.findings(found))
    assert "No timestamp column" in text
    assert eda_summary.suggest_clip(found.columns).sigma == 8
    assert cli.main(["eda", "--csv", str(tmp_path / "log.csv"), "--outdir", str(tmp_path)]) == 0


def test_huge_values_do_not_break_anything(tmp_path: Path) -> None:
    rows = [f"{t},{(-1) ** t * 1e300},{t}" for t in range(50)]
    path = write(tmp_path, "time,a,b", *rows)
    assert cli.main(["eda", "--csv", str(path), "--outdir", str(tmp_path / "out")]) == 0
    json.loads((tmp_path / "out" / "eda.json").read_text())


@pytest.mark.parametrize(
    ("stamps", "words"),
    [
        ([f"2024-03-01 {m // 60:02d}:{m % 60:02d}:00" for m in range(100)],
         "100 rows, one every 1 min, 1 Mar 2024 00:00 to 01:39"),
        ([str(1_709_251_200_000 + 500 * k) for k in range(100)],
         "100 rows, one every 500 ms, 1 Mar 2024 00:00 to 00:00:49.5"),
        ([f"{10.0 * k}" for k in range(100)],
         "100 rows, one every 10 s, 00:00 to 00:16:30"),
    ],
)  # fmt: skip
def test_span_and_period_in_words(tmp_path: Path, stamps: list[str], words: str) -> None:
    rows = [f"{stamp},{k % 7}" for k, stamp in enumerate(stamps)]
    found = eda.run([write(tmp_path, "time,a", *rows)], block_bytes=300)
    page = eda_page.render(found, eda_summary.suggest_clip(found.columns))
    assert f"<p>{words}</p>" in page
    assert (np.diff(found.stamps) > 0).all()


def test_the_page_names_no_folder_and_tells_what_was_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    rows = [f"{t},{t % 7},auto" for t in range(90)]
    path = write(tmp_path, "time,温度,mode", *rows[:40], "39,inf,auto", *rows[40:])
    assert cli.main(["eda", "--csv", str(path), "--outdir", str(tmp_path / "out")]) == 0
    told = capsys.readouterr().out
    assert "Columns that are no channels: time (timestamp), mode (text, always the same" in told
    for name in ("eda.html", "eda.json", "stats_completo.csv"):
        assert str(tmp_path) not in (tmp_path / "out" / name).read_text()
    assert "温度" in (tmp_path / "out" / "eda.html").read_text()


def test_findings_stand_by_what_they_cost(tmp_path: Path) -> None:
    rows = [f"{t + 100 * (t > 300)},{t % 7}.5,{t + t % 3},7" for t in range(1000)]
    found = eda.run([write(tmp_path, "time,a,b,k", *rows[:200], rows[199], *rows[200:])])
    weights = [finding.weight for finding in eda_summary.findings(found)]
    texts = [finding.text for finding in eda_summary.findings(found)]
    assert weights == sorted(weights, reverse=True)
    assert texts[0].startswith('"b": drifts')
    assert any("same time as the row before: gaps" in text for text in texts)
    assert [f.cost for f in eda_summary.findings(found) if "gap in" in f.text] == [
        "101 rows (10.09% of all)"
    ]
    assert "constant" in texts[-1]
