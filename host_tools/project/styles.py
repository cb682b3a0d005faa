"""The styles of a project: where its code lies, which files are whose, what comes next."""

from collections.abc import Mapping
from dataclasses import dataclass, field

BOARD, FOREIGN, OWN = "board", "foreign", "own"
"""Sources of start-up code and drivers: the project, the ecosystem, SAFE's own build."""

SHARED = ("monitor.c", "monitor.h", "report.c", "report.h", "sensor.c", "sensor.h")
"""Code that is the same in every style."""


@dataclass(frozen=True)
class Style:
    """One style.

    Attributes:
        board: One of BOARD, FOREIGN, OWN.
        code: Folder of the C files; empty: the project's own.
        files: Path in the project to template, beside the shared code; {name} is the project's.
        commands: What comes next: build, run, write into a chip.
    """

    board: str
    code: str
    files: Mapping[str, str]
    commands: tuple[str, ...]
    needs: str = ""
    """What the commands need to be there, as a sentence of the README."""
    more: Mapping[str, str] = field(default_factory=dict)
    """Rows of the README's table of files: path to meaning."""


_SHOWN = 'host_tools emulate{image} --show --until "the recording ends"'
_FIRMWARE = {"firmware/main.c": "main.c.j2"}


def _by_image(build: str, image: str) -> tuple[str, ...]:
    return build, _SHOWN.replace("{image}", image), f"host_tools flash{image}"


STYLES: Mapping[str, Style] = {
    "scons": Style(
        OWN,
        "firmware",
        _FIRMWARE | {"SConstruct": "SConstruct.j2"},
        _by_image("host_tools build", ""),
    ),
    "make": Style(
        BOARD,
        "firmware",
        _FIRMWARE | {"Makefile": "Makefile.j2"},
        _by_image("make", " --image build/{name}.elf"),
    ),
    "cmake": Style(
        BOARD,
        "firmware",
        _FIRMWARE
        | {"CMakeLists.txt": "CMakeLists.txt.j2", "board/toolchain.cmake": "toolchain.cmake.j2"},
        _by_image("cmake -B build && cmake --build build", " --image build/{name}.elf"),
    ),
    "zephyr": Style(
        FOREIGN,
        "src",
        {
            "src/main.c": "zephyr_main.c.j2",
            "CMakeLists.txt": "zephyr.cmake.j2",
            "prj.conf": "zephyr_prj.conf.j2",
            "west.yml": "west.yml.j2",
        },
        (
            "west build -b mps2/an386 -d build/qemu . && west build -d build/qemu -t run",
            "west build -b nucleo_f446re -d build/board .",
            "west flash -d build/board",
        ),
        "They run in a workspace of Zephyr, yours or one of this folder alone (`west.yml`); the"
        " first runs in QEMU, the board is yours to choose.",
        {
            "prj.conf": "settings of the kernel",
            "west.yml": "a workspace of its own, if you want one",
        },
    ),
    "platformio": Style(
        FOREIGN,
        "src",
        {
            "src/main.cpp": "arduino.cpp.j2",
            "src/host.c": "host.c.j2",
            "platformio.ini": "platformio.ini.j2",
        },
        ("pio run -t exec", "pio run -e board -t upload", "pio device monitor -e board"),
        "The first runs on this machine; board and platform are yours to choose in"
        " `platformio.ini`.",
        {"platformio.ini": "`native`, this machine, and `board`, yours"},
    ),
    "esp-idf": Style(
        FOREIGN,
        "main",
        {
            "main/main.c": "idf_main.c.j2",
            "main/CMakeLists.txt": "idf_main.cmake.j2",
            "CMakeLists.txt": "idf.cmake.j2",
        },
        ("idf.py set-target esp32s3", "idf.py build", "idf.py flash monitor"),
        "They need the environment of ESP-IDF (`export.sh`); the chip is yours to choose.",
    ),
    "arduino": Style(
        FOREIGN,
        "",
        {"{name}.ino": "arduino.cpp.j2"},
        (
            "arduino-cli compile --library safe --fqbn arduino:mbed_nano:nano33ble .",
            "arduino-cli upload --fqbn arduino:mbed_nano:nano33ble --port /dev/ttyACM0 .",
            "arduino-cli monitor --port /dev/ttyACM0 --config 115200",
        ),
        "Board and port are yours to choose; in the IDE: *Sketch, Include Library, Add .ZIP"
        " Library* with the archive in `safe/`.",
    ),
}
"""Name to style, the default first."""
