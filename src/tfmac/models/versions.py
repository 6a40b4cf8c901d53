"""Intervals of releases: made from bounds, intersected, written as version specifiers."""

from typing import Optional

import msgspec
from packaging.version import InvalidVersion, Version


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """All releases between two bounds; None is no bound."""

    lower: Optional[str] = None
    includes_lower: bool = True
    upper: Optional[str] = None
    includes_upper: bool = False

    def __and__(self, other: "Interval") -> "Interval":
        lower, includes_lower = self._tighter_lower(other)
        upper, includes_upper = self._tighter_upper(other)
        return Interval(
            lower=lower, includes_lower=includes_lower, upper=upper, includes_upper=includes_upper
        )

    def _tighter_lower(self, other: "Interval") -> tuple[Optional[str], bool]:
        if other.lower is None:
            return self.lower, self.includes_lower
        if self.lower is None:
            return other.lower, other.includes_lower
        mine, theirs = Version(self.lower), Version(other.lower)
        if mine == theirs:
            return self.lower, self.includes_lower and other.includes_lower
        winner = self if mine > theirs else other
        return winner.lower, winner.includes_lower

    def _tighter_upper(self, other: "Interval") -> tuple[Optional[str], bool]:
        if other.upper is None:
            return self.upper, self.includes_upper
        if self.upper is None:
            return other.upper, other.includes_upper
        mine, theirs = Version(self.upper), Version(other.upper)
        if mine == theirs:
            return self.upper, self.includes_upper and other.includes_upper
        winner = self if mine < theirs else other
        return winner.upper, winner.includes_upper

    @property
    def is_empty(self) -> bool:
        """Whether no release is in it."""
        if self.lower is None or self.upper is None:
            return False
        lower, upper = Version(self.lower), Version(self.upper)
        if lower == upper:
            return not (self.includes_lower and self.includes_upper)
        return lower > upper

    def __contains__(self, release: object) -> bool:
        """Whether a release is in it; what is no release is in none."""
        version = version_of(str(release))
        if version is None:
            return False
        if self.lower is not None:
            lower = Version(self.lower)
            if version < lower or (version == lower and not self.includes_lower):
                return False
        if self.upper is not None:
            upper = Version(self.upper)
            if version > upper or (version == upper and not self.includes_upper):
                return False
        return True

    def written(self) -> str:
        """Write it as a version specifier; without bounds it is empty."""
        parts = []
        if self.lower is not None:
            parts.append(f"{'>=' if self.includes_lower else '>'}{self.lower}")
        if self.upper is not None:
            parts.append(f"{'<=' if self.includes_upper else '<'}{self.upper}")
        return ",".join(parts)


def version_of(text: str) -> Optional[Version]:
    """Read a release as a file states it: ``2.4.0``, ``2.2.4-tf``. None where it is none."""
    plain = text.strip().partition("-tf")[0]
    try:
        return Version(plain.split("+")[0])
    except InvalidVersion:
        return None
