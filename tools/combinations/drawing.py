"""Which environments the evaluation looks at: drawn by a seed, none of them in the table."""

import random
from collections.abc import Collection, Sequence
from typing import Callable, NamedTuple, Optional

from packaging.version import Version
from tools.combinations.available import LINUX
from tools.combinations.settings import minor

from tfmac.knowledge import releases

NAMED = (
    "numpy",
    "protobuf",
    "keras",
    "tf-keras",
    "ml-dtypes",
    "h5py",
    "wrapt",
    "typing-extensions",
    "jax",
    "jaxlib",
    "pandas",
    "scipy",
    "pyarrow",
    "tensorflow-text",
    "tensorflow-estimator",
)
"""The packages that are exchanged most often, in reports and here."""
OTHERS = (
    "absl-py",
    "astunparse",
    "flatbuffers",
    "gast",
    "google-pasta",
    "grpcio",
    "namex",
    "opt-einsum",
    "optree",
    "packaging",
    "rich",
    "six",
    "tensorboard",
    "termcolor",
)
_NAMED_WEIGHT = 3
_ADDED = frozenset({"tf-keras", "jax", "jaxlib", "pandas", "scipy", "pyarrow", "tensorflow-text"})
_JAX = frozenset({"jax", "jaxlib"})
_PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
_REMOVED_SHARE = 0.1
_PAIR_SHARE = 0.3
_SAME_SHARE = 0.3
"""How often jax and jaxlib get the same version."""

Versions = Callable[[str, str], Sequence[str]]
"""The installable versions of a package on a Python."""


class Place(NamedTuple):
    """A TensorFlow release on a Python."""

    tensorflow: str
    python: str


class Change(NamedTuple):
    """Packages with the versions that they get; None takes one out."""

    packages: tuple[tuple[str, Optional[str]], ...]


def places(
    rng: random.Random, count: int, measured: Collection[str], first: str = "2.6"
) -> list[Place]:
    """Draw TensorFlow minors without repetition, and for each a release and a Python.

    A release that was not measured is preferred.
    """
    by_minor: dict[tuple[int, int], list[str]] = {}
    for version in releases.versions("tensorflow-cpu"):
        if Version(version) >= Version(first):
            by_minor.setdefault(minor(version), []).append(version)
    drawn: list[Place] = []
    numbers = sorted(by_minor)
    for number in rng.sample(numbers, min(count, len(numbers))):
        fresh = [one for one in by_minor[number] if one not in measured]
        tensorflow = rng.choice(sorted(fresh or by_minor[number], key=Version))
        release = releases.release("tensorflow-cpu", tensorflow)
        fitting = [
            python
            for python in _PYTHONS
            if release is not None and releases.has_wheel(release, LINUX, python)
        ]
        if fitting:
            drawn.append(Place(tensorflow, rng.choice(fitting)))
    return drawn


def change(
    rng: random.Random, place: Place, baseline: Collection[str], versions: Versions
) -> Optional[Change]:
    """Draw a change of an environment; None when the draw cannot be installed there."""
    if rng.random() < _REMOVED_SHARE:
        removable = [name for name in (*NAMED, *OTHERS) if name in baseline]
        return Change(((rng.choice(removable), None),))
    names = [_package(rng, baseline)]
    if rng.random() < _PAIR_SHARE:
        names.append(_package(rng, baseline))
    if _JAX & set(names):
        names = ["jax", "jaxlib"]
    drawn: dict[str, Optional[str]] = {}
    for name in names:
        several = versions(name, place.python)
        if not several:
            return None
        drawn[name] = _version(rng, several)
    if drawn.keys() >= _JAX and rng.random() < _SAME_SHARE:
        drawn["jaxlib"] = drawn["jax"]
    return Change(tuple(sorted(drawn.items())))


def _package(rng: random.Random, baseline: Collection[str]) -> str:
    names = [*NAMED] * _NAMED_WEIGHT + [*OTHERS]
    return rng.choice([name for name in names if name in baseline or name in _ADDED])


def _version(rng: random.Random, versions: Sequence[str]) -> str:
    """Draw a series (its first two numbers), then a version of it."""
    series: dict[tuple[int, ...], list[str]] = {}
    for version in versions:
        series.setdefault(Version(version).release[:2], []).append(version)
    return rng.choice(series[rng.choice(sorted(series))])
