"""The hand-written tiny model in Python, and builds of the SDK around it (tiny_model.c)."""

import ctypes
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from host_tools.detection.replay import ChainConfig
from host_tools.formats.detector import LEARNED, Detector, Form
from host_tools.formats.scaler import Scaler
from host_tools.runtimes.adapter import ModelEdges, adapt
from tests.compiling import call, link

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
MODEL = ROOT / "models" / "forecaster"
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror")
SOURCES = tuple(
    ROOT / "sdk" / "src" / f"{name}.c"
    for name in (
        "baseline",
        "crc32",
        "detector",
        "detector_check",
        "detector_memory",
        "detector_network",
        "detector_score",
        "detector_time",
        "frame",
        "model",
        "quadratic",
        "root",
        "rows",
        "saved",
        "scaler",
        "sensors",
        "server",
        "server_model",
        "server_rate",
        "server_stream",
        "status",
        "store",
        "stream",
        "ticker",
        "verdict",
        "window",
    )
)
APP_PARTS = ("common", "line_only")
MEAN = [1.5, -20.0, 300.25, 0.1, 0.2, 0.3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 0.7]
INV_STD = [0.3, 1.7, 0.011, 3, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.1, 2.2, 2.3]


@dataclass(frozen=True)
class Tiny:
    """One size of the tiny model."""

    window: int = 4
    channels: int = 3
    horizon: int = 2
    sha: int = 0xA5

    @property
    def defines(self) -> tuple[str, ...]:
        return (
            f"-DTINY_WINDOW={self.window}",
            f"-DTINY_CHANNELS={self.channels}",
            f"-DTINY_HORIZON={self.horizon}",
            f"-DTINY_SHA={self.sha}",
        )

    @property
    def sha256(self) -> str:
        return bytes([self.sha, 1, 2, 3]).hex().ljust(64, "0")

    def run(self, windows: np.ndarray) -> np.ndarray:
        """int8 [N, window, channels] → int8 [N, horizon, channels]."""
        sums = (windows.astype(np.int64) * np.arange(1, self.window + 1)[:, None]).sum(axis=1)
        steps = np.arange(3, 3 + self.horizon)[None, :, None]
        values = sums[:, None, :] * steps + 7 * np.arange(self.channels)
        return (values & 0xFF).astype(np.uint8).view(np.int8)

    def config(self) -> ChainConfig:
        count = self.channels
        inv_std = np.array(INV_STD[:count], np.float32)
        scaler = Scaler(
            channels=tuple(f"c{i}" for i in range(count)),
            mean=np.array(MEAN[:count], np.float32),
            std=np.float32(1) / inv_std,
            inv_std=inv_std,
            clip=np.float32(8),
            score_limit=np.float32(64),
        )
        edges = ModelEdges(self.window, self.horizon, count, 0.0625, -3, 0.05, 5)
        numbers = np.arange(count, dtype=np.float32)
        every = tuple(range(count))
        level = tuple(c for c in every if c % 3 != 1)
        residual = tuple(c for c in every if c % 4 != 2)
        prior = np.float32(0.5) + np.float32(0.25) * (numbers % 3)
        other = np.float32(2) + np.float32(0.5) * (numbers % 2)
        detector = Detector(
            baseline=LEARNED,
            rows=4,
            level=Form(level, factor(len(level)), prior),
            median=Form((0,), factor(1), prior[:1]),
            innovation=Form(every, factor(count), other),
            residual=Form(residual, factor(len(residual)), other[: len(residual)]),
            innovation_alpha=np.float32(0.25) + np.float32(0.25) * (numbers % 2),
            residual_alpha=np.float32(0.25),
            learn_samples=40,
            settle_samples=12,
            prior_rows=np.float32(10),
            feature_limit=np.float32(32),
            alpha=np.float32(0.125),
            notice=np.float32(30),
            alarm=np.float32(60),
            hold=np.float32(0.75),
            confirm_rows=2,
            block_rows=6,
            mean_step=np.float32(0.25),
            spread_step=np.float32(0.125),
            growth=np.float32(4),
            peak=np.float32(8),
            recover_share=np.float32(0.25),
            recover_samples=9,
            change_samples=40,
            low=np.full(count, -1e30, np.float32),
            high=np.full(count, 1e31, np.float32),
            stuck_band=np.where(numbers % 4 == 0, np.float32(0.5), np.float32(0)),
            stuck_samples=np.where(numbers % 2 == 0, 5, 0).astype(np.uint16),
            max_masked=min(2, count - 1),
            return_samples=7,
            max_missed=3,
            drift_channels=(0,),
            drift_limit=np.full(1, 1, np.float32),
            drift_alpha=np.float32(0.0625),
            period_us=250_000,
            stale_samples=4,
        )
        return ChainConfig(adapt(edges, scaler), detector)


