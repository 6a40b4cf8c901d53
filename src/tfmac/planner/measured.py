"""What was seen to break or to work beside a TensorFlow, as constraints for a resolver.

The resolver takes the newest of everything. Where a plan then has a version that is known to break,
it is asked once more without it.
"""

from collections.abc import Iterator, Sequence
from typing import Optional

import msgspec
from packaging.version import Version

from tfmac.knowledge import combinations
from tfmac.knowledge.combinations import Broken, Question
from tfmac.planner.stacks import Candidate
from tfmac.schema.plans import Pin, Rationale


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """A constraint that follows from environments that were run."""

    requirement: str
    rationale: Optional[Rationale] = None
    """Why, where this one has a reason of its own."""


def known_to_break(candidate: Candidate, pins: Sequence[Pin]) -> tuple[Bound, ...]:
    """Give what keeps a resolver from the pins that were seen to break beside this TensorFlow."""
    if candidate.tensorflow is None:
        return ()
    numpy = next((pin.version for pin in pins if pin.name == "numpy"), None)
    found = []
    for pin in pins:
        question = Question(
            tensorflow=candidate.tensorflow,
            package=pin.name,
            version=pin.version,
            python=candidate.python,
            numpy=numpy,
        )
        outcome = combinations.outcome(question)
        if isinstance(outcome, Broken):
            found.append(_without(pin, outcome, candidate))
    return tuple(found)


def _without(pin: Pin, broken: Broken, candidate: Candidate) -> Bound:
    """Exclude a version, and all newer ones where none of them is known to work."""
    run, tensorflow = broken.evidence[0], candidate.tensorflow or ""
    highest = combinations.highest_that_work(tensorflow, candidate.python).get(pin.name)
    older = highest is not None and Version(highest) < Version(pin.version)
    return Bound(
        requirement=f"{pin.name}<={highest}" if older else f"{pin.name}!={pin.version}",
        rationale=Rationale(
            statement=f"not {pin}: {run.package} {run.version} broke TensorFlow {tensorflow} "
            f"({broken.step.value}): {run.error}",
            source="a measured environment" + (f"; tfmac cause {run.cause}" if run.cause else ""),
        ),
    )


def proven(candidate: Candidate) -> Iterator[Bound]:
    """Keep a resolver within the versions that were seen to work with this TensorFlow's minor."""
    if candidate.tensorflow is None:
        return
    for package, highest in combinations.highest_that_work(
        candidate.tensorflow, candidate.python
    ).items():
        yield Bound(requirement=f"{package}<={highest}")


def proven_rationale(candidate: Candidate, bounds: Sequence[Bound]) -> Rationale:
    """Say how far the versions of a plan that is to be proven were run."""
    if not bounds:
        return Rationale(
            statement="nothing of this stack was run, so it is the newest all the same",
            source="measured environments",
        )
    return Rationale(
        statement=f"{len(bounds)} packages are held to the versions that were seen to work with "
        f"TensorFlow {candidate.tensorflow}'s minor; those of others are the newest",
        source=f"measured environments on {combinations.platform()}",
    )
