"""Whether circumstances hold of what is known of a machine: yes, no, or unknown."""

from collections.abc import Iterator
from typing import Optional

import msgspec

from tfmac.schema.log_signatures import Circumstances


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a machine, from a log or from facts; None and missing is unknown."""

    python: Optional[str] = None
    macos: Optional[str] = None
    system: Optional[str] = None
    platform: Optional[str] = None
    """System and chip, as ``Circumstances.platforms`` names them."""
    interpreter: Optional[str] = None
    packages: dict[str, str] = {}
    complete: bool = False
    """Whether what is not in ``packages`` is not installed."""
    keras: Optional[int] = None
    paths: tuple[str, ...] = ()
    """Folders of packages that a log names."""


def holds(circumstances: Circumstances, known: Known) -> Optional[bool]:
    """Say whether circumstances hold; None where that is unknown."""
    answers = list(_answers(circumstances, known))
    if False in answers:
        return False
    return None if None in answers else True


def _answers(circumstances: Circumstances, known: Known) -> Iterator[Optional[bool]]:
    if circumstances.python is not None:
        yield within(known.python, circumstances.python)
    if circumstances.macos is not None:
        yield (
            False
            if known.system not in {None, "macos"}
            else within(known.macos, circumstances.macos)
        )
    if circumstances.platforms:
        yield _on(circumstances.platforms, known)
    if circumstances.interpreter:
        yield None if known.interpreter is None else known.interpreter in circumstances.interpreter
    for name, specifier in circumstances.packages.items():
        yield _installed(name, specifier, known)
    for name in circumstances.absent:
        there = _installed(name, "", known)
        yield None if there is None else not there
    if circumstances.keras is not None:
        yield None if known.keras is None else known.keras == circumstances.keras


def _on(platforms: tuple[str, ...], known: Known) -> Optional[bool]:
    if known.platform is not None:
        return known.platform in platforms
    if known.system is None:
        return None
    same = [one for one in platforms if one.partition("-")[0] == known.system]
    if not same:
        return False
    return True if same == ["windows"] or len(same) > 1 else None


def _installed(name: str, specifier: str, known: Known) -> Optional[bool]:
    version = known.packages.get(name)
    if version is not None:
        return within(version, specifier)
    if known.complete:
        return False
    if name == "keras" and known.keras is not None and specifier:
        # A generation alone decides where the whole of it lies on one side.
        ends = [within(one, specifier) for one in _ENDS[known.keras]]
        return ends[0] if len(set(ends)) == 1 else None
    return None


_ENDS = {2: ("2.0.0", "2.6.0", "2.15.0"), 3: ("3.0.0", "3.5.0", "3.99.0")}


def within(version: Optional[str], specifier: str) -> Optional[bool]:
    """Whether a version lies in a specifier; a minor such as ``3.12`` stands for all of it."""
    if version is None:
        return None
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415

    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except (InvalidVersion, InvalidSpecifier):
        return None
