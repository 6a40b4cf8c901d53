"""Questions to the limits that no metadata holds: Python, macOS, processor."""

from tfmac.formats.distinfo import normalise
from tfmac.knowledge import store
from tfmac.schema.limits import Limit, LimitKind, LimitTable

FILE = "limits.json"
"""Computed from the published wheels."""
REPORTED = "reported_limits.json"
"""Written by hand, from public threads."""
REMOVED = "removed_modules.json"
"""Which modules left Python's standard library."""


def everything() -> tuple[Limit, ...]:
    """Give all limits."""
    tables = (store.find(FILE, LimitTable), store.find(REPORTED, LimitTable))
    return tuple(limit for table in tables if table for limit in table.limits)


def computed() -> tuple[Limit, ...]:
    """Give those that were computed from wheels."""
    table = store.find(FILE, LimitTable)
    return table.limits if table else ()


def limits_of(name: str, version: str) -> tuple[Limit, ...]:
    """Give the limits of one release."""
    own = _by_name().get(normalise(name), ())
    if not own:
        return ()
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415

    try:
        asked = Version(version)
    except InvalidVersion:
        return ()
    return tuple(one for one in own if Version(one.first) <= asked <= Version(one.last))


def limit_of(name: str, version: str, kind: LimitKind) -> tuple[Limit, ...]:
    """Give the limits of one kind of a release."""
    return tuple(one for one in limits_of(name, version) if one.kind is kind)


@store.remembered
def _by_name() -> dict[str, tuple[Limit, ...]]:
    found: dict[str, tuple[Limit, ...]] = {}
    for limit in everything():
        found[limit.name] = (*found.get(limit.name, ()), limit)
    return found
