"""What conda is asked for, solved by rattler over a channel that is made on the spot.

The channel has the shape of conda-forge: builds of each Python for two machines, ones without the
global lock and a PyPy beside them, and pip for every machine.
"""

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from environments.conda_program import CondaProgram
from tfmac import api
from tfmac.environments.tools.conda import CHANNEL, CondaTool
from tfmac.planner.emit.machines import conda_platform
from tfmac.schema.actions import CreateEnvironment
from tfmac.schema.plans import Pin, Plan, StackKind
from tfmac.schema.platform import Target

rattler = pytest.importorskip("rattler", reason="py-rattler solves the environments")

MACHINES = ("macos-14-arm64", "linux-x86_64")
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
NEWEST_PATCH = 8


class Solved(NamedTuple):
    """One package of a solution."""

    version: str
    build: str
    subdir: str


def record(
    name: str, version: str, *needs: str, build: str = "0", **other: Any
) -> "dict[str, Any]":
    return {
        "name": name,
        "version": version,
        "build": build,
        "build_number": 0,
        "depends": list(needs),
        "md5": "0" * 32,
        "sha256": "0" * 64,
        "size": 1,
        **other,
    }


def pythons(system: str) -> "list[dict[str, Any]]":
    """The builds of all Pythons for a machine; ``system`` is its virtual package."""
    found = []
    for minor in PYTHONS:
        tag = f"cp{minor.replace('.', '')}"
        needs = (system, "libffi >=3.4,<4.0a0", "openssl >=3.3,<4.0a0", "tzdata")
        abi = f"python_abi {minor}.* *_{tag}"
        found += [
            record("python", f"{minor}.{one}", *needs, abi, build=f"h0000000_{one}_cpython")
            for one in (0, NEWEST_PATCH)
        ]
        if minor == PYTHONS[-1]:
            free = record(
                "python",
                f"{minor}.{NEWEST_PATCH}",
                *(*needs, f"{abi}t"),
                build=f"h0000000_{NEWEST_PATCH}_{tag}t",
                track_features="py_freethreading",
            )
            found.append(free)
    found.append(record("python", "3.9.1", "pypy3.9 7.3.*", build="0_73_pypy"))
    found.append(record("pypy3.9", "7.3.15", system))
    return found


def native(system: str) -> "list[dict[str, Any]]":
    libraries = ("libffi", "3.4.6"), ("openssl", "3.5.1"), ("openssl", "4.0.0")
    return [*pythons(system), *(record(*library) for library in libraries)]


def for_every_machine() -> "list[dict[str, Any]]":
    """Lists pip in the two builds that conda-forge has, and what Python has no build of."""
    abis = [record("python_abi", minor, build=f"8_cp{minor.replace('.', '')}") for minor in PYTHONS]
    free = f"8_cp{PYTHONS[-1].replace('.', '')}t"
    return [
        *abis,
        record("python_abi", PYTHONS[-1], build=free, track_features="py_freethreading"),
        record("tzdata", "2026a"),
        record("setuptools", "80.9.0", "python >=3.9"),
        record("wheel", "0.45.1", "python >=3.8"),
        record(
            "pip", "25.3", "python >=3.9,<3.13.0a0", "setuptools", "wheel", build="pyh8b19718_0"
        ),
        record("pip", "25.3", "python >=3.13.0a0", build="pyh145f28c_0"),
    ]


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("channels") / CHANNEL
    subdirs = {
        "osx-arm64": native("__osx >=11.0"),
        "linux-64": native("__glibc >=2.17,<3.0.a0"),
        "noarch": for_every_machine(),
    }
    for subdir, records in subdirs.items():
        generic = {"noarch": "python"} if subdir == "noarch" else {}
        packages = {
            f"{one['name']}-{one['version']}-{one['build']}.conda": {
                **one,
                **generic,
                "subdir": subdir,
            }
            for one in records
        }
        (root / subdir).mkdir(parents=True)
        (root / subdir / "repodata.json").write_text(
            json.dumps(
                {
                    "info": {"subdir": subdir},
                    "packages": {},
                    "packages.conda": packages,
                    "repodata_version": 1,
                }
            )
        )
    return root


