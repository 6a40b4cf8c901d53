"""A machine with nothing set up: no index, no configuration, one interpreter, an empty home."""

import os
import sys
from pathlib import Path

import pytest

from cli.console import RUNNING
from cli.private_index import Best, best_set, make_index, pip_settings

_PREFIXES = ("PIP_", "UV_", "TFMAC_", "XDG_", "PYENV_", "CONDA_")
_VARIABLES = (
    "ALL_PROXY",
    "FORCE_COLOR",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "KERAS_BACKEND",
    "NO_COLOR",
    "PYTHONHOME",
    "PYTHONPATH",
    "TF_USE_LEGACY_KERAS",
    "VIRTUAL_ENV",
)


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Clear away what the user has set up; the working directory is an empty folder."""
    for name in list(os.environ):
        if name.startswith(_PREFIXES) or name.upper() in _VARIABLES:
            monkeypatch.delenv(name)
    bare = tmp_path / "machine"
    here, home, programs = bare / "here", bare / "home", bare / "bin"
    for folder in (here, home, programs):
        folder.mkdir(parents=True)
    (programs / f"python{RUNNING}").symlink_to(os.path.realpath(sys.executable))
    settings = {
        "HOME": home,
        "PATH": programs,
        "PYENV_ROOT": bare / "no-pyenv",
        # Wheels that only bear TensorFlow's name stay out of the user's cache.
        "UV_CACHE_DIR": bare / "uv-cache",
        "UV_HTTP_RETRIES": "0",
        "UV_NO_CONFIG": "1",
        # An index in a folder is still read.
        "UV_OFFLINE": "1",
        "UV_PYTHON_INSTALL_DIR": bare / "no-pythons",
        "XDG_CONFIG_DIRS": bare / "no-settings",
        "COLUMNS": "100",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.chdir(here)
    return bare


@pytest.fixture(scope="session")
def best() -> Best:
    """The set that is planned for this machine and the running Python."""
    return best_set(RUNNING)


@pytest.fixture
def index(tmp_path: Path, best: Best, machine: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private index that has the best set, known from ``pip.conf`` only."""
    folder = tmp_path / "index"
    make_index(folder, best.wheels)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(pip_settings(machine, folder)))
    return folder
