"""Recording what every layer is called with, and calling it again with that.

Every layer is given the reference's own inputs, so nothing adds up on the way: the first layer
whose result departs is itself at fault.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import keras_models
from ..precision import EPSILON
from ..subjects.sides import Side, called, give, perturbed, values
from ..subjects.trees import NotRecorded, recorded, recorded_of, tensors_of
from .distances import coarsest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..frameworks import Array

# A cell is called at each time step, a shared layer at each use: the first calls are compared.
MOST_CALLS = 3
# Loops of more steps are not unrolled.
MOST_STEPS = 64


class Call(NamedTuple):
    """One call of a layer in a run of the model."""

    place: int
    number: int
    args: Sequence[Any]
    kwargs: dict[str, Any]
    dtype: str
    """The type of the lowest precision that the call computes with or is given."""


class Trace(NamedTuple):
    """The calls in the order in which they ended: inner ones before the layers around them."""

    calls: list[Call]
    unseen: list[int]
    """Places that ran, but inside something compiled, where values cannot be seen."""
    outputs: list[Array]


@contextlib.contextmanager
def without_randomness(side: Side) -> Iterator[list[str]]:
    """Let layers that draw random numbers do what they do outside training; give their paths.

    Two devices draw different numbers, and both are right.
    """
    with contextlib.ExitStack() as patched:
        for place in side.random:
            patched.enter_context(_replaced_call(place.layer, _Quiet))
        yield [place.path for place in side.random]


def trace(side: Side, inputs: Any, *, training: bool) -> Trace:
    """Run the model once and record every call of every layer.

    A cell inside a compiled loop is not seen: the loop is then unrolled, if it is short.
    """
    traced = _traced(side, inputs, training=training)
    loops = [place.layer for place in side.places if _is_loop(place.layer)]
    if not traced.unseen or not loops or _longest(traced) > MOST_STEPS:
        return traced
    before = [layer.unroll for layer in loops]
    try:
        for layer in loops:
            layer.unroll = True
        return _traced(side, inputs, training=training)
    finally:
        for layer, unroll in zip(loops, before):
            layer.unroll = unroll


def _is_loop(layer: Any) -> bool:
    return hasattr(layer, "cell") and hasattr(layer, "unroll")


def _longest(traced: Trace) -> int:
    """Return the largest second size of what any layer was given: time is there."""
    shapes = [leaf.array.shape for call in traced.calls for leaf in recorded_of(call.args)]
    return max((shape[1] for shape in shapes if len(shape) > 2), default=0)


def _traced(side: Side, inputs: Any, *, training: bool) -> Trace:
    recorder = _Recorder(side)
    with side.inside(), without_randomness(side), contextlib.ExitStack() as patched:
        for number, place in enumerate(side.places):
            if not keras_models.is_input(place.layer):
                make = functools.partial(_Recording, number=number, recorder=recorder)
                patched.enter_context(_replaced_call(place.layer, make))
        outputs = side.call(side.laid(inputs), training=training)
        arrays = [side.framework.array(one) for one in tensors_of(side.framework, outputs)]
    seen = {call.place for call in recorder.calls}
    return Trace(recorder.calls, sorted(recorder.unseen - seen), arrays)


class _Recorder:
    """Keeps the calls of one run."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.calls: list[Call] = []
        self.unseen: set[int] = set()
        self._counts: dict[int, int] = {}
        self._dtypes: dict[int, str] = {}

    def begun(self, number: int, args: Any, kwargs: Any) -> Call | None:
        count = self._counts.get(number, 0)
        if count >= MOST_CALLS:
            return None
        try:
            given = recorded(self.side.framework, (list(args), dict(kwargs)))
        except NotRecorded:
            self.unseen.add(number)
            return None
        if not recorded_of(given):
            return None
        self._counts[number] = count + 1
        # Only floats of a precision count; a table of integers says nothing.
        dtypes = [leaf.dtype for leaf in recorded_of(given)]
        return Call(number, count, given[0], given[1], coarsest([self._own(number), *dtypes]))

    def _own(self, number: int) -> str:
        if number not in self._dtypes:
            own = keras_models.compute_dtypes(self.side.places[number].layer)
            self._dtypes[number] = coarsest(sorted(own))
        return self._dtypes[number]