def solved(channel: Path, specs: "list[str]", target: Target) -> "dict[str, Solved]":
    """Solve for a machine as an installer on it does."""
    subdir = conda_platform(target)
    name, version = ("__osx", "14.0") if subdir.startswith("osx") else ("__glibc", "2.28")
    # That of Python 3.9 takes the text itself.
    build = getattr(rattler, "BuildString", str)("0")
    system = rattler.GenericVirtualPackage(
        rattler.PackageName(name), rattler.Version(version), build
    )
    records = asyncio.run(
        rattler.solve(
            [channel.as_uri()],
            [rattler.MatchSpec(spec, strict=True) for spec in specs],
            platforms=[subdir, "noarch"],
            gateway=rattler.Gateway(cache_dir=channel.parent / "cache"),
            virtual_packages=[system],
        )
    )
    return {
        one.name.normalized: Solved(str(one.version), str(one.build), str(one.subdir))
        for one in records
    }


def plan(target: Target, python: str) -> Plan:
    return Plan(
        target=target,
        python=python,
        stack=StackKind.TENSORFLOW_CPU,
        gpu=False,
        requirements=("tensorflow==2.19.1",),
        pins=(Pin(name="numpy", version="1.26.4"), Pin(name="tensorflow", version="2.19.1")),
        rationale=(),
    )


def specs_of(environment: str) -> "list[str]":
    """Read what an ``environment.yml`` wants of conda: all before the part for pip."""
    lines = environment.splitlines()
    start, end = lines.index("dependencies:") + 1, lines.index("  - pip:")
    return [line.strip().lstrip("- ").strip("\"'") for line in lines[start:end]]


def asked_of_conda(folder: Path, target: Target, python: str) -> "list[str]":
    """Read what the program of the conda family is asked for by ``tfmac create``."""
    program = CondaProgram(folder / "program", "conda")
    tool = CondaTool(str(program.path), platform=conda_platform(target))
    tool.create(CreateEnvironment(path=str(folder / "env"), python=python), held=())
    arguments, variables = program.asked()
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["install"])
    parser.add_argument("--yes", action="store_true", required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--override-channels", action="store_true", required=True)
    parser.add_argument("--channel", choices=[CHANNEL], required=True)
    parser.add_argument("specs", nargs="+")
    read = parser.parse_intermixed_args(arguments)
    assert variables["CONDA_SUBDIR"] == conda_platform(target)
    specs: list[str] = read.specs
    return specs


def hold(found: "dict[str, Solved]", target: Target, python: str) -> None:
    """Hold that a solution is the newest CPython of a minor for that machine, with pip."""
    expected = f"{python}.{NEWEST_PATCH}"
    assert found["python"] == Solved(
        expected, f"h0000000_{NEWEST_PATCH}_cpython", conda_platform(target)
    )
    assert found["pip"].subdir == "noarch"
    assert "t" not in found["python_abi"].build.partition("_cp")[2]
    assert found["openssl"].version == "3.5.1"
    assert not {"numpy", "tensorflow", "pypy3.9"} & set(found)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("machine", MACHINES)
def test_an_environment_file_gives_its_python(channel: Path, machine: str, python: str) -> None:
    """The specs can be read and solved; the packages of the plan are not taken from conda."""
    target = Target.parse(machine)
    specs = specs_of(api.plan_file(plan(target, python), "conda"))
    hold(solved(channel, specs, target), target, python)


@pytest.mark.parametrize("machine", MACHINES)
def test_the_command_asks_for_the_same(channel: Path, tmp_path: Path, machine: str) -> None:
    """``tfmac create --manager conda`` gets the same Python as the file would."""
    pytest.importorskip("pip")
    target = Target.parse(machine)
    for python in PYTHONS:
        asked = asked_of_conda(tmp_path / python, target, python)
        assert asked == specs_of(api.plan_file(plan(target, python), "conda"))
        hold(solved(channel, asked, target), target, python)


@pytest.mark.parametrize("machine", MACHINES)
def test_a_python_that_the_channel_does_not_have(channel: Path, machine: str) -> None:
    """The solver finds nothing: no other Python passes for it."""
    target = Target.parse(machine)
    with pytest.raises(Exception, match=r"python[ =]*3\.8"):
        solved(channel, specs_of(api.plan_file(plan(target, "3.8"), "conda")), target)
