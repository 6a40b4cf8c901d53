"""Real environments for slow tests: made with uv on this machine's interpreters."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tfmac.environments.uv import Uv

# What an environment with TensorFlow takes while it is made, its packages in uv's cache included.
_BYTES_OF_ONE = 5 << 30


def need_room(folder: Path, environments: int = 1) -> None:
    """Skip where the disk has no room for so many environments with TensorFlow at once."""
    free, needed = shutil.disk_usage(folder).free, environments * _BYTES_OF_ONE
    if free < needed:
        pytest.skip(f"{needed >> 30} GiB of disk are needed, {free >> 30} GiB are free")


def make_environment(
    uv: Uv, interpreters: dict[str, str], root: Path, python: str, *requirements: str
) -> Path:
    """Make an environment on one of this machine's interpreters; skip where it has none."""
    if python not in interpreters:
        pytest.skip(f"this machine has no Python {python}")
    uv.run("make an environment", ["venv", "--python", interpreters[python], str(root)])
    add(uv, root, *requirements)
    return root


def add(uv: Uv, root: Path, *requirements: str, resolve: bool = True) -> None:
    """Install into an environment; without ``resolve`` nothing that is required comes along."""
    options = [] if resolve else ["--no-deps"]
    arguments = ["pip", "install", "--python", str(root / "bin" / "python"), *options]
    uv.run_on_index("install", [*arguments, *requirements])


def site_packages(root: Path) -> Path:
    """The folder for packages of an environment."""
    return next((root / "lib").glob("python3.*")) / "site-packages"


def run(root: Path, code: str) -> "subprocess.CompletedProcess[str]":
    """Run code in an environment, in its own folder."""
    return subprocess.run(
        [str(root / "bin" / "python"), "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
    )
