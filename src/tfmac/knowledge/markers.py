"""Environment markers (PEP 508) on a machine and a Python that need not be here."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfmac.schema.platform import Architecture, OperatingSystem, Target

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_SYSTEMS = {
    OperatingSystem.MACOS: ("posix", "darwin", "Darwin"),
    OperatingSystem.LINUX: ("posix", "linux", "Linux"),
    OperatingSystem.WINDOWS: ("nt", "win32", "Windows"),
}


def marker_environment(target: Target, python: str) -> dict[str, str]:
    """Give the variables of environment markers; a Python such as ``3.12`` counts as 3.12.0."""
    full = python if python.count(".") > 1 else f"{python}.0"
    os_name, sys_platform, system = _SYSTEMS[target.system]
    machine = target.architecture.value
    if target.system is OperatingSystem.LINUX and target.architecture is Architecture.ARM64:
        machine = "aarch64"
    return {
        "os_name": os_name,
        "sys_platform": sys_platform,
        "platform_system": system,
        "platform_machine": machine,
        "platform_release": "",
        "platform_version": "",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "implementation_version": full,
        "python_version": ".".join(full.split(".")[:2]),
        "python_full_version": full,
    }


def holds(
    requirement: "Requirement", target: Target, python: str, extras: Sequence[str] = ()
) -> bool:
    """Whether a requirement is one on a machine and a Python, with some extras asked for."""
    if requirement.marker is None:
        return True
    variables = marker_environment(target, python)
    return any(
        requirement.marker.evaluate({**variables, "extra": extra}) for extra in ("", *extras)
    )
