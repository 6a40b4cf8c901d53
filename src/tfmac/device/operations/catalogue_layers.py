"""Layers that are no convolutions: dense, normalising, recurrent, attending, embedding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .drawing import Array, Draw
from .entries import FLOATS, TABLES, Entry, Shape, Task, of_layer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_IMAGES = ((4, 6, 6, 4), (2, 8, 8, 8), (3, 7, 5, 6))
_SEQUENCES = ((2, 6, 8), (4, 10, 16), (3, 7, 5))
_FLAT = ((8, 32), (16, 16), (7, 13))
_RECURRENT_TERMS = 64


def entries() -> Iterator[Entry]:
    """Yield the entries of this file."""
    yield from _dense()
    yield from _normalisations()
    yield from _recurrent()
    yield from _attention()
    yield from _activations()
    yield of_layer(
        "Embedding",
        ((4, 6), (2, 16), (3, 7)),
        lambda _shape: {"input_dim": 11, "output_dim": 6},
        # Few rows for many words: gradients of one row meet.
        draws=lambda draw, shape: [draw.integers(0, 11, shape)],
        terms=lambda shape: shape[0] * shape[1],
    )
    for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"):
        yield of_layer(name, TABLES, lambda _shape: {}, draws=_pair, terms=lambda _shape: 1)
    yield of_layer("Dot", _FLAT, lambda _shape: {"axes": 1}, draws=_pair)
    yield of_layer("Flatten", _SEQUENCES, lambda _shape: {})
    yield of_layer("Permute", _SEQUENCES, lambda _shape: {"dims": (2, 1)})
    yield of_layer("RepeatVector", _FLAT, lambda _shape: {"n": 3})


def _pair(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [[draw.normal(shape), draw.normal(shape)]]


def _dense() -> Iterator[Entry]:
    shapes = ((8, 32), (4, 16, 8), (7, 13))
    for activation in ("", "relu", "softmax", "gelu", "tanh"):
        given = {"units": 9, **({"activation": activation} if activation else {})}
        yield of_layer("Dense", shapes, _always(given), variant=activation)
    yield of_layer(
        "Dense", ((64, 512), (32, 256), (33, 257)), _always({"units": 65}), variant="large"
    )
    yield of_layer(
        "EinsumDense",
        _SEQUENCES,
        lambda _shape: {
            "equation": "abc,cde->abde",
            "output_shape": (None, 2, 3),
            "bias_axes": "de",
        },
    )


def _always(given: Mapping[str, Any]) -> Any:
    return lambda _shape: given


def _normalisations() -> Iterator[Entry]:
    for training in (False, True):
        yield of_layer(
            "BatchNormalization",
            (*_FLAT[:1], *_IMAGES[1:]),
            lambda _shape: {},
            variant="training" if training else "inference",
            called_with={"training": training},
            stateful=training,
            terms=lambda shape: shape[0] ** 2,
        )
    yield of_layer("LayerNormalization", (*_FLAT[:1], *_SEQUENCES[1:]), lambda _shape: {})
    yield of_layer(
        "LayerNormalization",
        _IMAGES,
        _always({"axis": (1, 2, 3)}),
        variant="axis=(1, 2, 3)",
        terms=lambda shape: shape[1] ** 3,
    )
    yield of_layer(
        "GroupNormalization", _IMAGES, _always({"groups": 2}), terms=lambda shape: shape[1] ** 3
    )
    yield of_layer("UnitNormalization", _FLAT, lambda _shape: {})
    yield of_layer("RMSNormalization", (*_FLAT[:1], *_SEQUENCES[1:]), lambda _shape: {})


def _recurrent() -> Iterator[Entry]:
    for kind in ("LSTM", "GRU", "SimpleRNN"):
        for variant, options in (
            ("", {}),
            ("sequences", {"return_sequences": True}),
            ("backwards", {"go_backwards": True}),
        ):
            yield of_layer(
                kind,
                _SEQUENCES,
                _always({"units": 7, **options}),
                variant=variant,
                terms=lambda _shape: _RECURRENT_TERMS,
            )
    yield of_layer(
        "GRU",
        _SEQUENCES,
        _always({"units": 7, "reset_after": False}),
        variant="reset_after=False",
        terms=lambda _shape: _RECURRENT_TERMS,
    )
    for cell in ("LSTM", "GRU"):
        yield Entry("Bidirectional", cell, _bidirectional(cell), _SEQUENCES, FLOATS)
    yield of_layer(
        "ConvLSTM2D",
        ((1, 3, 6, 6, 2), (2, 2, 8, 6, 3), (1, 3, 7, 5, 3)),
        _always({"filters": 3, "kernel_size": 3}),
        dtypes=("float32",),
        terms=lambda _shape: _RECURRENT_TERMS,
    )
    yield Entry("TimeDistributed", "Dense", _time_distributed, _SEQUENCES, FLOATS)


def _bidirectional(cell: str) -> Any:
    def make(tools: Any, draw: Draw, shape: Shape) -> Task:
        kind, inner = tools.layers.Bidirectional, getattr(tools.layers, cell)

        def layer(policy: Any) -> Any:
            # The policy is the cell's: the wrapper of Keras 3 has to agree with it.
            return kind(inner(units=5, return_sequences=True, dtype=policy), dtype=policy)

        return Task([draw.normal(shape)], layer=layer, terms=_RECURRENT_TERMS)

    return make


def _time_distributed(tools: Any, draw: Draw, shape: Shape) -> Task:
    kind, inner = tools.layers.TimeDistributed, tools.layers.Dense

    def layer(policy: Any) -> Any:
        return kind(inner(units=5, dtype=policy), dtype=policy)

    return Task([draw.normal(shape)], layer=layer, terms=shape[-1])


def _attention() -> Iterator[Entry]:
    yield of_layer(
        "MultiHeadAttention",
        _SEQUENCES,
        _always({"num_heads": 2, "key_dim": 4}),
        draws=_query_and_value,
    )
    yield of_layer(
        "MultiHeadAttention",
        _SEQUENCES,
        _always({"num_heads": 2, "key_dim": 4}),
        variant="causal",
        draws=_query_and_value,
        called_with={"use_causal_mask": True},
    )
    yield of_layer(
        "GroupQueryAttention",
        _SEQUENCES,
        _always({"head_dim": 4, "num_query_heads": 4, "num_key_value_heads": 2}),
        draws=_query_and_value,
    )
    for name in ("Attention", "AdditiveAttention"):
        yield of_layer(name, _SEQUENCES, lambda _shape: {}, draws=_pair)


def _query_and_value(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.normal(shape), draw.normal(shape)]


def _activations() -> Iterator[Entry]:
    for name in ("ReLU", "LeakyReLU", "PReLU", "ELU"):
        yield of_layer(
            name,
            TABLES,
            lambda _shape: {},
            terms=lambda _shape: 1,
            draws=lambda draw, shape: [draw.off_zero(shape)],
        )
    yield of_layer("Softmax", TABLES, lambda _shape: {})
    for name in ("swish", "hard_sigmoid", "exponential", "selu", "softplus", "mish"):
        yield Entry("Activation", name, _activation(name), TABLES, FLOATS)


def _activation(name: str) -> Any:
    def make(tools: Any, draw: Draw, shape: Shape) -> Task:
        getattr(tools.activations, name)  # asked for now, so that a missing one is seen
        kind = tools.layers.Activation
        return Task([draw.normal(shape)], layer=lambda policy: kind(name, dtype=policy))

    return make
