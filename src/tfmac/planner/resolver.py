"""What the planner needs from a resolver; ``tfmac.environments.resolver`` has the real ones."""

from collections.abc import Sequence
from typing import Protocol

from tfmac.schema.plans import Pin, Plan
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
        preferred: Sequence[Pin] = (),
        prereleases: bool = False,
        hashes: bool = False,
    ) -> tuple[Pin, ...]:
        """Return the pins, sorted by name, for a Python such as ``3.12``.

        Of what is ``preferred`` the version is taken where nothing speaks against it.

        Raise ``ResolutionImpossible`` or ``IndexUnreachable``, or ``ResolutionFailed`` for
        anything else.
        """
        ...

    def artifacts(self, plan: Plan) -> str:
        """Return the files of a plan's pins, as the ``[[packages]]`` of a lock file (PEP 751).

        Each has its address, as the user's own index gives it and free of credentials, and its
        hash. Raise as ``resolve`` does; a resolver that knows no addresses raises
        ``ResolutionFailed``.
        """
        ...
