"""The single losses and metrics out of the lists and mappings that hold them."""

from collections.abc import Iterator, Mapping

_DEPTH = 40


def leaves(value: object, depth: int = 0) -> Iterator[object]:
    """Give what is not a list, nor a mapping of names to others."""
    if depth > _DEPTH:
        return
    if isinstance(value, Mapping) and "class_name" not in value:
        for one in value.values():
            yield from leaves(one, depth + 1)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one, depth + 1)
    elif value is not None:
        yield value
