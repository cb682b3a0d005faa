"""STM32CubeIDE: every source in a source folder, its flags for a Cortex-M7; 0 records differ."""

from tests.unit.host_tools.package.board import BOARD, emulated
from tests.unit.host_tools.package.conftest import agrees, call

FLAGS = (
    "-mcpu=cortex-m7 -std=gnu11 -g3 -Os -ffunction-sections -fdata-sections -Wall -Wextra -Werror "
    "-fstack-usage -mfpu=fpv5-d16 -mfloat-abi=hard -mthumb"
).split()


def test_the_self_test_agrees_on_a_cortex_m7(folder, tmp_path):
    example = [*folder.glob("examples/selftest/*.c"), folder / "examples/program/main.c"]
    include = [f"-I{folder / 'src'}", f"-I{folder / 'examples/selftest'}"]
    link = ["--specs=rdimon.specs", "-Wl,--gc-sections", "-T", BOARD / "board.ld"]
    sources = [*folder.glob("src/*.c"), *example, BOARD / "start.c"]
    call("arm-none-eabi-gcc", *FLAGS, *include, *sources, *link, "-o", "app.elf", cwd=tmp_path)
    assert agrees(emulated(tmp_path / "app.elf", "mps2-an500"))
