"""Resolving for this machine and for others, from a folder of wheels."""

import hashlib
import sys
from pathlib import Path

import msgspec
import pytest

from environments.local_wheels import make_wheel, uv_on
from tfmac.api.plan_files import plan_file
from tfmac.environments.pip_configuration import IndexSettings
from tfmac.environments.resolver import PipResolver, UvResolver, python_platform, read_pins
from tfmac.environments.uv import UvError, UvFailure, failure_of, find_uv
from tfmac.observe.host import observe_host, target_of_host
from tfmac.planner.resolver import IndexUnreachable, ResolutionFailed, ResolutionImpossible
from tfmac.schema.plans import Pin, Plan, StackKind
from tfmac.schema.platform import Target

MAC = Target.parse("macos-14-arm64")
OLD_MAC = Target.parse("macos-12-arm64")
LINUX = Target.parse("linux-x86_64")


@pytest.fixture
def resolver(tmp_path: Path) -> UvResolver:
    wheels = tmp_path / "wheels"
    make_wheel(
        wheels, "framework", "1.0", requires=["helper>=1"], tag="cp312-cp312-macosx_12_0_arm64"
    )
    make_wheel(
        wheels, "framework", "2.0", requires=["helper>=2"], tag="cp312-cp312-macosx_14_0_arm64"
    )
    make_wheel(wheels, "framework", "3.0", tag="cp312-cp312-macosx_15_0_arm64")
    make_wheel(wheels, "framework", "1.5", tag="cp312-cp312-manylinux_2_28_x86_64")
    make_wheel(wheels, "framework", "2.1rc1", tag="cp312-cp312-macosx_14_0_arm64")
    for version in ("1.0", "2.0", "2.5"):
        make_wheel(wheels, "helper", version)
    return UvResolver(uv_on(wheels))


def pins(resolver: UvResolver, target: Target, *requirements: str, **options: object) -> list[str]:
    found = resolver.resolve(requirements, python="3.12", target=target, **options)  # type: ignore[arg-type]
    return [str(pin) for pin in found]


def test_the_macos_of_the_target_decides(resolver: UvResolver) -> None:
    """A wheel for macOS 14 is for a Mac with 14, not for one with 12, wherever this runs."""
    assert pins(resolver, MAC, "framework") == ["framework==2.0", "helper==2.5"]
    assert pins(resolver, OLD_MAC, "framework") == ["framework==1.0", "helper==2.5"]
    assert pins(resolver, LINUX, "framework") == ["framework==1.5"]


