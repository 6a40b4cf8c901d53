"""What was seen of a run: which operation ran where, and what was copied between devices."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, Optional

if TYPE_CHECKING:
    from collections.abc import Iterable


class Placed(NamedTuple):
    """An operation that ran, as often as it did so in the same place."""

    operation: str
    """As the framework calls it: ``MatMul``, ``aten.mm``, ``dot_general``."""
    layer: str
    """The layer that it belongs to; layers inside layers are divided by a slash; empty for none."""
    device: str
    """``GPU:0``, ``CPU:0``; empty where the framework does not tell."""
    on_shapes: bool = False
    """Whether it computes sizes or places, which frameworks keep on the CPU on purpose."""
    times: int = 1


class Copied(NamedTuple):
    """A tensor that went from one device to another."""

    what: str
    """The operation that it came from or went to."""
    layer: str
    source: str
    target: str
    size: Optional[int] = None
    """Bytes of one; None where the graph does not tell."""
    times: int = 1


class Seen(NamedTuple):
    """What a framework's observer saw."""

    asked: str
    """The device that new work goes to by itself."""
    operations: tuple[Placed, ...]
    copies: tuple[Copied, ...]
    proof: str
    """How it is known where something ran, in a sentence."""
    notes: tuple[str, ...] = ()


def counted_operations(operations: Iterable[Placed]) -> tuple[Placed, ...]:
    """Draw equal ones together, in the order in which they first came."""
    counts = Counter(one._replace(times=1) for one in operations)
    return tuple(one._replace(times=number) for one, number in counts.items())


def counted_copies(copies: Iterable[Copied]) -> tuple[Copied, ...]:
    """Draw equal ones together, in the order in which they first came."""
    counts = Counter(one._replace(times=1) for one in copies)
    return tuple(one._replace(times=number) for one, number in counts.items())
