"""The linker's map, and that every byte of an image has one owner."""

import pytest

from targets import breakdown, elf, linkmap, size
from targets.errors import BuildError
from targets.linkmap import MapEntry
from targets.make import make
from targets.options import Options

MAP = """Discarded input sections

 .text.gone     0x00000000       0x20 build/obj/sdk/src/a.o

Linker script and memory map

LOAD build/obj/sdk/src/a.o
.text           0x00001000       0x40
 *(.text .text.*)
 .text.short    0x00001000       0x10 build/t/m/native/obj/sdk/src/a.o
                0x00001000                short
 .text.a_name_longer_than_the_column
                0x00001010       0x1a build/t/m/native/obj/sdk/src/kernel/ref/b.o
 *fill*         0x0000102a        0x6 
 .text          0x00001030        0x0 build/t/m/native/obj/sdk/src/c.o
 .text          0x00001030        0x8 /usr/lib/libc_nano.a(lib_a-memcpy.o)
                                  0xc (size before relaxing)
                0x00001038                . = ALIGN (0x4)

.debug_info     0x00000000       0x99
 .debug_info    0x00000000       0x99 build/t/m/native/obj/sdk/src/a.o
"""  # noqa: W291 - as ld writes it
OBJ = "build/stm32f4/m/native/obj/"
MANIFEST = {
    "name": "m",
    "weight_bytes": 0,
    "arena_bytes": 0,
    "operators": [{"index": 1, "kind": "ADD"}, {"index": 12, "kind": "CONV_2D"}],
}


def test_a_map_without_what_takes_no_memory():
    text = [p for p in linkmap.parse(MAP) if p.section == ".text"]
    assert [(p.name, p.address, p.size) for p in text] == [
        (".text.short", 0x1000, 0x10),
        (".text.a_name_longer_than_the_column", 0x1010, 0x1A),
        (".text", 0x1030, 0x8),
    ]
    assert text[2].file == "/usr/lib/libc_nano.a(lib_a-memcpy.o)"


def test_not_a_map(tmp_path):
    path = tmp_path / "bench.map"
    with pytest.raises(BuildError, match="not readable as a linker's map"):
        linkmap.read(path)
    path.write_text("nothing")
    with pytest.raises(BuildError, match="not a map of GNU ld"):
        linkmap.read(path)


@pytest.mark.parametrize(
    ("name", "file", "owner"),
    [
        (".rodata.safe_m_op12_weights", f"{OBJ}gen/safe_m_weights.o", ("operator", "12 CONV_2D")),
        (".text.safe_m_op1_add", f"{OBJ}gen/safe_m.o", ("operator", "1 ADD")),
        (".rodata.op12_params.3", f"{OBJ}gen/safe_m.o", ("operator", "12 CONV_2D")),
        (".rodata.safe_m_op1_add.op1_params", f"{OBJ}gen/safe_m.o", ("operator", "1 ADD")),
        (".rodata.safe_m_op1_a", "/tmp/cc.ltrans0.ltrans.o", ("operator", "1 ADD")),
        (".text.safe_kernel_add_s8", "/tmp/cc.ltrans0.ltrans.o", ("kernel", "add_s8")),
        (".text.main", "/tmp/cc.ltrans0.ltrans.o", ("other", "link-time optimized")),
        (".text.invoke_arena", f"{OBJ}gen/safe_m.o", ("model", "safe_m")),
        (".rodata.mean", f"{OBJ}gen/safe_m_detector.o", ("model", "safe_m_detector")),
        (".bss.arena", f"{OBJ}gen/safe_app_model.o", ("application", "safe_app_model")),
        (".text.x", f"{OBJ}sdk/src/kernel/dsp/dot8_dsp.o", ("kernel", "dsp/dot8_dsp")),
        (".text.x", f"{OBJ}sdk/src/app/bench.o", ("application", "bench")),
        (".text.x", f"{OBJ}sdk/src/frame.o", ("runtime", "frame")),
        (".text.x", f"{OBJ}targets/driver/fe310/uart.o", ("driver", "fe310/uart")),
        (".text.x", f"{OBJ}targets/arch/common/port.o", ("start-up", "common/port")),
        (".text", "/usr/lib/libgcc.a(_divdi3.o)", ("library", "libgcc")),
        (".init", "/usr/lib/Scrt1.o", ("library", "start files")),
        (".plt", "linker stubs", ("library", "linker")),
        (".text", f"{OBJ}elsewhere/x.o", ("other", "elsewhere/x.o")),
    ],
)
def test_owners(name, file, owner):
    assert breakdown.Owners(MANIFEST).of(MapEntry(".x", name, 0, 1, file)) == owner
    assert owner[0] in breakdown.GROUPS


