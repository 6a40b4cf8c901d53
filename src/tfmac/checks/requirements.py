"""Checks of declared requirements, and of what is known to break whether declared or not."""

from collections.abc import Iterable, Iterator
from typing import Optional

import msgspec
from packaging.specifiers import SpecifierSet

from tfmac.checks.case import Case, NotApplicable, minor
from tfmac.formats.distinfo import normalise
from tfmac.knowledge import combinations
from tfmac.schema.facts import Distribution
from tfmac.schema.findings import (
    Confidence,
    Constraint,
    ConstraintKind,
    Evidence,
    Finding,
    Severity,
)
from tfmac.schema.knowledge import Combination


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """A declared requirement that the installed distributions do not meet.

    ``installed`` is None when the required distribution is not there at all.
    """

    requirer: Distribution
    package: str
    specifier: str
    installed: Optional[str]

    @property
    def statement(self) -> str:
        """The requirement and what is there, side by side."""
        wanted = f"{self.package}{self.specifier}"
        there = f"{self.installed} is installed" if self.installed else "it is not installed"
        return f"{self.requirer.name} {self.requirer.version} requires {wanted}; {there}"


def declared_requirements(case: Case) -> Iterator[Finding]:
    """Whether what is installed meets what the installed distributions declare.

    Looks at: Requires-Dist of every distribution, markers evaluated for this machine.
    Why it matters: a declared conflict may break TensorFlow. It does not have to: of 82 version
    clashes that were really run 35 broke anything, so it is an error only where it was seen to
    break, and otherwise a warning.
    Repair: versions that meet all requirements at once.
    Sources: Core metadata specifications; the measured combinations.
    """
    for package, violations in sorted(_violations(case).items()):
        yield _conflict(case, package, violations)


def _violations(case: Case) -> dict[str, list[Violation]]:
    """All unmet requirements by required package.

    Where several TensorFlow distributions own the same files, none of their requirements counts:
    which release lies on the disk is not known.
    """
    mixed = {one.name for one in case.carriers} if len(case.carriers) > 1 else set()
    found: dict[str, list[Violation]] = {}
    for distribution in case.distributions.values():
        if distribution.name in mixed or (mixed and distribution.name in _SATELLITES):
            continue
        for requirement in case.requirements(distribution):
            package = normalise(requirement.name)
            installed = case.distributions.get(package)
            if installed is not None and meets(installed.version, requirement.specifier):
                continue
            violation = Violation(
                requirer=distribution,
                package=package,
                specifier=str(requirement.specifier),
                installed=installed.version if installed else None,
            )
            found.setdefault(package, []).append(violation)
    return found


# Of TensorFlow's own release train: they declare requirements for the release they came with.
_SATELLITES = frozenset({"tensorboard", "tensorflow-estimator"})


def meets(version: str, specifier: SpecifierSet) -> bool:
    """Whether an installed version satisfies a specifier, pre-releases taken as they are."""
    return specifier.contains(version, prereleases=True)


def _conflict(case: Case, package: str, violations: list[Violation]) -> Finding:
    installed = violations[0].installed
    outcome = _measured(case, package, installed, violations)
    breaks = isinstance(outcome, combinations.Broken)
    there = f"{package} {installed}" if installed else f"{package} (not installed)"
    requirers = ", ".join(sorted({one.requirer.name for one in violations}))
    evidence = [
        Evidence(
            statement=one.statement,
            source=f"Requires-Dist of {one.requirer.name}",
            location=one.requirer.location,
        )
        for one in violations
    ]
    return Finding(
        cause=_cause(case, package, installed, violations),
        severity=Severity.ERROR if breaks else Severity.WARNING,
        confidence=Confidence.CERTAIN if breaks else Confidence.POSSIBLE,
        subject=there,
        message=f"{there} is not what {requirers} declared"
        + (", and was seen to break it" if breaks else "; declared, not known to break"),
        evidence=(*evidence, *_outcome_evidence(outcome)),
        constraints=tuple(
            Constraint(
                kind=ConstraintKind.REQUIREMENT,
                value=f"{package}{one.specifier}",
                reason=f"{one.requirer.name} {one.requirer.version} requires it",
            )
            for one in violations
        ),
        breaks=outcome.step if isinstance(outcome, combinations.Broken) else None,
    )


def _measured(
    case: Case, package: str, installed: Optional[str], violations: Iterable[Violation]
) -> combinations.Outcome:
    """What happened when this version was really put beside this TensorFlow.

    Only a requirement of TensorFlow's own closure can break TensorFlow.
    """
    if len(case.carriers) != 1 or not any(
        one.requirer.name in case.tensorflow_closure for one in violations
    ):
        return combinations.NotMeasured(reason="TensorFlow does not need it")
    return combinations.outcome(case.carriers[0].version, package, installed)


def _outcome_evidence(outcome: combinations.Outcome) -> Iterator[Evidence]:
    if isinstance(outcome, combinations.Broken):
        yield Evidence(
            statement=f"{outcome.step.value} failed: {outcome.error}",
            source=_ran(outcome.evidence),
        )
    elif isinstance(outcome, combinations.Works):
        yield Evidence(statement="import, fit, save and load worked", source=_ran(outcome.evidence))
    else:
        yield Evidence(statement=f"not measured: {outcome.reason}", source="measured combinations")


def _ran(evidence: tuple[Combination, ...]) -> str:
    """Name the environments that were run."""
    return "ran: " + "; ".join(
        f"TensorFlow {one.tensorflow} with {one.package} {one.version or 'taken out'}, "
        f"Python {one.python}"
        for one in evidence
    )


