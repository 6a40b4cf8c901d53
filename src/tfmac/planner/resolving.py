"""From a chosen candidate to a plan with all its pins, or to the resolver's own reasons."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Optional, Union

import msgspec
from packaging.requirements import Requirement

from tfmac.knowledge import extension_abi, releases, tensorflow
from tfmac.planner import satellites
from tfmac.planner.alternatives import alternatives, stack_rationale
from tfmac.planner.choosing import choose
from tfmac.planner.declared import needs
from tfmac.planner.demands import extension_pins
from tfmac.planner.measured import Bound, known_to_break, proven, proven_rationale
from tfmac.planner.resolver import ResolutionImpossible, Resolver
from tfmac.planner.searching import Reach, others
from tfmac.planner.stacks import METAL, Candidate
from tfmac.planner.undeclared import rules_for
from tfmac.planner.wishes import (
    Test,
    keras_requirement,
    model_requirements,
    specifier_of,
    tests_of,
)
from tfmac.schema.abi import AbiVerdict
from tfmac.schema.plans import (
    Conflict,
    InterpreterChoice,
    NoPlan,
    Pin,
    Plan,
    Preference,
    Rationale,
    Rejected,
    Wish,
)
from tfmac.schema.platform import Target

# How often a resolver is asked again because it took what is known to break.
_ROUNDS = 3


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """What a resolver found for a candidate, and the measured bounds that it was held to."""

    pins: tuple[Pin, ...]
    requirements: tuple[str, ...]
    bounds: tuple[Bound, ...] = ()


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """How a resolver is asked, whatever the candidate."""

    resolver: Resolver
    hashes: bool = False
    preferred: tuple[Pin, ...] = ()
    """Versions to keep where nothing speaks against them."""
    reach: Optional[Reach] = None
    """Where else a set may be looked for; without it, only in older releases of the same stack."""


def make_plan(
    wish: Wish,
    candidate: Candidate,
    asking: Asking,
    *,
    interpreter: Optional[InterpreterChoice] = None,
) -> Union[Plan, NoPlan]:
    """Resolve a candidate to its full set of pins.

    Where the resolver finds no set for it, others that meet the wishes are tried, as far as
    ``asking`` reaches. ``interpreter`` is that of the candidate. Raises ``IndexUnreachable`` and
    ``ResolutionFailed``.
    """
    refused: list[tuple[Candidate, str]] = []
    for attempt in _attempts(wish, candidate, asking):
        try:
            resolved = _resolved(wish, attempt, asking)
        except ResolutionImpossible as error:
            refused.append((attempt, str(error)))
            continue
        plan = _plan(wish, attempt, resolved, refused)
        if attempt.python != candidate.python and asking.reach is not None:
            interpreter = asking.reach.interpreter(attempt.python)
        return msgspec.structs.replace(plan, interpreter=interpreter)
    return _refused_by_resolver(wish, refused, asking)


def _attempts(wish: Wish, first: Candidate, asking: Asking) -> Iterator[Candidate]:
    """The chosen candidate, then those that may do where it was refused.

    Packages of the user's own may collide with the newest, and an index of a company may not have
    it yet.
    """
    yield first
    yield from others(wish, first, asking.resolver, asking.reach)


def _plan(
    wish: Wish,
    candidate: Candidate,
    resolved: Resolved,
    refused: Sequence[tuple[Candidate, str]],
) -> Plan:
    return Plan(
        target=wish.target,
        python=candidate.python,
        stack=candidate.stack,
        gpu=candidate.gpu,
        requirements=resolved.requirements,
        pins=resolved.pins,
        rationale=(
            *candidate.rationale,
            *stack_rationale(candidate.stack),
            *_constraint_rationale(candidate, wish.target),
            *_measured_rationale(wish, candidate, resolved),
            *satellites.reasons(wish, candidate, resolved.pins),
        ),
        rejected=(
            *_refused(refused),
            *_forgone(wish, candidate),
            *rejected(wish, candidate),
        ),
        alternatives=tuple(
            one
            for one in alternatives(wish, candidate.stack)
            if one.title not in {other.title for other, _ in refused}
        ),
        built=candidate.built,
        variables=candidate.variables,
    )


def _resolved(wish: Wish, candidate: Candidate, asking: Asking) -> Resolved:
    """Ask the resolver until it takes nothing that is known to break, a few times."""
    requirements = asked(wish, candidate)
    bounds = tuple(satellites.bounds(wish, candidate))
    if wish.preference is Preference.PROVEN:
        bounds = (*proven(candidate), *bounds)
    for _ in range(_ROUNDS):
        pins = asking.resolver.resolve(
            requirements,
            python=candidate.python,
            target=wish.target,
            constraints=(
                *candidate.constraints,
                *(demand.text for demand in wish.demands if demand.constraint),
                *extension_pins(candidate, wish),
                *(bound.requirement for bound in bounds),
            ),
            preferred=asking.preferred,
            prereleases=wish.prereleases,
            hashes=asking.hashes,
        )
        broken = (*known_to_break(candidate, pins), *satellites.broken(wish, candidate, pins))
        lacking = satellites.lacking(wish, candidate, pins, requirements)
        if not broken and not lacking:
            break
        bounds, requirements = (*bounds, *broken), (*requirements, *lacking)
    return Resolved(pins=pins, requirements=requirements, bounds=bounds)


def asked(wish: Wish, candidate: Candidate) -> tuple[str, ...]:
    """Give the requirements of a plan: the stack's, what the user wishes beside it, its needs."""
    keras: tuple[str, ...] = ()
    if wish.keras is not None:
        wanted = specifier_of(wish.keras, "--keras")
        requirement = keras_requirement(candidate, wanted, wish.target)
        own = str(candidate.keras)
        keras = (str(requirement),) if requirement and str(requirement) != own else ()
    model = model_requirements(candidate, wish) or ()
    beside = (one.text for one in wish.demands if not one.constraint)
    given = (*candidate.requirements, *keras, *model, *beside)
    return (*given, *(one for one in satellites.needs(wish, candidate) if one not in given))


