"""What tests that make environments share: plans as files, sources, a Mac, and a look inside."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cli.private_index import Best
from environments.local_wheels import make_source
from tfmac import api
from tfmac.observe.host import host_from_sysctl, observe_host, target_of_host
from tfmac.observe.interpreters import FoundInterpreter
from tfmac.schema.codec import to_json
from tfmac.schema.plans import InterpreterChoice, Pin, Plan, StackKind
from tfmac.schema.platform import Architecture, Target

HOSTS = Path(__file__).parent.parent / "data" / "hosts"


class Usage(NamedTuple):
    """What ``shutil.disk_usage`` gives."""

    total: int
    used: int
    free: int


def this_machine() -> Target:
    """Name the machine that the tests run on."""
    target = target_of_host(observe_host())
    assert target is not None, "the tests run where TensorFlow has wheels"
    return target


def plan_of(*pins: str, **other: Any) -> Plan:
    """Make a plan for this machine and the running Python that pins ``NAME==VERSION``."""
    fields: dict[str, Any] = {
        "target": this_machine(),
        "python": ".".join(map(str, sys.version_info[:2])),
        "stack": StackKind.TENSORFLOW_CPU,
        "gpu": False,
        "requirements": (),
        "rationale": (),
        **other,
    }
    named = (one.partition("==") for one in pins)
    return Plan(pins=tuple(Pin(name=name, version=version) for name, _, version in named), **fields)


def write_plan(path: Path, plan: Plan) -> Path:
    """Write what ``tfmac plan --format json`` prints of a plan."""
    path.write_text(to_json(api.plan_document(plan)), encoding="utf-8")
    return path


def add_source(index: Path, name: str, version: str, *, before: str = "") -> Path:
    """Put a source distribution into an index; it is built against an installed ``framework``."""
    path = make_source(index / "files", name, version, before=before)
    page = index / "simple" / name / "index.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(f'<!DOCTYPE html>\n<a href="../../files/{path.name}">{path.name}</a><br>\n')
    return path


def much_space(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every disk large enough for a real TensorFlow."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(1 << 40, 0, 1 << 40))


def on_a_mac(monkeypatch: pytest.MonkeyPatch, *versions: str) -> None:
    """Be an M3 on macOS 15.1.1 that has some Pythons."""
    text = (HOSTS / "m3-macos-15.txt").read_text(encoding="utf-8")
    host = host_from_sysctl(text, machine="arm64")
    found = tuple(
        FoundInterpreter(
            choice=InterpreterChoice(path=f"/opt/python{one}", version=one, origin="Homebrew"),
            architecture=Architecture.ARM64,
        )
        for one in versions
    )
    monkeypatch.setattr("tfmac.observe.host.observe_host", lambda: host)
    monkeypatch.setattr("tfmac.observe.interpreters.find_interpreters", lambda _env: found)


def named(best: Best) -> "set[str]":
    """Name the wheels of a set as ``NAME==VERSION``."""
    return {f"{wheel.name}=={wheel.version}" for wheel in best.wheels}


def installed(directory: Path) -> "set[str]":
    """Name what an environment has, as ``NAME==VERSION``."""
    found = directory.glob("lib/python3.*/site-packages/*.dist-info")
    return {one.name[: -len(".dist-info")].replace("-", "==") for one in found}


def said_by(directory: Path, code: str) -> str:
    """Run code in an environment; give what it prints."""
    command = [str(directory / "bin/python"), "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
