"""The layers of a model with their shapes, and the numbers in them."""

import math
from collections.abc import Iterable, Sequence
from typing import Optional

from tfmac.models.configuration import Part
from tfmac.models.ownership import Owned
from tfmac.models.shapes import Shapes, shapes_of
from tfmac.schema.model_content import Content
from tfmac.schema.models import LayerLine, Parameters, StoredWeight, WeightBytes


def layers_of(content: Content, model: Optional[Part], owned: Sequence[Owned]) -> list[LayerLine]:
    """Give the layers as the configuration has them; without one, as the weights are grouped."""
    if model is None:
        return _groups(content)
    by_owner: dict[int, list[Owned]] = {}
    for one in owned:
        if one.owner is not None:
            by_owner.setdefault(id(one.owner), []).append(one)
    return _lines(model, by_owner, trainable=model.config.get("trainable") is not False)


def _lines(
    model: Part, by_owner: "dict[int, list[Owned]]", *, trainable: bool
) -> "list[LayerLine]":
    shapes = shapes_of(model)
    return [
        _line(part, shapes.get(part.name, Shapes()), by_owner, trainable=trainable)
        for part in model.children
    ]


def _line(
    part: Part, shapes: Shapes, by_owner: "dict[int, list[Owned]]", *, trainable: bool
) -> LayerLine:
    trainable = trainable and part.config.get("trainable") is not False
    inner = _lines(part, by_owner, trainable=trainable)
    weights = by_owner.get(id(part), [])
    wrapped = part.inner.get("class_name")
    return LayerLine(
        name=part.name,
        class_name=part.class_name,
        module=part.module,
        wraps=wrapped if isinstance(wrapped, str) else None,
        input_shape=shapes.input,
        output_shape=shapes.output,
        dtype=_dtype(part),
        trainable=trainable,
        parameters=sum(one.parameters for one in inner)
        + _size(one.tensor.shape for one in weights),
        weights=tuple(
            StoredWeight(
                path=one.tensor.path,
                shape=one.tensor.shape,
                dtype=one.tensor.dtype,
                trainable=one.trainable is not False,
            )
            for one in weights
        ),
        layers=tuple(inner),
    )


def _dtype(part: Part) -> Optional[str]:
    """Give the type, or the name of the policy, that a layer computes with."""
    dtype = part.config.get("dtype")
    if isinstance(dtype, dict):
        inner = dtype.get("config")
        dtype = inner.get("name") if isinstance(inner, dict) else None
    return dtype if isinstance(dtype, str) else None


def _groups(content: Content) -> list[LayerLine]:
    """Give the groups of a file of weights: their names are all that it says of the layers."""
    tensors = {one.path: one for one in content.tensors}
    lines = []
    for group in content.groups:
        own = [tensors[path] for path in group.tensors if path in tensors]
        if not own and not group.layer:
            continue
        lines.append(
            LayerLine(
                name=group.name or group.layer or "the model",
                class_name="",
                parameters=_size(one.shape for one in own),
                weights=tuple(
                    StoredWeight(path=one.path, shape=one.shape, dtype=one.dtype, trainable=True)
                    for one in own
                ),
            )
        )
    return lines


def _size(shapes: Iterable[tuple[int, ...]]) -> int:
    return sum(math.prod(shape) for shape in shapes)


def parameters_of(owned: Sequence[Owned], model: Optional[Part]) -> Optional[Parameters]:
    """Count the numbers of a model; None where a file has none."""
    if not owned:
        return None
    total = _size(one.tensor.shape for one in owned)
    if model is None and not any(one.trainable is not None for one in owned):
        return Parameters(total=total, trainable=None, non_trainable=None)
    fixed = _size(one.tensor.shape for one in owned if one.trainable is False)
    return Parameters(
        total=total,
        trainable=total - fixed,
        non_trainable=fixed,
        assumed_trainable=_size(one.tensor.shape for one in owned if one.trainable is None),
    )


def weights_of(content: Content) -> tuple[WeightBytes, ...]:
    """Sum up the weights by type, the largest first."""
    counts: dict[str, tuple[int, int]] = {}
    for one in content.tensors:
        arrays, size = counts.get(one.dtype, (0, 0))
        counts[one.dtype] = (arrays + 1, size + one.bytes)
    ordered = sorted(counts.items(), key=lambda one: (-one[1][1], one[0]))
    return tuple(
        WeightBytes(dtype=dtype, arrays=arrays, bytes=size) for dtype, (arrays, size) in ordered
    )
