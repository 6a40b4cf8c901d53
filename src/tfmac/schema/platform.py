"""Operating systems, processor architectures and the machines that plans are made for."""

import enum
import re
from typing import Optional

import msgspec


class Architecture(enum.Enum):
    """A processor architecture, under one name on every system."""

    ARM64 = "arm64"
    X86_64 = "x86_64"
    OTHER = "other"

    @classmethod
    def of(cls, machine: str) -> "Architecture":
        """Translate a machine name as ``uname`` or a wheel tag spells it."""
        return _MACHINES.get(machine.lower(), cls.OTHER)


_MACHINES = {
    "arm64": Architecture.ARM64,
    "arm64e": Architecture.ARM64,
    "aarch64": Architecture.ARM64,
    "x86_64": Architecture.X86_64,
    "x86_64h": Architecture.X86_64,
    "amd64": Architecture.X86_64,
}


class OperatingSystem(enum.Enum):
    """An operating system that TensorFlow has wheels for."""

    MACOS = "macos"
    LINUX = "linux"
    WINDOWS = "windows"


class InvalidTarget(ValueError):
    """A target that is not written as ``SYSTEM[-VERSION]-ARCHITECTURE``."""


_TARGET = re.compile(r"(macos)-(\d{2}(?:\.\d+){0,2})-(arm64|x86_64)|(linux)-(x86_64|aarch64|arm64)")


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A machine to judge or plan for: ``macos-14-arm64``, ``macos-12-x86_64``, ``linux-x86_64``."""

    system: OperatingSystem
    architecture: Architecture
    version: Optional[str] = None

    @classmethod
    def parse(cls, text: str) -> "Target":
        """Read a target as users write it; raise ``InvalidTarget`` with the accepted forms."""
        match = _TARGET.fullmatch(text.strip().lower())
        if match is None:
            raise InvalidTarget(
                f"{text!r} is not a target: write macos-VERSION-arm64, macos-VERSION-x86_64, "
                "linux-x86_64 or linux-aarch64 (for example macos-14-arm64)"
            )
        system, version, mac_machine, linux, linux_machine = match.groups()
        return cls(
            system=OperatingSystem(system or linux),
            version=version,
            architecture=Architecture.of(mac_machine or linux_machine),
        )

    def __str__(self) -> str:
        machine = self.architecture.value
        if self.system is OperatingSystem.LINUX and self.architecture is Architecture.ARM64:
            machine = "aarch64"
        return "-".join(part for part in (self.system.value, self.version, machine) if part)

    @property
    def apple_silicon(self) -> bool:
        """Whether this is a Mac with an M-series chip."""
        return self.system is OperatingSystem.MACOS and self.architecture is Architecture.ARM64


APPLE_SILICON = Target(system=OperatingSystem.MACOS, architecture=Architecture.ARM64)
"""A Mac with an M-series chip, whatever its macOS."""
