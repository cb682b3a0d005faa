"""The CubeMX style: marks that are kept, places, handles, the timer's settings."""

import pytest

from codegen.emit import cubemx
from codegen.emit.cubemx import CubeMx
from codegen.errors import StyleInvalidError
from host_tools.cli import main
from targets.errors import ExitCode
from targets.load import load

NEW = """a
    /* USER CODE BEGIN one */
    default;
    /* USER CODE END one */
b
/* USER CODE BEGIN two */
/* USER CODE END two */
"""


def test_text_between_marks_is_kept_and_the_rest_is_new():
    old = NEW.replace("a\n", "old\n").replace("    default;\n", "\tmine \\1;\n\n").replace("b", "c")
    assert cubemx.keep("f", NEW, old) == NEW.replace("    default;\n", "\tmine \\1;\n\n")
    assert cubemx.keep("f", NEW, "nothing") == NEW
    emptied = NEW.replace("    default;\n", "")
    assert cubemx.keep("f", NEW, emptied) == emptied, "a user may take the default out"


def test_a_mark_that_is_gone_is_told_when_there_was_text_in_it():
    old = NEW + "/* USER CODE BEGIN three */\nmine;\n/* USER CODE END three */\n"
    with pytest.raises(StyleInvalidError, match="f: the text between its marks USER CODE three"):
        cubemx.keep("f", NEW, old)
    assert cubemx.keep("f", NEW, old.replace("mine;", "")) == NEW


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("model.c", "Src/model.c"),
        ("safe_m.cc", "Src/safe_m.cc"),
        ("safe/model.h", "Inc/safe/model.h"),
        ("safe/status.def", "Inc/safe/status.def"),
        ("detector_internal.h", "Src/detector_internal.h"),
        ("README.md", "README.md"),
    ],
)
def test_every_file_has_its_place(name, place):
    assert cubemx.place(name) == place


@pytest.mark.parametrize(
    ("target", "period_us", "told"),
    [
        # 168 MHz / 4 is the bus, its timers run at 84 MHz: 1344 * 62500 ticks are a second.
        ("stm32f4", 1_000_000, "a prescaler of 1343 and a counter period of 62499"),
        ("stm32f4", 10_000, "a prescaler of 13 and a counter period of 59999"),
        (
            "stm32u5",
            1_000_000,
            "of 160,000,000 Hz a prescaler of 2499 and a counter period of 63999",
        ),
        ("stm32f4", 60_000_000, "longer than the timer can count at 84,000,000 Hz"),
        ("mps2-an505", 1_000_000, "one update every 1 s"),
        ("stm32f4", 0, "one update at each sample of your model"),
    ],
)
def test_the_timer_is_set_in_numbers_where_the_clock_is_known(target, period_us, told):
    assert told in cubemx._period(load(target), period_us)


def test_the_timer_s_numbers_make_the_period():
    text = cubemx._period(load("stm32f4"), 250_000)
    prescaler, period = (
        int(text.split(word)[1].split()[0]) for word in ("scaler of ", "period of ")
    )
    assert (prescaler + 1) * (period + 1) == 21_000_000


@pytest.mark.parametrize("names", [("2huart", "htim6"), ("huart2", "htim 6"), ("", "htim6")])
def test_a_handle_that_is_no_name_is_refused(names):
    with pytest.raises(StyleInvalidError, match="is no name of a C variable"):
        CubeMx(*names)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--uart", "huart2"], "needs --uart and --timer"),
        (["--uart", "huart2", "--timer", "htim6", "--streaming"], "takes whole windows"),
    ],
)
def test_what_a_style_lacks_is_told(tmp_path, capsys, more, told):
    arguments = ["generate", "--style", "cubemx", "--out", str(tmp_path / "mx"), *more]
    assert main(arguments) == ExitCode.USAGE
    assert told in capsys.readouterr().err
    assert not (tmp_path / "mx").exists()
