"""Model files as text: one block for each, the layers like ``model.summary()`` has them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Optional, TypeVar

import click
import msgspec

from tfmac.report import layout
from tfmac.schema.loadability import Loadability, Verdict
from tfmac.schema.model_content import ModelFormat
from tfmac.schema.models import (
    LambdaKind,
    LambdaLayer,
    LayerLine,
    ModelLine,
    ModelReport,
    Parameters,
    Writer,
)

Document = TypeVar("Document", bound=msgspec.Struct)

MOST_LAYERS = 40
_MOST_LINES = 12
_MOST_NAMES = 6
_MOST_SHAPES = 4
_LONGEST = 1000
_FORMATS = {
    ModelFormat.KERAS_HDF5: "Keras model, HDF5",
    ModelFormat.KERAS_HDF5_WEIGHTS: "Keras weights by layers, HDF5",
    ModelFormat.KERAS_ARCHIVE: "Keras model, .keras archive",
    ModelFormat.KERAS_WEIGHTS: "Keras weights by objects, .weights.h5",
    ModelFormat.KERAS_JSON: "Keras architecture, JSON, without weights",
    ModelFormat.SAVED_MODEL: "SavedModel folder",
    ModelFormat.CHECKPOINT: "TensorFlow checkpoint: weights alone",
    ModelFormat.FROZEN_GRAPH: "frozen TensorFlow graph",
    ModelFormat.TFLITE: "TensorFlow Lite model",
    ModelFormat.ONNX: "ONNX model",
    ModelFormat.PICKLE: "pickle: it runs code when it is loaded",
    ModelFormat.GIT_LFS_POINTER: "Git-LFS pointer: the model itself was not fetched",
    ModelFormat.HTML_PAGE: "web page, saved in place of a model",
    ModelFormat.OTHER_HDF5: "HDF5 file that is no Keras model",
    ModelFormat.OTHER_ZIP: "zip that is no Keras model",
    ModelFormat.EMPTY: "empty file",
    ModelFormat.UNKNOWN: "no model that is known here",
}
_VERDICTS = {
    Verdict.LOADS: "loads",
    Verdict.LOADS_DIFFERENTLY: "loads, computes something else",
    Verdict.FAILS: "fails",
    Verdict.UNKNOWN: "unknown",
}


def render(
    report: ModelReport, *, width: int, all_layers: bool = False, asked: bool = False
) -> str:
    """Lay out a report; ``asked`` says that it was asked about certain readers."""
    report = shown(report)
    blocks = [
        _model(one, width, most=None if all_layers else MOST_LAYERS, asked=asked)
        for one in report.models
    ]
    notes = [f"not searched to the end: {one}" for one in report.unfinished]
    return "\n\n".join([*("\n".join(block) for block in blocks), *notes]) + "\n"


def shown(document: Document) -> Document:
    """Make the texts of a file fit for a terminal: none may steer it or fill it."""
    return msgspec.convert(_shown(msgspec.to_builtins(document)), type(document))


def _shown(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        text = value if len(value) <= _LONGEST else f"{value[:_LONGEST]}..."
        return text if text.isprintable() else "".join(map(_escaped, text))
    if isinstance(value, (list, tuple)):
        return [_shown(one) for one in value]
    if isinstance(value, dict):
        return {_shown(key): _shown(one) for key, one in value.items()}
    return value


def _escaped(character: str) -> str:
    # Undecodable bytes of a file's name (PEP 383) are written out where text is printed.
    if character.isprintable() or 0xDC80 <= ord(character) <= 0xDCFF:
        return character
    return character.encode("unicode_escape").decode("ascii")


def _model(model: ModelLine, width: int, *, most: Optional[int], asked: bool) -> list[str]:
    lines = [layout.strong(model.path)]

    def say(label: str, texts: Iterable[str]) -> None:
        lines.extend(layout.labelled(label, _few(texts), width=width))

    kind = f"{_FORMATS[model.format]}, {size(model.bytes)}"
    say("format", [kind, *([model.hint] if model.hint else [])])
    say("writer", _writer(model.writer, model.backend))
    if model.kind is not None:
        name = f" {model.name!r}" if model.name else ""
        say("model", [f"{model.kind}{name}, {layout.counted(_count(model.layers), 'layer')}"])
    lines += _layer_table(model.layers, most)
    say("total", _totals(model.parameters))
    say("weights", _weights(model))
    say("optimizer", _optimizer(model))
    say("compiled", _compiled(model))
    say(
        "offers",
        (f"{one.name}: {_sides(one.inputs)} -> {_sides(one.outputs)}" for one in model.signatures),
    )
    say("needs", _needs(model))
    say("lambda", map(_lambda, model.lambdas))
    say(
        "calls",
        (
            f"{one.class_name} in {layout.counted(len(one.layers), 'layer')}: "
            f"{_joined(one.functions)}"
            for one in model.operations
        ),
    )
    say("runs", (f"on {one.when}, {one.location}: {one.what}" for one in model.executes))
    say(
        warning("suspect"),
        (f"{one.location}: {one.statement}" for one in model.suspicious),
    )
    say(
        warning("differs"),
        (f"{one.layer}: {one.statement} (in {one.differs_in})" for one in model.behaviour_changes),
    )
    say(
        warning("problem"),
        (
            f"{one.location}: {one.statement}" if one.location else one.statement
            for one in model.problems
        ),
    )
    lines += _loadability(model, width, asked=asked)
    return lines


def warning(label: str) -> str:
    """Give a label for what wants to be looked at: words first, colour where it is shown."""
    return click.style(label, fg="yellow") + " " * (layout.LABEL_WIDTH - len(label))


def size(number: int) -> str:
    """Write a number of bytes: ``29.4 kB``."""
    amount = float(number)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{number} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{number} B"


def _few(texts: Iterable[str]) -> Iterator[str]:
    """Cut a long list, and say how much of it is not shown."""
    every = list(texts)
    yield from every[:_MOST_LINES]
    if len(every) > _MOST_LINES:
        yield f"and {len(every) - _MOST_LINES} more: --format json has all"


def _joined(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    return f"{shown} and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else shown


def _writer(writer: Writer, backend: Optional[str]) -> Iterator[str]:
    stated = [
        *([f"Keras {writer.keras}"] if writer.keras else []),
        *([f"TensorFlow {writer.tensorflow}"] if writer.tensorflow else []),
        *([f"backend {backend}"] if backend else []),
        *([f"on {writer.saved}"] if writer.saved else []),
    ]
    if stated:
        yield f"states {', '.join(stated)}"
    if writer.proved:
        signs = layout.counted(len(writer.signs), "sign")
        yield f"its content proves a Keras {_in_words(writer.proved)} ({signs})"
    for one in writer.contradictions:
        yield click.style("contradiction", fg="yellow") + f": {one}"


def _in_words(specifier: str) -> str:
    """Write ``>2.12.0,<3.0.5`` as words."""
    words = []
    for part in specifier.split(","):
        version = part.lstrip("<>=")
        sign = part[: len(part) - len(version)]
        words.append({">": "after ", "<": "before ", "<=": "up to "}.get(sign, "from ") + version)
    return " and ".join(words)


def _count(layers: Sequence[LayerLine]) -> int:
    return sum(1 + _count(one.layers) for one in layers)


def _layer_table(layers: Sequence[LayerLine], most: Optional[int]) -> list[str]:
    rows = list(_rows(layers, ""))
    if not rows:
        return []
    shown = rows if most is None else rows[:most]
    header = ("layer", "class", "output", "weights", "parameters")
    lines = ["", *layout.table([header, *shown])]
    if len(rows) > len(shown):
        left = sum(int(row[4].split()[0].replace(",", "")) for row in rows[len(shown) :])
        lines.append(f"  and {len(rows) - len(shown)} more layers with {left:,}: --all-layers")
    return [*lines, ""]


def _rows(layers: Sequence[LayerLine], indent: str) -> Iterator[tuple[str, ...]]:
    for one in layers:
        class_name = f"{one.class_name}({one.wraps})" if one.wraps else one.class_name
        parameters = f"{one.parameters:,}"
        if not one.trainable and one.parameters:
            parameters += "  not trainable"
        output = one.output_shape or "?"
        yield f"{indent}{one.name}", class_name or "?", output, _shapes(one), parameters
        yield from _rows(one.layers, f"{indent}  ")


def _shapes(layer: LayerLine) -> str:
    """Write the shapes of a layer's own weights: ``3x3x3x8 8``."""
    written = ["x".join(map(str, one.shape)) or "1" for one in layer.weights]
    return " ".join([*written[:_MOST_SHAPES], *(["..."] if len(written) > _MOST_SHAPES else [])])


