"""Choosing a set of packages that fit, and pinning it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Optional, Union

from tfmac.schema.codec import SCHEMA_VERSION
from tfmac.schema.plans import Demand
from tfmac.schema.platform import Target
from tfmac.schema.reports import PlanDocument

if TYPE_CHECKING:
    from tfmac.planner.choosing import Choice
    from tfmac.planner.resolver import Resolver
    from tfmac.planner.stacks import Candidate
    from tfmac.schema.actions import Manager
    from tfmac.schema.plans import InterpreterChoice, NoPlan, Pin, Plan, Wish
    from tfmac.schema.reports import NoPlanDocument

# More than any requirements file has that somebody wrote; its reader says what is too much.
_MOST_CHARACTERS = 2_000_001


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


def with_profile(wish: Wish, name: str) -> Wish:
    """Add a well-known recipe's wishes to a wish; what the wish says itself goes before them."""
    from tfmac.planner import profiles

    return profiles.with_profile(wish, name)


def manager_of_profile(name: str) -> Manager:
    """Tell the manager that a recipe is known with."""
    from tfmac.planner.profiles import PROFILES

    return PROFILES[name].manager


def demands_of_file(path: str) -> tuple[Demand, ...]:
    """Read what a requirements file asks for, with the files that it includes.

    Raises ``ValueError`` for what cannot be read, and with the line that cannot be honoured.
    """
    from tfmac.formats.requirements_file import read_requirements

    return tuple(
        Demand(text=line.text, origin=line.origin, constraint=line.constraint)
        for line in read_requirements(path, _text_of)
    )


def _text_of(path: str) -> str:
    with open(path, encoding="utf-8-sig") as file:
        return file.read(_MOST_CHARACTERS)


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
        others=interpreters,
        fetched=True,
        resolver=resolver,
        hashes=hashes,
        offline=offline,
    )


def plan_candidate(
    wish: Wish,
    candidate: Candidate,
    *,
    interpreter: Optional[InterpreterChoice],
    others: Optional[Sequence[InterpreterChoice]] = None,
    fetched: bool = False,
    resolver: Optional[Resolver] = None,
    hashes: bool = False,
    preferred: tuple[Pin, ...] = (),
    offline: bool = False,
) -> Union[Plan, NoPlan]:
    """Resolve a candidate that was chosen already to a plan; raises as ``plan`` does.

    Where it is refused, older releases of the same stack on its Python are tried; with ``others``
    also what those interpreters may be used for, and with ``fetched`` any Python. Of what is
    ``preferred`` the version is kept where nothing speaks against it.
    """
    from tfmac.environments.resolver import PipResolver
    from tfmac.planner.resolving import Asking, make_plan
    from tfmac.planner.searching import Reach

    resolver = resolver or default_resolver(candidate.python, interpreter, offline=offline)
    reach = None
    if others is not None and not isinstance(resolver, PipResolver):  # pip knows its own Python
        reach = Reach(interpreters=tuple(others), fetched=fetched)
    asking = Asking(resolver=resolver, hashes=hashes, preferred=preferred, reach=reach)
    return make_plan(wish, candidate, asking, interpreter=interpreter)


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
        pins=tuple(
            PinLine(name=pin.name, version=pin.version, hashes=pin.hashes) for pin in plan.pins
        ),
        rationale=plan.rationale,
        rejected=plan.rejected,
        alternatives=plan.alternatives,
        built=plan.built,
        variables=plan.variables,
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
