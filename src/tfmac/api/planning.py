"""Choosing a set of packages that fit, and pinning it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Optional, Union

from msgspec.structs import replace

from tfmac.schema.codec import SCHEMA_VERSION
from tfmac.schema.platform import Target
from tfmac.schema.reports import PlanDocument

if TYPE_CHECKING:
    from tfmac.planner.choosing import Choice
    from tfmac.planner.emit import Format
    from tfmac.planner.resolver import Resolver
    from tfmac.planner.stacks import Candidate
    from tfmac.schema.plans import InterpreterChoice, NoPlan, Plan, Wish
    from tfmac.schema.reports import NoPlanDocument


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


def plan_formats() -> Mapping[str, Format]:
    """List the forms of file that a plan can be given in for other tools, by their names."""
    from tfmac.planner.emit import FORMATS

    return FORMATS


def plan_format_of(path: str) -> Optional[str]:
    """Tell the format of a plan's file from the file's name, None where the name says none."""
    from tfmac.planner.emit import format_of_file

    return format_of_file(os.path.basename(path))


def is_plan_file(first_line: str) -> bool:
    """Whether a file begins as those of ``plan_file`` do."""
    from tfmac.planner.emit.pins import is_heading

    return is_heading(first_line)


def plan_file(
    plan: Plan, form: str, *, resolver: Optional[Resolver] = None, offline: bool = False
) -> str:
    """Give a plan as a file for another tool; ``form`` is one of ``plan_formats``.

    Requirements have hashes where the plan has them. For a lock file the resolver is asked where
    the pinned files lie; that raises ``IndexUnreachable`` and ``ResolutionFailed``.
    """
    chosen = plan_formats()[form]
    if chosen.artifacts and plan.artifacts is None:
        resolver = resolver or default_resolver(plan.python, plan.interpreter, offline=offline)
        plan = replace(plan, artifacts=resolver.artifacts(plan))
    return chosen.write(plan)


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
