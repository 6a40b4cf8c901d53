"""How much the knowledge holds and how new it is."""

from collections.abc import Iterable, Iterator

from tfmac.knowledge import failures, plugin_abi, releases


def snapshot_day() -> str:
    """Give the day of the newest release that is recorded, ISO 8601."""
    days = (
        release.date
        for name in releases.packages()
        for release in getattr(releases.package(name), "releases", ())
    )
    return max(days, default="")


def tables() -> Iterator[tuple[str, Iterable[str]]]:
    """Name the other tables, each with the kinds of its records, one a record."""
    for plugin in plugin_abi.plugins():
        yield f"{plugin} ABI", (pair.verdict.value for pair in plugin_abi.pairs(plugin))
    yield "causes", (failures.failure(name).category for name in failures.causes())
