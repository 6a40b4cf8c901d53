"""What the environments that were really run say of a judged one; shared by several checks."""

from collections.abc import Iterator
from typing import Optional

from tfmac.checks.case import Case, UnknownFact, minor
from tfmac.knowledge import combinations
from tfmac.knowledge.combinations import Broken, NotMeasured, Outcome, Question, Works
from tfmac.schema.combinations import Combination
from tfmac.schema.findings import Confidence, Evidence, Severity
from tfmac.schema.knowledge import Step

_LATE = frozenset({Step.SAVE_LOAD, Step.TF_DATA})
"""Steps that a program may do without."""
_TRUE = frozenset({"1", "true"})


def ask(case: Case, package: str, version: Optional[str]) -> Outcome:
    """Ask what happened when this version was really put beside this TensorFlow."""
    tensorflow = case.tensorflow.version
    numpy = case.distributions.get("numpy")
    outcome = combinations.outcome(
        Question(
            tensorflow=tensorflow,
            package=package,
            version=version,
            python=_python(case),
            numpy=numpy.version if numpy else None,
        )
    )
    if isinstance(outcome, Broken) and outcome.step is Step.FIT and uses_keras_2(case):
        return NotMeasured(reason="it was run with Keras 3, and TF_USE_LEGACY_KERAS is set")
    return outcome


def clashes(case: Case, requirer: str, package: str) -> bool:
    """Whether a requirement is one that is known to break TensorFlow, with a check of its own."""
    if len(case.carriers) != 1:
        return False
    known = combinations.clashes(case.tensorflow.version)
    return any((one.requirer, one.package) == (requirer, package) for one in known)


def uses_keras_2(case: Case) -> bool:
    """Whether the switch puts tf-keras in the place of the Keras 3 that was run."""
    switch = case.facts.variables.get("TF_USE_LEGACY_KERAS", "").lower()
    return switch in _TRUE and minor(case.tensorflow.version) >= (2, 16)


def severity(outcome: Outcome) -> Severity:
    """An error where no program gets further, else a warning."""
    breaks = isinstance(outcome, Broken) and outcome.step not in _LATE
    return Severity.ERROR if breaks else Severity.WARNING


def confidence(outcome: Outcome) -> Confidence:
    """Certain of what was run itself, likely of what lies between."""
    if not isinstance(outcome, Broken):
        return Confidence.POSSIBLE
    return Confidence.CERTAIN if outcome.seen else Confidence.LIKELY


def evidence(outcome: Outcome) -> Iterator[Evidence]:
    """Quote what was run, or say why nothing is known."""
    if isinstance(outcome, Broken):
        yield Evidence(
            statement=f"{outcome.step.value} failed: {outcome.error}",
            source=ran(outcome.evidence),
        )
    elif isinstance(outcome, Works):
        yield Evidence(statement="import, fit, save and load worked", source=ran(outcome.evidence))
    else:
        yield Evidence(statement=f"not known: {outcome.reason}", source="measured combinations")


def ran(runs: tuple[Combination, ...]) -> str:
    """Name the environments that were run."""
    return "ran: " + "; ".join(
        f"TensorFlow {one.tensorflow} with {one.package} {one.version or 'taken out'}, "
        f"Python {one.python}"
        for one in runs
    )


def closer_cause(package: str, installed: str, tensorflow: str) -> Optional[str]:
    """The vocabulary's own cause for a package beside a TensorFlow release, if it has one."""
    numbers, release = minor(installed), minor(tensorflow)
    causes = {
        "numpy-2-with-numpy-1-binaries": (
            package == "numpy" and numbers >= (2, 0) and release < (2, 18)
        ),
        "keras-not-matching-tensorflow": (
            package == "keras" and (numbers < (3, 0) or release >= (2, 16))
        ),
        "ml-dtypes-mismatch": package == "ml-dtypes",
        "protobuf-generated-code-too-old": (
            package == "protobuf" and numbers >= (4, 0) and release < (2, 12)
        ),
        "typing-extensions-pin-conflict": (
            package == "typing-extensions" and (release < (2, 7) or release == (2, 13))
        ),
    }
    return next((cause for cause, holds in causes.items() if holds), None)


def _python(case: Case) -> Optional[str]:
    try:
        return case.python_minor
    except UnknownFact:
        return None
