"""The stored state of an optimizer: which array belongs to which variable, and what it means.

Every layout is told by the generation of the writer; it has to fit in the number of arrays, in
every shape and, where a file keeps names, in every name.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import msgspec
from packaging.version import Version

from tfmac.models.migration.variables.legacy_groups import written_order
from tfmac.models.migration.variables.optimizer_layouts import (
    NADAM,
    Generation,
    Kind,
    groups_of,
)
from tfmac.models.migration.variables.owners import owners_of
from tfmac.models.migration.variables.source import writer_of
from tfmac.models.migration.variables.stored import StoredVariables, Variable
from tfmac.schema.model_content import Content, ModelFormat, Tensor

_MAJOR_3 = Version("3")
_NEW_IN_2 = Version("2.11")
_WHOLE_MODELS = frozenset({ModelFormat.KERAS_HDF5, ModelFormat.KERAS_ARCHIVE})
_ITERATIONS = {
    Generation.LEGACY: "iter",
    Generation.NEW: "iteration",
    Generation.KERAS_3: "iteration",
}
_RATE = "learning_rate"
_UNIQUE = re.compile(r"_\d+$")


class OptimizerState(msgspec.Struct, frozen=True, kw_only=True):
    """The arrays of an optimizer by what they are."""

    generation: Generation
    iterations: Tensor
    learning_rate: Optional[Tensor] = None
    product: Optional[Tensor] = None
    """The product that Nadam multiplies up."""
    variables: tuple[Variable, ...]
    """What is trained, in the writer's order."""
    slots: dict[tuple[Variable, str], Tensor]
    """By variable and meaning."""


class UnknownState(ValueError):
    """The arrays are not those that such an optimizer has."""


class _Weight(msgspec.Struct, frozen=True):
    variable: Variable
    name: str
    shape: tuple[int, ...]


def read_state(
    content: Content, stored: StoredVariables, class_name: str, settings: Mapping[str, Any]
) -> OptimizerState:
    """Sort out the state of an optimizer. Raises ``UnknownState``."""
    if content.format not in _WHOLE_MODELS:
        raise UnknownState("this format is not read for it")
    keras = writer_of(content, content.configuration, {})
    generation = _generation(content, keras)
    groups = groups_of(generation, class_name, settings)
    if groups is None:
        raise UnknownState(f"how {class_name} kept it was not measured")
    weights = _weights(content, stored, keras)
    left = list(content.optimizer)
    iterations = _single(left, _ITERATIONS[generation])
    rate = product = None
    if generation is Generation.KERAS_3:
        if not isinstance(settings.get(_RATE), Mapping):
            rate = _single(left, _RATE)
        product = _product(left) if class_name == NADAM else None
    kinds = [(kind, weight) for group in groups for weight in weights for kind in group.kinds]
    if len(kinds) != len(left):
        raise UnknownState(f"there are {len(left)} arrays where {len(kinds)} are expected")
    for tensor, (kind, weight) in zip(left, kinds):
        _check(tensor, kind, weight, generation)
    return OptimizerState(
        generation=generation,
        iterations=iterations,
        learning_rate=rate,
        product=product,
        variables=tuple(one.variable for one in weights),
        slots={
            (weight.variable, kind.meaning): tensor for tensor, (kind, weight) in zip(left, kinds)
        },
    )


def _generation(content: Content, keras: Version) -> Generation:
    if keras >= _MAJOR_3:
        return Generation.KERAS_3
    if content.format is ModelFormat.KERAS_ARCHIVE:
        # The legacy ones write nothing into an archive.
        return Generation.NEW
    is_new = keras >= _NEW_IN_2 and content.optimizer[0].name.startswith("iteration")
    return Generation.NEW if is_new else Generation.LEGACY


def _weights(content: Content, stored: StoredVariables, keras: Version) -> list[_Weight]:
    """Give what the writer trained, in its order."""
    model = owners_of(content.configuration, keras)
    shapes = {one.variable: one.tensor.shape for one in stored.variables}
    found = list(written_order(model, keras)) if model is not None else []
    if any(variable not in shapes for variable, _ in found):
        raise UnknownState("not every variable that is trained is stored")
    return [_Weight(variable, name, shapes[variable]) for variable, name in found]


def _single(left: list[Tensor], name: str) -> Tensor:
    """Take a number off the front; an archive does not tell names."""
    if not left or left[0].shape:
        raise UnknownState(f"there is no {name}")
    if _is_named(left[0]) and _segments(left[0])[-1] != name:
        raise UnknownState(f"{left[0].name} stands where {name} is expected")
    return left.pop(0)


def _product(left: list[Tensor]) -> Tensor:
    """Take the product of Nadam: releases made it before or after what goes by variable."""
    for place in (0, -1):
        if left and not left[place].shape:
            return left.pop(place)
    raise UnknownState("the product of the momenta is missing")


def _check(tensor: Tensor, kind: Kind, weight: _Weight, generation: Generation) -> None:
    if tensor.shape != weight.shape:
        raise UnknownState(f"{tensor.path} has another shape than {weight.name}")
    if _is_named(tensor) and not _agrees(_segments(tensor), kind, weight, generation):
        raise UnknownState(f"{tensor.name} stands where {kind.name} of {weight.name} is expected")


def _agrees(segments: Sequence[str], kind: Kind, weight: _Weight, generation: Generation) -> bool:
    if generation is Generation.LEGACY:
        variable, meant = segments[-2:] if len(segments) > 1 else ("", "")
    elif generation is Generation.NEW:
        variable, meant = segments[-1], segments[1] if len(segments) > 1 else ""
    else:
        return segments[-1].endswith(f"{weight.name}_{kind.name}")
    return meant == kind.name and variable == weight.name


def _is_named(tensor: Tensor) -> bool:
    """Whether the writer's own name is kept: in an archive it is that of the optimizer."""
    return bool(tensor.name) and "/vars/" not in f"/{tensor.path}"


def _segments(tensor: Tensor) -> list[str]:
    return [_without_number(one) for one in tensor.name.partition(":")[0].split("/")]


def _without_number(name: str) -> str:
    return _UNIQUE.sub("", name)
