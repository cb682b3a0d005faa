"""Device facts from packs: a made-up one with every trap, and the real ones."""

import collections
import re

import pytest

from codegen.emit import linker
from targets import describe, family, kernels, load, pack, parts, provenance
from targets.describe import Wishes
from targets.errors import ExitCode, TargetError
from targets.places import SDK
from tests.unit.targets import packs

REAL = ("Keil.STM32F4xx_DFP.pdsc", "Keil.STM32U5xx_DFP.pdsc")
FEW = {
    "STM32F401RETx",
    "STM32F405RGTx",
    "STM32F410TBYx",
    "STM32F446RETx",
    "STM32F469NIHx",
    "STM32U535CETx",
    "STM32U575ZITx",
    "STM32U585AIIx",
    "STM32U595ZIYx",
    "STM32U595ZJTxQ",
    "STM32U5G9ZJTxQ",
}


@pytest.fixture
def real(shared_data):
    folder = shared_data / "packs"
    if not folder.is_dir():
        pytest.skip("shared packs are absent")
    return [folder / name for name in REAL]


def made(path, part="MADE1", **wishes):
    device = pack.read(path, part)
    wishes = Wishes(**{"interrupts": 40, **wishes})
    return describe.describe(device, None, None, part.lower(), wishes)


@pytest.mark.parametrize("kind", ["pdsc", "pack"])
def test_facts_of_a_pack(tmp_path, kind):
    path = packs.pdsc(tmp_path) if kind == "pdsc" else packs.pack(tmp_path)
    device = pack.read(path, "made1")
    assert (device.part, device.source) == ("MADE1", "Test.Made_DFP 1.2.3")
    assert (device.core, device.fpu, device.dsp) == ("CortexM33", "SinglePrecision", False)
    assert (device.flash.origin, device.flash.size) == (0, 0x40000)
    # Contiguous RAM is one region; the far one stays apart.
    assert [(r.origin, r.size) for r in device.ram] == [(0x20000000, 0x10000), (0x30000000, 0x1000)]
    assert device.algorithms == ("Flash/main.FLM",)
    assert (device.clock_hz, device.svd) == (64_000_000, "SVD/made.svd")


def test_description_of_a_chip_without_driver(tmp_path):
    found = made(packs.pdsc(tmp_path), clock_hz=64_000_000, uart="UART0", baud=9600)
    target = found.target
    # Without the DSP extension neither compiler nor kernels may use it.
    assert (target.isa, target.cpu.flags[0]) == ("ref", "-mcpu=cortex-m33+nodsp")
    assert (target.uart.name, target.uart.baud, target.clock.hz) == ("UART0", 9600, 64_000_000)
    assert "cubeprog" not in target.flash.runners
    text = provenance.write(target, found.sources, ["head"])
    assert load.parse(text, "made1") == target
    sources = provenance.read(text)
    assert sources["memory.1.size"] == "Test.Made_DFP 1.2.3"
    assert sources["cpu.interrupts"] == sources["clock.hz"] == sources["uart.name"] == "asked for"
    assert provenance.head(text) == ("head",)
    assert packs.link_empty(target, tmp_path) == ""


@pytest.mark.parametrize(
    ("core", "name"),
    [("Cortex-M0", "cortex-m0"), ("Cortex-M0+", "cortex-m0plus"), ("Cortex-M23", "cortex-m23")],
)
def test_baseline_cores_have_kernels_of_their_own(tmp_path, core, name):
    """What is described compiles: start-up code and kernels know no instruction that it lacks."""
    text = packs.PDSC.replace("Cortex-M0", core)
    wishes = {"interrupts": 32, "clock_hz": 8_000_000, "uart": "UART0"}
    target = made(packs.pdsc(tmp_path, text), "MADE2", **wishes).target
    assert (target.isa, target.cpu.flags) == ("v6m", (f"-mcpu={name}", "-mthumb"))
    (tmp_path / "safe_target.h").write_text(linker.target_header(target, "0"))
    sources = [*kernels.sources("v6m"), *(load.TARGETS_DIR / "arch/cortex_m").glob("*.c")]
    folders = (tmp_path, SDK / "include", load.TARGETS_DIR / "driver")
    folders += tuple(load.TARGETS_DIR / f"arch/{part}" for part in ("common", "cortex_m"))
    own = [s for s in sources if s.parent.name in ("v6m", "cortex_m")]
    flags = [*target.cpu.flags, "-std=c99", "-O1", "-Werror", *(f"-I{f}" for f in folders)]
    for source in own:
        assert packs.run("arm-none-eabi-gcc", *flags, "-c", source, "-o", tmp_path / "o") == ""


