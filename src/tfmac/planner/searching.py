"""Looks for a set on other releases, Pythons and stacks, where a resolver refused the best one.

The knowledge says which TensorFlow goes with which Python and plug-in; what a package needs that it
does not know, only the resolver can say. So it is asked for the framework without a version, held
to the releases that may be chosen: what it answers is the one to try.
"""

from collections.abc import Iterator, Sequence
from typing import Optional

import msgspec
from packaging.version import Version

from tfmac.knowledge import releases
from tfmac.planner.resolver import ResolutionImpossible, Resolver
from tfmac.planner.stacks import Candidate, candidates, offered
from tfmac.planner.wishes import meets_all, tests_of
from tfmac.schema.plans import InterpreterChoice, Wish

# How often a group is asked again after what the resolver took was refused with all the rest.
_ROUNDS = 4


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """On which Pythons a set may be looked for beside that of the candidate that was chosen."""

    interpreters: tuple[InterpreterChoice, ...] = ()
    """Those that are here, the newest first."""
    fetched: bool = True
    """Whether it may be a Python that is not here."""

    def allows(self, python: str) -> bool:
        """Whether a set may be built on a Python."""
        return self.fetched or self.interpreter(python) is not None

    def interpreter(self, python: str) -> Optional[InterpreterChoice]:
        """Give the interpreter of a Python, None where it is not here."""
        return next((one for one in self.interpreters if one.minor == python), None)


def others(
    wish: Wish, refused: Candidate, resolver: Resolver, reach: Optional[Reach]
) -> Iterator[Candidate]:
    """Give candidates to be tried after one that was refused.

    Those of the same stack and Python go first; without a ``reach`` there are no others. Raises
    what a resolver raises, but for ``ResolutionImpossible``.
    """
    impossible: set[str] = set()
    asked = False
    for group in _groups(wish, refused, reach):
        python = group[0].python
        if python not in impossible and not asked:
            # A refusal takes no time. An answer takes the most of all, and one is enough to know
            # that the packages by themselves are not to blame.
            asked = _possible(wish, python, resolver)
            impossible.update(() if asked else (python,))
        if python not in impossible:
            yield from _of_group(wish, group, resolver)


def _groups(wish: Wish, refused: Candidate, reach: Optional[Reach]) -> list[list[Candidate]]:
    """The candidates that meet the wishes, by all that matters but the release; the best first."""
    tests = tests_of(wish)
    kinds = frozenset({refused.stack}) if reach is None else offered(wish) | {refused.stack}
    own = _kind(refused)
    groups: dict[tuple[object, ...], list[Candidate]] = {own: []}
    for one in candidates(wish, kinds):
        near = _kind(one)[:3] == own[:3]
        allowed = (
            one.core != refused.core if near else reach is not None and reach.allows(one.python)
        )
        if allowed and meets_all(one, tests):
            groups.setdefault(_kind(one), []).append(one)
    return [group for group in groups.values() if group]


def _kind(candidate: Candidate) -> tuple[object, ...]:
    """What candidates of a group share. What is in doubt is only for want of anything else."""
    return candidate.stack, candidate.gpu, candidate.python, bool(candidate.doubts)


def _possible(wish: Wish, python: str, resolver: Resolver) -> bool:
    """Whether the user's own packages can be had on a Python, whatever the framework."""
    own = [one.text for one in wish.demands if not one.constraint]
    return not own or _pins(wish, own, (), python, resolver) is not None


def _of_group(wish: Wish, group: Sequence[Candidate], resolver: Resolver) -> Iterator[Candidate]:
    """Give those of a group that the resolver takes beside the user's packages, one by one."""
    left: dict[str, Candidate] = {}
    for one in group:
        left.setdefault(one.core.version, one)
    name, python = group[0].core.name, group[0].python
    own = [one.text for one in wish.demands if not one.constraint]
    for _ in range(min(_ROUNDS, len(left))):
        bounds = f"{name}{_exactly(name, sorted(left, key=Version))}"
        pins = _pins(wish, [name, *own], [bounds], python, resolver)
        taken = None if pins is None else left.pop(pins.get(name, ""), None)
        if taken is None:
            return
        yield taken
        if not left:
            return


def _exactly(name: str, versions: Sequence[str]) -> str:
    """Say which versions are meant, lowest first, as one specifier; others are left out."""
    between = releases.versions(name, prereleases=True, yanked=True)
    lowest, highest = Version(versions[0]), Version(versions[-1])
    left_out = [one for one in between if one not in versions and lowest < Version(one) < highest]
    return ",".join([f">={lowest}", f"<={highest}", *(f"!={one}" for one in left_out)])


def _pins(
    wish: Wish, requirements: Sequence[str], bounds: Sequence[str], python: str, resolver: Resolver
) -> Optional[dict[str, str]]:
    """Give versions by name, None where there is no set."""
    own_bounds = (one.text for one in wish.demands if one.constraint)
    try:
        pins = resolver.resolve(
            requirements,
            python=python,
            target=wish.target,
            constraints=(*bounds, *own_bounds),
            prereleases=wish.prereleases,
        )
    except ResolutionImpossible:
        return None
    return {pin.name: pin.version for pin in pins}