def _cause(
    case: Case, package: str, installed: Optional[str], violations: Iterable[Violation]
) -> str:
    """The closest cause of the vocabulary; a plain conflict where none describes it.

    The closer ones speak of a clash with TensorFlow itself.
    """
    from_tensorflow = any(one.requirer in case.tensorflow_distributions for one in violations)
    if installed is None or not from_tensorflow or len(case.carriers) != 1:
        return "requirement-conflict"
    return closer_cause(package, installed, case.carriers[0].version) or "requirement-conflict"


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


def numpy_generation(case: Case) -> Iterator[Finding]:
    """Whether an undeclared NumPy 2 lies beside a TensorFlow that was built for NumPy 1.

    Looks at: the versions of NumPy and TensorFlow where TensorFlow's own bound lets NumPy 2 in.
    Why it matters: TensorFlow up to 2.17 was built for NumPy 1, and the releases up to 2.11 did
    not say so.
    Repair: NumPy 1 in the range of the release.
    Sources: the measured combinations.
    """
    tensorflow = case.tensorflow
    numpy = case.distributions.get("numpy")
    if numpy is None or minor(numpy.version) < (2, 0) or minor(tensorflow.version) >= (2, 18):
        return
    declared = [one for one in case.requirements(tensorflow) if normalise(one.name) == "numpy"]
    if any(not meets(numpy.version, one.specifier) for one in declared):
        raise NotApplicable("the conflict is declared; declared-requirements reports it")
    outcome = combinations.outcome(tensorflow.version, "numpy", numpy.version)
    breaks = isinstance(outcome, combinations.Broken)
    yield Finding(
        cause="numpy-2-with-numpy-1-binaries",
        severity=Severity.ERROR if breaks else Severity.WARNING,
        confidence=Confidence.CERTAIN if breaks else Confidence.LIKELY,
        subject=f"numpy {numpy.version}",
        message=f"{tensorflow.name} {tensorflow.version} was built for NumPy 1; "
        f"{numpy.version} is installed",
        evidence=tuple(_outcome_evidence(outcome)),
        constraints=(
            Constraint(
                kind=ConstraintKind.REQUIREMENT,
                value="numpy<2",
                reason="TensorFlow up to 2.17 was built for NumPy 1",
            ),
        ),
        breaks=outcome.step if isinstance(outcome, combinations.Broken) else None,
    )


def keras_generation(case: Case) -> Iterator[Finding]:
    """Whether the separate Keras packages are of TensorFlow's own minor release.

    Looks at: keras beside TensorFlow 2.6-2.15, tf-keras beside TensorFlow 2.16 and later, and
    ``TF_USE_LEGACY_KERAS``, where the declared bounds let another minor in.
    Why it matters: Keras 2 calls private functions of the TensorFlow of its own minor.
    Repair: the Keras of TensorFlow's minor.
    Sources: the threads under ``tfmac cause keras-not-matching-tensorflow``.
    """
    tensorflow = case.tensorflow
    release = minor(tensorflow.version)
    keras = case.distributions.get("keras")
    if keras is not None and (2, 6) <= release <= (2, 15):
        declared = [one for one in case.requirements(tensorflow) if normalise(one.name) == "keras"]
        undeclared = all(meets(keras.version, one.specifier) for one in declared)
        if undeclared and minor(keras.version)[0] == 2 and minor(keras.version) != release:
            yield _other_minor(case, keras, "keras-not-matching-tensorflow")
    tf_keras = case.distributions.get("tf-keras")
    if tf_keras is not None and release >= (2, 16) and minor(tf_keras.version) != release:
        yield _other_minor(case, tf_keras, "tf-keras-not-matching-tensorflow")


def _other_minor(case: Case, keras: Distribution, cause: str) -> Finding:
    tensorflow = case.tensorflow
    first, second = minor(tensorflow.version)
    return Finding(
        cause=cause,
        severity=Severity.WARNING,
        confidence=Confidence.LIKELY,
        subject=f"{keras.name} {keras.version}",
        message=f"{keras.name} {keras.version} is not of {tensorflow.name} {first}.{second}",
        evidence=(
            Evidence(
                statement=f"{tensorflow.name} is {tensorflow.version}",
                source="dist-info",
                location=tensorflow.location,
            ),
        ),
        constraints=(
            Constraint(
                kind=ConstraintKind.REQUIREMENT,
                value=f"{keras.name}=={first}.{second}.*",
                reason="Keras 2 fits the TensorFlow of its own minor only",
            ),
        ),
    )


def legacy_keras_switch(case: Case) -> Iterator[Finding]:
    """Whether the switch to Keras 2 has a Keras 2 to switch to.

    Looks at: ``TF_USE_LEGACY_KERAS`` and tf-keras, with TensorFlow 2.16 or later.
    Why it matters: without tf-keras the import succeeds and ``tf.keras`` is broken.
    Repair: tf-keras of TensorFlow's minor, or the variable taken away.
    Sources: measured with TensorFlow 2.16-2.21.
    """
    switch = case.facts.variables.get("TF_USE_LEGACY_KERAS", "")
    if switch.lower() not in {"1", "true"}:
        raise NotApplicable("TF_USE_LEGACY_KERAS is not set")
    tensorflow = case.tensorflow
    first, second = minor(tensorflow.version)
    if (first, second) < (2, 16) or "tf-keras" in case.distributions:
        return
    yield Finding(
        cause="legacy-keras-switch-without-tf-keras",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        subject="TF_USE_LEGACY_KERAS",
        message="TF_USE_LEGACY_KERAS asks for Keras 2, and tf-keras is not installed",
        evidence=(
            Evidence(statement=f"TF_USE_LEGACY_KERAS={switch}", source="environment variable"),
        ),
        constraints=(
            Constraint(
                kind=ConstraintKind.REQUIREMENT,
                value=f"tf-keras=={first}.{second}.*",
                reason="Keras 2 as its own package",
            ),
        ),
    )
