"""Arguments of layers: tensors inside lists, tuples and dictionaries, as arrays and back."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

from ..frameworks import Array, Framework
from ..keras_models import dtype_name


class Recorded(NamedTuple):
    """A tensor as an array, and its own type: NumPy has no bfloat16."""

    array: Array
    dtype: str


class NotRecorded(Exception):
    """A tensor without a value (it is only traced), or of a kind that is no plain array."""


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """Apply a function to all leaves; what it raises goes through."""
    if isinstance(tree, Recorded):
        return function(tree)
    if isinstance(tree, dict):
        return {name: mapped(function, one) for name, one in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(mapped(function, one) for one in tree))
    if isinstance(tree, (list, tuple)):
        made = [mapped(function, one) for one in tree]
        return made if isinstance(tree, list) else tuple(made)
    return function(tree)


def leaves(tree: Any) -> list[Any]:
    """Return the leaves of a tree in their order."""
    found: list[Any] = []
    mapped(found.append, tree)
    return found


def recorded(framework: Framework, tree: Any) -> Any:
    """Replace tensors by what can be laid on another device."""

    def record(leaf: Any) -> Any:
        if not framework.is_tensor(leaf):
            return leaf
        try:
            return Recorded(framework.array(leaf), dtype_name(leaf))
        except Exception as error:
            raise NotRecorded(str(error)) from error

    return mapped(record, tree)


def tensors_of(framework: Framework, tree: Any) -> list[Any]:
    """Return the tensors among the leaves."""
    return [leaf for leaf in leaves(tree) if framework.is_tensor(leaf)]


def arrays_of(framework: Framework, tree: Any) -> list[Array]:
    """Return the values of the tensors among the leaves."""
    return [framework.array(tensor) for tensor in tensors_of(framework, tree)]


def recorded_of(tree: Any) -> list[Recorded]:
    """Return the recorded tensors among the leaves."""
    return [leaf for leaf in leaves(tree) if isinstance(leaf, Recorded)]
