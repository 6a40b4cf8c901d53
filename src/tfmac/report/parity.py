"""A model on two devices, as text: the verdict, what departs first, and each stage's numbers."""

from collections.abc import Iterator, Sequence
from typing import Optional

import click

from tfmac.report import layout
from tfmac.schema.parity import (
    Comparison,
    ParityReport,
    ParityStage,
    ParityVerdict,
    Reason,
    StageResult,
)

_COLOURS = {
    ParityVerdict.SAME: "green",
    ParityVerdict.WITHIN_TOLERANCE: "green",
    ParityVerdict.WRONG: "red",
    ParityVerdict.NOT_DETERMINISTIC: "red",
    ParityVerdict.COULD_NOT_FINISH: "yellow",
}
_MEANING = {
    ParityVerdict.SAME: "every number is the same on both devices",
    ParityVerdict.WITHIN_TOLERANCE: "what differs is rounding",
    ParityVerdict.WRONG: "{tested} does not compute what {reference} computes",
    ParityVerdict.NOT_DETERMINISTIC: "{tested} gives other numbers each time",
    ParityVerdict.COULD_NOT_FINISH: "the comparison came to no end",
}
_STAGES = {
    ParityStage.FORWARD: "in the forward pass",
    ParityStage.COMPILED: "in the forward pass, only when it is compiled",
    ParityStage.TRAINING_FORWARD: "in the forward pass of training",
    ParityStage.GRADIENTS: "in the backward pass",
    ParityStage.LOSS: "in the loss",
    ParityStage.OPTIMIZER: "in the optimizer",
    ParityStage.STEPS: "in training",
}
_ALWAYS_OFF = (
    "soft placement: a missing kernel is an error here, and no work goes to another device",
    "TensorFloat-32: matrices are multiplied in full precision",
)
_MOST_UNTESTED = 8
_MOST_DEPARTURES = 8
_DETAIL_LINES = 6
# For these the end of the traceback, or of what the process said, tells more than the words.
_UNEXPECTED = {"error", "died", "framework-unusable"}


def render(report: ParityReport, *, width: int) -> str:
    """Lay out a report."""
    lines = [_headline(report)]
    lines += _culprit(report, width)
    lines += _failure(report, width)
    lines += ["", *_subject(report, width)]
    if report.stages:
        lines += ["", *_table(report.stages)]
    lines += _others(report)
    lines += _reasons(report, width)
    return "\n".join(lines) + "\n"


def _headline(report: ParityReport) -> str:
    verdict = click.style(report.verdict.value, fg=_COLOURS[report.verdict], bold=True)
    framework = report.framework
    meaning = _MEANING[report.verdict].format(
        tested=framework.tested.name if framework else "the device",
        reference=framework.reference.name if framework else "the reference",
    )
    return f"{verdict}: {meaning}"


def _culprit(report: ParityReport, width: int) -> list[str]:
    one = report.culprit
    if one is None:
        return []
    where = _STAGES[one.stage] + (f", from step {one.step} on" if one.step > 1 else "")
    kind = f" ({one.kind})" if one.kind else ""
    lines = layout.labelled(
        "departs", [f"{layout.strong(one.what)}{kind} {where}", *_said(one)], width=width
    )
    lines += layout.labelled("seen with", [one.inputs], width=width)
    if report.reproduction is not None:
        lines += layout.verbatim("shown by", [report.reproduction])
    return lines


def _said(one: Comparison) -> Iterator[str]:
    if one.detail:
        yield one.detail
    if one.broken or one.error:
        yield one.broken or one.error
        return
    yield f"{_apart(one.rms)} away from the reference, sound is {_number(one.bound_rms)}"
    if _exceeds(one.element, one.bound_element) and not _exceeds(one.rms, one.bound_rms):
        yield f"one element is {_number(one.element)} away, sound is {_number(one.bound_element)}"
    if _exceeds(one.slope, one.bound_slope) and not _exceeds(one.rms, one.bound_rms):
        yield f"all are off by {_number(one.slope)}, sound is {_number(one.bound_slope)}"
    if one.outcome == ParityVerdict.NOT_DETERMINISTIC.value:
        yield f"repetitions differ by {_number(one.spread)}"
    if one.nearer:
        yield f"the numbers of the {one.nearer} device are nearer to those in float64"


