"""A made-up but complete report."""

from dataclasses import replace

import numpy as np
import pytest

from host_tools.compare.metrics import ByteDelta, Comparison, RealDelta
from host_tools.report.record import OperatorCost, Report, Series


def _pair(left: str, right: str) -> Comparison:
    return Comparison(left, right, ByteDelta(256, 40960, 0, 0, 0, None))


@pytest.fixture(scope="session")
def made_report() -> Report:
    return Report(
        target="stm32f4",
        backend="native",
        model="forecaster",
        model_sha256="ab" * 32,
        data="synthetic plant",
        channels=16,
        window=30,
        horizon=10,
        windows=256,
        windows_by_kind={"in-distribution": 192, "saturated": 32, "random": 32},
        mismatched_bytes=0,
        max_lsb=0,
        chain_samples=600,
        chain_mismatches=0,
        rmse_vs_float=0.0177,
        mae_vs_float=0.0124,
        max_vs_float=0.44,
        instructions_per_inference=13_280_000,
        flash_bytes=81_234,
        model_bytes=52_608,
        arena_bytes=3_000,
        static_ram_bytes=20_480,
        stack_bytes=496,
        stack_bound_bytes=528,
        alarms=61,
        alarm_episodes=4,
        host_seconds=31.4,
        comparisons=(_pair("device", "host C"), _pair("device", "reference")),
        int8_vs_truth=RealDelta(0.31, 0.22, 1.9, 30720, 0.0961),
        float_vs_truth=RealDelta(0.305, 0.21, 1.8, 30720, 0.093),
        operators=(
            OperatorCost(0, "CONV_2D", "conv", 46080, 800_000),
            OperatorCost(1, "UNIDIRECTIONAL_SEQUENCE_LSTM", "lstm", 1_075_200, 12_000_000),
            OperatorCost(2, "FULLY_CONNECTED", "dense", 12800, 150_000),
        ),
        seconds={"generate": 0.4, "build": 3.0, "bench": 12.0},
    )


@pytest.fixture
def different(report: Report) -> Report:
    pair = Comparison("device", "host C", ByteDelta(256, 40960, 3, 1, 2, 7))
    return replace(report, mismatched_bytes=3, max_lsb=1, comparisons=(pair,))


@pytest.fixture(scope="session")
def made_series() -> Series:
    random = np.random.default_rng(5)
    time = np.arange(40)[:, None] / 6 + np.arange(16)
    wave = (np.sin(time) * (1 + np.arange(16) / 8)).astype(np.float32)
    noise = random.normal(0, 0.05, (10, 16)).astype(np.float32)
    score = np.abs(random.normal(1.0, 0.3, 600)).astype(np.float32)
    score[300:340] += 6
    state = np.where(score > 3, 2, 1).astype(np.uint8)
    state[:40] = 0
    labels = np.zeros(600, np.uint8)
    labels[295:338] = 1
    return Series(
        channel_names=[f"channel {index}" for index in range(16)],
        history=wave[:30],
        truth=wave[30:],
        float_forecast=wave[30:] + noise,
        int8_forecast=wave[30:] + noise + np.float32(0.02),
        score=score,
        state=state,
        labels=labels,
        threshold=3.0,
        exact_lsb={0: 40960},
        float_lsb={-2: 30, -1: 4000, 0: 20000, 1: 3900, 2: 20, 9: 1},
        memory={"flash": 1_048_576, "ram": 131_072},
    )


@pytest.fixture
def report(made_report: Report) -> Report:
    return made_report


@pytest.fixture
def series(made_series: Series) -> Series:
    return made_series
