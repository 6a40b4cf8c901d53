"""Structures of arguments and outputs, with references or values in them."""

from collections.abc import Iterator, Mapping
from typing import Any, Callable

from tfmac.models.migration.network import Call, Reference

# Arguments are any.
# ruff: noqa: ANN401


def flattened(value: Any) -> Iterator[Any]:
    """Give the outputs in a result, in the order in which Keras counts them."""
    if isinstance(value, (list, tuple)):
        for one in value:
            yield from flattened(one)
    elif isinstance(value, Mapping):
        for key in sorted(value):
            yield from flattened(value[key])
    else:
        yield value


def references_in(value: Any) -> Iterator[Reference]:
    """Find the references in a structure, in order."""
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, Call):
        yield from references_in(list(value.args))
        yield from references_in(value.kwargs)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from references_in(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from references_in(one)


def replaced(value: Any, change: Callable[[Reference], Any]) -> Any:
    """Change the references in a structure."""
    if isinstance(value, Reference):
        return change(value)
    if isinstance(value, Mapping):
        return {key: replaced(one, change) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(replaced(one, change) for one in value)
    return value