def test_what_is_missing_is_said(tmp_path):
    found = made(packs.pdsc(tmp_path))
    assert (found.target.clock, found.target.uart) == (None, None)
    assert any("--clock-hz" in note for note in found.notes)
    assert any("FAR 0x30000000" in note for note in found.notes)


def refuse(message, function, *arguments):
    with pytest.raises(TargetError, match=message) as raised:
        function(*arguments)
    assert raised.value.exit_code is ExitCode.TARGET
    assert "\n" not in str(raised.value)


def test_mistakes(tmp_path):
    path = packs.pdsc(tmp_path)
    refuse(r"no pack at .*nothing.pdsc", pack.read, tmp_path / "nothing.pdsc", "MADE1")
    refuse(r"no device 'MADE9' among 2; close are MADE", pack.read, path, "MADE9")
    other = tmp_path / "other"
    other.mkdir()
    text = packs.PDSC.replace("Cortex-M0", "Cortex-A9")
    strange = packs.pdsc(other, text)
    refuse(r"MADE2: core CortexA9 is not started by targets/arch", made, strange, "MADE2")
    refuse("give --interrupts N", lambda: made(path, interrupts=0))
    refuse(r"2 .pdsc files", pack.read, packs.pack(tmp_path, "a.pdsc", "b.pdsc"), "MADE1")
    garbage = tmp_path / "garbage.pack"
    garbage.write_bytes(b"PK but not really")
    refuse("garbage.pack: not a pack", pack.read, garbage, "MADE1")
    broken = tmp_path / "broken.pdsc"
    broken.write_text("<package><devices>")
    refuse("not valid XML", pack.read, broken, "MADE1")
    empty = tmp_path / "empty.pdsc"
    empty.write_text("<package><vendor>v</vendor><name>n</name></package>")
    refuse("no device in it", pack.read, empty, "MADE1")


@pytest.mark.parametrize(
    ("kind", "change"),
    [("flash", 'access="rx"'), ("RAM", 'access="rwx"')],
)
def test_memories_that_are_missing(tmp_path, kind, change):
    text = packs.PDSC.replace(change, 'access="r"')
    refuse(f"describes no {kind}", pack.read, packs.pdsc(tmp_path, text), "MADE1")


def test_two_processors(tmp_path):
    text = packs.PDSC.replace('Dcore="Cortex-M33"', 'Pname="main" Dcore="Cortex-M33"').replace(
        "<memory", '<processor Pname="aux" Dcore="Cortex-M4" Dfpu="NO_FPU"/>\n<memory', 1
    )
    text = text.replace('<processor Dcore="Cortex-M0" Dfpu="NO_FPU" Ddsp="NO_DSP"/>', "")
    path = packs.pdsc(tmp_path, text)
    refuse("several processors: choose one of", pack.read, path, "MADE1")
    assert pack.read(path, "MADE1", "aux").core == "CortexM4"


def test_without_a_network(tmp_path, monkeypatch):
    """cmsis-pack-manager itself, with nobody at the address of its index."""
    index = tmp_path / "index.vidx"
    index.write_text("http://127.0.0.1:1/index.pidx\n")
    monkeypatch.setattr(pack, "VIDX_LIST", str(index))
    monkeypatch.setattr(
        "cmsis_pack_manager.user_data_dir", lambda _: str(tmp_path / "cache"), raising=True
    )
    refuse(r"no network\?\): give --pack", pack.download, "STM32U585AIIx")


