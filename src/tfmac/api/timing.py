"""The verb ``bench``: how fast a model is on which device, and from which batch size on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Optional

from tfmac._version import __version__
from tfmac.api.subjects import BACKEND_VARIABLE, BACKENDS
from tfmac.schema.bench import BenchReport, Mode, Sample
from tfmac.schema.codec import SCHEMA_VERSION
from tfmac.schema.proof import Core

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from tfmac.measurement.bench import Progress

BATCHES = (1, 8, 32, 128)
DEVICES = ("gpu", "cpu")
REPEATS = 7
BLOCK_SECONDS = 0.25
_TIMING = {
    Mode.FIT.value: (
        "Keras' own fit() on arrays in memory, without shuffling: the difference of a long call "
        "and a short one, by the number of steps between them. What a call prepares once is "
        "outside, and so is the first call, which compiles."
    ),
    Mode.PREDICT.value: (
        "Keras' own predict() on arrays in memory: the difference of a long call and a short one, "
        "by the number of batches between them. What a call prepares once is outside, and so is "
        "the first call, which compiles."
    ),
}


class PlotsExtraMissing(Exception):
    """matplotlib is not installed; a picture cannot be drawn without it."""


def bench(
    model: Optional[str] = None,
    *,
    python: Optional[str] = None,
    env: Optional[str] = None,
    inputs: Optional[str] = None,
    batches: Sequence[int] = BATCHES,
    backends: Sequence[str] = (),
    devices: Sequence[str] = DEVICES,
    modes: Sequence[Mode] = tuple(Mode),
    repeats: int = REPEATS,
    block_seconds: float = BLOCK_SECONDS,
    time_limit: float = 3600.0,
    progress: Optional[Progress] = None,
) -> BenchReport:
    """Time ``fit`` and ``predict`` of a model on several devices in turn.

    ``model`` is a file that Keras reads, or ``SCRIPT.py[:NAME]``; without it three small models are
    timed. Of ``devices`` the last is what the others are compared with. Without ``backends`` a
    script is timed with the one that it would have, everything else with all that are installed.
    What fails is in the report, the rest goes on. Raises ``NothingToInspect`` where there is no
    such model or no interpreter.
    """
    from tfmac.api.subjects import interpreter_of
    from tfmac.measurement.bench import Wanted, timings
    from tfmac.measurement.bench_verdicts import crossovers, fastest, ratios
    from tfmac.measurement.stations import Setting

    request = _request(model, inputs, devices)
    interpreter = interpreter_of(python=python, env=env)
    name = None if model is None else os.path.basename(model)
    wanted = Wanted(
        setting=Setting(interpreter=interpreter, request=request, folder=_folder(model)),
        models=(name,) if name is not None else tuple(one.value for one in Sample),
        modes=tuple(modes),
        batches=tuple(sorted(set(batches))),
        backends=tuple(backends) or _backends(request),
        devices=tuple(dict.fromkeys(devices)),
        repeats=repeats,
        block_seconds=block_seconds,
        time_limit=time_limit,
    )
    found = timings(wanted, progress or (lambda _done, _total, _text: None))
    compared = tuple(ratios(found))
    points = tuple(one.point for one in found.series)
    return BenchReport(
        schema_version=SCHEMA_VERSION,
        tfmac=__version__,
        interpreter=interpreter,
        timing={mode.value: _TIMING[mode.value] for mode in wanted.modes},
        repeats=repeats,
        block_seconds=block_seconds,
        models=found.models,
        configurations=found.configurations,
        points=points,
        ratios=compared,
        crossovers=tuple(crossovers(found, compared)),
        fastest=tuple(fastest(points)),
        finished=found.finished,
    )


def draw_bench(report: BenchReport, stream: BinaryIO) -> None:
    """Write a picture (PNG) of a report: samples a second against the batch size.

    Raise ``PlotsExtraMissing`` where matplotlib is not installed.
    """
    try:
        from tfmac.report.pictures import draw
    except ImportError as error:
        raise PlotsExtraMissing(
            "a picture needs matplotlib: install tfmac with the extra tfmac[plots]"
        ) from error
    draw(report, stream)


def _request(model: Optional[str], inputs: Optional[str], devices: Sequence[str]) -> dict[str, Any]:
    """Return what every child is asked."""
    from tfmac.api.subjects import subject_request
    from tfmac.measurement.devices import logical_cpus

    request = {} if model is None else subject_request(model, inputs)
    logical = logical_cpus(devices)
    return {**request, "logical_cpus": logical} if logical else request


def _backends(request: dict[str, Any]) -> tuple[str, ...]:
    if str(request.get("model", "")).endswith(".py"):
        return (os.environ.get(BACKEND_VARIABLE) or Core.TENSORFLOW.value,)
    return BACKENDS


def _folder(model: Optional[str]) -> Optional[str]:
    """Run a user's script where the user is; nothing else needs a folder."""
    return os.getcwd() if model is not None else None