def _totals(parameters: Optional[Parameters]) -> Iterator[str]:
    if parameters is None:
        return
    text = f"{parameters.total:,} parameters"
    if parameters.trainable is not None:
        text += f": {parameters.trainable:,} trainable, {parameters.non_trainable:,} not"
    if parameters.assumed_trainable:
        text += f"; {parameters.assumed_trainable:,} of the trainable ones by assumption"
    yield text


def _weights(model: ModelLine) -> Iterator[str]:
    for one in model.weights:
        yield f"{one.dtype}: {layout.counted(one.arrays, 'array')}, {size(one.bytes)}"


def _optimizer(model: ModelLine) -> Iterator[str]:
    if model.optimizer is None:
        return
    found = model.optimizer
    rate = f", learning rate {found.learning_rate}" if found.learning_rate else ""
    state = (
        f"state of {layout.counted(found.arrays, 'array')}, {size(found.bytes)}"
        if found.arrays
        else "no state"
    )
    yield f"{found.class_name or 'unnamed'}{rate}, {state}"


def _compiled(model: ModelLine) -> Iterator[str]:
    if model.compile is None:
        return
    parts = []
    if model.compile.loss:
        parts.append(f"loss {_joined(model.compile.loss)}")
    if model.compile.metrics:
        parts.append(f"metrics {_joined(model.compile.metrics)}")
    yield "; ".join(parts) or "without a loss"


