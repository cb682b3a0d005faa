"""An application of the user's in C++: the detector's wrapper in an image, run in the emulator."""

import pytest

from host_tools import cli

pytestmark = pytest.mark.emulator

MAIN = r"""
#include "safe/port.h"
#include "safe_forecaster_detector.hpp"

static safe::Detector<safe::forecaster_model> detector;
static int built = 1;
struct Early {
    Early() { built = 2; }
};
static Early early;

static void say(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0') { length++; }
    (void)!safe_port_write(reinterpret_cast<const uint8_t *>(text), length);
}

int main()
{
    const float sample[SAFE_FORECASTER_CHANNELS] = {};
    safe_detector_result_t result;
    safe_port_init();
    const bool ok = detector.step(sample, result) == SAFE_STATUS_OK && built == 2;
    say(ok ? "C++ runs\r\n" : "C++ fails\r\n");
    for (;;) { safe_port_idle(); }
}
"""


def test_an_image_of_cpp_runs(tmp_path, capsys):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "main.cpp").write_text(MAIN)
    words = ["emulate", "--app", str(folder), "--show", "--until", "C++ ", "--seconds", "60"]
    assert cli.main(words) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "C++ runs"
