"""What follows from timings: the device to use, and the cause of a slow GPU."""

import msgspec
import pytest

from builders.bench_reports import CPU, DENSE, GPU, TORCH_CPU, TORCH_GPU, report, timings
from tfmac.measurement.bench_verdicts import SLOW_RECURRENT, SLOW_SMALL
from tfmac.schema.bench import CrossoverKind, Faster

RECURRENT = msgspec.structs.replace(DENSE, layers=("LSTM", "LSTMCell"))
CUDA = msgspec.structs.replace(GPU, described="NVIDIA H100")


def test_a_gpu_that_wins_with_larger_batches() -> None:
    """The size is the first at which it wins, and a small batch is what keeps it behind."""
    found = report(timings({1: 5.0, 32: 5.2, 128: 6.0}, {1: 1.0, 32: 5.2, 128: 30.0}))

    assert [one.faster for one in found.ratios] == [
        Faster.REFERENCE,
        Faster.UNDECIDED,
        Faster.TESTED,
    ]
    assert [one.ratio.median for one in found.ratios] == pytest.approx([0.2, 1.0, 5.0])
    (crossover,) = found.crossovers
    assert (crossover.kind, crossover.batch) == (CrossoverKind.FROM, 128)
    assert crossover.causes == (SLOW_SMALL,)
    (fastest,) = found.fastest
    assert (fastest.device, fastest.batch) == ("GPU:0", 128)


def test_a_recurrent_model_that_never_wins_on_metal() -> None:
    """Recurrent layers are the cause where no size helps."""
    slow = timings({1: 9.0, 32: 90.0}, {1: 1.0, 32: 8.0}, model=RECURRENT)
    (crossover,) = report(slow).crossovers

    assert crossover.kind is CrossoverKind.NEVER
    assert crossover.causes == (SLOW_RECURRENT,)


def test_a_slow_gpu_of_another_maker_has_no_cause_of_metal() -> None:
    """The vocabulary's causes are about Metal."""
    slow = timings({1: 9.0, 32: 9.0}, {1: 1.0, 32: 8.0}, configurations=(CUDA, CPU))
    (crossover,) = report(slow).crossovers

    assert crossover.kind is CrossoverKind.NEVER
    assert crossover.causes == ()


def test_a_size_that_did_not_fit_is_left_out() -> None:
    """Sizes without a time on both devices decide nothing."""
    found = report(timings({1: 5.0, 32: 2.0, 512: None}, {1: 1.0, 32: 8.0, 512: 90.0}))

    assert [one.batch for one in found.ratios] == [1, 32]
    (crossover,) = found.crossovers
    assert (crossover.kind, crossover.batch) == (CrossoverKind.FROM, 32)
    assert found.devices_without_times == ()


def test_devices_without_any_time_are_named() -> None:
    """A device that was asked for and gave nothing is no success."""
    found = report(timings({1: None}, {1: 1.0}))

    assert found.devices_without_times == ("gpu",)
    assert found.ratios == ()
    assert [one.kind for one in found.crossovers] == [CrossoverKind.NOT_TIMED]


def test_a_framework_that_is_not_there_is_no_missing_device() -> None:
    """Another framework has timed the same device."""
    four = (GPU, CPU, TORCH_GPU, TORCH_CPU)
    found = report(timings({1: 5.0}, {1: 1.0}, configurations=four))

    assert found.devices_without_times == ()
    assert [one.backend for one in found.crossovers] == ["tensorflow"]
