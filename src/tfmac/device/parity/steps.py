"""Training on both sides: the loss, the optimizer by itself, and some steps end to end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import keras_models
from ..subjects.sides import perturbed, values
from ..subjects.trees import Recorded, tensors_of
from .distances import Bound, base_bound
from .findings import LOSS, OPTIMIZER, STEPS, Compared, Findings
from .gradients import is_float
from .judging import Judgement, Runs, judge
from .tracing import source_of
from .training import State, Step, Training

if TYPE_CHECKING:
    from ..frameworks import Array
    from .pairs import Pair

# A weight whose gradient rounding changes by more is not followed: its steps are noise.
_NOISE = 0.01


class Trajectories:
    """Some steps on both sides from the same state, and what the optimizer did in each."""

    def __init__(self, pair: Pair, inputs: Any, outputs: Sequence[Array], count: int) -> None:
        self._pair = pair
        self.count = count
        self.reference = Training(pair.reference, inputs, outputs)
        self.tested = Training(pair.tested, inputs, outputs)
        self._optimizer_start = self.reference.state().optimizer
        places = len(pair.reference.places)
        self._dtype = keras_models.lowest_precision(pair.reference.model)
        self._bound = base_bound(self._dtype, places)
        self._runs: dict[str, list[Step]] = {}

    def steps(self) -> list[Step]:
        """Return the reference's steps."""
        return self._run("reference", self.reference, None)

    def _run(self, name: str, training: Training, seed: int | None) -> list[Step]:
        if name not in self._runs:
            training.restore(State(self._pair.start, self._optimizer_start))
            if seed is not None:
                training.perturb(seed, self._dtype)
            self._runs[name] = [training.step() for _ in range(self.count)]
            training.restore(State(self._pair.start, self._optimizer_start))
        return self._runs[name]

    def compare(self, inputs: str) -> Findings:
        """Compare both sides after each step."""
        return [self._compare_step(number, inputs) for number in range(self.count)]

    def _compare_step(self, number: int, inputs: str) -> Compared:
        judged = self._judged(number, noisy=[False] * len(self.reference.weights))
        if judged.departs:
            judged = self._judged(number, noisy=self._noisy())
        detail = self._names()[judged.output] if judged.departs else ""
        return Compared(STEPS, inputs, "training", "", judged, detail=detail, step=number + 1)

    def _judged(self, number: int, noisy: Sequence[bool]) -> Judgement:
        again = iter(["reference", "reference again"])

        def reference(seed: int | None) -> list[Array | None]:
            name = next(again, "reference") if seed is None else f"seed {seed}"
            return self._followed(self._run(name, self.reference, seed)[number], noisy)

        def tested() -> list[Array | None]:
            return self._followed(self._run("tested", self.tested, None)[number], noisy)

        # Adam's first steps are signs: one element may go the other way. Layers and optimizer are
        # compared by themselves, element by element.
        grown = 4 * math.sqrt(number + 1)
        bound = Bound(grown * self._bound.rms, math.inf, grown * self._bound.slope)
        return judge(Runs(reference, tested), bound, repeats=1)

    def _followed(self, step: Step, noisy: Sequence[bool]) -> list[Array | None]:
        """Return the numbers of a step; where a weight is noise, only whether they are numbers."""
        start = dict(zip(self._ids(), self._pair.start))
        after = dict(zip(self._ids(), step.after.variables))
        changed: list[Array | None] = []
        for weight, noise in zip(self.reference.weights, noisy):
            change = after[id(weight)] - start[id(weight)]
            changed.append(_blank(change) if noise else change)
        gradients = [
            _blank(one) if noise and one is not None else one
            for one, noise in zip(step.gradients, noisy)
        ]
        return [np.asarray(step.loss), *gradients, *changed]

    def _ids(self) -> list[int]:
        return [id(one) for one in keras_models.variables(self._pair.reference.model)]

    def _noisy(self) -> list[bool]:
        """Tell for each weight whether its gradient is rounding alone."""
        if not hasattr(self, "_noise"):
            plain = self._run("reference", self.reference, None)
            moved = self._run("seed 11", self.reference, 11)
            self._noise = [
                any(
                    _noise(one.gradients[place], two.gradients[place])
                    for one, two in zip(plain, moved)
                )
                for place in range(len(self.reference.weights))
            ]
        return self._noise

    def _names(self) -> list[str]:
        names = [keras_models.variable_name(one) for one in self.reference.weights]
        return [
            "the loss",
            *(f"the gradient of {name}" for name in names),
            *(f"the change of {name}" for name in names),
        ]


