"""Which TensorFlow releases are run on which Python, and which packages are changed there."""

from collections.abc import Iterator
from typing import Optional

import msgspec

_NUMPY_1 = "numpy<2"
_OLD_PROTOBUF = "protobuf<3.21"


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """How the working environment of one TensorFlow release is made."""

    python: str
    constraints: tuple[str, ...] = ()
    """What the release does not declare but needs: it predates what breaks it."""
    builds: bool = False
    """Some of its pins have no wheel and are built from source."""


SETTINGS = {
    "2.6.5": Setting(
        python="3.9",
        constraints=(
            _NUMPY_1,
            _OLD_PROTOBUF,
            "keras==2.6.*",
            "tensorflow-estimator==2.6.*",
            "tensorboard==2.6.*",
        ),
        builds=True,
    ),
    "2.7.4": Setting(python="3.9", constraints=(_NUMPY_1, _OLD_PROTOBUF)),
    "2.8.4": Setting(python="3.10", constraints=(_NUMPY_1, _OLD_PROTOBUF)),
    "2.9.3": Setting(python="3.10", constraints=(_NUMPY_1, _OLD_PROTOBUF)),
    "2.10.1": Setting(python="3.10", constraints=(_NUMPY_1,)),
    "2.11.1": Setting(python="3.10", constraints=(_NUMPY_1,)),
    "2.12.1": Setting(python="3.11", constraints=(_NUMPY_1,)),
    "2.13.1": Setting(python="3.11", constraints=(_NUMPY_1,)),
    "2.14.1": Setting(python="3.11", constraints=(_NUMPY_1,)),
    "2.15.1": Setting(python="3.11", constraints=(_NUMPY_1,)),
    "2.16.2": Setting(python="3.11", constraints=(_NUMPY_1,)),
    "2.17.1": Setting(python="3.11", constraints=(_NUMPY_1,)),
    "2.18.1": Setting(python="3.11"),
    "2.19.1": Setting(python="3.11"),
    "2.20.0": Setting(python="3.11"),
    "2.21.0": Setting(python="3.11"),
}


def minor(version: str) -> tuple[int, int]:
    """The first two numbers of a release."""
    first, second = version.split(".")[:2]
    return int(first), int(second)


