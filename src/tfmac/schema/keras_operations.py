"""Record of the operations that a saved Keras 3 model can have between its layers."""

import msgspec


class OperationForm(msgspec.Struct, frozen=True, kw_only=True):
    """How an operation is made and called, from one release on."""

    since: str
    init: tuple[str, ...]
    """The arguments of its constructor, which are its configuration."""
    call: tuple[str, ...]
    """The arguments of its call; ``*`` before one that takes any number."""


class KerasOperations(msgspec.Struct, frozen=True, kw_only=True):
    """The operations by their module and class, each form oldest first."""

    schema_version: int
    releases: tuple[str, ...]
    """The releases that were read, oldest first; those between are taken for the one before."""
    operations: dict[str, tuple[OperationForm, ...]]
