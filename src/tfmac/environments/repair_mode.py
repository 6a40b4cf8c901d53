"""How an environment may be changed: as a whole, in place, or not at all."""

import os

from tfmac.environments.failures import EnvironmentChangeFailed
from tfmac.environments.transaction import DirectoryTransaction
from tfmac.schema.fact import Found
from tfmac.schema.facts import EnvironmentKind, Facts
from tfmac.schema.repairs import RepairMode

# Made by their user for their own use.
_VIRTUAL = frozenset({EnvironmentKind.VENV, EnvironmentKind.UV})


def repair_mode(facts: Facts, *, in_place: bool = False) -> RepairMode:
    """Choose: side by side where all of an environment can be made again beside it.

    A Python that other programs stand on (the system's, Homebrew's, conda's base) is never changed.
    """
    kind, root = facts.environment.kind, facts.environment.root
    if kind in _VIRTUAL:
        bound = in_place or _from_elsewhere(facts) or _is_refused(root)
        return RepairMode.IN_PLACE if bound else RepairMode.SIDE_BY_SIDE
    if kind is EnvironmentKind.CONDA and not os.path.isdir(os.path.join(root, "condabin")):
        return RepairMode.IN_PLACE
    return RepairMode.NEW


def _from_elsewhere(facts: Facts) -> bool:
    """Whether something was installed from a folder or address: no index has it (PEP 610)."""
    return isinstance(facts.distributions, Found) and any(
        os.path.exists(os.path.join(one.location, "direct_url.json"))
        for one in facts.distributions.value
    )


def _is_refused(root: str) -> bool:
    """Whether a folder holds more than an environment, or tfmac itself."""
    try:
        DirectoryTransaction(root).refuse(replace=True)
    except EnvironmentChangeFailed:
        return True
    return False
