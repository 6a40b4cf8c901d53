"""Repairing an environment: findings to constraints, one plan, a change that can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional, Union

import msgspec

from tfmac._version import __version__
from tfmac.schema.actions import ExchangePins
from tfmac.schema.codec import SCHEMA_VERSION
from tfmac.schema.facts import EnvironmentKind, Facts
from tfmac.schema.findings import Finding, Severity
from tfmac.schema.plans import InterpreterChoice, NoPlan, Pin, Plan
from tfmac.schema.repairs import RepairMode, RepairOutcome, RepairReport, UndoReport
from tfmac.schema.reports import Diagnosis

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from tfmac.environments.in_place import InPlaceChange
    from tfmac.planner.repair import Broken

_INSTALLERS_OF_USERS = frozenset({"pip", "uv"})
_DAMAGE = frozenset({"distribution-files-missing", "tensorflow-install-incomplete"})


class NotRepairable(Exception):
    """An environment that no repair can be planned for, with the reason."""


class Repair(msgspec.Struct, frozen=True, kw_only=True):
    """A repair that was planned and not yet applied; ``report`` says what it would do."""

    facts: Facts
    diagnosis: Diagnosis
    report: RepairReport
    plan: Optional[Plan] = None


def prepare_repair(
    facts: Facts, *, gpu: Optional[bool] = None, in_place: bool = False, offline: bool = False
) -> Repair:
    """Plan what would repair an environment of this machine; nothing is changed.

    ``gpu`` is the wish for the GPU, by default that of an environment which has a plug-in for it.
    Raises ``NotRepairable``, ``IndexUnreachable`` and ``ResolutionFailed``.
    """
    from tfmac.api.diagnosis import diagnose
    from tfmac.environments.repair_mode import repair_mode
    from tfmac.schema.fact import Unknown

    if facts.environment.kind is EnvironmentKind.TREE or facts.target is not None:
        raise NotRepairable("a repair is for an environment of this machine")
    if isinstance(facts.distributions, Unknown):
        raise NotRepairable(facts.distributions.reason)
    diagnosis = diagnose(facts, gpu=gpu)
    accused = tuple(one for one in diagnosis.findings if one.severity is not Severity.NOTE)
    repair = Repair(
        facts=facts,
        diagnosis=diagnosis,
        report=RepairReport(
            schema_version=SCHEMA_VERSION,
            tfmac=__version__,
            environment=facts.environment.root,
            mode=repair_mode(facts, in_place=in_place),
            outcome=RepairOutcome.NOTHING_TO_DO,
            causes=tuple(dict.fromkeys(one.cause for one in accused)),
            python=diagnosis.environment.python,
            reasons=tuple(_beyond_packages(accused)),
        ),
    )
    if all(_is_beyond_packages(one) for one in accused):
        return repair
    broken = _broken(facts, accused, gpu=gpu)
    if repair.report.mode is RepairMode.NEW:
        broken = msgspec.structs.replace(broken, own=tuple(_of_the_user(facts, broken)))
    return _planned(repair, broken, offline=offline)


def _is_beyond_packages(finding: Finding) -> bool:
    return not finding.constraints and finding.cause not in _DAMAGE


def _beyond_packages(accused: tuple[Finding, ...]) -> Iterator[str]:
    for finding in accused:
        if _is_beyond_packages(finding):
            yield f"{finding.cause}: {finding.message}; no exchange of packages repairs that"


def _broken(facts: Facts, accused: tuple[Finding, ...], *, gpu: Optional[bool]) -> Broken:
    """Draw together what the planner has to know of an environment."""
    from tfmac.checks.case import Case
    from tfmac.formats.distinfo import normalise
    from tfmac.planner.repair import Broken, needs_other_python

    case = Case(facts)
    constraints = tuple(constraint for one in accused for constraint in one.constraints)
    required = {
        normalise(requirement.name)
        for one in case.distributions.values()
        for requirement in case.requirements(one)
    }
    damaged = {one.subject.split(" ")[0] for one in accused if one.cause in _DAMAGE}
    if len(case.carriers) > 1:
        damaged |= {one.name for one in case.carriers}
    return Broken(
        target=case.target,
        python=None if needs_other_python(constraints) else case.python_minor,
        installed={name: one.version for name, one in case.distributions.items()},
        own=tuple(sorted(set(case.distributions) - required)),
        constraints=constraints,
        damaged=frozenset(damaged),
        gpu=gpu,
    )


def _of_the_user(facts: Facts, broken: Broken) -> Iterator[str]:
    """Leave out what came with the system or with conda: a new environment does not need it."""
    from tfmac.checks.case import Case

    distributions = Case(facts).distributions
    return (name for name in broken.own if distributions[name].installer in _INSTALLERS_OF_USERS)


def _planned(repair: Repair, broken: Broken, *, offline: bool) -> Repair:
    from tfmac.planner.building import building
    from tfmac.planner.repair import differences, exchanged

    answer = _first_plan(broken, _interpreters(repair.facts), offline=offline)
    if isinstance(answer, NoPlan):
        report = msgspec.structs.replace(
            repair.report, outcome=RepairOutcome.NO_PLAN, conflicts=answer.conflicts
        )
        return msgspec.structs.replace(repair, report=report)
    in_place = repair.report.mode is RepairMode.IN_PLACE
    whole = repair.report.mode is RepairMode.SIDE_BY_SIDE
    root = repair.report.environment
    report = msgspec.structs.replace(
        repair.report,
        outcome=RepairOutcome.PLANNED,
        python=answer.python,
        differences=tuple(differences(broken, answer, whole=whole)),
        actions=exchanged(root, answer, broken) if in_place else tuple(building(root, answer)),
    )
    return msgspec.structs.replace(repair, report=report, plan=answer)


def _interpreters(facts: Facts) -> tuple[InterpreterChoice, ...]:
    """The interpreter that the environment stands on, if it is there; then this machine's."""
    from tfmac.api.planning import this_machine
    from tfmac.observe.locate import base_interpreter
    from tfmac.schema.fact import Found

    _, others = this_machine()
    interpreter = facts.interpreter
    if not isinstance(interpreter, Found) or not isinstance(interpreter.value.version, Found):
        return others
    version, root = interpreter.value.version.value, facts.environment.root
    path = base_interpreter(root, ".".join(version.split(".")[:2]))
    if path is None:
        return others
    return (InterpreterChoice(path=path, version=version, origin="the environment"), *others)


