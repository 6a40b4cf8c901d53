"""What the checks say to the causes that a log shows: the same cause is one finding, not two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

import msgspec

if TYPE_CHECKING:
    from tfmac.schema.explanations import ExplanationReport
    from tfmac.schema.facts import Facts


def confirmed_by_checks(
    report: ExplanationReport, facts: Callable[[tuple[str, ...]], Facts]
) -> ExplanationReport:
    """Say of each cause whether ``tfmac doctor`` finds it, too, where the log was written.

    ``facts`` gives those of the environment that wrote it, as far as some causes need them. It is
    not asked where no check finds any of the causes.
    """
    from tfmac.api.diagnosis import diagnose
    from tfmac.checks.registry import CHECKS

    found_by_checks = {cause for check in CHECKS for cause in check.causes}
    asked = tuple(one.cause for one in report.causes if one.cause in found_by_checks)
    if not asked:
        return report
    findings = diagnose(facts(asked), only=asked).findings
    said = {one.cause: f"tfmac doctor: {one.message}" for one in reversed(findings)}
    causes = (
        msgspec.structs.replace(one, confirmed_by=(said[one.cause],)) if one.cause in said else one
        for one in report.causes
    )
    return msgspec.structs.replace(report, causes=tuple(causes))
