"""Each layer's result, from the reference's inputs of it: eagerly, as recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .. import keras_models
from .distances import Bound, base_bound
from .findings import Compared, Findings
from .judging import REPEATS, UNTESTED, Judgement, Runs, judge
from .tracing import Call, Trace, around, floor_of

if TYPE_CHECKING:
    from ..frameworks import Array
    from .pairs import Pair, Replays


def compare_layers(  # noqa: PLR0917
    pair: Pair,
    trace: Trace,
    state: Sequence[Array],
    stage: str,
    inputs: str,
    departed: set[int],
    *,
    step: int = 0,
    often: bool = False,
) -> Findings:
    """Call every layer of the trace on both sides with what the reference's layer was given.

    Layers that are known to depart, and those around them, are left out; new ones are added.
    """
    replays = pair.replays(state)
    found: Findings = []
    for call in trace.calls:
        if call.place in departed:
            continue
        bound = base_bound(call.dtype, depth(pair, call))
        repeats = repeats_of(pair, call, often=often)
        judged = judged_safely(pair, call, _runs(replays, call), bound, repeats=repeats)
        detail = _detail(pair, call, judged)
        found.append(
            compared(pair, call, stage, inputs, judged, detail=detail, step=step, state=state)
        )
        if judged.departs:
            departed |= around(pair.reference, call.place)
    return found


def _runs(replays: Replays, call: Call) -> Runs:
    return Runs(
        reference=lambda seed: replays.reference.outputs(call, seed),
        tested=lambda: replays.tested.outputs(call),
        truth=lambda: replays.truth(lambda replay: replay.outputs(call)),
    )


def _detail(pair: Pair, call: Call, judged: Judgement) -> str:
    """Name the variable where it is the state that departs."""
    state = keras_models.kept_state(pair.reference.places[call.place].layer)
    if not judged.departs or judged.error or judged.output >= len(state):
        return ""
    return f"what it leaves in {keras_models.variable_name(state[judged.output])}"


def repeats_of(pair: Pair, call: Call, *, often: bool = False) -> int:
    """Say how often the tested device does it: once where a layer's parts are repeated anyway."""
    if often:
        return REPEATS
    return 1 if depth(pair, call) > 1 else REPEATS - 1


def judged_safely(
    pair: Pair, call: Call, runs: Runs, bound: Bound, *, repeats: int = REPEATS
) -> Judgement:
    """Judge a call; one that even the reference cannot repeat is said to be untested."""
    layer = pair.reference.places[call.place].layer
    if keras_models.is_random(layer) and not keras_models.takes_training(layer):
        return Judgement(UNTESTED, error="it draws random numbers")
    return judge(runs, bound, floor_of(call), repeats=repeats)


def depth(pair: Pair, call: Call) -> int:
    """Return how many operations a call is made of, as far as layers tell."""
    return len(keras_models.places(pair.reference.places[call.place].layer))


def compared(
    pair: Pair,
    call: Call,
    stage: str,
    inputs: str,
    judged: Judgement,
    *,
    detail: str = "",
    step: int = 0,
    state: Sequence[Array] | None = None,
) -> Compared:
    """Say of which layer a judgement is."""
    place = pair.reference.places[call.place]
    return Compared(
        stage, inputs, place.path, place.kind, judged, call.place, detail, step, call, state
    )
