"""Environments that were really run, and the intervals of versions that follow from them."""

import enum
from typing import Optional

import msgspec

from tfmac.schema.knowledge import Step


class Combination(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One environment that was really run: a working TensorFlow with one package changed.

    ``step`` is the first step that failed, or ``works``.
    """

    tensorflow: str
    package: str
    version: Optional[str]
    """The version that was put there, or None for a package that was taken out."""
    python: str
    step: Step
    error: Optional[str] = None
    """Last line of the exception, or the signal."""
    cause: Optional[str] = None
    """The cause of the vocabulary that the error names, if one does."""
    beside: dict[str, str] = {}
    """Packages that were added or exchanged together with it."""


class Reach(enum.Enum):
    """Why an interval goes on beyond its outermost version that was run."""

    OLDEST = "oldest-installable"
    """No older version had a wheel for that Python."""
    NEWEST = "newest-installable"
    """No newer version had a wheel for that Python on the day of the measurement."""
    NUMPY_1 = "built-for-numpy-1"
    """NumPy 2 changed the layout of its C structures: what was built for NumPy 1 works with none
    of its releases."""


class Interval(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Versions of a package that have the same outcome beside some TensorFlow minors.

    ``runs`` are the positions of the combinations that it rests on, by version.
    """

    package: str
    tensorflow: tuple[str, str]
    """The first and the last TensorFlow minor."""
    step: Step
    """Where it fails at the latest, or ``works``."""
    runs: tuple[int, ...]
    versions: Optional[tuple[str, str]] = None
    """The lowest and the highest version; None speaks of the package's absence."""
    below: Optional[Reach] = None
    above: Optional[Reach] = None
    cause: Optional[str] = None
    """That of all runs, if they have the same."""
    error: Optional[str] = None
    """That of the newest version."""
    numpy: Optional[int] = None
    """The generation of NumPy that was there; given for packages that are compiled for it."""
    python: Optional[str] = None
    """The only Python that it speaks of; given where Pythons differ."""


class Clash(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A package that TensorFlow loads when it is there, and whose own requirement matters then."""

    requirer: str
    package: str
    tensorflow: tuple[str, str]
    step: Step
    runs: tuple[int, ...]
    cause: Optional[str] = None
    error: Optional[str] = None


class CombinationTable(msgspec.Struct, frozen=True, kw_only=True):
    """Measured environments; ``measured`` is the day and ``platform`` where they ran."""

    schema_version: int
    measured: str
    platform: str
    baselines: dict[str, dict[str, str]]
    """For each TensorFlow release the versions of the working environment it started from."""
    installable: dict[str, dict[str, tuple[str, str]]]
    """By package and Python: the oldest and the newest version that had a wheel on that day."""
    compiled_for_numpy: tuple[str, ...]
    """The packages among them that have compiled code and declare NumPy as a requirement."""
    combinations: tuple[Combination, ...]
    intervals: tuple[Interval, ...]
    clashes: tuple[Clash, ...]
