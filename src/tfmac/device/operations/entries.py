"""What an entry of the catalogue is, and how one is written in a line."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional, Tuple  # noqa: UP035

from .drawing import Array, Draw

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FLOATS = ("float32", "float16", "bfloat16")
NUMBERS = (*FLOATS, "int32")
SINGLE = ("float32",)
INTEGER = ("int32",)
# A vector, a table, and one whose sizes no vector unit likes.
SHAPES = ((64,), (8, 32), (7, 13))
TABLES = ((8, 32), (4, 16, 8), (7, 13))

Shape = Tuple[int, ...]  # noqa: UP006 (evaluated: older Pythons know no other)


class NotThere(Exception):
    """This release of Keras, or this backend, has no such operation."""


class Task(NamedTuple):
    """One operation with its inputs, not yet on a device.

    ``call`` takes the inputs as tensors; or ``layer`` makes a layer for a dtype policy, which is
    called with ``arguments``. ``terms`` is how many products or sums go into one number of the
    result, each of which is a rounded result too where ``rounds_each``. ``stateful`` layers change
    their own variables, which are then part of the result.
    """

    inputs: Sequence[Array]
    call: Optional[Callable[..., Any]] = None
    layer: Optional[Callable[[Any], Any]] = None
    terms: int = 1
    arguments: Mapping[str, Any] = {}
    stateful: bool = False
    rounds_each: bool = False


class Entry(NamedTuple):
    """An operation or layer of the catalogue.

    ``operation`` is its name in Keras, ``variant`` what is special in this entry. ``make`` gets
    the tools (what Keras there is), the drawing and one of the shapes.
    """

    operation: str
    variant: str
    make: Callable[[Any, Draw, Shape], Task]
    shapes: Sequence[Shape] = SHAPES
    dtypes: Sequence[str] = FLOATS
    gradient: bool = True

    @property
    def name(self) -> str:
        """The operation with its variant."""
        return f"{self.operation}({self.variant})" if self.variant else self.operation


class Case(NamedTuple):
    """An entry with one type of numbers and one shape."""

    entry: Entry
    dtype: str
    shape: Shape

    @property
    def name(self) -> str:
        """The name that the result file knows the case by."""
        return f"{self.entry.name} {self.dtype} {'x'.join(map(str, self.shape))}"


def of_ops(
    operation: str,
    draws: Callable[[Draw, Shape], Sequence[Array]],
    *,
    variant: str = "",
    call: Optional[Callable[..., Any]] = None,
    shapes: Sequence[Shape] = SHAPES,
    dtypes: Sequence[str] = FLOATS,
    gradient: bool = True,
    terms: Callable[[Shape], int] = lambda _shape: 1,
    rounds_each: bool = False,
) -> Entry:
    """Return an entry for a function of ``keras.ops``.

    ``call(ops, *tensors)`` is for functions that take more than tensors.
    """

    def make(tools: Any, draw: Draw, shape: Shape) -> Task:
        inputs = draws(draw, shape)
        # Asked for now, so that a missing function is seen before anything is run.
        function = getattr(tools.ops, operation)
        if call is not None:
            function = partial(call, tools.ops)
        return Task(inputs, function, terms=terms(shape), rounds_each=rounds_each)

    return Entry(operation, variant, make, shapes, dtypes, gradient)


def of_layer(
    operation: str,
    shapes: Sequence[Shape],
    arguments: Callable[[Shape], Mapping[str, Any]],
    *,
    variant: str = "",
    draws: Callable[[Draw, Shape], Sequence[Array]] = lambda draw, shape: [draw.normal(shape)],
    dtypes: Sequence[str] = FLOATS,
    gradient: bool = True,
    terms: Callable[[Shape], int] = lambda shape: shape[-1],
    called_with: Mapping[str, Any] = {},
    stateful: bool = False,
) -> Entry:
    """Return an entry for a layer; ``arguments`` are its constructor's."""

    def make(tools: Any, draw: Draw, shape: Shape) -> Task:
        kind = getattr(tools.layers, operation)
        known = inspect.signature(kind.call).parameters
        lacks = [name for name in called_with if name not in known]
        if lacks:
            raise NotThere(f"{operation} takes no {', '.join(lacks)} here")
        given = arguments(shape)
        return Task(
            draws(draw, shape),
            layer=lambda policy: kind(dtype=policy, **given),
            terms=terms(shape),
            arguments=called_with,
            stateful=stateful,
        )

    return Entry(operation, variant, make, shapes, dtypes, gradient)
