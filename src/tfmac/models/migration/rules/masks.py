"""Masks that Keras 3 loses or makes otherwise: of sequences with states, and of joined ones.

A recurrent layer that takes the states that it starts with takes two tensors, and Keras 3 hands
a mask on by itself only to a layer that takes one.

Keras 2 goes on with the steps that every mask among the inputs keeps. Keras 3.5 and later keep what
any of them keeps, and nothing is masked where one input has no mask.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, Optional

from tfmac.models.migration.network import Call, Layer, Network, Reference
from tfmac.models.migration.reading_calls import references_in
from tfmac.models.migration.rules.applying import Ledger
from tfmac.models.migration.rules.base import Outcome, Scene
from tfmac.models.migration.targets import Release

_SINCE: Release = (3, 5)
_MOST_PASSES = 100
"""Layers stand about in the order of their calls: more passes are no model's."""
_MERGING = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"})
_RECURRENT = frozenset(
    {"RNN", "LSTM", "GRU", "SimpleRNN", "CuDNNLSTM", "CuDNNGRU", "ConvLSTM1D", "ConvLSTM2D"}
)
_USING = _RECURRENT | frozenset(
    {"Bidirectional", "GlobalAveragePooling1D", "Attention", "AdditiveAttention"}
    | {"MultiHeadAttention", "TimeDistributed", "Softmax"}
)
_PASSING = frozenset(
    {"Dense", "Dropout", "SpatialDropout1D", "GaussianNoise", "GaussianDropout", "AlphaDropout"}
    | {"Activation", "ReLU", "LeakyReLU", "ELU", "PReLU", "ThresholdedReLU", "Softmax"}
    | {"BatchNormalization", "LayerNormalization", "UnitNormalization", "TimeDistributed"}
    | {"ActivityRegularization", "MultiHeadAttention", "Attention", "AdditiveAttention"}
)


class _Mask(NamedTuple):
    """What a mask comes from, and the layer that joined several, if one did."""

    sources: frozenset[Reference]
    joined: Optional[Layer] = None


def check(network: Network, scene: Scene, ledger: Ledger) -> None:
    """Name the layers whose output has another mask in the wanted release, where it is used."""
    if scene.is_keras_3:
        return
    for one in network.layers:
        if one.network is not None:
            check(one.network, scene, ledger)
    masks: dict[Reference, _Mask] = {}
    for layer, number, call in _in_order(network):
        given = [masks.get(one) for one in _inputs(call)]
        used = next((one for one in given if one is not None and one.joined is not None), None)
        if given and given[0] is not None and _takes_states(layer, call):
            _refuse_states(layer, ledger)
        otherwise = scene.target.release >= _SINCE and layer.class_name in _USING
        if used is not None and used.joined is not None and otherwise:
            _refuse(used.joined, layer, ledger)
        mask = _given(layer, Reference(layer.name, number), given)
        if mask is not None:
            masks[Reference(layer.name, number)] = mask


def _inputs(call: Call) -> list[Reference]:
    return list(references_in(call.args[0])) if call.args else []


def _in_order(network: Network) -> Iterator[tuple[Layer, int, Call]]:
    """Give the calls so that each comes after those that it takes from."""
    waiting = [
        (one, number, call) for one in network.layers for number, call in enumerate(one.calls)
    ]
    missing = {(one.name, number) for one, number, _ in waiting}
    for _ in range(_MOST_PASSES):
        later = []
        for one in waiting:
            if any((taken.layer, taken.call) in missing for taken in references_in(one[2])):
                later.append(one)
            else:
                missing.discard((one[0].name, one[1]))
                yield one
        if len(later) in {0, len(waiting)}:
            return
        waiting = later


def _given(layer: Layer, place: Reference, given: list[Any]) -> Optional[_Mask]:
    """Tell the mask that the output of a call has in Keras 2."""
    if layer.class_name == "Masking" or layer.config.get("mask_zero") is True:
        return _Mask(frozenset({place}))
    present = [one for one in given if one is not None]
    if not present:
        return None
    if layer.class_name in _MERGING:
        same = len(present) == len(given) and len({one.sources for one in present}) == 1
        sources = frozenset().union(*(one.sources for one in present))
        earlier = next((one.joined for one in present if one.joined is not None), None)
        return _Mask(sources, earlier if same else layer)
    if layer.class_name in _PASSING or _gives_sequences(layer):
        return given[0] if given[0] is not None else None
    return None


def _gives_sequences(layer: Layer) -> bool:
    inner = layer.parts.get("layer", (layer,))[0] if layer.class_name == "Bidirectional" else layer
    return inner.class_name in _RECURRENT and inner.config.get("return_sequences") is True


def _takes_states(layer: Layer, call: Call) -> bool:
    if layer.class_name not in _RECURRENT | {"Bidirectional"}:
        return False
    return len(list(references_in([call.args, call.kwargs]))) > 1 and "mask" not in call.kwargs


def _refuse_states(layer: Layer, ledger: Ledger) -> None:
    outcome = Outcome(
        layer=layer,
        reason="it takes a masked sequence and the states that it starts with, and Keras 3 hands "
        "it no mask then: masked steps would be computed with",
        needs="the model's code, with the mask handed to the layer (mask=...)",
        cause="saved-behaviour-changed",
    )
    ledger.add("states-and-mask", layer, outcome, layer.source or "")


def _refuse(joined: Layer, user: Layer, ledger: Ledger) -> None:
    outcome = Outcome(
        layer=joined,
        reason="it joins sequences of which not all are masked alike, and Keras makes another mask "
        f"of them since 3.5, which {user.name} uses",
        needs="a Keras before 3.5 (--keras '<3.5')",
        cause="saved-behaviour-changed",
    )
    ledger.add("joined-masks", joined, outcome, joined.source or "")
