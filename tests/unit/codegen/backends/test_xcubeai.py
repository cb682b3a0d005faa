"""X-CUBE-AI's glue over a stand-in of ST's networks, compiled for this machine."""

import re
import subprocess

import numpy as np
import pytest

from codegen.errors import BackendRefusedError, NetworkInvalidError
from codegen.pipeline import generate
from host_tools.device.protocol import Status
from host_tools.formats import golden as golden_file
from targets.build import ROOT
from tests.standin.xcubeai import host
from tests.standin.xcubeai.install import Kind

MODEL = ROOT / "models" / "forecaster" / "model_int8.tflite"
ERROR_ARENA, ERROR_INSTANCE = -1, -3
GENERIC = 0x020000
KINDS = [
    Kind(isa="ref"),
    Kind(isa="ref", inputs_in=False, pools=2),
    Kind(isa="ref", outputs_in=False, states=1),
    Kind(isa="ref", inputs_in=False, outputs_in=False, pools=2),
    Kind(isa="ref", api="ai", version="7.1.0"),
    Kind(isa="ref", api="ai", version="2.2.0", inputs_in=False, outputs_in=False, pools=2),
]


def words(kind):
    places = f"{'in' if kind.inputs_in else 'out'}-{'in' if kind.outputs_in else 'out'}"
    return f"{kind.api}-{kind.version}-{places}-{kind.pools}-{kind.states}"


@pytest.fixture(scope="module")
def windows():
    golden = golden_file.load(MODEL.parent / "golden.npz").first(3)
    return golden.windows, golden.outputs.reshape(3, -1)


@pytest.fixture(scope="module", params=KINDS, ids=words)
def built(request, tmp_path_factory):
    work = tmp_path_factory.mktemp("xcubeai")
    return request.param, host.build(work, MODEL, "forecaster", request.param)


def outputs(context, windows):
    results = [context.run(window) for window in windows]
    assert [status for status, _ in results] == [Status.OK] * len(windows)
    return np.stack([output for _, output in results])


def test_outputs_are_those_of_the_network_at_any_alignment_and_in_any_memory(built, windows):
    _, model = built
    for skew in (0, 16):
        context = model.context(skew=skew)
        assert (context.status, context.code) == (Status.OK, 0)
        assert np.array_equal(outputs(context, windows[0]), windows[1])
        assert context.is_kept()


def test_an_error_stays_until_the_next_reset_and_is_told(built, windows):
    kind, model = built
    context = model.context()
    fault = windows[0][0].reshape(-1).copy()
    fault[:4] = [0x55, -0x56, 0x55, -0x56]
    status, _ = context.run(fault)
    assert status == Status.RUNTIME
    assert context.code == GENERIC if kind.api == "stai" else context.code > 0
    assert context.invoke() == Status.RUNTIME
    assert np.array_equal(outputs(context, windows[0]), windows[1])


def test_a_second_context_works_beside_the_first_or_is_told(built, windows):
    kind, model = built
    one, other = model.context(), model.context()
    assert (one.status, other.status) == (Status.OK, Status.OK)
    assert np.array_equal(outputs(other, windows[0]), windows[1])
    if kind.api == "stai":
        assert np.array_equal(outputs(one, windows[0]), windows[1])
        return
    status, _ = one.run(windows[0][0])
    assert (status, one.code) == (Status.RUNTIME, ERROR_INSTANCE)
    assert np.array_equal(outputs(one, windows[0]), windows[1]), "it is set up again by a reset"


@pytest.mark.parametrize("kind", [KINDS[0], KINDS[4]], ids=words)
def test_a_network_that_was_generated_anew_and_grew_is_told(tmp_path, kind):
    def grow(folder):
        headers = [
            path for path in folder.glob("network*.h") if "ACTIVATIONS_SIZES" in path.read_text()
        ]
        text = headers[0].read_text()
        headers[0].write_text(re.sub(r"(SIZES \\\n *\{ ?)(\d+)", r"\g<1>4096 + \2", text))

    context = host.build(tmp_path, MODEL, "forecaster", kind, grow).context()
    assert (context.status, context.code) == (Status.RUNTIME, ERROR_ARENA)
    assert context.is_kept()


def test_a_network_that_was_generated_from_another_model_does_not_compile(tmp_path):
    def change(folder):
        text = (folder / "network.h").read_text()
        (folder / "network.h").write_text(text.replace("(480)", "(484)"))

    with pytest.raises(subprocess.CalledProcessError):
        host.build(tmp_path, MODEL, "forecaster", KINDS[0], change)


def test_a_folder_of_cubemx_is_found_by_its_project(tmp_path):
    host.write_network(tmp_path / "X-CUBE-AI" / "App", MODEL, KINDS[4])
    manifest = generate(MODEL, name="forecaster", out=tmp_path / "gen", backend="xcubeai",
                        source=tmp_path)  # fmt: skip
    assert manifest["arena_method"] == "network.h of X-CUBE-AI 7.1.0"
    assert manifest["runtime"] == "X-CUBE-AI 7.1.0"
    assert {"network.c", "network_data_params.h", "safe_forecaster.c"} <= set(manifest["files"])


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("half", "network.h is there, network_data.c is missing"),
        ("external", "in a binary file of their own"),
        ("other_model", "has inputs of [481] bytes, the model of [480]"),
    ],
)
def test_a_network_that_is_not_whole_or_of_another_model_is_refused(tmp_path, fault, text):
    source = host.write_network(tmp_path / "App", MODEL, Kind(isa="ref", fault=fault))
    with pytest.raises(NetworkInvalidError) as caught:
        generate(MODEL, name="forecaster", out=tmp_path / "gen", backend="xcubeai", source=source)
    assert text in str(caught.value)
    assert not (tmp_path / "gen").exists()


def test_none_and_several_networks_and_streaming_are_refused(tmp_path):
    def attempt(**more):
        return generate(MODEL, name="forecaster", out=tmp_path / "gen", backend="xcubeai",
                        source=tmp_path / "App", **more)  # fmt: skip

    with pytest.raises(BackendRefusedError, match="whole windows"):
        attempt(stream=True)
    with pytest.raises(NetworkInvalidError, match="holds no generated network"):
        attempt()
    host.write_network(tmp_path / "App", MODEL, Kind(isa="ref"))
    (tmp_path / "App" / "other.h").write_text("#define AI_OTHER_IN_NUM (1)\n")
    with pytest.raises(NetworkInvalidError, match=r"several networks \(network.h, other.h\)"):
        attempt()
