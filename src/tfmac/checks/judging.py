"""Runs checks over facts. A check that crashes is an outcome and never hides the others."""

from collections.abc import Iterable
from typing import Optional

from tfmac.checks.case import Case, NotApplicable, UnknownFact
from tfmac.checks.registry import Check
from tfmac.schema.facts import Facts
from tfmac.schema.findings import CheckOutcome, Finding, Outcome


def judge(
    facts: Facts,
    checks: Iterable[Check],
    *,
    gpu: Optional[bool],
    only: frozenset[str] = frozenset(),
    skip: frozenset[str] = frozenset(),
) -> tuple[tuple[Finding, ...], tuple[CheckOutcome, ...]]:
    """Judge facts; findings are sorted worst first.

    ``only`` and ``skip`` hold causes; where a check finds several, those that were not asked for
    are left out.
    """
    case = Case(facts, gpu=gpu)
    findings: list[Finding] = []
    outcomes: list[CheckOutcome] = []
    for check in checks:
        found, outcome = _run(check, case)
        findings += [one for one in found if _wanted(check, one, only, skip)]
        outcomes.append(outcome)
    findings.sort(key=lambda one: (one.severity.rank, one.cause, one.subject))
    return tuple(findings), tuple(outcomes)


def _wanted(check: Check, finding: Finding, only: frozenset[str], skip: frozenset[str]) -> bool:
    if finding.cause in skip:
        return False
    return not only or finding.cause in only or check.family in only


def _run(check: Check, case: Case) -> tuple[list[Finding], CheckOutcome]:
    try:
        found = list(check.find(case))
    except NotApplicable as answer:
        return [], _outcome(check, Outcome.NOT_APPLICABLE, str(answer))
    except UnknownFact as answer:
        return [], _outcome(check, Outcome.SKIPPED, str(answer))
    except Exception as error:  # noqa: BLE001 - one broken check must not hide the others
        return [], _outcome(check, Outcome.CRASHED, f"{type(error).__name__}: {error}")
    return found, _outcome(check, Outcome.RAN, None)


def _outcome(check: Check, outcome: Outcome, reason: Optional[str]) -> CheckOutcome:
    return CheckOutcome(check=check.name, outcome=outcome, reason=reason)
