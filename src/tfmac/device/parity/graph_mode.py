"""The model as the framework compiles it, where operations are fused; and which of them it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Callable

from .. import keras_models
from ..subjects.sides import Side, called
from ..subjects.trees import mapped, tensors_of
from .distances import base_bound
from .findings import COMPILED, Compared, Findings
from .forward import compared, depth, judged_safely
from .judging import Judgement, Runs
from .tracing import Call, Replay, Trace, source_of, without_randomness

if TYPE_CHECKING:
    from ..frameworks import Array
    from .pairs import Pair


def compare_compiled(pair: Pair, trace: Trace, state: Sequence[Array], inputs: str) -> Findings:
    """Compile the whole model on both sides; name what departs only then."""
    whole = [call for call in trace.calls if call.place == 0]
    if not whole:
        return []
    found = [_compiled(pair, whole[0], state, inputs)]
    if found[0].judgement.departs:
        return _located(pair, trace, state, inputs) or found
    return found


def _located(pair: Pair, trace: Trace, state: Sequence[Array], inputs: str) -> Findings:
    """Compile layer by layer, then, inside the first that departs, up to each of its nodes."""
    for call in trace.calls:
        alone = _compiled(pair, call, state, inputs)
        if not alone.judgement.departs:
            continue
        for node in range(keras_models.node_count(pair.reference.places[call.place].layer)):
            part = _compiled_part(pair, call, state, inputs, node)
            if part is not None and part.judgement.departs:
                return [part]
        return [alone]
    return []


def _compiled(pair: Pair, call: Call, state: Sequence[Array], inputs: str) -> Compared:
    def layer_of(side: Side) -> Any:
        return side.places[call.place].layer

    judged = _judged(pair, call, state, layer_of)
    return compared(pair, call, COMPILED, inputs, judged)


def _compiled_part(
    pair: Pair, call: Call, state: Sequence[Array], inputs: str, node: int
) -> Compared | None:
    """Compile a functional model up to one of its nodes, only whose result is asked for."""

    def part_of(side: Side) -> Any:
        return keras_models.up_to_node(side.framework, side.places[call.place].layer, node)

    try:
        judged = _judged(pair, call, state, part_of)
    except Exception:  # noqa: BLE001 (a node that cannot stand alone is left out)
        return None
    names = keras_models.node_names(pair.reference.places[call.place].layer, node)
    layers = {id(place.layer): number for number, place in enumerate(pair.reference.places)}
    layer = keras_models.node_layer(pair.reference.places[call.place].layer, node)
    number = layers.get(id(layer), call.place)
    place = pair.reference.places[number]
    detail = f"fused with {', '.join(names)}" if names else ""
    return Compared(COMPILED, inputs, place.path, place.kind, judged, number, detail, 0, call)


def _judged(
    pair: Pair, call: Call, state: Sequence[Array], layer_of: Callable[[Side], Any]
) -> Judgement:
    replays = pair.replays(state)
    reference = _Compiled(replays.reference, call, layer_of(pair.reference))
    tested = _Compiled(replays.tested, call, layer_of(pair.tested))
    runs = Runs(
        reference=reference.outputs,
        tested=tested.outputs,
        truth=lambda: replays.truth(
            lambda replay: eager_outputs(replay, call, layer_of(replay.side))
        ),
    )
    return judged_safely(pair, call, runs, base_bound(call.dtype, depth(pair, call)))


def eager_outputs(replay: Replay, call: Call, layer: Any) -> list[Array]:
    """Return what a layer, or a part of a model, gives for a recorded call."""
    side = replay.side
    with side.inside(), without_randomness(side), replay.own_state(layer, call.dtype):
        args, kwargs = side.laid((list(call.args), call.kwargs))
        return [
            side.framework.array(one)
            for one in tensors_of(side.framework, called(layer, args, kwargs))
        ]


class _Compiled:
    """A layer's call, compiled once for one device."""

    def __init__(self, replay: Replay, call: Call, layer: Any) -> None:
        self._replay = replay
        self._call = call
        self._layer = layer
        self._function: Callable[..., Any] | None = None

    def outputs(self, seed: int | None = None) -> list[Array]:
        """Return the results of the compiled call."""
        side, call = self._replay.side, self._call
        framework = side.framework
        state = self._replay.own_state(self._layer, call.dtype, seed)
        with side.inside(), without_randomness(side), state:
            laid = side.laid((list(call.args), call.kwargs), source_of(seed))
            if self._function is None:
                self._function = self._compile(laid)
            results = self._function(*tensors_of(framework, laid))
            return [framework.array(one) for one in results]

    def _compile(self, laid: Any) -> Callable[..., Any]:
        side, layer = self._replay.side, self._layer
        framework = side.framework

        def run(*tensors: Any) -> list[Any]:
            placed = iter(tensors)
            args, kwargs = mapped(
                lambda leaf: next(placed) if framework.is_tensor(leaf) else leaf, laid
            )
            # Inside as well: operations in a graph of TensorFlow then say where they belong.
            with framework.scope(side.device):
                return tensors_of(framework, called(layer, args, kwargs))

        return keras_models.compiled(framework, layer, run)