def setting(tensorflow: str) -> Setting:
    """Give how a release is run: one that is not listed like the listed one of its minor."""
    if tensorflow in SETTINGS:
        return SETTINGS[tensorflow]
    same = [name for name in SETTINGS if minor(name) == minor(tensorflow)]
    return SETTINGS[same[0]]


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A package that is exchanged or added, and how closely."""

    package: str
    between: int = 0
    """Versions that are run between the ends even if both ends have the same outcome."""
    companions: bool = False
    """It needs packages that the baseline may lack: else their absence would be measured."""
    added: bool = False
    """Also where the baseline does not have it."""
    together: Optional[str] = None
    """A package that gets the same version."""
    only: tuple[str, ...] = ()
    """TensorFlow releases; none named means all."""


_SPARSE = ("2.6.5", "2.18.1", "2.21.0")
_OTHERS = (
    *("2.6.5", "2.7.4", "2.8.4", "2.10.1", "2.12.1", "2.14.1", "2.15.1", "2.16.2", "2.18.1"),
    *("2.20.0", "2.21.0"),
)
_REMOVALS = ("2.6.5", "2.10.1", "2.12.1", "2.15.1", "2.16.2", "2.18.1", "2.20.0", "2.21.0")

_NUMPY_2 = ("2.18.1", "2.19.1", "2.20.0", "2.21.0")
_KERAS_3 = ("2.16.2", "2.18.1", "2.21.0")

# In order of value: what breaks something beside all releases, the rest beside some.
SUBJECTS = (
    Subject(package="numpy", between=2),
    Subject(package="protobuf", between=3),
    Subject(package="keras", between=3, companions=True),
    Subject(package="ml-dtypes", between=2),
    Subject(package="typing-extensions", between=1),
    Subject(package="h5py"),
    Subject(package="pandas", companions=True, added=True, only=(*_NUMPY_2, "2.6.5", "2.15.1")),
    Subject(package="gast", only=_OTHERS),
    Subject(package="flatbuffers", only=_OTHERS),
    Subject(package="absl-py", only=_OTHERS),
    Subject(package="wrapt", only=_OTHERS),
    Subject(package="packaging", only=_OTHERS),
    Subject(package="opt-einsum", only=_OTHERS),
    Subject(package="termcolor", only=_OTHERS),
    Subject(package="six", between=1, only=_OTHERS),
    Subject(package="astunparse", between=1, only=_OTHERS),
    Subject(package="optree", only=_KERAS_3),
    Subject(package="rich", companions=True, only=_KERAS_3),
    Subject(package="namex", only=_KERAS_3),
    Subject(package="tf-keras", between=1, companions=True, added=True, only=_OTHERS[2:]),
    Subject(
        package="jaxlib",
        together="jax",
        between=1,
        companions=True,
        added=True,
        only=(*_NUMPY_2, "2.6.5", "2.9.3", "2.12.1", "2.13.1", "2.14.1", "2.15.1"),
    ),
    Subject(package="scipy", between=1, companions=True, added=True, only=_SPARSE),
    Subject(package="google-pasta", only=_SPARSE),
    Subject(package="setuptools", only=_SPARSE),
    Subject(package="grpcio", only=_SPARSE),
    Subject(package="tensorboard", only=_OTHERS),
    Subject(package="tensorflow-estimator", only=_SPARSE),
    Subject(package="tensorflow-io-gcs-filesystem", only=_SPARSE),
    Subject(package="libclang", only=_SPARSE),
    Subject(package="pyarrow", companions=True, added=True, only=_SPARSE),
    Subject(package="tensorflow-text", companions=True, added=True, only=_SPARSE),
)

# jax and jaxlib, which check each other; the first ones are run everywhere.
_JAX_PAIRS = (
    ("0.4.30", "0.4.20"),
    ("0.4.29", "0.4.30"),
    ("0.4.30", "0.4.30"),
    ("0.4.20", "0.4.30"),
    ("0.4.30", "0.4.29"),
    ("0.4.20", "0.4.20"),
)


def jax_pairs(tensorflow: str) -> tuple[tuple[str, str], ...]:
    """List the versions of jax and jaxlib that are run together beside a release."""
    return _JAX_PAIRS if tensorflow in _SPARSE else _JAX_PAIRS[:2]


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One environment that points are run in."""

    tensorflow: str
    python: str
    packages: frozenset[str] = frozenset()
    """Only these; none named means all that the release has on its own Python."""


# What the releases' own Pythons have no version of, or what Python itself once had.
_ELSEWHERE = (
    ("3.9", ("2.12.1", "2.18.1", "2.15.1", "2.10.1", "2.20.0"), ("numpy", "h5py")),
    ("3.12", ("2.16.2", "2.18.1", "2.21.0"), ("setuptools",)),
)


def visits() -> Iterator[Visit]:
    """List all environments: each release on its own Python, then some on others."""
    for tensorflow, chosen in SETTINGS.items():
        yield Visit(tensorflow=tensorflow, python=chosen.python)
    for python, releases, packages in _ELSEWHERE:
        for tensorflow in releases:
            yield Visit(tensorflow=tensorflow, python=python, packages=frozenset(packages))


def removes(visit: Visit, package: str) -> bool:
    """Whether a package that was loaded is taken out of an environment, too."""
    return package in visit.packages or (not visit.packages and visit.tensorflow in _REMOVALS)


def subjects(tensorflow: str) -> Iterator[Subject]:
    """List the packages that are changed beside a release, the most valuable first."""
    for subject in SUBJECTS:
        if not subject.only or tensorflow in subject.only:
            yield subject
