"""The Pythons that a reader runs on, and how each lays out byte code."""

import re

from tfmac.knowledge import releases
from tfmac.models.loadability.readers import Generation, Reader, Release
from tfmac.schema.knowledge import Release as Recorded
from tfmac.schema.platform import Architecture, OperatingSystem, Target

# The first Python of each of marshal's layouts for code, latest first.
_LAYOUTS = ((11, "3.11-"), (8, "3.8-3.10"), (0, "3.0-3.7"))


def layout_of(python: str) -> str:
    """Name the layout of a Python, as ``formats.marshal_code`` does; ``2`` for Python 2."""
    major, _, minor = python.partition(".")
    if major != "3":
        return major
    return next(layout for first, layout in _LAYOUTS if int(minor or 0) >= first)


def reading_pythons(reader: Reader) -> tuple[str, ...]:
    """Name the Pythons that a reader may run on, oldest first: the one named, or all with wheels.

    Of a release that is not recorded they are those of the last one before it.
    """
    if reader.python is not None:
        return (reader.python,)
    if reader.backend != "tensorflow":
        return _supported("keras", reader.keras)
    return _supported("tensorflow", _tensorflow(reader))


def _tensorflow(reader: Reader) -> Release:
    """Give the TensorFlow below a Keras; tf-keras and the later Keras 2 have its numbers."""
    if reader.tensorflow is not None:
        return reader.tensorflow
    return (1, 15) if reader.generation is Generation.STANDALONE else reader.keras


def _supported(distribution: str, wanted: Release) -> tuple[str, ...]:
    package = releases.package(distribution)
    known = [one for one in package.releases if one.wheels] if package is not None else []
    if not known:
        return ()
    before = [one for one in known if _numbers(one.version) <= wanted]
    return _pythons(before[-1] if before else known[0])


def _pythons(release: Recorded) -> tuple[str, ...]:
    """Name the Pythons of a release on any machine."""
    targets = [
        Target(system=system, architecture=architecture)
        for system in OperatingSystem
        for architecture in Architecture
    ]
    found = {one for target in targets for one in releases.supported_pythons(release, target)}
    return tuple(sorted((one for one in found if not one.endswith("t")), key=_numbers))


def _numbers(version: str) -> Release:
    return tuple(int(one) for one in re.findall(r"\d+", version)[:3])
