"""An environment that is broken in a way that packages repair, with an index that has them."""

import subprocess
import sys
from pathlib import Path

from uv import find_uv_bin

from builders.stub_tensorflow import WHEELS
from cli.private_index import make_index, pip_settings

# What the stub's TensorFlow has wheels for.
SERVED = (3, 9) <= sys.version_info < (3, 12)


def make_broken(folder: Path, environment: Path) -> Path:
    """Make TensorFlow 2.15.1 with NumPy 2, whose import dies; give the ``pip.conf`` for it."""
    index = folder / "index"
    files = make_index(index, WHEELS)
    uv = find_uv_bin()
    subprocess.run(
        [uv, "venv", "--quiet", "--python", sys.executable, str(environment)], check=True
    )
    subprocess.run(
        [
            *(uv, "pip", "install", "--quiet", "--no-deps", "--no-index"),
            *("--find-links", str(files), "--python", str(environment / "bin" / "python")),
            *("tensorflow==2.15.1", "keras==2.15.0", "numpy==2.4.6"),
        ],
        check=True,
    )
    return pip_settings(folder, index)


def version_of(environment: Path, name: str) -> str:
    """Ask an environment for the version of a module; fail when it is not whole."""
    command = [
        str(environment / "bin" / "python"),
        "-c",
        f"import {name} as m; print(m.__version__)",
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def imports_tensorflow(environment: Path) -> bool:
    """Whether ``import tensorflow`` succeeds in an environment."""
    command = [str(environment / "bin" / "python"), "-c", "import tensorflow"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
