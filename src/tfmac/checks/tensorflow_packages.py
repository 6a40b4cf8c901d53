"""Checks of which distribution carries TensorFlow."""

from collections.abc import Iterator

from tfmac.checks.case import Case, NotApplicable
from tfmac.knowledge import releases
from tfmac.schema.fact import Unknown
from tfmac.schema.findings import (
    Confidence,
    Constraint,
    ConstraintKind,
    Evidence,
    Finding,
    Severity,
)
from tfmac.schema.knowledge import Step


def two_tensorflow_packages(case: Case) -> Iterator[Finding]:
    """Whether one distribution alone owns the package ``tensorflow``.

    Looks at: which distributions named TensorFlow list files in the folder ``tensorflow``; empty
    shells that only require another distribution are right and are not counted.
    Why it matters: files of one lie among files of the other, and removing one hollows out both.
    Repair: both removed, the folder deleted, exactly one installed.
    Sources: RECORD (Binary distribution format).
    """
    if not case.tensorflow_distributions:
        raise NotApplicable("TensorFlow is not installed")
    carriers = case.carriers
    if len(carriers) < 2:
        return
    names = " and ".join(f"{one.name} {one.version}" for one in carriers)
    same = len({one.version for one in carriers}) == 1
    yield Finding(
        cause="two-tensorflow-packages-mixed",
        severity=Severity.WARNING if same else Severity.ERROR,
        confidence=Confidence.CERTAIN,
        subject=", ".join(one.name for one in carriers),
        message=f"{names} own the same folder tensorflow",
        evidence=tuple(_owner_evidence(case)),
        constraints=tuple(
            Constraint(
                kind=ConstraintKind.REMOVE, value=one.name, reason="one TensorFlow at a time"
            )
            for one in carriers[1:]
        ),
    )


def _owner_evidence(case: Case) -> Iterator[Evidence]:
    names = {one.name for one in case.carriers}
    for one in case.carriers:
        yield Evidence(
            statement=f"{one.name} {one.version} lists files in tensorflow/",
            source="RECORD",
            location=one.location,
        )
    files = case.facts.files
    if not isinstance(files, Unknown):
        for shared in files.value.shared:
            if names.issuperset(shared.distributions):
                yield Evidence(
                    statement=f"{shared.count} files have two owners, {shared.examples[0]} first",
                    source="RECORD of both",
                )


def empty_shell(case: Case) -> Iterator[Finding]:
    """Whether a distribution that is named TensorFlow brings TensorFlow.

    Looks at: distributions named TensorFlow when none of them lists files in ``tensorflow/``.
    Why it matters: some releases are shells that only require another distribution
    (tensorflow-macos 2.15.1 requires itself), so an installation succeeds and nothing is there.
    Repair: the release under the name that carries the code.
    Sources: RECORD (Binary distribution format).
    """
    if not case.tensorflow_distributions:
        raise NotApplicable("TensorFlow is not installed")
    if case.carriers:
        return
    for shell in case.tensorflow_distributions:
        empty = shell.name == "tensorflow-macos" and shell.version == "2.15.1"
        yield Finding(
            cause="tensorflow-macos-empty-shell" if empty else "tensorflow-install-incomplete",
            severity=Severity.ERROR,
            confidence=Confidence.CERTAIN,
            subject=f"{shell.name} {shell.version}",
            message=f"{shell.name} {shell.version} is installed and brings no tensorflow package",
            evidence=(
                Evidence(
                    statement="no file of it lies in the folder tensorflow",
                    source="RECORD",
                    location=shell.location,
                ),
            ),
            constraints=(
                Constraint(
                    kind=ConstraintKind.REMOVE, value=shell.name, reason="it carries no code"
                ),
                Constraint(
                    kind=ConstraintKind.REQUIREMENT,
                    value=f"tensorflow=={shell.version}",
                    reason="the release under the name that carries the code",
                ),
            ),
            breaks=Step.IMPORT,
        )


def release_is_known(case: Case) -> Iterator[Finding]:
    """Whether the installed TensorFlow is a release that the knowledge has.

    Looks at: the version of TensorFlow, and the recorded releases.
    Why it matters: of a release that was never looked at nothing is known; that no other check
    finds anything then says little.
    Repair: none; a newer tfmac knows newer releases.
    Sources: the package index, on the day of the installed data (``tfmac knowledge status``).
    """
    tensorflow = case.tensorflow
    if releases.package(tensorflow.name) is None:
        raise NotApplicable(f"the releases of {tensorflow.name} are not recorded")
    newer = releases.newer_than_shipped(tensorflow.name)
    found = releases.release(tensorflow.name, tensorflow.version)
    if found is not None and found.version not in newer:
        return
    recorded = releases.versions(tensorflow.name, prereleases=True)
    newest = next((version for version in recorded if version not in newer), "none")
    yield Finding(
        cause="release-not-in-knowledge",
        severity=Severity.NOTE,
        confidence=Confidence.CERTAIN,
        subject=f"{tensorflow.name} {tensorflow.version}",
        message=f"{tensorflow.name} {tensorflow.version} is not in the data of this tfmac: "
        "what goes with it is unknown",
        evidence=(
            Evidence(
                statement=f"the newest release that was looked at is {newest}",
                source="the recorded releases",
            ),
        ),
    )
