"""`host_tools count MODEL.tflite`: exact on code of known length, and on real models."""

import json
import re
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from codegen.emit import linker
from host_tools.cli import main
from host_tools.errors import DifferentError
from host_tools.perf import agreement, standalone
from targets import build, elf
from targets.emulate import bare, count, counting, qemu
from targets.errors import BuildError, EmulatorError, ExitCode
from targets.load import load
from tests.operators.networks import branched

pytestmark = pytest.mark.emulator

TARGETS = ("mps2-an386", "mps2-an505", "riscv-virt", "stm32f4")
MODEL = build.ROOT / "models/forecaster/model_int8.tflite"
# run: 3 + 2 calls; op0: 1 + 2 * 1000 + 1; op2: pushes 40 bytes; each in assembly.
ARM = r"""
__attribute__((naked, noinline)) void safe_fake_op0_loop(unsigned char *arena)
{ __asm__ volatile("movw r3, #1000\n1:\n\tsubs r3, r3, #1\n\tbne 1b\n\tbx lr\n"); }
__attribute__((naked, noinline)) void safe_fake_op2_deep(unsigned char *arena)
{ __asm__ volatile("push {r0-r7, r8, r9}\n\tadd sp, #40\n\tbx lr\n"); }
__attribute__((naked, noinline)) void invoke_arena(unsigned char *arena)
{ __asm__ volatile("push {r3, lr}\n\tbl safe_fake_op0_loop\n\tbl safe_fake_op2_deep\n\t"
                   "pop {r3, pc}\n"); }
__attribute__((naked)) int safe_fake_run(const void *input, void *output)
{ __asm__ volatile("push {r3, lr}\n\tbl invoke_arena\n\tmov r0, #STATUS\n\tpop {r3, pc}\n"); }
"""
RISCV = r"""
__attribute__((naked, noinline)) void safe_fake_op0_loop(unsigned char *arena)
{ __asm__ volatile("li t0, 1000\n1:\n\taddi t0, t0, -1\n\tbnez t0, 1b\n\tret\n"); }
__attribute__((naked, noinline)) void safe_fake_op2_deep(unsigned char *arena)
{ __asm__ volatile("sw zero, -40(sp)\n\tnop\n\tret\n"); }
__attribute__((naked, noinline)) void invoke_arena(unsigned char *arena)
{ __asm__ volatile(".option push\n\t.option norelax\n\tmv t1, ra\n\tjal safe_fake_op0_loop\n\t"
                   "jal safe_fake_op2_deep\n\tjr t1\n\t.option pop\n"); }
__attribute__((naked)) int safe_fake_run(const void *input, void *output)
{ __asm__ volatile("mv t2, ra\n\tjal invoke_arena\n\tli a0, STATUS\n\tjr t2\n"); }
"""


@pytest.fixture(scope="module")
def plugins(tmp_path_factory):
    return tmp_path_factory.mktemp("plugins")


def fake(target, folder, status=0):
    """Build the harness around code of known length."""
    text = RISCV if target.target.arch == "riscv32" else ARM
    (folder / "fake.c").write_text(text.replace("STATUS", str(status)))
    (folder / "fake.h").write_text("int safe_fake_run(const void *input, void *output);\n")
    (folder / "safe_target.h").write_text(linker.target_header(target, "0"))
    (folder / "linker.ld").write_text(linker.linker_script(target, "0"))
    objects = bare.compile_objects(target, [folder / "fake.c"], folder)
    interface = bare.Interface("fake.h", "safe_fake_run", 5, 3)
    return bare.link(target, objects, interface, folder, include=folder, calls=3)


@pytest.mark.parametrize("name", TARGETS)
def test_known_length_and_stack(name, tmp_path, plugins):
    target = load(name)
    image = fake(target, tmp_path)
    configuration = count.configure_call(elf.read(image), "safe_fake_run", bare.CALL, profile=True)
    (tmp_path / "config").write_text(configuration.text)
    files = counting.Files(tmp_path / "config", tmp_path / "out", plugins)
    calls = bare.run(target, image, files)
    text = (tmp_path / "out").read_text()
    counts = count.parse(text, configuration)
    assert counts.calls == len(calls) == 3
    figures = [(o.index, o.minimum, o.maximum) for o in counts.operators]
    # Outside of operators: run's 4 and invoke_arena's 4.
    assert figures == [(-1, 8, 8), (0, 2002, 2002), (2, 3, 3)]
    deepest = 40 if target.target.arch == "riscv32" else 2 * 8 + 40
    assert {call.stack_bytes for call in calls} == {deepest}
    executed = count.executed(text)
    assert sum(row.executed for row in executed) == 3 * counts.maximum
    branches = [r for r in executed if r.marker == 0 and r.executed == 1000 and r.taken]
    assert [r.taken for r in branches] == [999] * 3