def test_the_users_own_deployment_target_does_not_count(
    resolver: UvResolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer for a target is the same whatever variables a shell has."""
    monkeypatch.setenv("MACOSX_DEPLOYMENT_TARGET", "15.0")
    monkeypatch.setenv("UV_RESOLUTION", "lowest")
    monkeypatch.setenv("UV_PRERELEASE", "allow")
    assert pins(resolver, MAC, "framework") == ["framework==2.0", "helper==2.5"]


def test_the_project_in_the_working_directory_does_not_count(
    resolver: UvResolver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A plan is the same in every working directory."""
    (tmp_path / "uv.toml").write_text('[pip]\nresolution = "lowest"\n')
    monkeypatch.chdir(tmp_path)
    assert pins(resolver, LINUX, "helper") == ["helper==2.5"]


def test_constraints_and_prereleases(resolver: UvResolver) -> None:
    """Constraints bind what is pulled in; pre-releases come only when asked for."""
    found = pins(resolver, MAC, "framework", constraints=["helper<2.5"])
    assert found == ["framework==2.0", "helper==2.0"]
    assert pins(resolver, MAC, "framework", prereleases=True) == ["framework==2.1rc1"]


def test_hashes(resolver: UvResolver) -> None:
    """Hashes are given when they are asked for, all of a release."""
    with_hashes = resolver.resolve(["helper"], python="3.12", target=LINUX, hashes=True)
    assert with_hashes[0].hashes[0].startswith("sha256:")
    assert resolver.resolve(["helper"], python="3.12", target=LINUX)[0].hashes == ()


def test_the_impossible_quotes_the_derivation(resolver: UvResolver) -> None:
    """Who asks for the impossible reads uv's own reasons, free of colours."""
    with pytest.raises(ResolutionImpossible, match="helper") as caught:
        pins(resolver, MAC, "framework>=2", "helper<2")
    assert "framework" in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_an_index_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A dead index is no verdict about the requirements, and its password is not shown."""
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path))
    address = "http://user:secret@127.0.0.1:9/simple"
    uv = find_uv(IndexSettings(variables={"UV_DEFAULT_INDEX": address}))
    assert uv is not None
    with pytest.raises(IndexUnreachable) as caught:
        UvResolver(uv).resolve(["helper"], python="3.12", target=LINUX)
    assert "127.0.0.1" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_requirement_that_is_none(resolver: UvResolver) -> None:
    """A typing error is neither impossible nor the network's fault."""
    with pytest.raises(ResolutionFailed) as caught:
        pins(resolver, LINUX, "helper=1")
    assert type(caught.value) is ResolutionFailed


@pytest.mark.parametrize(
    ("messages", "failure"),
    [
        ("error: Failed to write\n  cause: No space left on device (os error 28)", "no-space"),
        ("cause: Permission denied (os error 13)", "not-permitted"),
        ("cause: dns error\ncause: failed to lookup address", "no-index"),
        ("error: No solution found when resolving dependencies", "impossible"),
        ("No solution found when resolving\n  hint: the network was disabled", "no-index"),
        ("error: something new", "unknown"),
    ],
)
def test_sure_signs(messages: str, failure: str) -> None:
    """The words of uv are translated only where they leave no doubt."""
    assert failure_of(messages) is UvFailure(failure)


def test_platform_names() -> None:
    """Targets are named as uv names them."""
    assert python_platform(MAC) == "aarch64-apple-darwin"
    assert python_platform(Target.parse("macos-12-x86_64")) == "x86_64-apple-darwin"
    assert python_platform(LINUX) == "x86_64-manylinux_2_28"
    assert python_platform(Target.parse("linux-aarch64"), (2, 17)) == "aarch64-manylinux_2_17"


def test_a_requirement_without_a_version_cannot_be_pinned() -> None:
    """An address in a compiled file is refused, its password not repeated."""
    with pytest.raises(ResolutionFailed) as caught:
        read_pins("thing @ https://user:secret@host/thing.whl")
    assert "secret" not in str(caught.value)


def planned(resolver: UvResolver, target: Target, *requirements: str, python: str = "3.12") -> Plan:
    found = resolver.resolve(requirements, python=python, target=target, hashes=True)
    return Plan(
        target=target,
        python=python,
        stack=StackKind.TENSORFLOW_CPU,
        gpu=False,
        requirements=requirements,
        pins=found,
        rationale=(),
        rejected=(),
    )


def test_the_files_of_a_plan(resolver: UvResolver, tmp_path: Path) -> None:
    """Each pin once, with the file for the target and its hash, and nothing of another machine."""
    packages = resolver.artifacts(planned(resolver, MAC, "framework"))
    names = ("framework-2.0-cp312-cp312-macosx_14_0_arm64.whl", "helper-2.5-py3-none-any.whl")
    assert packages.count("[[packages]]") == len(names)
    for name in names:
        path = tmp_path / "wheels" / name
        assert path.as_uri() in packages
        assert hashlib.sha256(path.read_bytes()).hexdigest() in packages
    assert packages.count(".whl") == len(names)
    assert packages.startswith("[[packages]]\n")


def test_the_files_of_a_prerelease(resolver: UvResolver) -> None:
    """What the plan pins is not weighed again."""
    plan = planned(resolver, MAC, "helper")
    chosen = (Pin(name="framework", version="2.1rc1"),)
    assert "2.1rc1" in resolver.artifacts(msgspec.structs.replace(plan, pins=chosen))


def test_files_that_are_gone(resolver: UvResolver, tmp_path: Path) -> None:
    """An index that no longer has a pinned file says so."""
    plan = planned(resolver, MAC, "framework")
    (tmp_path / "wheels" / "framework-2.0-cp312-cp312-macosx_14_0_arm64.whl").unlink()
    with pytest.raises(ResolutionImpossible, match="framework"):
        resolver.artifacts(plan)


@pytest.mark.parametrize(
    ("form", "name"), [("pylock", "pylock.toml"), ("requirements", "requirements.txt")]
)
def test_an_installer_reads_the_file(tmp_path: Path, form: str, name: str) -> None:
    """It installs the plan's pins, and verifies that the files are those that were pinned."""
    wheels, python = tmp_path / "wheels", "{}.{}".format(*sys.version_info[:2])
    make_wheel(wheels, "framework", "1.0", requires=["helper"])
    make_wheel(wheels, "helper", "2.0")
    uv = uv_on(wheels)
    here = target_of_host(observe_host())
    assert here is not None
    plan = planned(UvResolver(uv), here, "framework", python=python)
    file = tmp_path / name
    file.write_text(plan_file(plan, form, resolver=UvResolver(uv)), encoding="utf-8")

    def install(folder: str, *options: str) -> list[str]:
        where = ["--target", str(tmp_path / folder), "--python", sys.executable]
        arguments = ["--no-cache", "--preview-features", "pylock", *where, *options]
        uv.run_on_index("install", ["pip", "install", *arguments, "--requirements", str(file)])
        return sorted(path.name for path in (tmp_path / folder).glob("*.dist-info"))

    assert install("sound") == ["framework-1.0.dist-info", "helper-2.0.dist-info"]
    if form == "pylock":
        with pytest.raises(UvError, match="not supported by the lockfile"):
            install("foreign", "--python-platform", "x86_64-pc-windows-msvc")
    make_wheel(wheels, "framework", "1.0", requires=["helper<9"])
    with pytest.raises(UvError, match=r"(?i)hash mismatch"):
        install("exchanged")


def test_pip_makes_no_lock_file(resolver: UvResolver) -> None:
    """That it cannot is said, with what can."""
    pip = PipResolver(sys.executable, "3.12", MAC)
    with pytest.raises(ResolutionFailed, match="install the package uv"):
        pip.artifacts(planned(resolver, MAC, "helper"))


def test_pip_is_only_for_its_own_interpreter() -> None:
    """It cannot resolve for another Python or another machine, and says what can."""
    pip = PipResolver("/usr/bin/python3", "3.11", LINUX)
    with pytest.raises(ResolutionFailed, match="install the package uv"):
        pip.resolve(["helper"], python="3.12", target=LINUX)
    with pytest.raises(ResolutionFailed, match="install the package uv"):
        pip.resolve(["helper"], python="3.11", target=MAC)


def test_pip_resolves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without uv, pip's own resolver gives the pins."""
    pytest.importorskip("pip")
    make_wheel(tmp_path, "framework", "1.0", requires=["helper>=1"])
    make_wheel(tmp_path, "helper", "1.0")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    version = "{}.{}".format(*sys.version_info[:2])
    pip = PipResolver(sys.executable, version, LINUX)
    found = pip.resolve(["framework"], python=version, target=LINUX, hashes=True)
    assert [str(pin) for pin in found] == ["framework==1.0", "helper==1.0"]
    assert found[0].hashes[0].startswith("sha256:")
    with pytest.raises(ResolutionImpossible):
        pip.resolve(["framework==7"], python=version, target=LINUX)
