"""Each layer's gradients, pulled back from the same direction on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence, Tuple  # noqa: UP035 (for Python 3.8)

import numpy as np

from .. import keras_models
from ..subjects.sides import called
from ..subjects.trees import mapped, recorded_of, tensors_of
from .distances import Bound, base_bound
from .findings import GRADIENTS, Findings
from .forward import compared, depth, judged_safely, repeats_of
from .judging import Runs
from .tracing import Call, Replay, Trace, around, source_of, without_randomness

if TYPE_CHECKING:
    from ..frameworks import Array
    from .pairs import Pair, Replays

Shape = Tuple[int, ...]  # noqa: UP006
# Gradients of weights are sums over the batch and over all positions.
_WIDER = 4


def compare_gradients(
    pair: Pair,
    trace: Trace,
    state: Sequence[Array],
    inputs: str,
    departed: set[int],
    *,
    step: int = 0,
) -> Findings:
    """Pull seeded directions back through every layer of the trace, on both sides."""
    replays = pair.replays(state)
    found: Findings = []
    for call in trace.calls:
        if call.place in departed or not _differentiable(pair, call):
            continue
        base = base_bound(call.dtype, depth(pair, call))
        bound = Bound(_WIDER * base.rms, _WIDER * base.element, base.slope)
        repeats = repeats_of(pair, call)
        judged = judged_safely(pair, call, _runs(replays, call), bound, repeats=repeats)
        detail = _name(pair, call, judged.output) if judged.departs else ""
        found.append(
            compared(pair, call, GRADIENTS, inputs, judged, detail=detail, step=step, state=state)
        )
        if judged.departs:
            departed |= around(pair.reference, call.place)
    return found


def _runs(replays: Replays, call: Call) -> Runs:
    shapes: list[Shape] = []
    return Runs(
        reference=lambda seed: gradients(replays.reference, call, shapes, seed),
        tested=lambda: gradients(replays.tested, call, shapes),
        truth=lambda: replays.truth(lambda replay: gradients(replay, call, shapes)),
    )


def gradients(
    replay: Replay, call: Call, shapes: list[Shape], seed: int | None = None
) -> list[Array | None]:
    """Return the gradients of a layer's weights, then of its inputs.

    ``shapes`` are those of the results; they are found by the first run.
    """
    side = replay.side
    framework, layer = side.framework, side.places[call.place].layer
    with side.inside(), without_randomness(side), replay.own_state(layer, call.dtype, seed):
        laid = side.laid((list(call.args), call.kwargs), source_of(seed))
        given = [tensor for tensor in tensors_of(framework, laid) if is_float(tensor)]

        def run(*tensors: Any) -> list[Any]:
            placed = iter(tensors)

            def put(leaf: Any) -> Any:
                own = framework.is_tensor(leaf) and is_float(leaf)
                return next(placed) if own else leaf

            args, kwargs = mapped(put, laid)
            outputs = tensors_of(framework, called(layer, args, kwargs))
            return [output for output in outputs if is_float(output)]

        if not shapes:
            with replay.own_state(layer, call.dtype):
                shapes += [tuple(int(size) for size in one.shape) for one in run(*given)]
        of_weights, of_inputs = keras_models.differentiate(
            framework, layer, run, given, directions(shapes)
        )
    return [*of_weights, *of_inputs]


def directions(shapes: Sequence[Shape]) -> list[Array]:
    """Return a seeded direction for each result; the same for every side."""
    source = np.random.RandomState(77)
    return [np.asarray(source.normal(size=shape)).astype("float32") for shape in shapes]


def is_float(tensor: Any) -> bool:
    """Tell whether a tensor has a gradient."""
    return "float" in keras_models.dtype_name(tensor)


def _differentiable(pair: Pair, call: Call) -> bool:
    layer = pair.reference.places[call.place].layer
    floats = [leaf for leaf in recorded_of((call.args, call.kwargs)) if "float" in leaf.dtype]
    return bool(floats or keras_models.trainable(layer))


def _name(pair: Pair, call: Call, output: int) -> str:
    weights = keras_models.trainable(pair.reference.places[call.place].layer)
    if output < len(weights):
        return f"the gradient of {keras_models.variable_name(weights[output])}"
    return "the gradient of its input"
