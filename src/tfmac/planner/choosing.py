"""Chooses among candidates: the best for a machine, and the best that needs no new Python."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Optional, Union

import msgspec
from packaging.requirements import Requirement

from tfmac.knowledge import extension_abi, releases, tensorflow
from tfmac.planner.resolver import ResolutionImpossible, Resolver
from tfmac.planner.stacks import METAL, Candidate, all_candidates, needs
from tfmac.planner.undeclared import rules_for
from tfmac.planner.wishes import Test, collisions, meets_all, specifier_of, tests_of
from tfmac.schema.abi import AbiVerdict
from tfmac.schema.plans import (
    Conflict,
    InterpreterChoice,
    NoPlan,
    Plan,
    Rationale,
    Rejected,
    StackKind,
    Wish,
)
from tfmac.schema.platform import Target

# How many TensorFlow minors are tried before the resolver's own answer is given.
_ATTEMPTS = 6


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """The best candidate, and the best for which an interpreter is there.

    They are the same where the best needs no new Python; ``existing`` is None where no interpreter
    fits any candidate.
    """

    best: Candidate
    existing: Optional[Candidate]
    interpreter: Optional[InterpreterChoice]

    @property
    def needs_python(self) -> bool:
        """Whether the best needs a Python that is not there."""
        return self.existing is None or _quality(self.existing) != _quality(self.best)

    @property
    def loss(self) -> Optional[str]:
        """What using an existing Python costs against the best, in words."""
        if self.existing is None or not self.needs_python:
            return None
        return f"{self.existing.title} instead of {self.best.title}" + (
            ", so no GPU" if self.best.gpu and not self.existing.gpu else ""
        )


def _quality(candidate: Candidate) -> tuple[StackKind, str, Optional[str]]:
    return candidate.stack, candidate.tensorflow, candidate.plugin


def choose(wish: Wish, interpreters: Sequence[InterpreterChoice] = ()) -> Union[Choice, NoPlan]:
    """Choose by the knowledge alone; raise ``InvalidWish`` for a wish that cannot be read.

    ``interpreters`` are those of the wished architecture, the newest first; without any, every
    Python counts as one that has to be fetched.
    """
    candidates = all_candidates(wish.target, prereleases=wish.prereleases)
    tests = tests_of(wish)
    fitting = [one for one in candidates if meets_all(one, tests)]
    if wish.gpu is None:
        fitting = [one for one in fitting if one.stack is not StackKind.TENSORFLOW_CUDA]
    if not fitting:
        return _no_plan(wish, candidates, tests)
    return _with_interpreter(fitting, interpreters)


def _with_interpreter(
    fitting: Sequence[Candidate], interpreters: Sequence[InterpreterChoice]
) -> Choice:
    best = fitting[0]
    by_minor: dict[str, InterpreterChoice] = {}
    for interpreter in interpreters:
        by_minor.setdefault(interpreter.minor, interpreter)
    existing = next((one for one in fitting if one.python in by_minor), None)
    if existing is not None and _quality(existing) == _quality(best):
        best = existing
    return Choice(
        best=best,
        existing=existing,
        interpreter=by_minor[existing.python] if existing else None,
    )


def _no_plan(wish: Wish, candidates: Sequence[Candidate], tests: Sequence[Test]) -> NoPlan:
    if not candidates:
        return NoPlan(
            target=wish.target,
            conflicts=(
                Conflict(
                    wishes=(f"--for {wish.target}",),
                    reason=f"no stable TensorFlow has a wheel for {wish.target}",
                ),
            ),
        )
    colliding = collisions(candidates, tests)
    return NoPlan(
        target=wish.target,
        conflicts=(
            Conflict(
                wishes=tuple(test.wish for test in colliding),
                reason=_collision(colliding, candidates, wish),
                cause=_collision_cause(colliding, wish),
            ),
        ),
        nearest=_nearest(tests, candidates),
    )


def _collision(colliding: Sequence[Test], candidates: Sequence[Candidate], wish: Wish) -> str:
    """One sentence: what each wish alone, or all but it, would allow."""
    if len(colliding) == 1:
        return f"nothing for {wish.target} meets {colliding[0].wish}{_range(candidates)}"
    parts = []
    for test in colliding:
        others = [one for one in colliding if one is not test]
        allowed = [one for one in candidates if meets_all(one, others)]
        names = " and ".join(one.wish for one in others)
        parts.append(f"with {names} there is at best {allowed[0].title}")
    return "no set meets all of these: " + "; ".join(parts)


def _range(candidates: Sequence[Candidate]) -> str:
    pythons = sorted({one.python for one in candidates}, key=_numbers)
    versions = sorted({one.tensorflow for one in candidates}, key=_numbers)
    return (
        f"; there are TensorFlow {versions[0]} to {versions[-1]} "
        f"on Python {pythons[0]} to {pythons[-1]}"
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _collision_cause(colliding: Sequence[Test], wish: Wish) -> Optional[str]:
    names = {test.wish.partition(" ")[0] for test in colliding}
    if names == {"--gpu", "--python"} and wish.target.apple_silicon:
        return "tensorflow-metal-no-wheel"
    if names == {"--gpu", "--tensorflow"} and wish.target.apple_silicon:
        return "tensorflow-too-new-for-metal"
    if names in ({"--python"}, {"--python", "--tensorflow"}):
        return "no-wheel-for-python"
    return None


def _nearest(tests: Sequence[Test], candidates: Sequence[Candidate]) -> Optional[str]:
    """The best candidate that gives up as few wishes as possible."""
    for number in range(1, len(tests) + 1):
        found: list[tuple[Candidate, tuple[Test, ...]]] = []
        for given_up in itertools.combinations(tests, number):
            kept = [test for test in tests if test not in given_up]
            allowed = next((one for one in candidates if meets_all(one, kept)), None)
            if allowed is not None:
                found.append((allowed, given_up))
        if found:
            candidate, given_up = max(found, key=lambda pair: pair[0].rank)
            names = " and ".join(test.wish for test in given_up)
            return f"without {names}: {candidate.title}"
    return None


def make_plan(
    wish: Wish,
    candidate: Candidate,
    resolver: Resolver,
    *,
    interpreter: Optional[InterpreterChoice] = None,
    hashes: bool = False,
) -> Union[Plan, NoPlan]:
    """Resolve a candidate to its full set of pins.

    Where the resolver finds no set for it, the next older TensorFlow that meets the wishes is
    tried, a few times. Raises ``IndexUnreachable`` and ``ResolutionFailed``.
    """
    tests = tests_of(wish)
    refused: list[tuple[Candidate, str]] = []
    for attempt in _attempts(wish, candidate, tests):
        try:
            pins = resolver.resolve(
                _asked(wish, attempt),
                python=attempt.python,
                target=wish.target,
                constraints=attempt.constraints,
                prereleases=wish.prereleases,
                hashes=hashes,
            )
        except ResolutionImpossible as error:
            refused.append((attempt, str(error)))
            continue
        return Plan(
            target=wish.target,
            python=attempt.python,
            stack=attempt.stack,
            gpu=attempt.gpu,
            requirements=_asked(wish, attempt),
            pins=pins,
            rationale=(*attempt.rationale, *_constraint_rationale(attempt, wish.target)),
            rejected=(*_refused(refused), *rejected(wish, attempt)),
            interpreter=interpreter,
        )
    return NoPlan(
        target=wish.target,
        conflicts=(
            Conflict(
                wishes=tuple(f"--with {text}" for text in wish.packages) or ("all wishes",),
                reason=refused[0][1],
                cause="requirement-conflict",
            ),
        ),
        nearest=f"without --with: {candidate.title}" if wish.packages else None,
    )


def _attempts(wish: Wish, first: Candidate, tests: Sequence[Test]) -> Iterator[Candidate]:
    """The chosen candidate, then older releases of the same stack on the same Python.

    Packages of the user's own may collide with the newest, and an index of a company may not have
    it yet.
    """
    yield first
    minors = {_numbers(first.tensorflow)[:2]}
    for one in all_candidates(wish.target, prereleases=wish.prereleases):
        minor = _numbers(one.tensorflow)[:2]
        same = one.stack is first.stack and one.python == first.python
        if same and minor not in minors and one.rank < first.rank and meets_all(one, tests):
            minors.add(minor)
            yield one
        if len(minors) >= _ATTEMPTS:
            return


def _asked(wish: Wish, candidate: Candidate) -> tuple[str, ...]:
    keras = (f"keras{_specifier(wish.keras)}",) if wish.keras else ()
    return (*candidate.requirements, *keras, *wish.packages)


def _specifier(text: str) -> str:
    return str(specifier_of(text, "--keras"))


def _constraint_rationale(candidate: Candidate, target: Target) -> Iterator[Rationale]:
    """Name the constraints that TensorFlow's own metadata does not imply."""
    for rule in rules_for(candidate.tensorflow):
        wanted = Requirement(rule.constraint)
        declared = needs(candidate, wanted.name, target)
        if declared is None or not _implies(declared, wanted):
            yield Rationale(
                statement=f"{rule.constraint}, which TensorFlow {candidate.tensorflow} needs and "
                "does not declare",
                source=f"tfmac cause {rule.cause}",
            )


