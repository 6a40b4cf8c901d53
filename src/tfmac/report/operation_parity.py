"""The report of ``parity --ops``: a table of operations and types, and what is not sound."""

from collections.abc import Iterator, Sequence
from typing import Optional

import click

from tfmac.report import layout
from tfmac.schema.operation_parity import (
    OperationCase,
    OperationParityReport,
    OperationVerdict,
)

_WORDS = {
    OperationVerdict.SAME: "same",
    OperationVerdict.WITHIN_TOLERANCE: "within",
    OperationVerdict.WRONG: "WRONG",
    OperationVerdict.NOT_DETERMINISTIC: "UNSTEADY",
    OperationVerdict.NO_KERNEL: "NO KERNEL",
    OperationVerdict.CRASHED: "CRASHED",
    OperationVerdict.HUNG: "HUNG",
    OperationVerdict.FAILED: "not judged",
    OperationVerdict.NOT_THERE: "not there",
}
_ORDER = (
    OperationVerdict.NOT_THERE,
    OperationVerdict.FAILED,
    OperationVerdict.SAME,
    OperationVerdict.WITHIN_TOLERANCE,
    OperationVerdict.NO_KERNEL,
    OperationVerdict.NOT_DETERMINISTIC,
    OperationVerdict.WRONG,
    OperationVerdict.HUNG,
    OperationVerdict.CRASHED,
)
_TYPES = ("float32", "float16", "bfloat16", "float64", "int32", "bool")
_MOST_REASONS = 12
_OUTPUT_LINES = 8


def render(report: OperationParityReport, *, width: int) -> str:
    """Lay out a report: what computed, the table, what is not sound, the sum."""
    lines = [layout.strong(_headline(report)), *_environment(report, width)]
    if report.cases:
        lines += ["", *_table(report)]
        lines += _unsound(report)
        lines += _not_judged(report, width)
        lines += _repeats(report, width)
    lines += ["", *_sum(report, width)]
    return "\n".join(lines) + "\n"


def _headline(report: OperationParityReport) -> str:
    operations = {case.operation for case in report.cases if case.verdict.judged}
    counted = layout.counted(len(operations), "operation")
    bad = {case.operation for case in report.unsound}
    if report.failure is not None:
        return f"could not finish: {report.failure.text}"
    if not bad:
        return f"{counted} compared: all sound"
    named = ", ".join(sorted(bad)[:5]) + (" and others" if len(bad) > 5 else "")
    return f"{counted} compared: {len(bad)} not sound: {named}"


def _environment(report: OperationParityReport, width: int) -> list[str]:
    lines = layout.labelled("python", [report.interpreter], width=width)
    found = report.environment
    if found is None:
        return lines
    versions = f"{found.framework} {found.framework_version}, Keras {found.keras_version}"
    if found.plugin_version:
        versions += f", plug-in {found.plugin_version}"
    lines += layout.labelled("versions", [versions], width=width)
    for label, device in (("tested", found.device), ("reference", found.reference)):
        lines += layout.labelled(label, [f"{device.name} ({device.described})"], width=width)
    return lines


def _table(report: OperationParityReport) -> list[str]:
    """One row an operation, one column a type; the worst of its variants and shapes."""
    types = [one for one in _TYPES if any(case.dtype == one for case in report.cases)]
    types += sorted({case.dtype for case in report.cases} - set(types))
    rows = [["operation", *types, "farthest", "tolerance"]]
    by_operation: dict[str, list[OperationCase]] = {}
    for case in report.cases:
        by_operation.setdefault(case.operation, []).append(case)
    for operation, cases in by_operation.items():
        cells = [_cell([case for case in cases if case.dtype == one]) for one in types]
        rows.append([operation, *cells, *_farthest(cases)])
    return layout.table(rows)


def _cell(cases: Sequence[OperationCase]) -> str:
    if not cases:
        return "-"
    verdict = max((case.verdict for case in cases), key=_ORDER.index)
    word = _WORDS[verdict]
    if verdict.judged and not verdict.sound:
        return click.style(word, fg="red", bold=True)
    return word


def _farthest(cases: Sequence[OperationCase]) -> tuple[str, str]:
    """The largest distance in single precision, where the smallest faults show, else in another."""
    measured = [case for case in cases if case.tolerance is not None]
    single = [case for case in measured if case.dtype == "float32"] or measured
    if not single:
        return "", ""
    worst = max(single, key=_apart)
    return _number(worst.distance.rms), _number(worst.tolerance.rms if worst.tolerance else None)


def _apart(case: OperationCase) -> float:
    return float("inf") if case.distance.rms is None else case.distance.rms


def _number(value: Optional[float]) -> str:
    return "infinite" if value is None else f"{value:.1e}"


