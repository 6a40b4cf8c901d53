"""What was timed, as text: a table and a plot for each model, and what follows from them."""

from collections.abc import Iterator, Sequence
from typing import Optional, Union

from tfmac.report import layout
from tfmac.report.plots import Line, plot
from tfmac.schema.bench import (
    BenchReport,
    Configuration,
    Crossover,
    CrossoverKind,
    Faster,
    Fastest,
    Mode,
    NotTimed,
    Point,
    Ratio,
    Spread,
    TimedModel,
)

_OUTPUT_LINES = 8
_NOT_INSTALLED = {"no-framework", "no-keras"}
_OWN_EXCEPTIONS = {"NoFramework", "NoSuchDevice", "DeviceProblem", "WorkProblem"}
_PLOT_ROWS = 11


def render(report: BenchReport, *, width: int) -> str:
    """Lay out a report: what to use first, then what was timed, then how."""
    lines = [layout.strong("which device to use"), *_answer(report, width)]
    for model, mode in dict.fromkeys((one.model, one.mode) for one in report.points):
        lines += ["", *_section(report, model, mode, width)]
    lines += ["", *_processes(report, width), "", *_how(report, width)]
    return "\n".join(lines) + "\n"


def _answer(report: BenchReport, width: int) -> list[str]:
    lines: list[str] = []
    for model in dict.fromkeys(one.model for one in report.points):
        lines += [f"  {model}{_size(report.models, model)}"]
        for mode in dict.fromkeys(one.mode for one in report.points):
            said = [_sentence(one) for one in report.crossovers if _is_about(one, model, mode)]
            said += [_fastest(one) for one in report.fastest if _is_about(one, model, mode)]
            lines += layout.labelled(mode.value, said, width=width, indent=4)
    lines += layout.labelled("not timed", _missing(report), width=width)
    if not report.finished:
        lines += layout.labelled(
            "stopped", ["before the end: what is missing was not timed"], width=width
        )
    return lines


def _is_about(one: Union[Crossover, Fastest], model: str, mode: Mode) -> bool:
    return (one.model, one.mode) == (model, mode)


def _size(models: Sequence[TimedModel], name: str) -> str:
    found = next((one for one in models if one.name == name), None)
    return f" ({found.parameters:,} parameters)" if found and found.parameters else ""


def _sentence(one: Crossover) -> str:
    where = f"on {one.backend}: "
    causes = f" (tfmac cause {', '.join(one.causes)})" if one.causes else ""
    tested, reference = layout.strong(one.tested), layout.strong(one.reference)
    said = {
        CrossoverKind.ALWAYS: f"{tested}, faster at every batch size that was timed",
        CrossoverKind.FROM: f"{tested} from batch {one.batch} on, {reference} below",
        CrossoverKind.NEVER: f"{reference}; {one.tested} was slower at every size that was timed",
        CrossoverKind.MIXED: f"{tested} at some sizes, but not at the largest: see the table",
        CrossoverKind.UNDECIDED: f"undecided: {one.tested} was at no size clearly faster",
        CrossoverKind.NOT_TIMED: f"{one.tested} and {one.reference} could not be compared",
    }
    return where + said[one.kind] + causes


def _fastest(one: Fastest) -> str:
    return (
        f"most samples a second: {_count(one.rows_per_second)} "
        f"on {one.backend} {one.device} at batch {one.batch}"
    )


def _missing(report: BenchReport) -> Iterator[str]:
    """Say which devices gave nothing, and why."""
    for name in report.devices_without_times:
        failures = [one.failure for one in report.configurations if one.asked == name]
        told = [one for one in failures if one is not None and one.kind not in _NOT_INSTALLED]
        why = told or [one for one in failures if one is not None]
        yield f"{name}: " + (_message(why[0]) if why else "nothing could be timed on it")


def _section(report: BenchReport, model: str, mode: Mode, width: int) -> list[str]:
    points = [one for one in report.points if (one.model, one.mode) == (model, mode)]
    ratios = [one for one in report.ratios if (one.model, one.mode) == (model, mode)]
    lines = [layout.strong(f"{model}: {mode.value}"), *layout.table(_rows(report, points, ratios))]
    drawn = [
        Line(
            name=f"{one.backend} {one.device}",
            points=tuple(
                (float(point.batch), point.rows_per_second)
                for point in points
                if _is_of(point, one) and point.rows_per_second is not None
            ),
        )
        for one in report.configurations
    ]
    # One size alone makes no line.
    if len({point.batch for point in points if point.step_seconds is not None}) > 1:
        chart = plot(drawn, width=width - 4, height=_PLOT_ROWS, unit="samples/s by batch size")
        lines += ["", *(f"  {line}".rstrip() for line in chart)]
    return lines


def _rows(
    report: BenchReport, points: Sequence[Point], ratios: Sequence[Ratio]
) -> list[tuple[str, ...]]:
    """Make a row for each framework and batch size, a column for each device."""
    asked = list(dict.fromkeys(one.asked for one in report.configurations))
    names = {
        name: next(
            (one.device for one in report.configurations if one.asked == name and one.version), name
        )
        for name in asked
    }
    rows = [("", "batch", *(f"{names[name]} a step" for name in asked), "faster, by")]
    for backend in dict.fromkeys(point.backend for point in points):
        mine = [one for one in points if one.backend == backend]
        for batch in sorted({one.batch for one in mine}):
            at = {one.device: one for one in mine if one.batch == batch}
            compared = [one for one in ratios if (one.backend, one.batch) == (backend, batch)]
            cells = [_cell(at.get(names[name])) for name in asked]
            rows.append((backend, str(batch), *cells, ", ".join(map(_ratio, compared))))
    return rows


