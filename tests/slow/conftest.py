"""What slow tests share: uv, the interpreters of this machine, and a sound environment."""

import os
from pathlib import Path

import pytest

from builders.real_environments import make_environment
from tfmac.environments.uv import Uv, find_uv
from tfmac.observe.interpreters import find_interpreters


@pytest.fixture(scope="session")
def uv() -> Uv:
    """The uv of the package uv, with the machine's index configuration."""
    found = find_uv()
    if found is None:
        pytest.skip("no uv can be run")
    return found


@pytest.fixture(scope="session")
def interpreters() -> dict[str, str]:
    """The interpreters of this machine by minor version."""
    return {one.choice.minor: one.choice.path for one in find_interpreters(os.environ)}


@pytest.fixture(scope="session")
def tensorflow_221(
    uv: Uv, interpreters: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A sound environment with TensorFlow 2.21 on Linux, shared by the tests that only read it."""
    root = tmp_path_factory.mktemp("tensorflow") / "env"
    return make_environment(uv, interpreters, root, "3.11", "tensorflow==2.21.0", "pip")