def _unsound(report: OperationParityReport) -> list[str]:
    """One row for each entry and type, with the shapes that show it, told by the worst of them."""
    if not report.unsound:
        return []
    groups: dict[tuple[str, ...], list[OperationCase]] = {}
    for case in report.unsound:
        key = (case.name.rpartition(" ")[0], case.verdict.value, case.way or "")
        groups.setdefault(key, []).append(case)
    rows = [["not sound", "verdict", "in", "shapes", "what was seen"]]
    for (name, verdict, way), cases in groups.items():
        shapes = ", ".join(case.shape for case in cases)
        rows.append([name, verdict, way, shapes, _seen(max(cases, key=_apart))])
    return ["", *layout.table(rows)]


def _seen(case: OperationCase) -> str:
    parts = []
    measure = _telling(case)
    if measure is not None and case.tolerance is not None:
        apart, sound = getattr(case.distance, measure), getattr(case.tolerance, measure)
        of_what = {"rms": "", "element": " in one number", "slope": " in size"}[measure]
        parts.append(f"{_number(apart)} apart{of_what}, sound is {_number(sound)}")
        if case.tested_error is not None and case.reference_error is not None:
            mine, its = (
                getattr(error, measure) for error in (case.tested_error, case.reference_error)
            )
            parts.append(f"error {_number(mine)}, the reference's {_number(its)}")
    if case.detail:
        parts.append(case.detail)
    return "; ".join(parts)


def _telling(case: OperationCase) -> Optional[str]:
    """The measure that is the most beyond its tolerance: of the whole, a number, or the size."""
    if case.tolerance is None:
        return None
    beyond = {
        measure: _ratio(getattr(case.distance, measure), getattr(case.tolerance, measure))
        for measure in ("rms", "element", "slope")
    }
    # A fault of the whole is told by the whole.
    return "rms" if beyond["rms"] > 1 else max(beyond, key=lambda one: beyond[one])


def _ratio(distance: Optional[float], allowed: Optional[float]) -> float:
    if distance is None:
        return float("inf")
    return distance / allowed if allowed else 0.0


def _not_judged(report: OperationParityReport, width: int) -> list[str]:
    """What the reference could not do, by reason: it says nothing of the tested device."""
    reasons: dict[str, list[str]] = {}
    for case in report.cases:
        if case.verdict is OperationVerdict.FAILED:
            reasons.setdefault(case.detail, []).append(f"{case.operation} {case.dtype}")
        for way, reason in case.not_judged.items():
            reasons.setdefault(reason, []).append(f"{case.operation} {case.dtype} {way}")
    if not reasons:
        return []
    lines = ["", layout.strong("not judged: the reference could not do it either")]
    shown = list(reasons.items())[:_MOST_REASONS]
    for reason, cases in shown:
        lines += layout.labelled("", [f"{_listed(cases)}: {reason}"], width=width)
    if len(reasons) > len(shown):
        lines += layout.labelled("", [f"and {len(reasons) - len(shown)} more reasons"], width=width)
    return lines


def _repeats(report: OperationParityReport, width: int) -> list[str]:
    wavering = [
        f"{case.operation} {case.dtype}"
        for case in report.cases
        if case.wavers and case.verdict.sound
    ]
    if not wavering:
        return []
    text = f"the last bits change from run to run, within the tolerance: {_listed(wavering)}"
    return ["", *layout.labelled("note", [text], width=width)]


def _listed(names: Sequence[str]) -> str:
    once = list(dict.fromkeys(names))
    return ", ".join(once[:6]) + (f" and {len(once) - 6} more" if len(once) > 6 else "")


def _sum(report: OperationParityReport, width: int) -> Iterator[str]:
    counts = ", ".join(f"{number} {verdict.value}" for verdict, number in report.counts())
    if counts:
        took = f"{len(report.cases)} of {report.planned} cases in {report.seconds:.0f} s"
        if report.resumed:
            took += f", {report.resumed} of them from an earlier run"
        yield from layout.labelled("cases", [took, counts], width=width)
    kept = [
        text
        for text, names in (
            ("device.best() keeps these off this device now", report.quarantined),
            ("device.best() allows these again", report.released),
        )
        for text in ([f"{text}: {_listed(names)}"] if names else [])
    ]
    if report.knowledge_problem is not None:
        kept.append(report.knowledge_problem)
    yield from layout.labelled("kept", kept, width=width)
    if report.failure is not None:
        yield from layout.labelled("failed", _failure(report), width=width)


def _failure(report: OperationParityReport) -> Iterator[str]:
    assert report.failure is not None  # noqa: S101 (asked by the caller)
    yield f"{report.failure.kind}: {report.failure.text}"
    yield from report.failure.detail.strip().splitlines()[-_OUTPUT_LINES:]
    if len(report.cases) < report.planned and report.cases:
        yield "what was measured is kept: the same command goes on from here"
