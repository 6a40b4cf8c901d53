"""A check of the packages that are used beside TensorFlow, by what was seen of them."""

from collections.abc import Iterator
from typing import Union

from packaging.requirements import Requirement

from tfmac.checks.case import Case, NotApplicable
from tfmac.checks.requirements import meets
from tfmac.formats.distinfo import normalise
from tfmac.knowledge import satellites
from tfmac.knowledge.satellites import Broken, Needs, NotMeasured
from tfmac.schema.facts import Distribution
from tfmac.schema.findings import (
    Confidence,
    Constraint,
    ConstraintKind,
    Evidence,
    Finding,
    Severity,
)
from tfmac.schema.satellites import Stage


def satellite_needs(case: Case) -> Iterator[Finding]:
    """Whether packages that are used beside TensorFlow can be imported there.

    Looks at: the releases of packages such as tensorflow-probability and tensorflow-addons of
    which the import failed beside this TensorFlow minor, and whether what made it work is there.
    Why it matters: they install beside a TensorFlow that they do not work with, because nothing
    is declared: tensorflow-probability needs tf-keras beside Keras 3.
    Repair: what they need installed, or a TensorFlow that they work with.
    Sources: the packages that were really used beside each TensorFlow (docs/knowledge.md).
    """
    tensorflow = case.tensorflow
    known = sorted(satellites.packages() & case.distributions.keys())
    if not known:
        raise NotApplicable("no package that was used beside a TensorFlow is installed")
    for name in known:
        installed = case.distributions[name]
        seen = satellites.outcome(name, installed.version, tensorflow.version)
        if isinstance(seen, NotMeasured) or seen.evidence[0].stage is not Stage.IMPORT:
            continue  # what fails in one call only may never be called
        if isinstance(seen, Broken):
            yield _finding(case, installed, seen, "")
        elif isinstance(seen, Needs):
            lacking = [text for text in seen.requirements if not _is_met(case, text)]
            if lacking:
                yield _finding(case, installed, seen, f" without {' and '.join(lacking)}", *lacking)


def _is_met(case: Case, text: str) -> bool:
    wanted = Requirement(text)
    there = case.distributions.get(normalise(wanted.name))
    return there is not None and meets(there.version, wanted.specifier)


def _finding(
    case: Case, installed: Distribution, seen: Union[Broken, Needs], without: str, *lacking: str
) -> Finding:
    tensorflow, run = case.tensorflow, seen.evidence[0]
    more = f"; tfmac cause {run.cause}" if run.cause else ""
    return Finding(
        cause="version-known-to-break",
        severity=Severity.WARNING,
        confidence=Confidence.LIKELY,
        subject=f"{installed.name} {installed.version}",
        message=f"{installed.name} {installed.version} cannot be imported beside "
        f"{tensorflow.name} {tensorflow.version}{without}, though nobody declares it",
        evidence=(
            Evidence(
                statement=f"{run.package} {run.version} failed beside TensorFlow "
                f"{run.tensorflow}: {run.error}",
                source=f"ran: {satellites.measured()}, Python {run.python}{more}",
            ),
            Evidence(
                statement=f"{installed.name} is {installed.version}",
                source="dist-info",
                location=installed.location,
            ),
        ),
        constraints=tuple(
            Constraint(
                kind=ConstraintKind.REQUIREMENT,
                value=text,
                reason=f"{installed.name} works beside TensorFlow {run.tensorflow} with it",
            )
            for text in lacking
        ),
    )
