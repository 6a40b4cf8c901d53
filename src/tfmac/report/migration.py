"""Migrated models as text: what was written, what a rule changed, and how far it is proved."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import click

from tfmac.report import layout
from tfmac.report.models import shown, size, warning
from tfmac.schema.migration import Change, MigratedModel, MigrationReport, Verified

_MOST_LINES = 12
_MOST_LAYERS = 4


def render(report: MigrationReport, *, width: int) -> str:
    """Lay out a report: one block for each model, and a line for all where there are several."""
    report = shown(report)
    blocks = ["\n".join(_model(one, width)) for one in report.models]
    if len(report.models) > 1:
        blocks.append(_total(report.models))
    return "\n\n".join(blocks) + "\n"


def _model(model: MigratedModel, width: int) -> list[str]:
    lines = [layout.strong(model.source) + (f" -> {model.output}" if model.output else "")]

    def say(label: str, texts: Iterable[str]) -> None:
        lines.extend(layout.labelled(label, texts, width=width))

    say("answer", [_answer(model)])
    if model.migrated:
        arrays = layout.counted(model.arrays, "array")
        say("weights", [f"{arrays}, {size(model.bytes)}, each the same bit for bit"])
    say("changed", _changes(model.changes))
    say("verified", _verified(model))
    if len(model.outputs) > 1:
        say(
            "outputs",
            _few(
                f"{one.output}: {one.max_abs:.2g}, relative {one.max_rel:.2g}"
                + ("" if one.within else ": too far")
                for one in model.outputs
            ),
        )
    say(
        warning("missing"),
        _few(
            f"{one.layer or 'the model'} ({one.class_name}): {one.reason}"
            + (f"; give {one.needs}" if one.needs else "")
            for one in model.untranslated
        ),
    )
    say(
        warning("problem"),
        _few(
            f"{one.location}: {one.statement}" if one.location else one.statement
            for one in model.problems
        ),
    )
    return lines


def _answer(model: MigratedModel) -> str:
    if not model.migrated:
        return click.style("not migrated", fg="red") + ": nothing was written"
    target = f"for Keras {model.keras}" if model.keras else ""
    if model.output is None:
        return f"can be migrated {target}: nothing was written"
    return f"migrated {target}"


def _changes(changes: Sequence[Change]) -> Iterator[str]:
    """Name each change once, with the layers that it was made in."""
    layers: dict[tuple[str, str], list[str]] = {}
    for one in changes:
        layers.setdefault((one.rule, one.statement), []).append(one.layer)
    yield from _few(
        f"{_joined([name for name in names if name])}{statement} ({rule})"
        for (rule, statement), names in layers.items()
    )


def _joined(names: Sequence[str]) -> str:
    if not names:
        return ""
    text = ", ".join(names[:_MOST_LAYERS])
    left = len(names) - _MOST_LAYERS
    return f"{text} and {left} more: " if left > 0 else f"{text}: "


def _verified(model: MigratedModel) -> Iterator[str]:
    if not model.migrated:
        return
    ran = ""
    if model.original_ran_in and model.new_ran_in:
        ran = f"; the old one ran in {model.original_ran_in}, the new one in {model.new_ran_in}"
    elif model.original_ran_in:
        ran = f"; the old one ran in {model.original_ran_in}"
    if model.verified is Verified.YES:
        yield click.style("yes", fg="green") + f": {_difference(model)}{ran}"
        return
    word = {Verified.NO: "no", Verified.NOT_RUN: "not verified"}[model.verified]
    reason = f": {model.not_verified}" if model.not_verified else ""
    yield click.style(word, fg="yellow") + reason + ran
    if model.max_abs is not None:
        yield _difference(model)
    if model.first_difference is not None:
        yield f"the first layer that differs is {model.first_difference}"


def _difference(model: MigratedModel) -> str:
    if model.max_abs is None:
        return "no difference was measured"
    relative = "" if model.max_rel is None else f", relative {model.max_rel:.2g}"
    return f"the largest difference is {model.max_abs:.2g}{relative}"


def _few(texts: Iterable[str]) -> Iterator[str]:
    every = list(texts)
    yield from every[:_MOST_LINES]
    if len(every) > _MOST_LINES:
        yield f"and {len(every) - _MOST_LINES} more: --format json has all"


def _total(models: Sequence[MigratedModel]) -> str:
    counts = Counter(one.verified for one in models if one.migrated)
    migrated = sum(counts.values())
    text = f"{migrated} of {layout.counted(len(models), 'model')} migrated: " + ", ".join(
        f"{counts[one]} {words}"
        for one, words in (
            (Verified.YES, "verified"),
            (Verified.NO, "failed verification"),
            (Verified.NOT_RUN, "not verified"),
        )
    )
    return layout.strong(text)