def _exceeds(value: Optional[float], bound: Optional[float]) -> bool:
    return value is None or (bound is not None and value > bound)


def _apart(value: Optional[float]) -> str:
    if value is not None and 1e-4 <= value < 10:
        return f"{value:.2%} (root mean square)"
    return f"{_number(value)} (root mean square)"


def _number(value: Optional[float]) -> str:
    return "infinite" if value is None else f"{value:.1e}"


def _failure(report: ParityReport, width: int) -> list[str]:
    failure = report.failure
    if failure is None:
        return []
    lines = layout.labelled("ended by", [failure.error], width=width)
    lines += layout.labelled("in stage", [failure.at], width=width)
    if failure.kind not in _UNEXPECTED:
        return lines
    last = [line for line in failure.detail.strip().splitlines() if line.strip()]
    return lines + layout.verbatim("", last[-_DETAIL_LINES:])


def _subject(report: ParityReport, width: int) -> list[str]:
    lines = []
    model = report.model
    if model is None:
        lines += layout.labelled("model", [report.subject], width=width)
    else:
        counted = f"{layout.counted(model.layers, 'layer')}, {model.parameters:,} numbers"
        said = f"{report.subject}: {model.name} ({model.kind}), {counted}, {model.precision}"
        lines += layout.labelled("model", [said], width=width)
    framework = report.framework
    if framework is not None:
        for label, device in (("tested", framework.tested), ("reference", framework.reference)):
            lines += layout.labelled(label, [_device(device.name, device.described)], width=width)
        versions = f"{framework.framework} {framework.version}, Keras {framework.keras}"
        lines += layout.labelled("with", [f"{versions}, Python {framework.python}"], width=width)
    inputs = [f"{one.name}: {', '.join(one.arrays)}" for one in report.inputs]
    return lines + layout.labelled("inputs", inputs, width=width)


def _device(name: str, described: str) -> str:
    return f"{name} ({described})" if described else name


def _table(stages: Sequence[StageResult]) -> list[str]:
    rows = [["stage", "inputs", "compared", "equal", "rounding", "departs", "farthest", "allowed"]]
    for one in stages:
        counts = one.outcomes
        departs = one.compared - sum(
            counts.get(name, 0) for name in ("same", "within-tolerance", "untested")
        )
        said = str(departs) if not departs else click.style(str(departs), fg="red", bold=True)
        worst = one.worst
        rows.append(
            [
                one.stage.value,
                one.inputs,
                str(one.compared),
                str(counts.get("same", 0)),
                str(counts.get("within-tolerance", 0)),
                said,
                "" if worst is None else _farthest(worst),
                "" if worst is None or worst.bound_rms is None else _number(worst.bound_rms),
            ]
        )
    return layout.table(rows)


def _farthest(worst: Comparison) -> str:
    if worst.error:
        return "error"
    return worst.broken.split(" ")[0] or _number(worst.rms)


def _others(report: ParityReport) -> list[str]:
    """List what departs besides the first, each thing once."""
    named = dict.fromkeys((one.what, one.stage) for one in report.departures)
    if report.culprit is not None:
        named.pop((report.culprit.what, report.culprit.stage), None)
    if not named:
        return []
    shown = list(named)[:_MOST_DEPARTURES]
    rows = [[what, _STAGES[stage]] for what, stage in shown]
    more = len(named) - len(shown)
    if more > 0:
        rows.append([f"and {more} more", ""])
    return ["", "departs too:", *layout.table(rows)]


def _reasons(report: ParityReport, width: int) -> list[str]:
    lines = [""]
    off = [*_ALWAYS_OFF, *(f"{one.what}: {one.why}" for one in report.switched_off)]
    lines += layout.labelled("off", off, width=width)
    untested = [_untested(one) for one in report.untested]
    if len(untested) > _MOST_UNTESTED:
        more = len(untested) - _MOST_UNTESTED
        untested = [*untested[:_MOST_UNTESTED], f"and {more} more (--format json has all)"]
    return lines + layout.labelled("untested", untested, width=width)


def _untested(one: Reason) -> str:
    stage = f" ({one.stage})" if one.stage else ""
    why = one.why.splitlines()[0] if one.why else ""
    return f"{one.what}{stage}: {why}"
