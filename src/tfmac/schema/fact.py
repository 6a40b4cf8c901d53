"""A fact about a machine: what was found and where, or why it is not known."""

from typing import Generic, TypeVar, Union

import msgspec

T = TypeVar("T")


class Found(msgspec.Struct, Generic[T], frozen=True, kw_only=True, tag_field="fact", tag="found"):
    """A value that was seen, with the place where it was seen."""

    value: T
    source: str


class Unknown(msgspec.Struct, frozen=True, kw_only=True, tag_field="fact", tag="unknown"):
    """A value that could not be established, with the reason."""

    reason: str


Fact = Union[Found[T], Unknown]
