"""Inputs for a model, drawn from what it says of itself."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Optional

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import RandomState
    from numpy.typing import NDArray

_SEED = 7
_BATCH = 3
_INTEGERS_BELOW = 10
_BYTES_BELOW = 256
_UNKNOWN_WORDS = ("unheard", "of", "")
_IMAGE_RANK = 4


class InputDescription(msgspec.Struct, frozen=True, kw_only=True):
    """One input of a model, as its framework describes it."""

    name: str
    shape: tuple[Optional[int], ...]
    type: str
    below: Optional[int] = None
    """Where a layer takes whole numbers from 0 on: what they have to be less than."""
    words: tuple[Any, ...] = ()
    """What a layer looks up."""


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """What stands for the sizes that a model leaves open."""

    image: int
    sequence: int


TRIED_SIZES = (
    Sizes(image=32, sequence=7),
    Sizes(image=64, sequence=16),
    Sizes(image=224, sequence=64),
    Sizes(image=96, sequence=1),
    Sizes(image=128, sequence=256),
)
"""In this order, until a model takes one."""

DRAWS = ("normal", "wide", "masked", "zeros", "whole")
"""Kinds of draws: small, beyond where activations bend, with an end of zeros, nothing but zeros,
and whole numbers as pixels have them."""


def draw(
    described: Sequence[InputDescription], sizes: Sizes, kind: str
) -> list["NDArray[np.generic]"]:
    """Draw an array for each input; the same for the same arguments, on every machine."""
    from numpy.random import RandomState  # noqa: PLC0415 - only where a model is run

    generator = RandomState(_SEED + DRAWS.index(kind))
    return [_drawn(one, _shape(one.shape, sizes), kind, generator) for one in described]


def _shape(shape: Sequence[Optional[int]], sizes: Sizes) -> tuple[int, ...]:
    free = sizes.image if len(shape) >= _IMAGE_RANK else sizes.sequence
    batch = tuple(_BATCH if size is None else size for size in shape[:1])
    return (*batch, *(free if size is None else size for size in shape[1:]))


def _drawn(
    described: InputDescription, shape: tuple[int, ...], kind: str, generator: "RandomState"
) -> "NDArray[np.generic]":
    import numpy as np  # noqa: PLC0415

    if described.type == "string":
        return _texts(described, shape, generator)
    if described.words:
        known = [one for one in described.words if isinstance(one, int)] or [0]
        values = generator.choice(np.array([*known, max(known) + 1]), shape)
    elif described.below is not None or described.type.startswith(("int", "uint", "bool")):
        values = generator.randint(0, _below(described), shape)
    else:
        values = _floats(kind, shape, generator)
    if kind == "zeros":
        values = np.zeros_like(values)
    elif kind == "masked" and len(shape) > 1:
        values = _with_end_of_zeros(values)
    return np.asarray(values.astype(_array_type(described.type)))


def _below(described: InputDescription) -> int:
    if described.below is not None:
        return max(described.below, 1)
    if described.type == "bool":
        return 2
    return _BYTES_BELOW if described.type == "uint8" else _INTEGERS_BELOW


def _floats(kind: str, shape: tuple[int, ...], generator: "RandomState") -> "NDArray[np.generic]":
    import numpy as np  # noqa: PLC0415

    values = generator.standard_normal(shape)
    if kind == "wide":
        values = values * 4.0
    elif kind == "whole":
        values = np.rint(values * 3.0)
    return np.asarray(values)


def _with_end_of_zeros(values: "NDArray[np.generic]") -> "NDArray[np.generic]":
    """Let each row end in zeros, one later than the other; the first has none."""
    import numpy as np  # noqa: PLC0415

    ended = np.array(values)
    length = ended.shape[1]
    for row in range(1, ended.shape[0]):
        ended[row, max(1, length - length * row // ended.shape[0]) :] = 0
    return ended


def _texts(
    described: InputDescription, shape: tuple[int, ...], generator: "RandomState"
) -> "NDArray[np.generic]":
    import numpy as np  # noqa: PLC0415

    words = [str(one) for one in described.words] or ["a", "b"]
    count = int(np.prod(shape)) if shape else 1
    picked = generator.choice(np.array([*words, *_UNKNOWN_WORDS]), (count, 4))
    texts = [" ".join(row) if index % 2 else str(row[0]) for index, row in enumerate(picked)]
    return np.array(texts).reshape(shape)


def _array_type(name: str) -> str:
    # NumPy has no bfloat16 of its own: the framework casts.
    return "float32" if name in {"bfloat16", "None"} or name.startswith("float8") else name


def all_draws(
    described: Sequence[InputDescription], sizes: Sizes
) -> Iterator[tuple[str, list["NDArray[np.generic]"]]]:
    """Give every draw with its kind."""
    for kind in DRAWS:
        yield kind, draw(described, sizes, kind)