def _first_plan(
    broken: Broken, interpreters: tuple[InterpreterChoice, ...], *, offline: bool
) -> Union[Plan, NoPlan]:
    """Resolve the first wish that can be met, the least change first."""
    from tfmac.api.planning import choose, plan_candidate
    from tfmac.planner.repair import as_installed, as_pins, wishes

    refused: Optional[NoPlan] = None
    for wish in wishes(broken):
        choice = choose(wish, interpreters)
        if isinstance(choice, NoPlan):
            refused = refused or choice
            continue
        candidate = as_installed(choice.existing or choice.best, broken)
        interpreter = choice.interpreter if choice.existing else None
        answer = plan_candidate(
            wish,
            candidate,
            interpreter=interpreter,
            preferred=as_pins(broken.installed),
            offline=offline,
        )
        if isinstance(answer, Plan):
            return answer
        refused = refused or answer
    assert refused is not None  # noqa: S101 - there is always a wish
    return refused


def apply_repair(
    repair: Repair,
    *,
    time_limit: float,
    offline: bool = False,
    progress: Optional[TextIO] = None,
) -> RepairReport:
    """Carry out a planned repair, then observe and judge again.

    Side by side the new environment is used before it takes the place of the old one; where it
    does not work, the old one stays. ``time_limit`` is that of the probe, in seconds. Raises
    ``EnvironmentChangeFailed``.
    """
    if repair.plan is None or repair.report.mode is RepairMode.NEW:
        return repair.report
    if repair.report.mode is RepairMode.IN_PLACE:
        _apply_in_place(repair, offline=offline, progress=progress)
        return _judged_again(repair, repair.plan, time_limit=time_limit)
    if _apply_side_by_side(
        repair, repair.plan, time_limit=time_limit, offline=offline, progress=progress
    ):
        return _judged_again(repair, repair.plan, time_limit=time_limit)
    return msgspec.structs.replace(
        repair.report,
        outcome=RepairOutcome.STILL_FAILING,
        reasons=(*repair.report.reasons, "the new environment does not work: the old one stays"),
    )


class _DoesNotWork(Exception):
    """The new environment was used and failed."""


