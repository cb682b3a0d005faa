"""Zephyr: the module's description, its Kconfig, its CMake on a stand-in of Zephyr's functions."""

import re
from pathlib import Path

import jsonschema
import kconfiglib
import pytest
import yaml

from tests.unit.host_tools.package.conftest import NAME, agrees, call

STAND_IN = Path(__file__).parent / "standin" / "zephyr"
TEXT = {"type": "string"}
MODULE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "build"],
    "properties": {
        "name": TEXT,
        "build": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                **dict.fromkeys(("cmake", "kconfig", "sysbuild-cmake", "sysbuild-kconfig"), TEXT),
                "depends": {"type": "array", "items": TEXT},
            },
        },
    },
}
"""Keys of a module.yml, written after Zephyr's documentation of modules; a key of no use here is
wrong."""
KERNEL = """
config FPU
	bool "floating point"

config MAIN_STACK_SIZE
	int
	default 1024

source "{kconfig}"
"""


def described(folder):
    return yaml.safe_load((folder / "zephyr" / "module.yml").read_text())


def test_the_module_is_described(packaged):
    module = described(packaged)
    jsonschema.validate(module, MODULE)
    assert module["name"] == NAME
    assert (packaged / module["build"]["cmake"] / "CMakeLists.txt").is_file()
    assert (packaged / module["build"]["kconfig"]).is_file()


def test_a_wrong_key_is_found(packaged):
    module = described(packaged)
    module["build"]["kconfg"] = module["build"].pop("kconfig")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(module, MODULE)


def configured(folder, out):
    """The symbols of the example's prj.conf, as Kconfig gives them."""
    root = out / "Kconfig"
    root.write_text(KERNEL.format(kconfig=folder / described(folder)["build"]["kconfig"]))
    kconfig = kconfiglib.Kconfig(str(root), warn_to_stderr=False)
    assert kconfig.syms[NAME.upper()].str_value == "n"
    kconfig.load_config(str(folder / "examples/zephyr/prj.conf"))
    assert kconfig.warnings == []
    return kconfig


def test_the_application_agrees(folder, tmp_path):
    kconfig = configured(folder, tmp_path)
    assert kconfig.syms[NAME.upper()].str_value == "y"
    values = tmp_path / "config.cmake"
    kconfig.write_config(str(tmp_path / ".config"))
    lines = re.findall(r"^(CONFIG_\w+)=(.*)$", (tmp_path / ".config").read_text(), re.MULTILINE)
    values.write_text("".join(f"set({name} {value})\n" for name, value in lines))
    out = tmp_path / "build"
    example = folder / "examples/zephyr"
    call(
        *("cmake", "-S", example, "-B", out, f"-DCONFIG_FILE={values}"),
        *(f"-DZephyr_DIR={STAND_IN}", "-DCMAKE_C_FLAGS=-O1 -Wall -Wextra -Werror"),
    )
    call("cmake", "--build", out, "-j2")
    assert agrees(call(out / "app"))


def test_without_the_symbol_nothing_is_compiled(packaged, tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.20)\nproject(x LANGUAGES NONE)\n"
        f"add_subdirectory({packaged}/zephyr module)\n"
    )
    call("cmake", "-S", tmp_path, "-B", tmp_path / "build")
