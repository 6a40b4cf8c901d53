"""How other tools name the machines that plans are made for."""

from tfmac.schema.platform import Architecture, OperatingSystem, Target

_SYSTEMS = {
    OperatingSystem.MACOS: ("darwin", "osx"),
    OperatingSystem.LINUX: ("linux", "linux"),
    OperatingSystem.WINDOWS: ("win32", "win"),
}
# What Python's platform.machine() says, by system: the rest says arm64 and x86_64.
_MACHINES = {
    (OperatingSystem.LINUX, Architecture.ARM64): "aarch64",
    (OperatingSystem.WINDOWS, Architecture.ARM64): "ARM64",
    (OperatingSystem.WINDOWS, Architecture.X86_64): "AMD64",
}


def marker_of(target: Target) -> str:
    """Write an environment marker (PEP 508) that holds on such a machine alone."""
    machine = _MACHINES.get((target.system, target.architecture), target.architecture.value)
    return f"sys_platform == '{_SYSTEMS[target.system][0]}' and platform_machine == '{machine}'"


def conda_platform(target: Target) -> str:
    """Name a machine as conda and pixi do: ``osx-arm64``, ``linux-64``."""
    machine = "64"
    if target.architecture is not Architecture.X86_64:
        machine = _MACHINES.get((target.system, target.architecture), "arm64").lower()
    return f"{_SYSTEMS[target.system][1]}-{machine}"
