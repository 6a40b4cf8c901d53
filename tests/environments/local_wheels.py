"""Tiny wheels and an index of them, made on the spot: no test of this folder needs a network."""

import base64
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from tfmac.environments.pip_configuration import IndexSettings
from tfmac.environments.uv import Uv, find_uv


def make_wheel(
    folder: Path,
    name: str,
    version: str,
    *,
    tag: str = "py3-none-any",
    requires: Sequence[str] = (),
    script: Optional[str] = None,
    code: str = "",
) -> Path:
    """Write a valid wheel with one module of the distribution's name.

    ``script`` is a command that calls the function ``main`` of the module's ``code``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata += [f"Requires-Dist: {requirement}" for requirement in requires]
    pure = str(tag.endswith("-any")).lower()
    wheel = ["Wheel-Version: 1.0", "Generator: test", f"Root-Is-Purelib: {pure}", f"Tag: {tag}"]
    files = {
        f"{name}/__init__.py": f'__version__ = "{version}"\n{code}',
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": "\n".join(wheel) + "\n",
    }
    if script is not None:
        files[f"{info}/entry_points.txt"] = f"[console_scripts]\n{script} = {name}:main\n"
    record = [f"{path},sha256={_digest(text)},{len(text)}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,"]) + "\n"
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in files.items():
            archive.writestr(member, text)
    return path


_BUILD_SYSTEM = """
[build-system]
requires = ["framework"]
build-backend = "backend"
backend-path = ["."]
"""
# Stands for a setup.py that compiles against TensorFlow and records where its libraries are.
_BACKEND = """
import zipfile
{before}
import framework

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    info = "{name}-{version}.dist-info"
    files = {{
        "{name}.py": f"VERSION = {{framework.__version__!r}}\\nFILE = {{framework.__file__!r}}\\n",
        info + "/METADATA": "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n",
        info + "/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        info + "/RECORD": "{name}.py,,\\n",
    }}
    file = "{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel_directory + "/" + file, "w") as archive:
        for member, text in files.items():
            archive.writestr(member, text)
    return file
"""


def make_source(folder: Path, name: str, version: str, *, before: str = "") -> Path:
    """Write a source distribution that is built against an installed ``framework``.

    What is built records the version and the file of that framework. ``before`` is code that runs
    first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        "backend.py": _BACKEND.format(name=name, version=version, before=before),
        "pyproject.toml": _BUILD_SYSTEM,
    }
    path = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for member, text in files.items():
            entry = tarfile.TarInfo(f"{name}-{version}/{member}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def uv_on(folder: Path) -> Uv:
    """Return a uv that knows no index but a folder of wheels."""
    settings = IndexSettings(variables={"UV_FIND_LINKS": str(folder)}, options=("--no-index",))
    uv = find_uv(settings)
    assert uv is not None, "the package uv is a dependency"
    return uv
