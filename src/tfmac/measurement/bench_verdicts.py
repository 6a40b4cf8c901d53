"""What timings say: ratios of devices, where one overtakes the other, and which is the fastest."""

from collections.abc import Iterator, Sequence
from typing import Optional

from tfmac.measurement.bench import Series, Timings
from tfmac.measurement.crossover import Won, crossover, faster, ratio
from tfmac.schema.bench import (
    Configuration,
    Crossover,
    CrossoverKind,
    Fastest,
    Mode,
    Point,
    Ratio,
    TimedModel,
)

SLOW_SMALL, SLOW_RECURRENT = "metal-slow-small-model", "metal-slow-rnn"
_RECURRENT = {"LSTM", "GRU", "SimpleRNN", "RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"}
_BEHIND = {CrossoverKind.FROM, CrossoverKind.NEVER, CrossoverKind.MIXED}


def ratios(timings: Timings) -> Iterator[Ratio]:
    """Compare each device with the reference of its framework, at each point."""
    for reference, tested in _compared(timings.configurations):
        for slow, fast in _side_by_side(timings.series, reference, tested):
            point = fast.point
            both = [
                (a, b)
                for a, b in zip(fast.seconds, slow.seconds)
                if a is not None and b is not None
            ]
            if not both or point.step_seconds is None or slow.point.step_seconds is None:
                continue
            found = ratio([a for a, _ in both], [b for _, b in both])
            yield Ratio(
                model=point.model,
                mode=point.mode,
                batch=point.batch,
                backend=point.backend,
                tested=tested.device,
                reference=reference.device,
                ratio=found,
                faster=faster(found),
            )


def crossovers(timings: Timings, found: Sequence[Ratio]) -> Iterator[Crossover]:
    """Say for each model and mode from which batch size on the tested device wins."""
    points = [one.point for one in timings.series]
    for reference, tested in _compared(timings.configurations):
        for model, mode in dict.fromkeys((one.model, one.mode) for one in points):
            decided = {
                one.batch: one.faster
                for one in found
                if (one.model, one.mode) == (model, mode)
                and (one.backend, one.tested) == (tested.backend, tested.device)
            }
            kind, batch = crossover(
                [Won(batch=size, faster=decided.get(size)) for size in _batches(points)]
            )
            yield Crossover(
                model=model,
                mode=mode,
                backend=tested.backend,
                tested=tested.device,
                reference=reference.device,
                kind=kind,
                batch=batch,
                causes=_causes(kind, tested, _model(timings.models, model)),
            )


def fastest(points: Sequence[Point]) -> Iterator[Fastest]:
    """Name for each model and mode the point with most rows a second."""
    best: dict[tuple[str, Mode], tuple[float, Point]] = {}
    for point in points:
        rows = point.rows_per_second
        key = point.model, point.mode
        if rows is not None and (key not in best or rows > best[key][0]):
            best[key] = rows, point
    for rows, point in best.values():
        yield Fastest(
            model=point.model,
            mode=point.mode,
            backend=point.backend,
            device=point.device,
            batch=point.batch,
            rows_per_second=rows,
        )


def _compared(
    configurations: Sequence[Configuration],
) -> Iterator[tuple[Configuration, Configuration]]:
    """Pair the reference of each framework, which stands last, with its other devices."""
    for backend in dict.fromkeys(one.backend for one in configurations):
        *tested, reference = [one for one in configurations if one.backend == backend]
        if reference.failure is None:
            yield from ((reference, one) for one in tested if one.failure is None)


def _side_by_side(
    series: Sequence[Series], reference: Configuration, tested: Configuration
) -> Iterator[tuple[Series, Series]]:
    of_reference = {_place(one): one for one in series if _is_of(one, reference)}
    for one in series:
        if _is_of(one, tested) and _place(one) in of_reference:
            yield of_reference[_place(one)], one


def _is_of(series: Series, configuration: Configuration) -> bool:
    point = series.point
    return (point.backend, point.device) == (configuration.backend, configuration.device)


def _place(series: Series) -> tuple[str, Mode, int]:
    return series.point.model, series.point.mode, series.point.batch


def _batches(points: Sequence[Point]) -> list[int]:
    return sorted({one.batch for one in points})


def _model(models: Sequence[TimedModel], name: str) -> Optional[TimedModel]:
    return next((one for one in models if one.name == name), None)


def _causes(
    kind: CrossoverKind, tested: Configuration, model: Optional[TimedModel]
) -> tuple[str, ...]:
    """Name why a GPU of Metal is behind; for others the vocabulary has no cause."""
    described = tested.described.lower()
    if kind not in _BEHIND or not ("metal" in described or "apple" in described):
        return ()
    if model is not None and _RECURRENT & set(model.layers) and kind is not CrossoverKind.FROM:
        return (SLOW_RECURRENT,)
    return (SLOW_SMALL,)
