"""All operations that are compared, and the choice among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..failures import WorkProblem
from . import (
    catalogue_arrays,
    catalogue_convolutions,
    catalogue_elementwise,
    catalogue_layers,
    catalogue_linear,
    catalogue_losses,
)
from .entries import Case, Entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PARTS = (
    catalogue_layers,
    catalogue_convolutions,
    catalogue_linear,
    catalogue_elementwise,
    catalogue_arrays,
    catalogue_losses,
)


def entries() -> Iterator[Entry]:
    """Yield all entries, those that models are made of first."""
    for part in _PARTS:
        yield from part.entries()


def cases(
    every: Sequence[Entry], only: Sequence[str] = (), dtypes: Sequence[str] = ()
) -> list[Case]:
    """Return the cases of the chosen entries; an empty choice means all.

    A name means an operation with all its variants, or one entry. Raise ``WorkProblem`` for a
    name that is neither.
    """
    wanted = {name.lower() for name in only}
    known = {one for entry in every for one in (entry.operation.lower(), entry.name.lower())}
    unknown = sorted(name for name in only if name.lower() not in known)
    if unknown:
        said = f"the catalogue has no operation {', '.join(unknown)}"
        raise WorkProblem("no-such-operation", said)
    return [
        Case(entry, dtype, shape)
        for entry in every
        if not wanted or wanted & {entry.operation.lower(), entry.name.lower()}
        for dtype in entry.dtypes
        if not dtypes or dtype in dtypes
        for shape in entry.shapes
    ]
