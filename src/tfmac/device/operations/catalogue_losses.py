"""Loss functions, as a model's training calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from .drawing import Array, Draw
from .entries import FLOATS, SINGLE, Entry, Shape, Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SHAPES = ((8, 32), (16, 4), (7, 13))


def _numbers(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.normal(shape), draw.normal(shape)]


def _positive(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.between(0.5, 2, shape), draw.between(0.5, 2, shape)]


def _chances(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.flags(shape).astype(float), draw.between(0.2, 0.8, shape)]


def _signs(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.flags(shape) * 2.0 - 1.0, draw.between(-0.8, 0.8, shape)]


def _classes(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.classes(shape), draw.probabilities(shape)]


def _labels(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.integers(0, shape[-1], shape[:1]), draw.probabilities(shape)]


def _logits(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.integers(0, shape[-1], shape[:1]), draw.normal(shape)]


def _distributions(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.probabilities(shape), draw.probabilities(shape)]


_LOSSES: tuple[tuple[str, Callable[[Draw, Shape], Sequence[Array]]], ...] = (
    ("mean_squared_error", _numbers),
    ("mean_absolute_error", _numbers),
    ("mean_absolute_percentage_error", _positive),
    ("mean_squared_logarithmic_error", _positive),
    ("log_cosh", _numbers),
    ("huber", _numbers),
    ("poisson", _positive),
    ("binary_crossentropy", _chances),
    ("hinge", _signs),
    ("squared_hinge", _signs),
    ("categorical_hinge", _classes),
    ("cosine_similarity", _numbers),
    ("categorical_crossentropy", _classes),
    ("sparse_categorical_crossentropy", _labels),
    ("kl_divergence", _distributions),
)


def entries() -> Iterator[Entry]:
    """Yield the entries of this file."""
    for name, drawing in _LOSSES:
        yield Entry(name, "", _loss(name, drawing), _SHAPES, FLOATS)
    yield Entry(
        "sparse_categorical_crossentropy",
        "from_logits",
        _loss("sparse_categorical_crossentropy", _logits, from_logits=True),
        _SHAPES,
        SINGLE,
    )


def _loss(
    name: str, drawing: Callable[[Draw, Shape], Sequence[Array]], **options: Any
) -> Callable[[Any, Draw, Shape], Task]:
    def make(tools: Any, draw: Draw, shape: Shape) -> Task:
        function = getattr(tools.losses, name)
        return Task(
            drawing(draw, shape),
            lambda true, predicted: function(true, predicted, **options),
            terms=shape[-1],
        )

    return make
