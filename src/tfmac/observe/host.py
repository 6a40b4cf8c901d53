"""The machine: chip, operating system, memory, and whether this process is translated."""

import os
import subprocess
import sys
from typing import Optional

from tfmac.schema.fact import Fact, Found, Unknown
from tfmac.schema.facts import Host
from tfmac.schema.platform import Architecture, OperatingSystem, Target

_SYSCTL = (
    "/usr/sbin/sysctl",
    "kern.osproductversion",
    "machdep.cpu.brand_string",
    "hw.optional.arm64",
    "hw.memsize",
    "sysctl.proc_translated",
)
_SYSCTL_SECONDS = 5.0


def observe_host() -> Host:
    """Look at this machine."""
    system = sys.platform
    if system == "darwin":
        return host_from_sysctl(_run_sysctl(), machine=os.uname().machine)
    if system.startswith("linux"):
        return _linux_host()
    return _unknown_host(f"tfmac does not know the system {system!r}")


def host_of_target(target: Target) -> Host:
    """Describe the machine that a target names; what it does not say is unknown."""
    source = f"--for {target}"
    reason = f"{target} does not say"
    return Host(
        system=Found(value=target.system, source=source),
        version=Found(value=target.version, source=source)
        if target.version
        else Unknown(reason=reason),
        architecture=Found(value=target.architecture, source=source),
        chip=Unknown(reason=reason),
        memory=Unknown(reason=reason),
        translated=Unknown(reason=reason),
        nvidia_driver=Unknown(reason=reason),
    )


def target_of_host(host: Host) -> Optional[Target]:
    """Name the machine that a host is; None when system or architecture is unknown."""
    if isinstance(host.system, Unknown) or isinstance(host.architecture, Unknown):
        return None
    version = None
    if host.system.value is OperatingSystem.MACOS and isinstance(host.version, Found):
        version = host.version.value
    return Target(system=host.system.value, architecture=host.architecture.value, version=version)


def _run_sysctl() -> str:
    """Ask once for all values; names that this Mac does not know are simply not answered."""
    try:
        done = subprocess.run(
            _SYSCTL, capture_output=True, text=True, check=False, timeout=_SYSCTL_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def host_from_sysctl(answer: str, *, machine: str) -> Host:
    """Describe a Mac from what ``sysctl`` answered and what ``uname -m`` says.

    A process under Rosetta is told ``x86_64`` by uname; the chip is still arm64, which
    ``hw.optional.arm64`` and ``sysctl.proc_translated`` say. Intel Macs know neither name.
    """
    lines = (line.partition(":") for line in answer.splitlines())
    values = {name.strip(): value.strip() for name, _, value in lines}
    translated = values.get("sysctl.proc_translated") == "1"
    arm = translated or values.get("hw.optional.arm64") == "1" or machine == "arm64"
    architecture = Architecture.ARM64 if arm else Architecture.of(machine)
    return Host(
        system=Found(value=OperatingSystem.MACOS, source="sys.platform"),
        version=_sysctl_fact(values, "kern.osproductversion"),
        architecture=Found(value=architecture, source="sysctl hw.optional.arm64, uname -m"),
        chip=_sysctl_fact(values, "machdep.cpu.brand_string"),
        memory=_number(_sysctl_fact(values, "hw.memsize")),
        translated=Found(value=translated, source="sysctl sysctl.proc_translated"),
        nvidia_driver=Found(value=False, source="macOS has none"),
    )


def _sysctl_fact(values: dict[str, str], name: str) -> Fact[str]:
    value = values.get(name)
    if not value:
        return Unknown(reason=f"sysctl did not answer {name}")
    return Found(value=value, source=f"sysctl {name}")


def _number(fact: Fact[str]) -> Fact[int]:
    if isinstance(fact, Unknown):
        return fact
    if not fact.value.isdigit():
        return Unknown(reason=f"{fact.source} answered {fact.value!r}")
    return Found(value=int(fact.value), source=fact.source)


def _linux_host() -> Host:
    machine = os.uname().machine
    return Host(
        system=Found(value=OperatingSystem.LINUX, source="sys.platform"),
        version=_glibc(),
        architecture=Found(value=Architecture.of(machine), source="uname -m"),
        chip=_proc_value("/proc/cpuinfo", "model name"),
        memory=_memory(),
        translated=Found(value=False, source="Rosetta 2 is macOS's"),
        nvidia_driver=Found(
            value=os.path.exists("/proc/driver/nvidia/version"),
            source="/proc/driver/nvidia/version",
        ),
    )


def _glibc() -> Fact[str]:
    try:
        answer = os.confstr("CS_GNU_LIBC_VERSION")
    except (ValueError, OSError):
        answer = None
    if not answer:
        return Unknown(reason="the C library does not give its version")
    return Found(value=answer, source="confstr CS_GNU_LIBC_VERSION")


def _memory() -> Fact[int]:
    fact = _proc_value("/proc/meminfo", "MemTotal")
    if isinstance(fact, Unknown):
        return fact
    kibibytes = fact.value.partition(" ")[0]
    return Found(value=int(kibibytes) * 1024, source=fact.source)


def _proc_value(path: str, key: str) -> Fact[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                name, _, value = line.partition(":")
                if name.strip() == key:
                    return Found(value=value.strip(), source=path)
    except OSError as error:
        return Unknown(reason=f"{path}: {error.strerror}")
    return Unknown(reason=f"{path} has no {key!r}")


def _unknown_host(reason: str) -> Host:
    unknown = Unknown(reason=reason)
    return Host(
        system=unknown,
        version=unknown,
        architecture=unknown,
        chip=unknown,
        memory=unknown,
        translated=unknown,
        nvidia_driver=unknown,
    )