def section(name, address, length, *, writable=False, stored=True):
    return elf.Section(name, address, length, writable, not writable, stored)


def test_gaps_overlaps_and_overhang_are_counted_once():
    image = elf.Image(
        (
            section(".text", 0, 100),
            section(".data", 1000, 8, writable=True),
            section(".stack", 2000, 64, writable=True, stored=False),
        ),
        (),
    )
    frame, server = f"{OBJ}sdk/src/frame.o", f"{OBJ}sdk/src/server.o"
    pieces = [
        MapEntry(".text", ".text.a", 10, 40, frame),
        MapEntry(".text", ".text.b", 40, 20, server),  # ten bytes of it are merged into the first
        MapEntry(".text", ".text.c", 90, 30, frame),  # beyond the section's end
        MapEntry(".data", ".data.a", 1000, 8, server),
    ]
    found = {p.group + p.name: p for p in breakdown.parts(image, pieces, MANIFEST, 3)}
    assert found["runtimeframe"].flash_bytes == 50
    assert (found["runtimeserver"].flash_bytes, found["runtimeserver"].ram_bytes) == (18, 8)
    assert found["alignmentbetween parts"].flash_bytes == 10 + 30 + 3
    assert found["stackreserved"].ram_bytes == 64
    assert sum(p.flash_bytes for p in found.values()) == 100 + 8 + 3


IMAGES = [
    ("stm32f4", "detector", Options()),
    pytest.param("riscv-virt", "bench", Options(), marks=pytest.mark.slow),
    pytest.param("host", "bench", Options(), marks=pytest.mark.slow),
    pytest.param("stm32f4", "bench", Options(compiler="clang"), marks=pytest.mark.slow),
    ("riscv-virt", "bench", Options(lto=True)),
]


@pytest.mark.parametrize(("target", "app", "options"), IMAGES)
def test_the_columns_add_up_to_the_linked_image(target, app, options, tmp_path):
    facts = make(target, "forecaster", app=app, out=tmp_path, options=options).size()
    ram = facts["static_ram_bytes"] + facts["stack_reserved_bytes"]
    for rows in (facts["by_section"], facts["parts"]):
        assert sum(row["flash_bytes"] for row in rows) == facts["flash_bytes"]
        assert sum(row["ram_bytes"] for row in rows) == ram
    operators = {p["name"]: p["flash_bytes"] for p in facts["parts"] if p["group"] == "operator"}
    assert [name.split()[0] for name in operators] == ["3", "5", "1"]
    # All that the model has in flash but what its operators share, and the functions.
    assert facts["weight_bytes"] < sum(operators.values())
    assert sum(operators.values()) - facts["model_bytes"] < 4096
    groups = {part["group"] for part in facts["parts"]}
    assert groups <= set(breakdown.GROUPS)
    assert ("other" in groups) == options.lto
    told = size.table(facts, detail=True)
    assert told.count(f"{facts['flash_bytes']:,}") >= 2
    for part in facts["parts"]:
        assert f"{part['group']} {part['name']}" in told