def _implies(declared: Requirement, wanted: Requirement) -> bool:
    """Whether every recorded release that one requirement allows meets another as well."""
    return all(
        wanted.specifier.contains(version)
        for version in releases.versions(wanted.name)
        if declared.specifier.contains(version)
    )


def _refused(refused: Sequence[tuple[Candidate, str]]) -> Iterator[Rejected]:
    for candidate, reason in refused:
        yield Rejected(stack=candidate.title, cause="requirement-conflict", reason=reason)


def rejected(wish: Wish, chosen: Candidate) -> Iterator[Rejected]:
    """The alternatives that a user would ask about, each with why it was left."""
    newest = tensorflow.newest(wish.target)
    if wish.target.apple_silicon and wish.gpu is not False:
        yield from _newest_pair(newest)
        if not chosen.gpu:
            yield Rejected(
                stack="TensorFlow with the Metal GPU",
                cause="tensorflow-metal-no-wheel",
                reason=f"no pair of TensorFlow and {METAL} that loads has wheels for "
                f"Python {chosen.python} and the other wishes",
            )
        elif newest is not None and newest != chosen.tensorflow:
            yield Rejected(
                stack=f"TensorFlow {newest} on the CPU",
                cause=None,
                reason="the GPU counts more than the newest release; --no-gpu asks for it",
            )
    if wish.target.apple_silicon and wish.gpu is False:
        yield Rejected(
            stack="TensorFlow with the Metal GPU", cause=None, reason="--no-gpu was asked for"
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