def _cell(point: Optional[Point]) -> str:
    if point is None:
        return "-"
    if point.step_seconds is None:
        return point.failure.kind if point.failure is not None else "-"
    return _spread(point.step_seconds)


def _spread(spread: Spread) -> str:
    """``1.23 ms (1.20-1.31)``."""
    factor, unit = (1e3, "ms") if spread.median < 1 else (1.0, "s")
    middle, lower, upper = (
        _number(one * factor) for one in (spread.median, spread.lower, spread.upper)
    )
    return f"{middle} {unit} ({lower}-{upper})"


def _ratio(one: Ratio) -> str:
    spread = one.ratio
    if one.faster is Faster.UNDECIDED:
        return f"undecided ({_number(spread.lower)}-{_number(spread.upper)} x)"
    if one.faster is Faster.TESTED:
        name, middle, lower, upper = one.tested, spread.median, spread.lower, spread.upper
    else:
        name, middle = one.reference, 1 / spread.median
        lower, upper = 1 / spread.upper, 1 / spread.lower
    return f"{name} {_number(middle)} x ({_number(lower)}-{_number(upper)})"


def _processes(report: BenchReport, width: int) -> list[str]:
    """Lay out each process: versions, memory, the longest first call, or why there is none."""
    lines = [layout.strong("processes")]
    used = [one for one in report.configurations if one.failure is None]
    told = [f"{one.backend} {one.device}: {_process(report, one)}" for one in used]
    lines += layout.labelled("used", told, width=width)
    absent = [one for one in report.configurations if one.failure is not None]
    said = [f"{one.backend} {one.device}: {_why(one.failure)}" for one in absent if one.failure]
    lines += layout.labelled("without", dict.fromkeys(said), width=width)
    lines += layout.labelled("failed", _failures(report), width=width)
    return lines


def _process(report: BenchReport, one: Configuration) -> str:
    mine = [point for point in report.points if _is_of(point, one)]
    said = [f"{one.version}, Keras {one.keras}"]
    if one.described and one.described.upper() != one.device[:3]:
        said.append(one.described)
    resident = max((point.resident_bytes or 0 for point in mine), default=0)
    held = max((point.device_bytes or 0 for point in mine), default=0)
    first = max((point.first_call_seconds or 0.0 for point in mine), default=0.0)
    said += [f"{_bytes(resident)} of memory"] if resident else []
    said += [f"{_bytes(held)} on the device"] if held else []
    said += [f"first call up to {first:.1f} s"] if first else []
    return ", ".join(said)


def _failures(report: BenchReport) -> Iterator[str]:
    """Say each failure once, with the points that it took."""
    found: dict[str, list[str]] = {}
    for point in report.points:
        if point.failure is not None and not _is_absent(report, point):
            text = f"{point.backend} {point.device}: {_why(point.failure)}"
            found.setdefault(text, []).append(f"{point.model} {point.mode.value} {point.batch}")
    for text, places in found.items():
        more = f" and {len(places) - 3} more" if len(places) > 3 else ""
        yield f"{', '.join(places[:3])}{more} on {text}"


def _is_absent(report: BenchReport, point: Point) -> bool:
    return any(_is_of(point, one) and one.failure is not None for one in report.configurations)


def _why(failure: NotTimed) -> str:
    """The kind, the message, and the end of what was written, without colour or repetition."""
    said = f"{failure.kind}: {_message(failure)}"
    if failure.kind in {"crashed", "hung"} and failure.detail.strip():
        said += "\n" + "\n".join(failure.detail.strip().splitlines()[-_OUTPUT_LINES:])
    return said


def _message(failure: NotTimed) -> str:
    """The message without the name of our own exception, which the kind says already."""
    name, colon, text = failure.error.partition(": ")
    return text if colon and name in _OWN_EXCEPTIONS else failure.error


def _how(report: BenchReport, width: int) -> list[str]:
    """Say how it was timed: the numbers mean nothing without it."""
    lines = [layout.strong("how")]
    turns = (
        f"the devices in turn, {report.repeats} times {report.block_seconds:g} s at each size; "
        "medians, in brackets the bounds that hold the median in 95 of 100 runs; ratios of "
        "timings that stood side by side"
    )
    lines += layout.labelled("timed", [turns], width=width)
    for mode, said in report.timing.items():
        lines += layout.labelled(mode, [said], width=width)
    notes = [f"{one.name}: {note}" for one in report.models for note in one.notes]
    lines += layout.labelled("note", notes, width=width)
    return lines + layout.labelled("python", [report.interpreter], width=width)


def _is_of(point: Point, one: Configuration) -> bool:
    return (point.backend, point.device) == (one.backend, one.device)


def _number(value: float) -> str:
    """Three digits that count."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _count(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def _bytes(value: int) -> str:
    return f"{value / 2**30:.1f} GiB" if value >= 2**30 else f"{value / 2**20:.0f} MiB"