def traced(target, image):
    """Count by other means: QEMU's own trace of single-stepped instructions; the first call."""
    functions = {s.name: s for s in elf.read(image).functions()}
    back = functions[bare.CALL]
    log = image.with_suffix(".log")
    command = [*qemu.machine(target), "-serial", "null", "-kernel", str(image)]
    command += ["-semihosting-config", "enable=on,target=native"]
    command += ["-singlestep", "-d", "exec,nochain", "-D", str(log)]
    subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=60)
    places = [int(a, 16) for a in re.findall(r"^Trace.*?/([0-9a-f]+)/", log.read_text(), re.M)]
    start = places.index(functions["safe_fake_run"].address)
    ends = (i for i, a in enumerate(places) if i > start and 0 <= a - back.address < back.size)
    return next(ends) - start


@pytest.mark.parametrize("name", TARGETS)
def test_a_trace_gives_the_same_number(name, tmp_path):
    target = load(name)
    assert traced(target, fake(target, tmp_path)) == 8 + 2002 + 3


def test_a_status_is_an_error(tmp_path):
    target = load("mps2-an386")
    with pytest.raises(EmulatorError, match="call 0 returned status 7"):
        bare.run(target, fake(target, tmp_path, status=7))


def test_inputs_are_those_of_the_harness(tmp_path, plugins):
    """The device's own output of a copying model is what Python says the inputs were."""
    target = load("mps2-an386")
    found = bare.inputs(8, 5)
    assert found[:3] == [bytes(8), b"\x80" * 8, b"\x7f" * 8]
    assert len(set(found)) == 5
    built = standalone.build(MODEL, target, tmp_path, calls=5)
    cost = standalone.measure(built, plugins)
    agreement.verify(built, cost)
    output = cost.calls[4].output
    wrong = bare.Call(0, 0, bytes([output[0] ^ 1]) + output[1:])
    with pytest.raises(DifferentError, match=r"first those of call 4 \(random\)"):
        agreement.verify(built, bare_replace(cost, wrong))


def bare_replace(cost, last):
    return type(cost)(**{**vars(cost), "calls": (*cost.calls[:4], last)})


@pytest.mark.parametrize("name", ["mps2-an386", "riscv-virt"])
def test_several_inputs_and_outputs(name, tmp_path, plugins):
    """Counted is what the model does, not what takes its values apart; every output is compared."""
    path = tmp_path / "two.tflite"
    path.write_bytes(branched(np.random.default_rng(3), 1).model)
    built = standalone.build(path, load(name), tmp_path / "work", calls=12, drawn=True)
    assert (len(built.manifest["inputs"]), len(built.manifest["outputs"])) == (2, 2)
    cost = standalone.measure(built, plugins)
    assert cost.counts.calls == 12
    agreement.verify(built, cost)
    symbols = {s.name: s for s in elf.read(built.elf).functions()}
    assert built.interface.caller in symbols
    own = cost.counts.operators[0].maximum
    assert 0 < own < 1000, "outside of operators: copies of some ninety bytes, and calls"
    last = cost.calls[7].output
    calls = list(cost.calls)
    calls[7] = bare.Call(0, 0, last[:-1] + bytes([last[-1] ^ 128]))
    with pytest.raises(DifferentError, match=r"1 of \d+ output bytes differ.*call 7"):
        agreement.verify(built, replace(cost, calls=tuple(calls)))


@pytest.mark.parametrize("name", ["mps2-an505", "riscv-virt"])
def test_forecaster(name, capsys):
    assert main(["count", "--target", name, str(MODEL), "--json", "--verify"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["model"], facts["target"]) == ("forecaster", name)
    assert sum(o["instructions"] for o in facts["operators"]) >= facts["instructions"]
    assert 64 < facts["stack_bytes"] < 1024
    assert facts["beyond_bytes"] == facts["flash_bytes"] - facts["weight_bytes"] > 0
    assert facts["flash_bytes"] == facts["code_bytes"] + facts["constant_bytes"]


def test_table(capsys):
    assert main(["count", "--target", "mps2-an386", str(MODEL), "--windows", "2"]) == 0
    text = capsys.readouterr().out
    for word in ("instructions per inference", "stack above the entry", "beyond them"):
        assert word in text


def test_mistakes(capsys, tmp_path):
    assert main(["count", "--target", "host", str(MODEL)]) == ExitCode.EMULATOR
    assert main(["count", "--target", "mps2-an386", str(tmp_path / "no.tflite")]) != 0
    assert capsys.readouterr().err.count("\n") == 2
    (tmp_path / "bad.c").write_text("int f(void) { return g; }\n")
    with pytest.raises(BuildError, match="error"):
        bare.compile_objects(load("mps2-an386"), [tmp_path / "bad.c"], tmp_path)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("models/forecaster/model_int8.tflite", "forecaster"),
        ("a/KWS-Ref.v2.tflite", "kws_ref_v2"),
        ("a/3d.tflite", "model_3d"),
    ],
)
def test_names(path, name):
    assert standalone.model_name(build.ROOT / path) == name
