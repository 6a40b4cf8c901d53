"""The real resolvers: uv for any target, pip for this machine and one of its interpreters."""

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from tfmac.environments.pip_configuration import redact
from tfmac.environments.process import ToolEnd, run_tool
from tfmac.environments.uv import WHEELS_ONLY, Uv, UvError, UvFailure
from tfmac.planner.resolver import IndexUnreachable, ResolutionFailed, ResolutionImpossible
from tfmac.schema.plans import Pin, Plan
from tfmac.schema.platform import Architecture, OperatingSystem, Target

_PIN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;]+)")
_HASH = re.compile(r"--hash=(\S+)")
_PACKAGES = "[[packages]]"
_QUOTED_LINES = 20
# glibc 2.28 is Debian 10's and RHEL 8's; what is older has manylinux2014's 2.17.
_NEW_GLIBC = (2, 28)


def python_platform(target: Target, glibc: tuple[int, int] = _NEW_GLIBC) -> str:
    """Name a target as uv's ``--python-platform`` does."""
    machine = "x86_64" if target.architecture is Architecture.X86_64 else "aarch64"
    if target.system is OperatingSystem.MACOS:
        return f"{machine}-apple-darwin"
    if target.system is OperatingSystem.WINDOWS:
        return f"{machine}-pc-windows-msvc"
    return f"{machine}-manylinux_{'2_28' if glibc >= _NEW_GLIBC else '2_17'}"


class UvResolver(msgspec.Struct, frozen=True):
    """Resolves with uv, for any target and Python, whatever this machine is."""

    uv: Uv
    glibc: tuple[int, int] = _NEW_GLIBC

    def resolve(
        self,
        requirements: Sequence[str],
        *,
        python: str,
        target: Target,
        constraints: Sequence[str] = (),
        preferred: Sequence[Pin] = (),
        prereleases: bool = False,
        hashes: bool = False,
    ) -> tuple[Pin, ...]:
        """Return the full set of exact versions, sorted by name."""
        options = [
            *("--no-annotate", "--prerelease", "allow" if prereleases else "disallow"),
            *(("--generate-hashes",) if hashes else ()),
        ]
        with tempfile.TemporaryDirectory(prefix="tfmac-") as folder:
            if constraints:
                options += ["--constraint", _written(folder, "constraints.txt", constraints)]
            kept = _written(folder, "pins.txt", list(map(str, preferred))) if preferred else None
            if kept is not None:
                # What an output file has already is kept by uv where that can be.
                options += ["--output-file", kept]
            asked = f"resolve {', '.join(requirements)}"
            output = self._compile(asked, requirements, options, python=python, target=target)
            return read_pins(output if kept is None else _read(kept))

    def artifacts(self, plan: Plan) -> str:
        """Return the files of a plan's pins as uv writes them into a lock file.

        What uv writes above them is about its own question, not about the plan: it is left out.
        """
        # The pins are the answer already: nothing is to be added or weighed again.
        options = ["--no-deps", "--prerelease", "allow", "--format", "pylock.toml"]
        pins = [str(pin) for pin in plan.pins]
        asked = "find the files of the plan's pins"
        output = self._compile(asked, pins, options, python=plan.python, target=plan.target)
        _, found, packages = output.partition(f"\n{_PACKAGES}\n")
        if f"\n{output}".count(f"\n{_PACKAGES}\n") != len(plan.pins):
            raise ResolutionFailed("uv's lock file has not one package for each pin")
        return f"{found}{packages}".strip("\n")

    def _compile(
        self,
        asked: str,
        requirements: Sequence[str],
        options: Sequence[str],
        *,
        python: str,
        target: Target,
    ) -> str:
        arguments = [
            *("pip", "compile", "-", "--no-header", "--quiet"),
            # The interpreter only runs the builds of source distributions.
            *("--python", sys.executable, "--python-version", python),
            *("--python-platform", python_platform(target, self.glibc)),
            *options,
        ]
        asked += f" for Python {python} on {target}"
        given = "".join(f"{requirement}\n" for requirement in requirements)
        try:
            return self.uv.run_on_index(asked, arguments, target=target, given=given)
        except UvError as error:
            raise _resolution_error(error) from error


def _written(folder: str, name: str, lines: Sequence[str]) -> str:
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
    return path


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def _resolution_error(error: UvError) -> ResolutionFailed:
    if error.failure is UvFailure.IMPOSSIBLE:
        return ResolutionImpossible(error.said)
    if error.failure is UvFailure.NO_INDEX:
        return IndexUnreachable(error.said)
    return ResolutionFailed(str(error))


