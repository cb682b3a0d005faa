"""What a packaged detector takes of flash: SAFE's own image, linked with the library instead."""

from pathlib import Path

from host_tools.package import package, request
from targets import build, elf, size
from targets.build import find_model
from tests.unit.host_tools.package.conftest import call

NAME = "safe_forecaster"
SHARE = 0.01


def packaged(out, core):
    """The library of the forecaster for one core."""
    model = find_model("forecaster")
    asked = request.Request((model,), NAME, "1.0.0", ("make",), "stm32f4", libraries=(core,))
    package.write(asked, out)
    return out


def linked(target, objects, library, script, out):
    command = [build.tool(target, "gcc"), *target.cpu.flags, *target.toolchain.ldflags]
    command += ["-Wl,--gc-sections", f"-T{script}", *map(str, objects), str(library)]
    call(*command, "-o", out)
    return out


def flash(image):
    return sum(s.size for s in image.sections if s.has_contents) + size.between(image)


def test_flash_is_that_of_the_image_within_a_hundredth(forecaster, stm32f4, tmp_path):
    out = packaged(tmp_path / "package", "cortex-m4-hard")
    own_names = {path.stem for path in (out / "src").glob("*.c")}
    in_library = own_names | {name.removeprefix("safe_") for name in own_names}
    objects = sorted(Path(forecaster.folder, "obj").rglob("*.o"))
    kept = [path for path in objects if path.stem not in in_library and "kernel" not in path.parts]
    replaced = [path for path in objects if path.stem in in_library]
    assert len(replaced) >= len(own_names)
    library = out / f"lib/cortex-m4-hard/lib{NAME}.a"
    script = forecaster.generated / "linker.ld"
    own = flash(elf.read(forecaster.elf))
    exported = flash(elf.read(linked(stm32f4, kept, library, script, tmp_path / "image.elf")))
    assert abs(exported - own) <= SHARE * own
    assert own == forecaster.size()["flash_bytes"]
