"""What an extension's own metadata says of a TensorFlow version."""

from collections.abc import Iterable
from typing import Optional

from packaging.requirements import InvalidRequirement, Requirement
from tools.prove_linking.plan import DISTRIBUTION, PYTHON

from tfmac.formats.distinfo import normalise

_NAMES = ("tensorflow", DISTRIBUTION)
_MACHINE = {
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "sys_platform": "linux",
    "os_name": "posix",
    "platform_python_implementation": "CPython",
    "python_version": PYTHON,
    "python_full_version": f"{PYTHON}.0",
}


def admits(requires: Iterable[str], tensorflow: str) -> Optional[bool]:
    """Whether the metadata admits a TensorFlow release; None where it names none.

    What is required in any case decides; where TensorFlow is left to extras, those that bring
    TensorFlow or its CPU build do, and any of them that excludes the version counts.
    """
    requirements = [each for text in requires for each in _parsed(text)]
    always = [each for each in requirements if _holds(each, "")]
    optional = [each for each in requirements if any(_holds(each, one) for one in _extras(each))]
    deciding = always or optional
    if not deciding:
        return None
    return all(each.specifier.contains(tensorflow, prereleases=True) for each in deciding)


def _parsed(text: str) -> tuple[Requirement, ...]:
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return ()
    return (requirement,) if normalise(requirement.name) in _NAMES else ()


def _holds(requirement: Requirement, extra: str) -> bool:
    marker = requirement.marker
    return marker is None or marker.evaluate({**_MACHINE, "extra": extra})


def _extras(requirement: Requirement) -> tuple[str, ...]:
    """Give the extras that a marker names, among those that are for having TensorFlow."""
    text = str(requirement.marker).replace("'", '"')
    names = ("tensorflow", "tensorflow-cpu", "tensorflow_cpu", "and-tensorflow")
    return tuple(name for name in names if f'"{name}"' in text)