def _sides(sides: "dict[str, str]") -> str:
    return _joined([f"{name} {what}" for name, what in sides.items()]) or "nothing"


def _needs(model: ModelLine) -> Iterator[str]:
    for one in model.custom_objects:
        known = one.registered_name or one.module
        where = f" in {_joined(one.locations)}" if one.locations else ""
        yield f"your {one.kind} {one.name}{f' ({known})' if known else ''}{where}"


def _lambda(one: LambdaLayer) -> str:
    if one.kind is LambdaKind.NAMED:
        return f"{one.layer}: the function {one.function}"
    if one.kind is LambdaKind.UNKNOWN:
        return f"{one.layer}: a function in a form that is not known"
    if one.unreadable:
        return f"{one.layer}: byte code that cannot be read: {one.unreadable}"
    python = " or ".join(one.pythons)
    text = f"{one.layer}: byte code of {f'Python {python}' if python else 'an unknown Python'}"
    if one.globals:
        text += f", needs the names {_joined(one.globals)}"
    if one.captured:
        text += f", captured {_joined(one.captured)}"
    return text


def _loadability(model: ModelLine, width: int, *, asked: bool) -> list[str]:
    if not model.loadability:
        return []
    lines = [""]
    if asked:
        for one in model.loadability:
            lines.append(f"  {layout.strong(one.reader)}  {_VERDICTS[one.verdict]}")
            lines += layout.labelled(
                "cause", [one.cause] if one.cause else [], width=width, indent=4
            )
            lines += layout.labelled(
                "message", [one.message] if one.message else [], width=width, indent=4
            )
            lines += layout.labelled(
                "helps", [one.remedy] if one.remedy else [], width=width, indent=4
            )
        return lines
    if len({(one.verdict, one.cause) for one in model.loadability}) == 1:
        (one, *_) = model.loadability
        cause = f": {one.cause}" if one.cause else ""
        return [
            "",
            *layout.labelled("readers", [f"{_VERDICTS[one.verdict]} in all{cause}"], width=width),
        ]
    rows = [
        (_span(run), _VERDICTS[run[0].verdict], run[0].cause or "")
        for run in _runs(model.loadability)
    ]
    lines += layout.table([("reader", "verdict", "cause"), *rows])
    newest = model.newest_reader or "none of these"
    lines += layout.labelled("newest", [f"that loads it: {newest}"], width=width)
    return lines


def _runs(every: Sequence[Loadability]) -> "list[list[Loadability]]":
    """Join neighbouring readers of one kind with the same answer."""
    runs: list[list[Loadability]] = []
    for one in every:
        last = runs[-1][-1] if runs else None
        same = last is not None and (last.verdict, last.cause) == (one.verdict, one.cause)
        if same and last is not None and _companion(last.reader) == _companion(one.reader):
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _companion(reader: str) -> str:
    """Name what reads: ``keras``, ``tf-keras``, or nothing for TensorFlow's own."""
    return reader.partition(",")[2].partition("==")[0]


def _span(run: "list[Loadability]") -> str:
    first, last = run[0].reader, run[-1].reader
    return first if first == last else f"{first} to {last}"
