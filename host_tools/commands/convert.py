"""Convert a trained network to an int8 TFLite model and verify that it is integer throughout.

The LSTM is fused by default; --unrolled writes it step by step. Calibration: minmax,
percentile:99.99, sigma:6 or mse. Writes the model and a JSON manifest beside it. An ONNX model
(extra `onnx`) is compared before and after; the windows have their channels last.

Example:
  host_tools convert --savedmodel exports/saved_model --rep rep/rep_windows_balanced.npz
"""

import argparse
import json
import sys
from pathlib import Path

from host_tools.commands import _options as image_options
from host_tools.commands import _output
from host_tools.errors import DataError
from targets.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options; old names are accepted beside the new."""
    add = parser.add_argument
    add("--from", "--savedmodel", "--h5", dest="network", type=Path, required=True,
        metavar="NETWORK", help=".keras, .h5, .onnx or SavedModel folder")  # fmt: skip
    add("--rep", "--rep_npz", "--rep-npz", "--windows", dest="rep", type=Path, required=True,
        metavar="NPZ", help="representative windows, standardized")  # fmt: skip
    add(
        "--out",
        "--output",
        type=_output.file,
        help="default model_int8.tflite, model_int16x8.tflite",
    )
    add("--outdir", type=_output.folder, help="folder to write to, when --out is not given")
    add("--channels", choices=("first", "last"), help="where an ONNX model has its channels, when"
        " its shape fits the windows both ways")  # fmt: skip
    add("--unrolled", action="store_true", help="recurrent operators step by step, not fused")
    image_options.add_json(parser, "the manifest of the conversion")
    add("--int16x8", action="store_true", help="int16 activations; not for the fused LSTM")
    add("--calibration", default="minmax", help="minmax, percentile[:P], sigma[:K], mse")
    add("--percentile", type=float, help="parameter of --calibration percentile")
    add("--sigma", type=float, help="parameter of --calibration sigma")
    add("--clip", type=float, help="limit windows to ± this many standard deviations first")


def _method_text(arguments: argparse.Namespace) -> str:
    text = str(arguments.calibration)
    for name in ("percentile", "sigma"):
        value = getattr(arguments, name)
        if value is None:
            continue
        if text != name:
            raise DataError(f"--{name} {value:g}: belongs to --calibration {name}")
        return f"{name}:{value:g}"
    return text


def run(arguments: argparse.Namespace) -> int:
    """Convert; return the exit code."""
    import numpy as np

    from host_tools.conversion import calibration
    from host_tools.conversion import convert as conversion
    from host_tools.formats import npz
    from targets import output

    kind = "int16x8" if arguments.int16x8 else "int8"
    method = calibration.parse(_method_text(arguments))
    request = conversion.ConvertRequest(
        arguments.network, kind, arguments.unrolled, method, arguments.channels
    )
    if not request.network.exists():
        raise DataError(f"{request.network}: no such network")
    windows = npz.windows(arguments.rep)
    if arguments.clip is not None:
        if not arguments.clip > 0:
            raise DataError(f"--clip {arguments.clip:g}: must be above 0")
        windows = np.clip(windows, np.float32(-arguments.clip), np.float32(arguments.clip))
    found = conversion.convert(request, windows)
    path = arguments.out or (arguments.outdir or Path()) / f"model_{kind}.tflite"
    manifest = {**found.manifest, "model": path.name, "clip": arguments.clip}
    text = json.dumps(manifest, indent=2) + "\n"
    with output.staged(path.parent, path.name) as stage:
        output.write(stage.folder / path.name, found.model)
        output.write(stage.folder / path.with_suffix(".json").name, text)
    if arguments.json:
        sys.stdout.write(text)
        return ExitCode.OK
    kinds = found.manifest["operators"]
    told = found.manifest.get("onnx")
    if told is not None:
        sys.stdout.write(
            f'{told["file"]}: input "{told["input"]}" {told["shape"]} has its channels'
            f" {told['channels']}, the model takes {found.manifest['input']['shape']};"
            f" outputs agree within {told['largest_difference']:.2g}\n"
        )
    sys.stdout.write(
        f"{path}: {len(found.model):,} bytes, {sum(kinds.values())} operators, all integer,"
        f" input scale {found.manifest['input']['scale']:.6g}\n"
        f"canonical {found.manifest['canonical_sha256']}\n"
    )
    return ExitCode.OK
