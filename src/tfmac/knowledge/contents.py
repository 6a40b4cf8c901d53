"""How much the knowledge holds and how new it is."""

from collections.abc import Iterable, Iterator

from tfmac.knowledge import api_names, extension_abi, failures, limits, releases


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
    for extension in extension_abi.extensions():
        yield f"{extension} ABI", (pair.verdict.value for pair in extension_abi.pairs(extension))
    for package in api_names.TITLES:
        yield (
            f"{package} names",
            (f"minors to {api_names.minors(package)[-1]}" for _ in api_names.minors(package)),
        )
    yield "limits", (limit.kind.value for limit in limits.everything())
    yield "causes", (failures.failure(name).category for name in failures.causes())
