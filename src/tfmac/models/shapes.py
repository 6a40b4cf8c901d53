"""The shapes that a configuration states: of inputs, and of what one layer gives to the next.

Nothing is computed: a shape that no key of the file has is not known.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Optional

import msgspec

from tfmac.models.configuration import Json, Part

_MAX_RANK = 16
_MAX_SHAPES = 8
_MAX_VALUES = 10_000


class Shapes(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a layer's input and output; texts such as ``(?, 28, 28)``."""

    input: Optional[str] = None
    output: Optional[str] = None


def shapes_of(model: Part) -> dict[str, Shapes]:
    """Give the shapes of the layers that are directly in a model, by their names."""
    outputs: dict[str, str] = {}
    inputs: dict[str, str] = {}
    before: Optional[Part] = None
    for part in model.children:
        given = _given(part)
        stated = _built(part)
        if part.class_name == "InputLayer":
            _keep(outputs, part.name, given)
            _keep(inputs, part.name, given)
            before = part
            continue
        _keep(inputs, part.name, given or stated)
        for producer, shape in _received(part):
            _keep(outputs, producer, shape)
        if stated is not None:
            producers = _producers(part)
            if not producers and model.class_name == "Sequential" and before is not None:
                producers = [before.name]
            if len(producers) == 1:
                _keep(outputs, producers[0], stated)
        before = part
    for part in model.children:
        producers = _producers(part)
        if part.name not in inputs and producers and all(one in outputs for one in producers):
            _keep(inputs, part.name, ", ".join(outputs[one] for one in producers[:_MAX_SHAPES]))
    names = [one.name for one in model.children]
    return {one: Shapes(input=inputs.get(one), output=outputs.get(one)) for one in names}


def _keep(shapes: dict[str, str], name: str, shape: Optional[str]) -> None:
    if shape is not None:
        shapes.setdefault(name, shape)


def shape_text(value: object) -> Optional[str]:
    """Write a shape; None for what is none."""
    if isinstance(value, dict):  # a TensorShape of Keras 2, or a tuple of Keras 3
        value = value.get("items", value.get("config"))
    if not isinstance(value, list) or len(value) > _MAX_RANK:
        return None
    if any(isinstance(one, bool) or not isinstance(one, (int, type(None))) for one in value):
        return None
    sizes = ["?" if one is None else str(one) for one in value]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def _given(part: Part) -> Optional[str]:
    for key in ("batch_shape", "batch_input_shape"):
        shape = shape_text(part.config.get(key))
        if shape is not None:
            return shape
    return None


def _built(part: Part) -> Optional[str]:
    built = part.entry.get("build_config")
    return shape_text(built.get("input_shape")) if isinstance(built, dict) else None


def _first_node(part: Part) -> Any:  # noqa: ANN401 - somebody's JSON
    nodes = part.entry.get("inbound_nodes")
    return nodes[0] if isinstance(nodes, list) and nodes else None


def _producers(part: Part) -> list[str]:
    """Name the layers whose outputs the first use of a layer takes."""
    node = _first_node(part)
    if isinstance(node, dict):
        return [name for name, _ in _tensors(node)]
    if not isinstance(node, list):
        return []
    if not all(_is_first_output(one) for one in node):
        return []
    return [str(one[0]) for one in node]


def _is_first_output(reference: object) -> bool:
    """Whether a reference of Keras 2 (layer, use, output) is to what a layer gives first."""
    return (
        isinstance(reference, list)
        and len(reference) >= 3
        and isinstance(reference[0], str)
        and reference[1] == reference[2] == 0
    )


def _received(part: Part) -> Iterator[tuple[str, str]]:
    """Give the shapes that Keras 3 writes beside the first use of a layer."""
    node = _first_node(part)
    if isinstance(node, dict):
        for name, shape in _tensors(node):
            text = shape_text(shape)
            if text is not None:
                yield name, text


def _tensors(node: Json) -> Iterator[tuple[str, object]]:
    """Find the tensors in a call; those that are not a layer's first output are left out."""
    waiting: list[object] = [node]
    for _ in range(_MAX_VALUES):
        if not waiting:
            return
        one = waiting.pop()
        if isinstance(one, dict):
            config = one.get("config")
            if one.get("class_name") == "__keras_tensor__" and isinstance(config, dict):
                yield from _tensor(config)
            else:
                waiting.extend(reversed(list(one.values())))
        elif isinstance(one, list):
            waiting.extend(reversed(one))


def _tensor(config: Json) -> Iterator[tuple[str, object]]:
    history: Sequence[object] = config.get("keras_history") or ()
    if isinstance(history, list) and len(history) == 3 and history[2] == 0:
        name = history[0]
        if isinstance(name, str):
            yield name, config.get("shape")
