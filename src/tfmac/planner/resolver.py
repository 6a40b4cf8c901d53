"""What the planner needs from a resolver; ``tfmac.environments.resolver`` has the real ones."""

from collections.abc import Sequence
from typing import Protocol

from tfmac.schema.plans import Pin
from tfmac.schema.platform import Target


class ResolutionFailed(Exception):
    """A resolver could not answer, for a reason that has nothing to do with the requirements."""


class ResolutionImpossible(ResolutionFailed):
    """No set of distributions meets the requirements; the message is the resolver's derivation."""


class IndexUnreachable(ResolutionFailed):
    """The package index could not be asked."""


class Resolver(Protocol):
    """Turns requirements into the full set of exact versions for a target."""

    def resolve(
        self,
        requirements: Sequence[str],
        *,
        python: str,
        target: Target,
        constraints: Sequence[str] = (),
        prereleases: bool = False,
        hashes: bool = False,
    ) -> tuple[Pin, ...]:
        """Return the pins, sorted by name, for a Python such as ``3.12``.

        Raise ``ResolutionImpossible`` or ``IndexUnreachable``, or ``ResolutionFailed`` for
        anything else.
        """
        ...