def _blank(array: Array) -> Array:
    """Keep only whether there are numbers."""
    return np.where(np.isfinite(array), 0.0, array)


def _noise(plain: Array | None, moved: Array | None) -> bool:
    if plain is None or moved is None:
        return False
    size = float(np.sqrt(np.mean(np.square(plain, dtype="float64"))))
    apart = float(np.sqrt(np.mean(np.square(moved - plain, dtype="float64"))))
    return not apart <= _NOISE * size


def compare_optimizer(trajectories: Trajectories, inputs: str) -> Findings:
    """Give the tested optimizer the reference's gradients and state of each step."""
    return [
        _compare_update(trajectories, number, step, inputs)
        for number, step in enumerate(trajectories.steps())
    ]


def _compare_update(trajectories: Trajectories, number: int, step: Step, inputs: str) -> Compared:
    def updated(training: Training, seed: int | None = None) -> list[Array | None]:
        training.restore(step.before)
        training.apply(_moved(step.gradients, seed))
        after = training.state()
        framework = training.side.framework
        before = dict(zip(_variables(training), step.before.variables))
        changed = [
            values(framework, [weight])[0] - before[id(weight)] for weight in training.weights
        ]
        return [*changed, *after.optimizer]

    runs = Runs(
        reference=lambda seed: updated(trajectories.reference, seed),
        tested=lambda: updated(trajectories.tested),
    )
    base = base_bound("float32")
    # A weight's change is the difference of two rounded numbers of another size.
    judged = judge(runs, base, _rounding_of(step))
    training = trajectories.reference
    names = [f"the change of {keras_models.variable_name(one)}" for one in training.weights]
    names += [f"its {keras_models.variable_name(one)}" for one in training.slots()]
    return Compared(
        OPTIMIZER,
        inputs,
        type(training.optimizer).__name__,
        "",
        judged,
        detail=names[judged.output] if judged.departs else "",
        step=number + 1,
        call=step,
        state=training,
    )


def _variables(training: Training) -> list[int]:
    return [id(one) for one in keras_models.variables(training.side.model)]


def _moved(gradients: Sequence[Array | None], seed: int | None) -> list[Array | None]:
    source = source_of(seed)
    if source is None:
        return list(gradients)
    return [None if one is None else perturbed(one, "float32", source) for one in gradients]


def _rounding_of(step: Step) -> float:
    """Return the size below which the change of a weight is rounding of the weight."""
    largest = max(
        (
            float(np.max(np.abs(one)))
            for one in step.before.variables
            if one.dtype.kind == "f" and one.size
        ),
        default=0.0,
    )
    return largest * 2.0**-23 if math.isfinite(largest) else 0.0


def compare_loss(trajectories: Trajectories, outputs: Sequence[Array], inputs: str) -> Findings:
    """Compute the loss and its gradient on both sides from the reference's outputs."""

    def computed(training: Training, seed: int | None = None) -> list[Array | None]:
        side = training.side
        recorded = [
            Recorded(one, "float32" if one.dtype.kind == "f" else one.dtype.name) for one in outputs
        ]
        with side.inside():
            laid = tensors_of(side.framework, side.laid(recorded, source_of(seed)))
            value = side.framework.array(training.loss_of(laid))
            floats = [tensor for tensor in laid if is_float(tensor)]

            def run(*tensors: Any) -> list[Any]:
                placed = iter(tensors)
                return [
                    training.loss_of(
                        [next(placed) if is_float(tensor) else tensor for tensor in laid]
                    )
                ]

            found = side.framework.pullback(run, floats, [np.ones((), "float32")])
        return [value, *found]

    runs = Runs(
        reference=lambda seed: computed(trajectories.reference, seed),
        tested=lambda: computed(trajectories.tested),
    )
    judged = judge(runs, base_bound("float32", 4))
    detail = "" if not judged.departs else ("its gradient" if judged.output else "its value")
    return [Compared(LOSS, inputs, "the loss", "", judged, detail=detail)]
