"""Timings of made-up devices, from their step times."""

from collections.abc import Mapping, Sequence
from typing import Optional

from tfmac.measurement.bench import Series, Timings
from tfmac.measurement.bench_verdicts import crossovers, fastest, ratios
from tfmac.measurement.crossover import spread
from tfmac.schema.bench import (
    BenchReport,
    Configuration,
    Mode,
    NotTimed,
    Point,
    TimedModel,
)

GPU = Configuration(
    backend="tensorflow",
    asked="gpu",
    device="GPU:0",
    described="METAL",
    version="2.18.1",
    keras="3.8.0",
)
CPU = Configuration(
    backend="tensorflow",
    asked="cpu",
    device="CPU:0",
    described="CPU",
    version="2.18.1",
    keras="3.8.0",
)
ABSENT = NotTimed(kind="no-framework", error="NoFramework: torch is not installed")
TORCH_GPU = Configuration(backend="torch", asked="gpu", device="gpu", failure=ABSENT)
TORCH_CPU = Configuration(backend="torch", asked="cpu", device="cpu", failure=ABSENT)
FULL = NotTimed(kind="out-of-memory", error="ResourceExhaustedError: OOM when allocating")
DENSE = TimedModel(name="dense", parameters=235146, layers=("Dense", "Sequential"))
# What a machine does to both devices alike from round to round.
_DRIFT = (1.0, 1.02, 0.98, 1.01, 1.05, 1.04, 0.99)


def series(
    configuration: Configuration,
    batch: int,
    milliseconds: Optional[float],
    *,
    mode: Mode = Mode.FIT,
    failure: Optional[NotTimed] = None,
) -> Series:
    """One device at one batch size, with a step time of so many milliseconds."""
    seconds = [None if milliseconds is None else milliseconds * 1e-3 * one for one in _DRIFT]
    timed = [one for one in seconds if one is not None]
    return Series(
        point=Point(
            model="dense",
            mode=mode,
            batch=batch,
            backend=configuration.backend,
            device=configuration.device,
            step_seconds=spread(timed) if timed else None,
            steps=100 if timed else 0,
            first_call_seconds=1.5 if timed else None,
            resident_bytes=700 * 2**20 if timed else None,
            device_bytes=90 * 2**20 if timed and configuration is GPU else None,
            failure=failure,
        ),
        seconds=tuple(seconds),
    )


def timings(
    gpu: Mapping[int, Optional[float]],
    cpu: Mapping[int, Optional[float]],
    *,
    mode: Mode = Mode.FIT,
    model: TimedModel = DENSE,
    configurations: Sequence[Configuration] = (GPU, CPU),
) -> Timings:
    """A GPU and a CPU with step times in milliseconds by batch size; None for no memory."""
    found = [
        series(one, batch, times[batch], mode=mode, failure=None if times[batch] else FULL)
        for batch in sorted(gpu)
        for one, times in ((configurations[0], gpu), (configurations[1], cpu))
    ]
    return Timings(
        configurations=tuple(configurations), models=(model,), series=tuple(found), finished=True
    )


def report(*parts: Timings, finished: bool = True) -> BenchReport:
    """The report of timings of the same devices."""
    points = tuple(one.point for part in parts for one in part.series)
    compared = tuple(one for part in parts for one in ratios(part))
    return BenchReport(
        schema_version=1,
        tfmac="0.1.0",
        interpreter="/Users/jane/ml/.venv/bin/python",
        timing={"fit": "Keras' own fit().", "predict": "Keras' own predict()."},
        repeats=7,
        block_seconds=0.25,
        models=parts[0].models,
        configurations=parts[0].configurations,
        points=points,
        ratios=compared,
        crossovers=tuple(one for part in parts for one in crossovers(part, tuple(ratios(part)))),
        fastest=tuple(fastest(points)),
        finished=finished,
    )
