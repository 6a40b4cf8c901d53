"""Wishes, made as a user would write them."""

from tfmac.planner.stacks import STACKS, Candidate, candidates, offered
from tfmac.schema.plans import Demand, Wish
from tfmac.schema.platform import Target


def demands(*texts: str) -> "tuple[Demand, ...]":
    """Give requirements as those of ``--with``."""
    return tuple(Demand(text=text) for text in texts)


def unnamed(target: Target) -> "tuple[Candidate, ...]":
    """Give the candidates of the stacks that are chosen without being named."""
    return candidates(Wish(target=target), offered(Wish(target=target)))


def of_every_stack(target: Target) -> "tuple[Candidate, ...]":
    """Give the candidates of all stacks."""
    return candidates(Wish(target=target), frozenset(STACKS))