def factor(size: int) -> np.ndarray:
    rows, columns = np.tril_indices(size)
    off = np.float32(0.25) * ((rows + columns) % 3 - 1).astype(np.float32)
    return np.where(rows == columns, np.float32(1.5), off)


def samples(tiny: Tiny, count: int, seed: int = 1) -> np.ndarray:
    """float32 [count, channels]: likely values, far ones, infinities, NaN, denormals; steps that
    stay, a channel that is stuck, and stretches without a good value."""
    rng = np.random.default_rng(seed)
    mean = np.array(MEAN[: tiny.channels])
    std = 1 / np.array(INV_STD[: tiny.channels])
    values = (mean + std * rng.normal(0, 2, (count, tiny.channels))).astype(np.float32)
    special = np.array([3e38, -3e38, 0.0, -0.0, 1e-42, 1e30, 40, -40], np.float32)
    hits = rng.random(values.shape) < 0.004
    values[hits] = rng.choice(special, hits.sum())
    for first in range(count // 4, count, 150):
        channel = int(rng.integers(tiny.channels))
        values[first : first + 60, channel] += np.float32(rng.choice([20, -40]) * std[channel])
    gaps = rng.choice(count, max(1, count // 60), replace=False)
    values[gaps, rng.integers(0, tiny.channels, len(gaps))] = rng.choice(
        np.array([np.nan, np.inf, -np.inf], np.float32), len(gaps)
    )
    for first in rng.choice(count, max(1, count // 100), replace=False).tolist():
        values[first : first + int(rng.integers(1, 7))] = np.nan
        values[first + 20 : first + 28, 0] = values[min(first + 20, count - 1), 0]
    return values


def user_folder(out: Path, *options: str) -> Path:
    """Generate the standalone folder of the shipped model and its detector."""
    command = [sys.executable, "-m", "codegen", str(MODEL / "model_int8.tflite"), "--standalone"]
    command += ["--name", "forecaster", "--out", str(out), *options]
    command += ["--description", str(MODEL / "model.toml")]
    for name in ("scaler", "detector"):
        command += [f"--{name}", str(MODEL / f"{name}.json")]
    call(command)
    return out


def build_library(
    tiny: Tiny, compiler: str, level: str, out: Path, *, foreign: bool = False
) -> ctypes.CDLL:
    """Compile SDK, tiny model and shim into a shared library; `foreign` puts foreign.c before it.

    The model is an object of its own, because foreign.c needs it under another name.
    """
    command = [compiler, "-std=c99", level, *WARNINGS, "-ffp-contract=off", "-fPIC"]
    command += [*tiny.defines, f"-I{ROOT}/sdk/include"]
    model = out.with_suffix(".o")
    renamed = ["-Dsafe_app_model=tiny_app_model"] if foreign else []
    call([*command, *renamed, "-c", str(HERE / "tiny_model.c"), "-o", str(model)])
    sources = [*SOURCES, HERE / "shim.c", *([HERE / "foreign.c"] if foreign else [])]
    link(command, sources, out, last=["-shared", str(model)])
    return ctypes.CDLL(str(out))


def build_app(
    tiny: Tiny,
    app: str,
    out: Path,
    *flags: str,
    parts: tuple[str, ...] = APP_PARTS,
    more: tuple[Path, ...] = (),
) -> Path:
    """Compile application `app` for the host, with ASan and UBSan."""
    include = [f"-I{ROOT}/sdk/{folder}" for folder in ("include", "src", "src/app")]
    command = ["clang", "-std=c99", "-O1", "-g", *WARNINGS, "-ffp-contract=off"]
    command += ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    command += [*tiny.defines, *include, *flags]
    sources = [*SOURCES, *(ROOT / "sdk/src/app" / f"{name}.c" for name in (app, *parts))]
    sources += [*sorted((ROOT / "targets/arch/host").glob("*.c")), HERE / "tiny_model.c", *more]
    return link(command, sources, out)
