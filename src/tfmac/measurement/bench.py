"""Times a model on several devices in turn, so that all of them see the same warm machine.

The processes of all configurations stand ready together. For each batch size every one of them
compiles and warms up; then they time one block each, in turn, in an order that is turned around
every time. A ratio of two devices is the median of the ratios of blocks that were timed next to
each other: what slows the whole machine down slows both.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Optional

import msgspec

from tfmac.measurement.crossover import spread
from tfmac.measurement.stations import (
    BLOCK_SECONDS,
    NOT_TRIED,
    START_SECONDS,
    Setting,
    Station,
)
from tfmac.schema.bench import Configuration, Mode, NotTimed, Point, TimedModel

Progress = Callable[[int, int, str], None]
_LONGEST_WARM_UP = 15.0  # blocks
_FULL = {"out-of-memory", "crashed"}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be timed. ``models`` are names; the last of ``devices`` is the reference."""

    setting: Setting
    models: tuple[str, ...]
    modes: tuple[Mode, ...]
    batches: tuple[int, ...]
    backends: tuple[str, ...]
    devices: tuple[str, ...]
    repeats: int
    block_seconds: float
    time_limit: float


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """The times of a step at one point, in the order of the rounds; None where one is missing."""

    point: Point
    seconds: tuple[Optional[float], ...]


class Timings(msgspec.Struct, frozen=True, kw_only=True):
    """All that was timed."""

    configurations: tuple[Configuration, ...]
    models: tuple[TimedModel, ...]
    series: tuple[Series, ...]
    finished: bool


def timings(wanted: Wanted, progress: Progress) -> Timings:
    """Time everything that is wanted, as far as time goes; an interrupt ends it early."""
    run = _Run(wanted, progress)
    try:
        run.carry_out()
        finished = not run.time_is_up
    except KeyboardInterrupt:
        finished = False
    finally:
        run.end()
    return Timings(
        configurations=tuple(station.configuration for station in run.stations),
        models=tuple(run.models.values()),
        series=tuple(run.series),
        finished=finished,
    )