def _apply_side_by_side(
    repair: Repair, plan: Plan, *, time_limit: float, offline: bool, progress: Optional[TextIO]
) -> bool:
    from tfmac.api.creation import default_manager, environment_tool
    from tfmac.api.diagnosis import collect_facts, probe
    from tfmac.checks.summary import proves
    from tfmac.environments.create import create_environment
    from tfmac.planner.building import building
    from tfmac.planner.space import needed_bytes

    def verify(folder: str) -> None:
        seen = probe(collect_facts(env=folder), time_limit=time_limit, cwd=folder).probe
        if seen is None or not proves(seen, gpu=plan.gpu):
            raise _DoesNotWork

    try:
        create_environment(
            repair.report.environment,
            tuple(building(repair.report.environment, plan)),
            tool=environment_tool(
                default_manager(offline=offline), offline=offline, progress=progress
            ),
            replace=True,
            keep=True,
            verify=verify,
            needed_bytes=needed_bytes(plan),
        )
    except _DoesNotWork:
        return False
    return True


def _apply_in_place(repair: Repair, *, offline: bool, progress: Optional[TextIO]) -> None:
    from tfmac.checks.case import require

    installed = tuple(
        Pin(name=one.name, version=one.version) for one in require(repair.facts.distributions)
    )
    (action,) = repair.report.actions
    assert isinstance(action, ExchangePins)  # noqa: S101 - what ``exchanged`` gives
    _in_place(repair.report.environment, offline=offline, progress=progress).apply(
        action, installed
    )


def _in_place(
    root: str, *, offline: bool = False, progress: Optional[TextIO] = None
) -> InPlaceChange:
    from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed
    from tfmac.environments.in_place import InPlaceChange
    from tfmac.environments.uv import find_uv

    uv = find_uv(offline=offline)
    if uv is None:
        raise EnvironmentChangeFailed(
            ChangeFailure.TOOL_FAILED, "changing an environment in place needs uv: install uv"
        )
    return InPlaceChange(root, uv, progress=progress)


def _judged_again(repair: Repair, plan: Plan, *, time_limit: float) -> RepairReport:
    """Observe, judge and use what is there now."""
    from tfmac.api.diagnosis import collect_facts, diagnose, probe
    from tfmac.checks.summary import proves

    root = repair.report.environment
    facts = probe(collect_facts(env=root), time_limit=time_limit, cwd=root)
    after = diagnose(facts, gpu=plan.gpu)
    before = repair.diagnosis.findings
    serious = {one.cause for one in after.findings if one.severity is not Severity.NOTE}
    repaired = {one.cause for one in before if not _is_beyond_packages(one)}
    outcome = RepairOutcome.VERIFIED
    if facts.probe is None or not proves(facts.probe, gpu=plan.gpu) or serious & repaired:
        outcome = RepairOutcome.STILL_FAILING
    elif serious - {one.cause for one in before}:
        outcome = RepairOutcome.CHANGED_SOMETHING_ELSE
    return msgspec.structs.replace(repair.report, outcome=outcome, after=after)


def mend_repair(root: str, *, progress: Optional[TextIO] = None) -> Optional[str]:
    """Finish or take back what a killed repair has left; say which, None for nothing.

    Raises ``EnvironmentChangeFailed``, busy where that repair is still at work.
    """
    from tfmac.environments.in_place import left_unfinished
    from tfmac.environments.transaction import DirectoryTransaction

    mended = DirectoryTransaction(root).recover()
    if left_unfinished(root):
        _in_place(root, progress=progress).undo()
        mended = f"a change of {root} that was not finished is taken back"
    return mended


def undo_repair(
    root: str, *, forget: bool = False, progress: Optional[TextIO] = None
) -> UndoReport:
    """Put back what the last repair has replaced, or ``forget`` it.

    Side by side the very folder comes back; in place the same distributions in the same versions.
    What a killed repair has left is mended, and nothing else is done then. Raises
    ``EnvironmentChangeFailed``.
    """
    from tfmac.environments.transaction import DirectoryTransaction

    statement = mend_repair(root, progress=progress)
    if statement is None:
        changes = (DirectoryTransaction(root), _in_place(root, progress=progress))
        kept = [one for one in changes if one.keeps_previous] or [changes[0]]
        for change in kept if forget else kept[:1]:
            change.forget() if forget else change.undo()
        statement = "what was replaced is deleted" if forget else "as it was before the repair"
    return UndoReport(schema_version=SCHEMA_VERSION, environment=root, statement=statement)
