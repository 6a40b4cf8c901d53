"""Whether what is installed meets what is declared, and whether that matters."""

from collections.abc import Iterable, Iterator
from typing import Optional

import msgspec
from packaging.specifiers import SpecifierSet

from tfmac.checks.case import Case
from tfmac.checks.measured import ask, clashes, closer_cause, confidence, evidence, severity
from tfmac.formats.distinfo import normalise
from tfmac.knowledge.combinations import Broken, NotMeasured, Outcome, Works
from tfmac.schema.facts import Distribution
from tfmac.schema.findings import Constraint, ConstraintKind, Evidence, Finding


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
    for package, violations in sorted(case_violations(case).items()):
        if not _left_to_others(case, package, violations):
            yield _conflict(case, package, violations)


def _left_to_others(case: Case, package: str, violations: list[Violation]) -> bool:
    """What jax declares and checks itself has a check of its own."""
    return violations[0].installed is not None and all(
        clashes(case, one.requirer.name, package) for one in violations
    )


def case_violations(case: Case) -> dict[str, list[Violation]]:
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


def violated_by_tensorflow(case: Case) -> frozenset[str]:
    """The packages that do not meet what TensorFlow's own closure declares about them."""
    return frozenset(
        package
        for package, violations in case_violations(case).items()
        if any(one.requirer.name in case.tensorflow_closure for one in violations)
    )


def _conflict(case: Case, package: str, violations: list[Violation]) -> Finding:
    installed = violations[0].installed
    outcome = _measured(case, package, installed, violations)
    there = f"{package} {installed}" if installed else f"{package} (not installed)"
    requirers = ", ".join(sorted({one.requirer.name for one in violations}))
    declared = (
        Evidence(
            statement=one.statement,
            source=f"Requires-Dist of {one.requirer.name}",
            location=one.requirer.location,
        )
        for one in violations
    )
    return Finding(
        cause=_cause(case, package, violations, outcome),
        severity=severity(outcome),
        confidence=confidence(outcome),
        subject=there,
        message=f"{there} is not what {requirers} declared{_word(outcome)}",
        evidence=(*declared, *evidence(outcome)),
        constraints=tuple(
            Constraint(
                kind=ConstraintKind.REQUIREMENT,
                value=f"{package}{one.specifier}",
                reason=f"{one.requirer.name} {one.requirer.version} requires it",
            )
            for one in violations
        ),
        breaks=outcome.step if isinstance(outcome, Broken) else None,
    )


def _word(outcome: Outcome) -> str:
    if isinstance(outcome, Broken):
        return ", and was seen to break it" if outcome.seen else ", and its neighbours break it"
    if isinstance(outcome, Works):
        return "; declared, but seen to work"
    return "; declared, not known to break"


def _measured(
    case: Case, package: str, installed: Optional[str], violations: Iterable[Violation]
) -> Outcome:
    """What happened when this version was really put beside this TensorFlow.

    Only a requirement of TensorFlow's own closure can break TensorFlow.
    """
    if len(case.carriers) != 1 or not any(
        one.requirer.name in case.tensorflow_closure for one in violations
    ):
        return NotMeasured(reason="TensorFlow does not need it")
    return ask(case, package, installed)


def _cause(case: Case, package: str, violations: Iterable[Violation], outcome: Outcome) -> str:
    """What the runs name, else the closest cause of the vocabulary, else a plain conflict.

    The closer ones speak of a clash with TensorFlow itself.
    """
    if isinstance(outcome, Broken) and outcome.cause is not None:
        return outcome.cause
    several = tuple(violations)
    installed = several[0].installed
    from_tensorflow = any(one.requirer in case.tensorflow_distributions for one in several)
    if installed is None or not from_tensorflow or len(case.carriers) != 1:
        return "requirement-conflict"
    return closer_cause(package, installed, case.carriers[0].version) or "requirement-conflict"