class _Run:
    def __init__(self, wanted: Wanted, progress: Progress) -> None:
        self._wanted = wanted
        self._progress = progress
        self._until = time.monotonic() + wanted.time_limit
        self._done = 0
        self._full: dict[tuple[str, str, str, Mode], int] = {}
        self.time_is_up = False
        self.models: dict[str, TimedModel] = {}
        self.series: list[Series] = []
        self.stations = [
            Station(wanted.setting, backend, device)
            for backend in wanted.backends
            for device in wanted.devices
        ]

    def carry_out(self) -> None:
        """Start all configurations, then go through models, modes and batch sizes."""
        for station in self.stations:
            name = f"starting {_name(station)}"
            self._step(0, name)
            station.start(self._patience(START_SECONDS))
        for model in self._wanted.models:
            for mode in self._wanted.modes:
                for batch in sorted(self._wanted.batches):
                    self._time_point(model, mode, batch)

    def end(self) -> None:
        """End all processes."""
        with ExitStack() as stack:
            for station in self.stations:
                stack.callback(station.end)

    def _is_late(self) -> bool:
        self.time_is_up = self.time_is_up or time.monotonic() > self._until
        return self.time_is_up

    def _time_point(self, model: str, mode: Mode, batch: int) -> None:
        self._is_late()  # where starting took all the time, there is nobody left to notice
        usable = [station for station in self.stations if not station.hopeless]
        points = {station: self._prepared(station, model, mode, batch) for station in usable}
        seconds: dict[Station, list[Optional[float]]] = {station: [] for station in usable}
        text = f"{model} {mode.value} {batch}"
        for number in range(self._wanted.repeats):
            # The first to be timed is the last in the next round.
            turn = usable if number % 2 == 0 else usable[::-1]
            for station in turn:
                points[station], value = self._block(station, points[station])
                seconds[station].append(value)
            self._step(1, text)
        for station in usable:
            measured = [value for value in seconds[station] if value is not None]
            point = points[station]
            if point.failure is None and measured:
                point = msgspec.structs.replace(point, step_seconds=spread(measured))
            self.series.append(Series(point=point, seconds=tuple(seconds[station])))

    def _prepared(self, station: Station, model: str, mode: Mode, batch: int) -> Point:
        """Let a station compile and warm up; a failure is in the point."""
        self._step(1, f"{model} {mode.value} {batch} on {_name(station)}: warming up")
        failure = self._reason_not_to_try(station, model, mode) or station.start(
            self._patience(START_SECONDS)
        )
        configuration = station.configuration
        point = Point(
            model=model,
            mode=mode,
            batch=batch,
            backend=configuration.backend,
            device=configuration.device,
            failure=failure,
        )
        if failure is not None:
            return point
        answer = station.ask(
            "prepared",
            self._patience(START_SECONDS),
            order="prepare",
            model=model,
            mode=mode.value,
            batch=batch,
            block_seconds=self._wanted.block_seconds,
            longest_warm_up=self._wanted.block_seconds * _LONGEST_WARM_UP,
        )
        if isinstance(answer, NotTimed):
            return self._failed(station, point, answer)
        self.models.setdefault(model, _described(model, answer))
        return msgspec.structs.replace(
            point,
            first_call_seconds=answer["first_call_seconds"],
            steps=answer["steps"],
            **_memory(answer),
        )

    def _block(self, station: Station, point: Point) -> tuple[Point, Optional[float]]:
        """Let a station time one block; return the point as it is then, and a step's time."""
        if point.failure is not None:
            return point, None
        answer = station.ask("timed", self._patience(BLOCK_SECONDS), order="time")
        if isinstance(answer, NotTimed):
            return self._failed(station, point, answer), None
        changed = msgspec.structs.replace(point, **_memory(answer))
        return changed, answer["seconds"] / answer["steps"]

    def _failed(self, station: Station, point: Point, failure: NotTimed) -> Point:
        if failure.kind in _FULL:
            self._full[self._key(station, point.model, point.mode)] = point.batch
        return msgspec.structs.replace(point, failure=failure)

    def _reason_not_to_try(self, station: Station, model: str, mode: Mode) -> Optional[NotTimed]:
        if self._is_late():
            return NotTimed(
                kind=NOT_TRIED, error=f"the time limit of {self._wanted.time_limit:g} s was reached"
            )
        smaller = self._full.get(self._key(station, model, mode))
        if smaller is not None:
            return NotTimed(kind=NOT_TRIED, error=f"it failed at batch {smaller} already")
        return None

    def _key(self, station: Station, model: str, mode: Mode) -> tuple[str, str, str, Mode]:
        return station.configuration.backend, station.configuration.asked, model, mode

    def _patience(self, most: float) -> float:
        """Return how long an answer is waited for."""
        return max(1.0, min(most, self._until - time.monotonic()))

    def _step(self, count: int, text: str) -> None:
        self._done += count
        wanted = self._wanted
        sizes = len(wanted.models) * len(wanted.modes) * len(wanted.batches)
        usable = [station for station in self.stations if not station.hopeless]
        total = sizes * (len(usable) + wanted.repeats)
        self._progress(min(self._done, total), max(1, total), text)


def _name(station: Station) -> str:
    return f"{station.configuration.backend} {station.configuration.device}"


def _described(name: str, answer: dict[str, Any]) -> TimedModel:
    return TimedModel(
        name=name,
        parameters=answer["parameters"],
        layers=tuple(answer["layers"]),
        notes=tuple(answer["notes"]),
    )


def _memory(answer: dict[str, Any]) -> dict[str, Any]:
    return {"resident_bytes": answer["resident_bytes"], "device_bytes": answer["device_bytes"]}