def read_pins(text: str) -> tuple[Pin, ...]:
    """Read the pins of a compiled requirements file, with their hashes.

    Raise ``ResolutionFailed`` for a line that is no pin: an address or a folder has no version.
    """
    lines = (line.strip() for line in text.replace("\\\n", " ").splitlines())
    pins = (_pin(line) for line in lines if line and not line.startswith(("#", "--")))
    return tuple(sorted(pins, key=lambda pin: pin.name))


def _pin(line: str) -> Pin:
    match = _PIN.match(line)
    if match is None:
        raise ResolutionFailed(
            f"{redact(line)!r} has no version on an index, so it cannot be pinned"
        )
    hashes = tuple(_HASH.findall(line))
    return Pin(name=match["name"].lower(), version=match["version"], hashes=hashes)


class PipResolver(msgspec.Struct, frozen=True):
    """Resolves with the pip of an interpreter, where no uv runs: for that interpreter only."""

    interpreter: str
    """An interpreter of this machine that has pip 22.2 or newer."""
    python: str
    """Its version, for example ``3.12``."""
    machine: Target
    """This machine."""

    def resolve(
        self,
        requirements: Sequence[str],
        *,
        python: str,
        target: Target,
        constraints: Sequence[str] = (),
        preferred: Sequence[Pin] = (),  # noqa: ARG002 - pip has no such thing
        prereleases: bool = False,
        hashes: bool = False,
    ) -> tuple[Pin, ...]:
        """Return the full set of exact versions, sorted by name."""
        self._refuse_others(python, target)
        with tempfile.TemporaryDirectory(prefix="tfmac-") as folder:
            command = [
                *(self.interpreter, "-m", "pip", "install", "--dry-run", "--ignore-installed"),
                *("--quiet", "--no-input", "--disable-pip-version-check", "--report", "-"),
                *("--requirement", _written(folder, "requirements.txt", requirements)),
                *("--only-binary", ",".join(WHEELS_ONLY)),
                *(("--pre",) if prereleases else ()),
            ]
            if constraints:
                command += ["--constraint", _written(folder, "constraints.txt", constraints)]
            try:
                end = run_tool(command, variables=dict(os.environ))
            except OSError as error:
                raise ResolutionFailed(f"{self.interpreter}: {error.strerror}") from error
        if end.status != 0:
            raise _pip_error(end)
        return tuple(sorted(_reported_pins(end.output, hashes=hashes), key=lambda pin: pin.name))

    def artifacts(self, plan: Plan) -> str:
        """Refuse: pip names one file for a pin, that of this machine."""
        raise ResolutionFailed(
            f"pip makes no lock file for Python {plan.python} on {plan.target}; "
            "install the package uv"
        )

    def _refuse_others(self, python: str, target: Target) -> None:
        own = (self.machine.system, self.machine.architecture)
        same_python = python.split(".")[:2] == self.python.split(".")[:2]
        if not same_python or (target.system, target.architecture) != own:
            raise ResolutionFailed(
                f"pip resolves only for Python {self.python} on {self.machine}; "
                f"for Python {python} on {target} install the package uv"
            )


def _pip_error(end: ToolEnd) -> ResolutionFailed:
    said = redact("\n".join(end.messages.splitlines()[-_QUOTED_LINES:]))
    # pip finds "no matching distribution" also when it could not reach the index.
    if re.search(r"connection broken|NewConnectionError|Max retries exceeded", end.messages):
        return IndexUnreachable(said)
    if re.search(r"ResolutionImpossible|No matching distribution found", end.messages):
        return ResolutionImpossible(said)
    return ResolutionFailed(said or f"pip ended with exit status {end.status}")


def _archive_hashes(archive: dict[str, Any]) -> dict[str, str]:
    """Read the digests of an archive; pip before 23.1 gives one, as ``sha256=...``."""
    if "hashes" in archive:
        return dict(archive["hashes"])
    kind, equals, value = archive.get("hash", "").partition("=")
    return {kind: value} if equals else {}


def _reported_pins(output: str, *, hashes: bool) -> Iterator[Pin]:
    """Read pip's installation report (version 1 of the format)."""
    try:
        entries: list[dict[str, Any]] = json.loads(output)["install"]
        for entry in entries:
            known = _archive_hashes(entry["download_info"].get("archive_info", {}))
            yield Pin(
                name=re.sub(r"[-_.]+", "-", entry["metadata"]["name"]).lower(),
                version=entry["metadata"]["version"],
                hashes=tuple(f"{kind}:{value}" for kind, value in known.items() if hashes),
            )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResolutionFailed("pip's installation report cannot be read") from error
