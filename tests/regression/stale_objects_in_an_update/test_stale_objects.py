"""An update linked every object in the folder of a build, those of sources that had moved as well:
the linker then found a function twice."""

import json

from targets import database
from targets.update import slot


def test_objects_of_an_earlier_build_are_left_out(tmp_path):
    made = ["gen/safe_pump.o", "gen/safe_pump_detector.o", "sdk/src/kernel/shared/unpack.o"]
    others = ["gen/safe_app_model.o", "gen/safe_pump_detector_static.o", "sdk/src/crc32.o"]
    stale = ["sdk/src/kernel/ref/unpack.o", "gen/safe_gone.o"]
    for name in [*made, *others, *stale]:
        path = tmp_path / "obj" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    entries = [
        {"directory": str(tmp_path), "file": "", "output": f"obj/{name}"}
        for name in [*made, *others]
    ]
    (tmp_path / database.NAME).write_text(json.dumps(entries))
    assert slot._objects(tmp_path) == [tmp_path / "obj" / name for name in made]
