"""The verbs of the library: each composes observation, judgement, planning and change.

The command line and ``import tfmac`` both stand on this module; nothing here prints or exits.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Optional, Union

from tfmac.schema.codec import SCHEMA_VERSION
from tfmac.schema.facts import Facts
from tfmac.schema.platform import Target
from tfmac.schema.reports import CauseList, CausePage, Diagnosis, PlanDocument, Versions

if TYPE_CHECKING:
    from typing import TextIO

    from tfmac.planner.choosing import Choice
    from tfmac.planner.resolver import Resolver
    from tfmac.planner.stacks import Candidate
    from tfmac.schema.plans import InterpreterChoice, NoPlan, Plan, Wish
    from tfmac.schema.reports import CheckList, NoPlanDocument, SetupReport

# Their distutils expands variables in the folders that packages are installed into.
_EXPANDING_PYTHONS = ("3.8", "3.9")
# Families of checks that ``versions`` leaves out.
NOT_ABOUT_VERSIONS = ("files", "shadowing")


def collect_facts(
    *,
    python: Optional[str] = None,
    env: Optional[str] = None,
    site_packages: Optional[str] = None,
    python_version: Optional[str] = None,
    target: Optional[Target] = None,
    cwd: Optional[str] = None,
    only: Iterable[str] = (),
    skip: Iterable[str] = (),
) -> Facts:
    """Observe an environment.

    At most one of ``python`` (an interpreter), ``env`` (an environment's folder) and
    ``site_packages`` (an unpacked tree, for ``python_version``) names it; without one the
    environment is chosen as ``tfmac doctor`` documents. ``target`` puts another machine in the
    place of this one; ``cwd`` is where shadowing modules are sought, None to seek none. ``only``
    and ``skip`` are those of ``diagnose``: what no chosen check looks at is not read. Raises
    ``NothingToInspect`` and ``UnknownSelection``.
    """
    from tfmac.checks.registry import parts_needed, select
    from tfmac.observe.host import observe_host
    from tfmac.observe.locate import (
        locate_default,
        locate_environment,
        locate_interpreter,
        locate_tree,
    )
    from tfmac.observe.observation import observe

    if site_packages is not None:
        located, cwd = locate_tree(site_packages, python=python_version), None
    elif env is not None:
        located = locate_environment(env, because="--env names it")
    elif python is not None:
        located = locate_interpreter(python, because="--python names it")
    else:
        located = locate_default(os.environ, running=sys.prefix, cwd=os.getcwd())
    return observe(
        located,
        host=observe_host(),
        target=target,
        parts=parts_needed(select(only, skip)),
        cwd=cwd,
        variables=os.environ,
    )


def diagnose(
    facts: Facts,
    *,
    gpu: Optional[bool] = None,
    only: Iterable[str] = (),
    skip: Iterable[str] = (),
) -> Diagnosis:
    """Judge facts.

    ``gpu`` is the wish for the GPU: True makes its lack an error, False silences it. ``only`` and
    ``skip`` are causes or families of checks. Raises ``UnknownSelection`` for other names.
    """
    from tfmac.checks.judging import judge
    from tfmac.checks.registry import select
    from tfmac.checks.summary import summarise

    only, skip = frozenset(only), frozenset(skip)
    findings, outcomes = judge(facts, select(only, skip), gpu=gpu, only=only, skip=skip)
    return summarise(facts, findings, outcomes)


def usable(diagnosis: Diagnosis, *, gpu: Optional[bool] = None) -> bool:
    """Whether TensorFlow is there and, where it was tried, does what is wished.

    What was only read and not tried is not held against it: findings speak of that.
    """
    from tfmac.checks.summary import proves
    from tfmac.schema.reports import TensorFlowState

    if diagnosis.probe is None:
        return diagnosis.tensorflow.state is not TensorFlowState.ABSENT
    return proves(diagnosis.probe, gpu=bool(gpu))


def registered_checks() -> CheckList:
    """List the checks with what they can find."""
    from tfmac.checks.registry import CHECKS
    from tfmac.schema.reports import CheckLine, CheckList

    lines = (CheckLine(check=one.name, family=one.family, causes=one.causes) for one in CHECKS)
    return CheckList(schema_version=SCHEMA_VERSION, checks=tuple(lines))


def choose(wish: Wish, interpreters: Sequence[InterpreterChoice] = ()) -> Union[Choice, NoPlan]:
    """Choose the best set by the knowledge alone, and the best that needs no new Python.

    Raises ``InvalidWish``.
    """
    from tfmac.planner import choosing

    return choosing.choose(wish, interpreters)


def plan(
    wish: Wish,
    *,
    interpreters: Sequence[InterpreterChoice] = (),
    resolver: Optional[Resolver] = None,
    hashes: bool = False,
    offline: bool = False,
) -> Union[Plan, NoPlan]:
    """Plan the best set for a wish, its pins resolved by uv for the wish's machine.

    ``interpreters`` are those that an environment may be built on; where one of them serves the
    best set as well as any other Python, the plan names it. Raises ``InvalidWish``,
    ``IndexUnreachable`` and ``ResolutionFailed``.
    """
    from tfmac.schema.plans import NoPlan

    choice = choose(wish, interpreters)
    if isinstance(choice, NoPlan):
        return choice
    return plan_candidate(
        wish,
        choice.best,
        interpreter=None if choice.needs_python else choice.interpreter,
        resolver=resolver,
        hashes=hashes,
        offline=offline,
    )


def plan_candidate(
    wish: Wish,
    candidate: Candidate,
    *,
    interpreter: Optional[InterpreterChoice],
    resolver: Optional[Resolver] = None,
    hashes: bool = False,
    offline: bool = False,
) -> Union[Plan, NoPlan]:
    """Resolve a candidate that was chosen already to a plan; raises as ``plan`` does."""
    from tfmac.planner.choosing import make_plan

    return make_plan(
        wish,
        candidate,
        resolver or default_resolver(candidate.python, interpreter, offline=offline),
        interpreter=interpreter,
        hashes=hashes,
    )


def default_resolver(
    python: str, interpreter: Optional[InterpreterChoice], *, offline: bool = False
) -> Resolver:
    """uv, which resolves for any machine; where none runs, pip, for this machine and Python only.

    Raises ``ResolutionFailed`` when there is neither.
    """
    from tfmac.environments.resolver import PipResolver, UvResolver
    from tfmac.environments.uv import find_uv
    from tfmac.observe.host import observe_host, target_of_host
    from tfmac.planner.resolver import ResolutionFailed

    uv = find_uv(offline=offline)
    if uv is not None:
        return UvResolver(uv)
    here = target_of_host(observe_host())
    if offline or interpreter is None or here is None:
        raise ResolutionFailed(
            f"no uv can be run, and pip needs a Python {python} on this machine to resolve for"
        )
    return PipResolver(interpreter=interpreter.path, python=interpreter.minor, machine=here)


def requirements_file(plan: Plan) -> str:
    """Give a plan as a requirements file, with hashes where the plan has them."""
    from tfmac.planner.emit import requirements_text

    return requirements_text(plan)


def refuse_directory(directory: str, *, replace: bool) -> None:
    """Raise ``EnvironmentChangeFailed`` where ``create`` would refuse a directory.

    What a killed run has left there is taken back first.
    """
    from tfmac.environments.transaction import DirectoryTransaction

    transaction = DirectoryTransaction(directory)
    transaction.recover()
    transaction.refuse(replace=replace)


def synchronised_by(directory: str) -> Optional[str]:
    """Name the service that synchronises a folder, None where none is known to."""
    from tfmac.environments.synchronised import synchronised_folder

    return synchronised_folder(directory)


def create(
    plan: Plan,
    directory: str,
    *,
    replace: bool = False,
    download_python: bool = False,
    offline: bool = False,
    progress: Optional[TextIO] = None,
) -> None:
    """Make the environment of a plan, wholly or not at all.

    Where the plan names no interpreter, ``download_python`` lets uv fetch one. With ``replace`` an
    environment that is there already is kept until the new one is finished. ``offline`` lets uv
    use nothing but its cache and local files. ``progress`` is where
    the installer's own messages go. Raises ``EnvironmentChangeFailed``.
    """
    from tfmac.environments.create import create_environment
    from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed
    from tfmac.environments.uv import find_uv
    from tfmac.planner.space import needed_bytes
    from tfmac.schema.actions import CreateEnvironment, InstallPins

    if "$" in directory and plan.python in _EXPANDING_PYTHONS:
        raise EnvironmentChangeFailed(
            ChangeFailure.TOOL_FAILED,
            f"{directory}: Python {plan.python} takes a $ in the path of an environment for a "
            "variable; choose another folder, or a Python from 3.10 on",
        )
    python = plan.interpreter.path if plan.interpreter else plan.python
    actions = (
        CreateEnvironment(
            path=directory, python=python, download=download_python and plan.interpreter is None
        ),
        InstallPins(environment=directory, pins=plan.pins),
    )
    create_environment(
        directory,
        actions,
        uv=find_uv(offline=offline),
        replace=replace,
        needed_bytes=needed_bytes(plan),
        progress=progress,
    )


def prove(directory: str, plan: Plan, *, gpu: Optional[bool], time_limit: float) -> SetupReport:
    """Observe, judge and really use a new environment.

    It counts as proved when nothing of severity error is found, the product ran on the planned
    device and was right, and the Keras step gave the same predictions after loading.
    """
    from tfmac.checks.summary import proves
    from tfmac.schema.findings import Severity
    from tfmac.schema.reports import SetupReport

    facts = probe(collect_facts(env=directory), time_limit=time_limit, cwd=directory)
    diagnosis = diagnose(facts, gpu=gpu)
    sound = all(one.severity is not Severity.ERROR for one in diagnosis.findings)
    return SetupReport(
        schema_version=SCHEMA_VERSION,
        tfmac=diagnosis.tfmac,
        directory=directory,
        plan=plan_document(plan),
        diagnosis=diagnosis,
        proved=sound and facts.probe is not None and proves(facts.probe, gpu=plan.gpu),
    )


def plan_document(plan: Plan) -> PlanDocument:
    """Give the stable form of a plan."""
    from tfmac.schema.reports import PinLine

    return PlanDocument(
        schema_version=SCHEMA_VERSION,
        target=str(plan.target),
        python=plan.python,
        stack=plan.stack,
        gpu=plan.gpu,
        requirements=plan.requirements,
        pins=tuple(PinLine(name=pin.name, version=pin.version) for pin in plan.pins),
        rationale=plan.rationale,
        rejected=plan.rejected,
        interpreter=plan.interpreter.path if plan.interpreter else None,
    )


def no_plan_document(answer: NoPlan) -> NoPlanDocument:
    """Give the stable form of the reasons for no plan."""
    from tfmac.schema.reports import NoPlanDocument

    return NoPlanDocument(
        schema_version=SCHEMA_VERSION,
        target=str(answer.target),
        conflicts=answer.conflicts,
        nearest=answer.nearest,
    )


def this_machine() -> tuple[Optional[Target], tuple[InterpreterChoice, ...]]:
    """Name this machine, None when it is unknown, and its interpreters of the chip's own kind."""
    from tfmac.observe.host import observe_host, target_of_host
    from tfmac.observe.interpreters import find_interpreters

    target = target_of_host(observe_host())
    if target is None:
        return None, ()
    native = [
        one.choice
        for one in find_interpreters(os.environ)
        if one.architecture is target.architecture
    ]
    return target, tuple(native)


def probe(facts: Facts, *, time_limit: float, cwd: str) -> Facts:
    """Import and use TensorFlow in the environment's interpreter, in a child process.

    Gives the facts with what the probe saw. ``time_limit`` is in seconds.
    """
    import msgspec

    from tfmac.observe.probe import run_probe
    from tfmac.schema.fact import Unknown

    if isinstance(facts.interpreter, Unknown):
        return facts
    report = run_probe(facts.interpreter.value.path, time_limit=time_limit, working_directory=cwd)
    return msgspec.structs.replace(facts, probe=report)


def versions(facts: Facts) -> Versions:
    """Name the versions that matter in an environment, with the conflicts that are known."""
    from tfmac.checks.summary import versions_that_matter

    return versions_that_matter(facts, diagnose(facts, skip=NOT_ABOUT_VERSIONS))


def causes() -> CauseList:
    """List the vocabulary of causes."""
    from tfmac.knowledge import failures
    from tfmac.schema.reports import CauseLine

    found = map(failures.failure, failures.causes())
    return CauseList(
        schema_version=SCHEMA_VERSION,
        causes=tuple(
            CauseLine(cause=one.cause, category=one.category, definition=one.definition)
            for one in found
        ),
    )


def cause(name: str) -> CausePage:
    """Describe a cause and the checks that find it. Raises ``UnknownCauseError``."""
    from tfmac.checks.documentation import describe
    from tfmac.checks.registry import CHECKS
    from tfmac.knowledge import failures

    failure = failures.failure(name)
    finders = [check for check in CHECKS if name in check.causes]
    return CausePage(
        schema_version=SCHEMA_VERSION, failure=failure, checks=tuple(map(describe, finders))
    )