def _refused_by_resolver(
    wish: Wish, refused: Sequence[tuple[Candidate, str]], asking: Asking
) -> NoPlan:
    """Find the smallest part of the wishes that the resolver refuses, and quote it."""
    kept, nearest = _smallest_refused(wish, asking)
    return NoPlan(
        target=wish.target,
        conflicts=(
            Conflict(
                wishes=tuple(test.wish for test in kept) or (refused[0][0].title,),
                reason=refused[0][1],
                cause=_refusal_cause(refused[0][1]),
            ),
        ),
        nearest=nearest,
    )


def _refusal_cause(said: str) -> Optional[str]:
    """Name the cause of a refusal; a package that the index does not have collides with nothing."""
    missing = "was not found in the package registry" in said or "No matching distribution" in said
    return None if missing else "requirement-conflict"


def _smallest_refused(wish: Wish, asking: Asking) -> tuple[tuple[Test, ...], Optional[str]]:
    """Give up one wish after the other; those without which there is a plan are the colliding.

    What was asked for last is given up first: what is left is named, and it collides by itself.
    """
    smaller, kept, found = wish, list[Test](), dict[str, Candidate]()
    for test in reversed(tests_of(wish)):
        without = test.given_up(smaller)
        other = _first_that_resolves(without, asking)
        if other is None:
            smaller = without
        else:
            kept.insert(0, test)
            found[test.wish] = other
    return tuple(kept), _nearest(wish, smaller, kept, found, asking)


def _nearest(
    wish: Wish,
    smaller: Wish,
    kept: Sequence[Test],
    found: Mapping[str, Candidate],
    asking: Asking,
) -> Optional[str]:
    """Name a set that gives up one of the colliding wishes, and no other of the user's.

    What was ``found`` leaves out the wishes that are not to blame, too, where ``smaller`` lacks
    any.
    """
    for test in reversed(kept):
        other = found[test.wish]
        if smaller != wish:
            again = _first_that_resolves(test.given_up(wish), asking)
            if again is None:
                continue
            other = again
        return f"without {test.wish}: {other.title}"
    return None


