"""What stands against a pair that the loader accepts: structs that moved since it was built."""

from collections.abc import Iterable, Iterator
from typing import Optional

from tfmac.curation.extensions.struct_layouts import Layouts
from tfmac.curation.extensions.tables import BuildKey, Ledger
from tfmac.curation.published import Published
from tfmac.schema.abi import Build, Difference, Opened


def release_built_for(
    ledger: Ledger, key: BuildKey, day: str, releases: Iterable[Published]
) -> Optional[str]:
    """Derive the framework release that a build was compiled for.

    It is the newest of those that the build loads into and that were published on its own day or
    before. None when there is none, or the day is not known.
    """
    fitting = [
        release
        for release in releases
        if day and release.release.date <= day and _loads(ledger, key, str(release))
    ]
    return str(max(fitting, key=lambda release: release.version)) if fitting else None


def differences(build: Build, releases: Iterable[str], layouts: Layouts) -> Iterator[Difference]:
    """Compare the structs that a build hands over with those of the releases that it loads into."""
    if build.built_for is None:
        return
    found: dict[str, list[str]] = {}
    name = build.built_for.replace("==", " ")
    for release in releases:
        for change in layouts.changes(build.hands_over, build.built_for, release):
            reason = (
                f"the struct {change.struct} is laid out otherwise than in {name}, which it was "
                f"built for: {change.text}"
            )
            found.setdefault(reason, []).append(release)
    for reason, frameworks in found.items():
        yield Difference(
            version=build.version,
            pythons=build.pythons,
            frameworks=tuple(frameworks),
            reason=reason,
        )


def loading(ledger: Ledger, key: BuildKey, releases: Iterable[Published]) -> tuple[str, ...]:
    """Name the releases that a build loads into."""
    return tuple(str(release) for release in releases if _loads(ledger, key, str(release)))


def _loads(ledger: Ledger, key: BuildKey, release: str) -> bool:
    judged = ledger.get(key, release)
    return judged is not None and (
        judged.library is None or judged.library.opened is not Opened.IMPORT
    )
