"""Files of plans, read by the tools that they are for: the real uv on the real package index.

Nothing is installed: what would be installed on a Mac and on Linux is asked for.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from builders.toml import read_toml
from tfmac import api
from tfmac.environments.resolver import UvResolver, python_platform
from tfmac.environments.uv import Uv
from tfmac.knowledge import extension_abi
from tfmac.schema.abi import AbiVerdict
from tfmac.schema.plans import Plan, Wish
from tfmac.schema.platform import Target

pytestmark = pytest.mark.slow

MAC = Target.parse("macos-14-arm64")
LINUX = Target.parse("linux-x86_64")
PLUGIN = "tensorflow-metal"
# A Python each, and a TensorFlow under each of its names on Macs.
WISHES = [("3.9", None), ("3.10", "2.12"), ("3.11", "2.15"), ("3.12", None)]


def planned(uv: Uv, python: str, tensorflow: "str | None" = None) -> Plan:
    wish = Wish(target=MAC, python=python, tensorflow=tensorflow, gpu=True)
    plan = api.plan(wish, resolver=UvResolver(uv))
    assert isinstance(plan, Plan)
    return plan


def interpreter(interpreters: "dict[str, str]", python: str) -> str:
    if python not in interpreters:
        pytest.skip(f"there is no Python {python} on this machine")
    return interpreters[python]


def in_project(uv: Uv, folder: Path, *arguments: str) -> str:
    """Run uv as the owner of a project does, in its folder and on this machine's index."""
    options = [*uv.settings.options, "--no-python-downloads", "--quiet"]
    ended = subprocess.run(
        [uv.path, *arguments, *options],
        cwd=folder,
        env={**os.environ, **uv.settings.variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def pair_of(uv: Uv, python: str, *options: str) -> "tuple[str, str]":
    """What a plain question for TensorFlow and the plug-in gets for a Mac."""
    arguments = [
        *("pip", "compile", "-", "--no-header", "--no-annotate", "--quiet", *options),
        *("--python", sys.executable, "--python-version", python),
        *("--python-platform", python_platform(MAC), "--prerelease", "disallow"),
    ]
    given = f"tensorflow\n{PLUGIN}\n"
    lines = uv.run_on_index("compile", arguments, target=MAC, given=given).splitlines()
    pins = dict(line.split("==") for line in lines)
    return pins["tensorflow"], pins[PLUGIN]


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12"])
def test_constraints_keep_a_resolver_from_a_broken_pair(
    uv: Uv, tmp_path: Path, python: str
) -> None:
    """Without them the newest pair is taken, which cannot load; with them one that does."""
    path = tmp_path / "constraints.txt"
    path.write_text(api.plan_file(planned(uv, python), "constraints"), encoding="utf-8")
    free = pair_of(uv, python)
    bound = pair_of(uv, python, "--constraint", str(path))

    def verdict(pair: "tuple[str, str]") -> AbiVerdict:
        return extension_abi.verdict(PLUGIN, pair[1], "tensorflow", pair[0]).verdict

    assert verdict(free) is not AbiVerdict.LOADS
    assert verdict(bound) is AbiVerdict.LOADS


@pytest.mark.parametrize("python", ["3.12"])
def test_a_project_takes_the_constraints(
    uv: Uv, interpreters: "dict[str, str]", tmp_path: Path, python: str
) -> None:
    """``uv add --constraints`` locks the pair that loads."""
    path = tmp_path / "constraints.txt"
    path.write_text(api.plan_file(planned(uv, python), "constraints"), encoding="utf-8")
    project = tmp_path / "pyproject.toml"
    project.write_text(f'[project]\nname = "x"\nversion = "0"\nrequires-python = "=={python}.*"\n')
    own = ["--python", interpreter(interpreters, python)]
    bounds = ["--constraints", str(path)]
    in_project(uv, tmp_path, "add", *own, "--no-sync", *bounds, "tensorflow", PLUGIN)
    locked = read_toml((tmp_path / "uv.lock").read_text(encoding="utf-8"))["package"]
    versions = {one["version"] for one in locked if one["name"] == "tensorflow"}
    (plugin,) = (one["version"] for one in locked if one["name"] == PLUGIN)
    for version in versions:
        found = extension_abi.verdict(PLUGIN, plugin, "tensorflow", version)
        assert found.verdict is AbiVerdict.LOADS


@pytest.mark.parametrize(("python", "tensorflow"), WISHES)
def test_one_project_is_locked_for_macs_and_linux(
    uv: Uv,
    interpreters: "dict[str, str]",
    tmp_path: Path,
    python: str,
    tensorflow: "str | None",
) -> None:
    """The Mac's part of uv's lock is the plan's pair; Linux gets the same TensorFlow alone."""
    plan = planned(uv, python, tensorflow)
    (tmp_path / "pyproject.toml").write_text(api.plan_file(plan, "pyproject"), encoding="utf-8")
    own = ["--python", interpreter(interpreters, python)]
    in_project(uv, tmp_path, "lock", *own)
    exported = in_project(uv, tmp_path, "export", *own, "--frozen", "--no-hashes")

    def part(target: Target) -> "dict[str, str]":
        pins = UvResolver(uv).resolve(_lines(exported), python=python, target=target)
        return {pin.name: pin.version for pin in pins}

    mac, linux = part(MAC), part(LINUX)
    for name in ("tensorflow", "tensorflow-macos", PLUGIN):
        assert mac.get(name) == plan.version(name), name
    core = plan.version("tensorflow") or plan.version("tensorflow-macos")
    assert linux["tensorflow"] == core
    assert not {PLUGIN, "tensorflow-macos"} & set(linux)


def _lines(exported: str) -> "list[str]":
    lines = (line.strip() for line in exported.splitlines())
    return [line for line in lines if line and not line.startswith(("#", "-"))]


@pytest.mark.parametrize(("python", "tensorflow"), WISHES)
def test_a_lock_file_has_a_wheel_for_the_mac(uv: Uv, python: str, tensorflow: "str | None") -> None:
    """By the standard's own rules an installer on that Mac finds every pin of the plan."""
    pylock = pytest.importorskip("packaging.pylock", reason="packaging 26 reads lock files")
    tags = pytest.importorskip("packaging.tags")
    plan = planned(uv, python, tensorflow)
    text = api.plan_file(plan, "pylock", resolver=UvResolver(uv))
    lock = pylock.Pylock.from_dict(read_toml(text))
    lock.validate()
    minor = tuple(map(int, python.split(".")))
    platforms = list(tags.mac_platforms((14, 0), "arm64"))
    fitting = [
        *tags.cpython_tags(minor, platforms=platforms),
        *tags.compatible_tags(minor, f"cp{minor[0]}{minor[1]}", platforms),
    ]
    environment = {
        "os_name": "posix",
        "platform_machine": "arm64",
        "platform_system": "Darwin",
        "python_full_version": f"{python}.4",
        "python_version": python,
        "sys_platform": "darwin",
    }
    chosen = {
        package.name: package.version
        for package, _ in lock.select(environment=environment, tags=fitting)
    }
    assert {name: str(version) for name, version in chosen.items()} == {
        pin.name: pin.version for pin in plan.pins
    }
    assert plan.version(PLUGIN) is not None
