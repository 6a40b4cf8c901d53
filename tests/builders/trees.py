"""Small environments on disk: dist-info folders, packages, interpreters, native libraries."""

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Optional, Union

from builders import elf, macho
from builders.macho import Bind

INTERNAL = "@rpath/_pywrap_tensorflow_internal.so"
PLUGIN_FILE = "tensorflow-plugins/libmetal_plugin.dylib"
ARM_MAC_TAGS = ("cp312-cp312-macosx_12_0_arm64",)

Content = Union[str, bytes]


def distribution(
    site: Path,
    name: str,
    version: str,
    files: Optional[Mapping[str, Content]] = None,
    *,
    requires: Iterable[str] = (),
    tags: Iterable[str] = ("py3-none-any",),
    installer: str = "pip",
) -> Path:
    """Install a distribution and give its dist-info folder.

    Without files it holds one package of its own name. RECORD has the real sizes, and no size for
    RECORD itself, as installers write it.
    """
    package = name.replace("-", "_")
    folder = site / f"{package}-{version}.dist-info"
    contents: dict[str, Content] = dict(
        {f"{package}/__init__.py": f"VERSION = {version!r}\n"} if files is None else files
    )
    needed = "".join(f"Requires-Dist: {text}\n" for text in requires)
    wheel = "".join(f"Tag: {tag}\n" for tag in tags)
    metadata: dict[str, Content] = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}\nText.\n",
        "WHEEL": f"Wheel-Version: 1.0\n{wheel}",
        "INSTALLER": f"{installer}\n",
    }
    contents.update({f"{folder.name}/{key}": text for key, text in metadata.items()})
    lines = []
    for path, content in contents.items():
        data = content.encode() if isinstance(content, str) else content
        write(site / path, data)
        lines.append(f"{path},sha256=unchecked,{len(data)}")
    lines.append(f"{folder.name}/RECORD,,")
    write(folder / "RECORD", "\n".join(lines) + "\n")
    return folder


def write(path: Path, content: Content = b"") -> Path:
    """Write a file with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def interpreter(path: Path, cpu: "tuple[int, int]" = macho.ARM64) -> Path:
    """Write a file with an interpreter's header; it cannot be run."""
    write(path, macho.image(cpu=cpu)).chmod(0o755)
    return path


def virtual_environment(
    root: Path,
    base: Path,
    *,
    python: str = "3.12.4",
    uv: bool = False,
    sees_base: bool = False,
) -> Path:
    """Make a virtual environment whose interpreter is a link to a base; give its site-packages.

    ``venv`` writes the base's version as ``version``, uv as ``version_info`` beside its own name.
    """
    settings = {"home": str(base.parent)}
    settings.update({"uv": "0.5.1", "version_info": python} if uv else {"version": python})
    settings["include-system-site-packages"] = str(sees_base).lower()
    lines = [f"{key} = {value}\n" for key, value in settings.items()]
    write(root / "pyvenv.cfg", "".join(lines))
    link(root / "bin/python", base)
    link(root / "bin/python3", Path("python"))
    return site_packages(root, python)


def conda_environment(root: Path, *, python: str = "3.12.4") -> Path:
    """Make a conda environment, which has an interpreter of its own; give its site-packages."""
    minor = ".".join(python.split(".")[:2])
    write(root / "conda-meta/history", "==> 2024-05-01 10:00:00 <==\n")
    interpreter(root / f"bin/python{minor}")
    link(root / "bin/python", Path(f"python{minor}"))
    return site_packages(root, python)


def site_packages(root: Path, python: str = "3.12.4") -> Path:
    """Make the folder that packages of a prefix lie in."""
    minor = ".".join(python.split(".")[:2])
    folder = root / f"lib/python{minor}/site-packages"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def running_environment(root: Path, **packages: str) -> Path:
    """Make an environment on this interpreter, with packages that are one file of code each."""
    version = ".".join(map(str, sys.version_info[:3]))
    site = virtual_environment(root, Path(os.path.realpath(sys.executable)), python=version)
    for name, code in packages.items():
        distribution(site, name, "2.20.0", {f"{name}/__init__.py": code})
    return root


def link(path: Path, end: Path) -> Path:
    """Make a symbolic link, its end there or not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(end)
    return path


def tensorflow(site: Path, version: str = "2.19.1", *, name: str = "tensorflow") -> Path:
    """Install a TensorFlow for ARM Macs whose library exports ``_TF_Old`` and ``_TF_New``."""
    library = macho.image(identity=INTERNAL, exports={b"_TF_Old": None, b"_TF_New": None})
    files: dict[str, Content] = {
        "tensorflow/__init__.py": "",
        "tensorflow/python/_pywrap_tensorflow_internal.so": library,
    }
    return distribution(site, name, version, files, tags=ARM_MAC_TAGS)


def plugin_library(*symbols: bytes, needs: str = INTERNAL) -> bytes:
    """Write a plug-in that asks TensorFlow's library for symbols."""
    return macho.image(links=[needs], binds=[Bind(symbol) for symbol in symbols])


def metal(site: Path, version: str = "1.2.0", *symbols: bytes) -> Path:
    """Install Apple's plug-in; it asks for ``_TF_Old`` unless said otherwise."""
    library = plugin_library(*(symbols or (b"_TF_Old",)))
    return distribution(
        site, "tensorflow-metal", version, {PLUGIN_FILE: library}, tags=ARM_MAC_TAGS
    )


def linux_library() -> bytes:
    """Write a native library for x86-64 Linux."""
    return elf.image(soname="libany.so")