def _first_that_resolves(wish: Wish, asking: Asking) -> Optional[Candidate]:
    choice = choose(wish)
    if isinstance(choice, NoPlan):
        return None
    for attempt in _attempts(wish, choice.best, asking):
        try:
            _resolved(wish, attempt, asking)
        except ResolutionImpossible:
            continue
        return attempt
    return None


def _constraint_rationale(candidate: Candidate, target: Target) -> Iterator[Rationale]:
    """Name the constraints that TensorFlow's own metadata does not imply."""
    for rule in rules_for(candidate.tensorflow) if candidate.tensorflow else ():
        wanted = Requirement(rule.constraint)
        said = needs(candidate, wanted.name, target)
        if said is None or not _implies(said, wanted):
            yield Rationale(
                statement=f"{rule.constraint}, which TensorFlow {candidate.tensorflow} needs and "
                "does not declare",
                source=f"tfmac cause {rule.cause}",
            )


def _implies(said: Requirement, wanted: Requirement) -> bool:
    """Whether every recorded release that one requirement allows meets another as well."""
    return all(
        wanted.specifier.contains(version)
        for version in releases.versions(wanted.name)
        if said.specifier.contains(version)
    )


def _measured_rationale(
    wish: Wish, candidate: Candidate, resolved: Resolved
) -> Iterator[Rationale]:
    if wish.preference is Preference.PROVEN:
        general = [bound for bound in resolved.bounds if bound.rationale is None]
        yield proven_rationale(candidate, general)
    for bound in resolved.bounds:
        if bound.rationale is not None and _binds(bound, resolved.pins):
            yield bound.rationale


def _binds(bound: Bound, pins: Sequence[Pin]) -> bool:
    """Whether a bound may have changed a pin: one that lies at its edge, or was taken out."""
    requirement = Requirement(bound.requirement)
    (clause,) = requirement.specifier
    pin = next((one for one in pins if one.name == requirement.name), None)
    return pin is not None and (clause.operator == "!=" or pin.version == clause.version)


def _refused(refused: Sequence[tuple[Candidate, str]]) -> Iterator[Rejected]:
    for candidate, reason in refused:
        yield Rejected(stack=candidate.title, cause="requirement-conflict", reason=reason)


def _forgone(wish: Wish, chosen: Candidate) -> Iterator[Rejected]:
    """The better set that there would be without a package that was seen to fail beside it."""
    for demand, requirement in satellites.wished(wish):
        left = tuple(one for one in wish.demands if one != demand)
        choice = choose(msgspec.structs.replace(wish, demands=left))
        if isinstance(choice, NoPlan) or choice.best.rank <= chosen.rank:
            continue
        failed = satellites.failure(requirement, choice.best, wish.target)
        if failed is not None:
            yield Rejected(
                stack=choice.best.title,
                cause=failed.cause,
                reason=f"{failed.package} {failed.version} failed beside TensorFlow "
                f"{failed.tensorflow}: {failed.error}",
            )


def rejected(wish: Wish, chosen: Candidate) -> Iterator[Rejected]:
    """What a user would ask about and cannot have, each with why."""
    if not wish.target.apple_silicon or chosen.tensorflow is None:
        return
    if wish.gpu is False:
        yield Rejected(
            stack="TensorFlow with the Metal GPU", cause=None, reason="--no-gpu was asked for"
        )
        return
    yield from _newest_pair(tensorflow.newest(wish.target))
    if not chosen.gpu:
        yield Rejected(
            stack="TensorFlow with the Metal GPU",
            cause="tensorflow-metal-no-wheel",
            reason=f"no pair of TensorFlow and {METAL} that loads has wheels for "
            f"Python {chosen.python} and the other wishes",
        )


def _newest_pair(newest: Optional[str]) -> Iterator[Rejected]:
    """The pair that a resolver without ABI knowledge would choose, when it does not load."""
    plugins = releases.versions(METAL)
    if newest is None or not plugins:
        return
    pair = extension_abi.verdict(METAL, plugins[0], "tensorflow", newest)
    if pair.verdict is AbiVerdict.CANNOT_LOAD:
        yield Rejected(
            stack=f"TensorFlow {newest} + {METAL} {plugins[0]}",
            cause="tensorflow-too-new-for-metal",
            reason=f"it cannot load: {(pair.message or '').splitlines()[0]}",
        )