class _Recording:
    """Stands for a layer's ``call`` while it is recorded."""

    def __init__(self, original: Any, *, number: int, recorder: _Recorder) -> None:
        self._original = original
        self._number = number
        self._recorder = recorder
        functools.update_wrapper(self, original)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        begun = self._recorder.begun(self._number, args, kwargs)
        result = self._original(*args, **kwargs)
        if begun is not None:
            self._recorder.calls.append(begun)
        return result


class _Quiet:
    """Stands for the ``call`` of a layer that draws random numbers."""

    def __init__(self, original: Any) -> None:
        self._original = original
        functools.update_wrapper(self, original)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if "training" in kwargs:
            kwargs["training"] = False
        return self._original(*args, **kwargs)


@contextlib.contextmanager
def _replaced_call(layer: Any, make: Any) -> Iterator[None]:
    """Put another ``call`` on one layer, past what Keras does when an attribute is set."""
    own = layer.__dict__.get("call")
    object.__setattr__(layer, "call", make(layer.call))
    try:
        yield
    finally:
        if own is None:
            object.__delattr__(layer, "call")
        else:
            object.__setattr__(layer, "call", own)


class Replay:
    """Calls layers of one side again, each from the same state of its variables."""

    def __init__(self, side: Side, state: Sequence[Array]) -> None:
        self.side = side
        self._start = state
        every = keras_models.variables(side.model)
        self._state = {id(variable): value for variable, value in zip(every, state)}
        self._placed = False

    def outputs(self, call: Call, seed: int | None = None) -> list[Array]:
        """Return what the call leaves in the layer's state, then what it gives.

        With a seed, arguments and weights are moved by one unit of their last place.
        """
        side = self.side
        layer = side.places[call.place].layer
        with side.inside(), without_randomness(side), self.own_state(layer, call.dtype, seed):
            args, kwargs = side.laid((list(call.args), call.kwargs), source_of(seed))
            result = called(layer, args, kwargs)
            left = values(side.framework, keras_models.kept_state(layer))
            given = tensors_of(side.framework, result)
            return [*left, *(side.framework.array(one) for one in given)]

    @contextlib.contextmanager
    def own_state(self, layer: Any, dtype: str, seed: int | None = None) -> Iterator[None]:
        """Give variables their state, moved by one unit where a seed is given; undo what changes.

        Calls change what is not trained; all else is laid once.
        """
        framework = self.side.framework
        if not self._placed:
            self.side.restore(self._start)
            self._placed = True
        source = source_of(seed)
        touched = keras_models.variables(layer)
        if source is None:
            trained = {id(variable) for variable in keras_models.trainable(layer)}
            touched = [variable for variable in touched if id(variable) not in trained]
        known = [variable for variable in touched if id(variable) in self._state]
        state = [self._state[id(variable)] for variable in known]
        if source is not None:
            give(framework, known, [perturbed(one, dtype, source) for one in state])
        try:
            yield
        finally:
            give(framework, known, state)


def around(side: Side, number: int) -> set[int]:
    """Return the places of a layer and of all layers around it: where it departs, they do too."""
    path = side.places[number].path
    return {
        place for place, one in enumerate(side.places) if (path + "/").startswith(one.path + "/")
    }


def source_of(seed: int | None) -> np.random.RandomState | None:
    """Return a source of random numbers for a seed."""
    return None if seed is None else np.random.RandomState(seed)


def floor_of(call: Call) -> float:
    """Return the size below which a result is rounding of what went in."""
    sizes = [
        float(np.sqrt(np.mean(np.square(leaf.array.astype("float64")))))
        for leaf in recorded_of((call.args, call.kwargs))
        if leaf.array.dtype.kind == "f" and leaf.array.size
    ]
    finite = [size for size in sizes if np.isfinite(size)]
    return EPSILON[call.dtype] * max(finite, default=0.0)
