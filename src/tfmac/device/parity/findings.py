"""What was compared and how it came out, in the form in which the journal and locating take it."""

from __future__ import annotations

import math
from typing import Any, List, NamedTuple  # noqa: UP035 (evaluated by Python 3.8)

from .judging import SAME, UNTESTED, Judgement

FORWARD = "forward"
TRAINING_FORWARD = "forward in training"
GRADIENTS = "gradients"
LOSS = "loss"
OPTIMIZER = "optimizer"
COMPILED = "compiled forward"
STEPS = "training steps"


class Compared(NamedTuple):
    """One thing compared: which layer or what else, in which stage, on which inputs."""

    stage: str
    inputs: str
    what: str
    """The layer's path, or what was compared besides layers."""
    kind: str
    """The layer's class; empty for what is no layer."""
    judgement: Judgement
    place: int = -1
    """The layer's number in the model; -1 for what is no layer."""
    detail: str = ""
    """Which result is meant: a weight's gradient, a slot, the pair that is fused."""
    step: int = 0
    """From which training step on; 0 where that says nothing."""
    call: Any = None
    """What the layer was called with, for the reproduction."""
    state: Any = None
    """The variables' values that it was called from; the training of an optimizer."""

    def event(self) -> dict[str, Any]:
        """Return what the journal holds of it."""
        judged = self.judgement
        bound = judged.bound
        return {
            "stage": self.stage,
            "inputs": self.inputs,
            "what": self.what,
            "kind": self.kind,
            "detail": self.detail,
            "step": self.step,
            "outcome": judged.outcome,
            "rms": _finite(judged.distance.rms),
            "element": _finite(judged.distance.element),
            "slope": _finite(judged.distance.slope),
            "bound_rms": None if bound is None else _finite(bound.rms),
            "bound_element": None if bound is None else _finite(bound.element),
            "bound_slope": None if bound is None else _finite(bound.slope),
            "spread": _finite(judged.spread),
            "broken": judged.distance.broken,
            "nearer": judged.nearer,
            "error": judged.error,
        }


Findings = List[Compared]  # noqa: UP006


def departures(found: Findings) -> Findings:
    """Return what departs, in the order in which it was compared."""
    return [one for one in found if one.judgement.departs]


def summary(found: Findings) -> dict[str, Any]:
    """Return how many came out how, and the one that came nearest to its bound."""
    outcomes: dict[str, int] = {}
    for one in found:
        outcomes[one.judgement.outcome] = outcomes.get(one.judgement.outcome, 0) + 1
    judged = [one for one in found if one.judgement.outcome not in {SAME, UNTESTED}]
    worst = max(judged, key=_excess, default=None)
    return {
        "compared": len(found),
        "outcomes": outcomes,
        "worst": None if worst is None else worst.event(),
    }


def _excess(one: Compared) -> float:
    bound = one.judgement.bound
    return 0.0 if bound is None else bound.excess(one.judgement.distance)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