def test_from_the_users_pack_cache(tmp_path, monkeypatch):
    from cmsis_pack_manager import Cache

    folder = tmp_path / "cache"
    folder.mkdir()
    path = packs.pdsc(tmp_path)
    path.rename(folder / "Test.Made_DFP.1.2.3.pdsc")
    monkeypatch.setattr("cmsis_pack_manager.user_data_dir", lambda _: str(folder))
    Cache(True, True).add_pack_from_path(str(folder / "Test.Made_DFP.1.2.3.pdsc"))
    assert pack.download("MADE1").clock_hz == 64_000_000


def test_what_modm_devices_knows():
    part = parts.find("STM32U575ZITx")
    assert (part.core, part.fpu, part.interrupts) == ("cortex-m33", "fpv5-sp-d16", 126)
    assert [part.vectors[n] for n in (61, 62, 63)] == ["USART1", "USART2", "USART3"]
    assert parts.find("STM32F446RETx").interrupts == 97
    assert parts.find("MADE1") is None


def test_ram_that_only_one_source_knows(real):
    """The pack calls the graphics unit's window of 16 MiB default RAM."""
    device = pack.read(real[1], "STM32U595ZJTxQ")
    assert 0x2400_0000 in {r.origin for r in device.ram}
    found = describe.describe(device, parts.find(device.part), None, "u595")
    ram = found.target.region("ram")
    assert (ram.origin, ram.size) == (0x2000_0000, 2496 * 1024)
    assert any("0x24000000" in n and "unknown to modm-devices" in n for n in found.notes)


def test_sources_that_disagree_are_a_warning(real):
    device = pack.read(real[1], "STM32U5G9ZJTxQ")
    found = describe.describe(device, parts.find(device.part), None, "u5g9")
    assert found.target.region("ram").size == 2496 * 1024
    assert "the smaller is taken" in found.warnings[0]


def outcome(device, folder):
    """Describe, write, load again and link; return what became of it."""
    if isinstance(device, TargetError):
        return f"refused: {re.sub(r'^[^:]*: ', '', str(device))}"
    served = family.find(device.part)
    name = device.part.lower()
    try:
        found = describe.describe(device, parts.find(device.part), served, name)
    except TargetError as error:
        return f"refused: {re.sub(r'^[^:]*: ', '', str(error))}"
    text = provenance.write(found.target, found.sources, [name])
    assert load.parse(text, name) == found.target, name
    assert packs.link_empty(found.target, folder) == "", name
    # modm-devices and pack agree on the core; RAM is what both have.
    wrong = provenance.compare(found.target, device, parts.find(device.part))
    assert all(f.agrees or f.key == "ram size" for f in wrong), (name, wrong)
    return "with driver" if served else "no driver yet"


def try_all(real, folder, wanted):
    devices = [device for path in real for device in pack.read_all(path)]
    assert len(devices) == 373
    chosen = [d for d in devices if isinstance(d, TargetError) or wanted(d.part)]
    return collections.Counter(outcome(device, folder) for device in chosen)


def test_a_few_devices(real, tmp_path):
    counts = try_all(real, tmp_path, FEW.__contains__)
    assert counts == {"with driver": len(FEW)}


@pytest.mark.slow
def test_every_device(real, tmp_path, capsys):
    counts = try_all(real, tmp_path, lambda _: True)
    with capsys.disabled():
        print(f"\n{dict(counts)}")
    assert counts == {"with driver": 373}


@pytest.mark.parametrize("core", ["Cortex-M55", "Cortex-M85"])
def test_cores_with_vectors_take_their_kernels(tmp_path, core):
    text = packs.PDSC.replace('Dcore="Cortex-M33" Dfpu="SP_FPU"', f'Dcore="{core}" Dfpu="DP_FPU"')
    cpu, isa = describe._cpu(pack.read(packs.pdsc(tmp_path, text), "MADE1"))
    assert (cpu.name, isa) == (core.lower(), "mve")
    # GCC 12 does not know an M85.
    assert cpu.flags == ("-mcpu=cortex-m55", "-mthumb", "-mfloat-abi=hard")
    assert describe._cpu(pack.read(packs.pdsc(tmp_path, text), "MADE2"))[1] == "v6m"
