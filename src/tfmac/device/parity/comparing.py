"""The whole comparison, stage by stage; what was seen goes out as it comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable, NamedTuple

from .. import keras_models
from ..frameworks import Array
from ..subjects.inputs import Inputs
from .findings import (
    COMPILED,
    FORWARD,
    GRADIENTS,
    LOSS,
    OPTIMIZER,
    STEPS,
    TRAINING_FORWARD,
    Compared,
    Findings,
    departures,
    summary,
)
from .forward import compare_layers
from .gradients import compare_gradients
from .graph_mode import compare_compiled
from .judging import NOT_DETERMINISTIC, SAME, UNTESTED, WITHIN, WRONG
from .pairs import Pair
from .steps import Trajectories, compare_loss, compare_optimizer
from .tracing import Trace, around, trace, without_randomness

Tell = Callable[..., None]


class Outcome(NamedTuple):
    """The verdict, the first thing that departs, and all that does."""

    verdict: str
    culprit: Compared | None
    found: Findings


class Comparison:
    """Compares two copies of a model on some sets of inputs."""

    def __init__(self, pair: Pair, sets: Sequence[Inputs], steps: int, tell: Tell) -> None:
        self._pair = pair
        self._sets = list(sets)
        self._steps = steps
        self._tell = tell
        self.found: Findings = []
        # Places that depart, with those around them: what follows from that is no news.
        self._departed: set[int] = set()

    def run(self) -> Outcome:
        """Go through all stages; the first fault does not end them."""
        self._tell_what_is_off()
        for one in list(self._sets):
            self._forward(one)
        for one in [one for one in self._sets if one.training]:
            self._trained_forward(one)
        if self._steps:
            self._training()
        return Outcome(self._verdict(), self.culprit(), self.found)

    def culprit(self) -> Compared | None:
        """Return the first departure that is a layer's, else the first one."""
        all_of_them = departures(self.found)
        named = [one for one in all_of_them if one.stage != STEPS]
        return next(iter(named or all_of_them), None)

    def _verdict(self) -> str:
        outcomes = {one.judgement.outcome for one in self.found}
        culprit = self.culprit()
        if culprit is not None:
            judged = culprit.judgement.outcome
            return NOT_DETERMINISTIC if judged == NOT_DETERMINISTIC else WRONG
        return WITHIN if WITHIN in outcomes else SAME

    def _tell_what_is_off(self) -> None:
        with without_randomness(self._pair.reference) as quiet:
            for path in quiet:
                self._tell("off", what=path, why="random numbers differ between devices")

    def _add(self, stage: str, inputs: str, found: Findings) -> None:
        self.found += found
        for one in departures(found):
            self._tell("departs", **one.event())
        for one in found:
            if one.judgement.outcome == UNTESTED:
                self._tell("untested", what=one.what, stage=stage, why=one.judgement.error)
        self._tell("summary", stage=stage, inputs=inputs, **summary(found))

    def _traced(self, one: Inputs, *, training: bool) -> Trace | None:
        """Trace the reference; inputs that it does not take are left out, with the reason."""
        try:
            traced = trace(self._pair.reference, one.tree, training=training)
        except Exception as error:
            if one is self._sets[0]:
                raise
            self._tell(
                "untested", what=one.name, stage=FORWARD, why=f"{type(error).__name__}: {error}"
            )
            self._sets = [other for other in self._sets if other is not one]
            return None
        finally:
            self._pair.restore()
        return traced

    def _forward(self, one: Inputs) -> None:
        self._tell("stage", stage=FORWARD, inputs=one.name)
        traced = self._traced(one, training=False)
        if traced is None:
            return
        pair = self._pair
        often = one is self._sets[0]
        found = compare_layers(
            pair, traced, pair.start, FORWARD, one.name, self._departed, often=often
        )
        self._add(FORWARD, one.name, found)
        for number in traced.unseen:
            path = pair.reference.places[number].path
            self._tell("untested", what=path, stage=FORWARD, why="it runs inside a compiled loop")
        if pair.framework.compiles() and not self._departed:
            self._tell("stage", stage=COMPILED, inputs=one.name)
            compiled = compare_compiled(pair, traced, pair.start, one.name)
            self._add(COMPILED, one.name, compiled)
            for departed in departures(compiled):
                self._departed |= around(pair.reference, departed.place)

    def _trained_forward(self, one: Inputs) -> None:
        self._tell("stage", stage=TRAINING_FORWARD, inputs=one.name)
        traced = self._traced(one, training=True)
        if traced is None:
            return
        pair = self._pair
        self._both_ways(traced, pair.start, one.name)

    def _both_ways(
        self, traced: Trace, state: Sequence[Array], inputs: str, *, step: int = 0
    ) -> None:
        """Compare layers as they are in training, and their gradients."""
        pair, departed = self._pair, self._departed
        found = compare_layers(pair, traced, state, TRAINING_FORWARD, inputs, departed, step=step)
        self._add(TRAINING_FORWARD, inputs, found)
        self._tell("stage", stage=GRADIENTS, inputs=inputs)
        found = compare_gradients(pair, traced, state, inputs, departed, step=step)
        self._add(GRADIENTS, inputs, found)

    def _training(self) -> None:
        one, pair = self._sets[0], self._pair
        if not keras_models.trainable(pair.reference.model):
            self._tell("untested", what="training", stage=STEPS, why="nothing is trainable")
            return
        outputs = trace(pair.reference, one.tree, training=True).outputs
        pair.restore()
        trajectories = Trajectories(pair, one.tree, outputs, self._steps)
        self._tell("stage", stage=LOSS, inputs=one.name)
        self._add(LOSS, one.name, compare_loss(trajectories, outputs, one.name))
        self._tell("stage", stage=OPTIMIZER, inputs=one.name)
        self._add(OPTIMIZER, one.name, compare_optimizer(trajectories, one.name))
        if departures(self.found):
            self._tell("untested", what="training", stage=STEPS, why="something departs already")
            return
        self._tell("stage", stage=STEPS, inputs=one.name)
        followed = trajectories.compare(one.name)
        self._add(STEPS, one.name, followed)
        self._later(one, trajectories, followed)
        pair.restore()

    def _later(self, one: Inputs, trajectories: Trajectories, followed: Findings) -> None:
        """Compare all layers again with the weights of a later step: the last, or one that departs.

        What is wrong from a later step on shows there.
        """
        numbers = [one.step for one in departures(followed) if one.step > 1][:1]
        numbers += [self._steps] if self._steps > 1 else []
        for number in dict.fromkeys(numbers):
            state = trajectories.steps()[number - 1].before.variables
            pair = self._pair
            pair.reference.restore(state)
            traced = trace(pair.reference, one.tree, training=True)
            name = f"{one.name}, weights of step {number}"
            self._tell("stage", stage=TRAINING_FORWARD, inputs=name)
            self._both_ways(traced, state, name, step=number)
