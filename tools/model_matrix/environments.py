"""Which releases write and read, and how each gets an environment."""

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Optional

import msgspec

from tfmac.environments.uv import Uv, find_uv
from tfmac.observe.interpreters import find_interpreters

FREE_BYTES = 20 * 2**30
"""What has to stay free on the disk."""


class CannotMake(Exception):
    """The machine has no room, no uv or no such Python."""


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """One Keras on one backend."""

    name: str
    python: str
    requirements: tuple[str, ...]
    keras: str
    """Its version."""
    package: str = "tf.keras"
    """What is imported as Keras."""
    backend: str = "tensorflow"
    reader: str
    """How a reader is named to ``tfmac inspect --reader``."""

    @property
    def variables(self) -> dict[str, str]:
        """The variables that its processes get."""
        legacy = {"TF_USE_LEGACY_KERAS": "1"} if self.package == "tf_keras" else {}
        return {"KERAS_BACKEND": self.backend, **legacy}


def _tensorflow(
    version: str, python: str, keras: str, *more: str, bundled: bool = False
) -> Release:
    """Describe a TensorFlow with its Keras, which came inside it at first."""
    own = () if bundled else (f"keras=={keras}",)
    third = keras.startswith("3.")
    minor = ".".join(version.split(".")[:2])
    return Release(
        name=f"tf-{minor}",
        python=python,
        requirements=(f"tensorflow-cpu=={version}", *own, *more),
        keras=keras,
        package="keras" if third else "tf.keras",
        reader=",".join((f"tensorflow=={version}", *own)),
    )


# What these releases need and do not declare: they were built before its next major version.
_OLD = ("protobuf<3.21", "h5py<3", "numpy<1.19")

RELEASES = (
    Release(
        name="keras-2.2",
        python="3.7",
        requirements=("tensorflow-cpu==1.15.0", "keras==2.2.4", *_OLD),
        keras="2.2.4",
        package="keras",
        reader="tensorflow==1.15.0,keras==2.2.4",
    ),
    _tensorflow("1.15.0", "3.7", "2.2.4", *_OLD, bundled=True),
    _tensorflow("2.3.4", "3.7", "2.4.0", *_OLD, bundled=True),
    _tensorflow("2.6.5", "3.8", "2.6.0", "protobuf<3.21"),
    _tensorflow("2.9.3", "3.9", "2.9.0", "numpy<1.24"),
    _tensorflow("2.12.1", "3.10", "2.12.0", "numpy<1.24"),
    _tensorflow("2.13.1", "3.10", "2.13.1"),
    _tensorflow("2.15.1", "3.11", "2.15.0", "numpy<2"),
    _tensorflow("2.16.2", "3.11", "3.0.5", "numpy<2"),
    _tensorflow("2.18.1", "3.12", "3.8.0"),
    _tensorflow("2.20.0", "3.12", "3.11.3"),
    _tensorflow("2.21.0", "3.13", "3.15.1"),
    Release(
        name="tf-keras-2.16",
        python="3.11",
        requirements=("tensorflow-cpu==2.16.2", "tf-keras==2.16.0", "numpy<2"),
        keras="2.16.0",
        package="tf_keras",
        reader="tensorflow==2.16.2,tf-keras==2.16.0",
    ),
    Release(
        name="keras-torch",
        python="3.11",
        requirements=("keras==3.15.1", "torch==2.13.0"),
        keras="3.15.1",
        package="keras",
        backend="torch",
        reader="keras==3.15.1,torch==2.13.0",
    ),
    Release(
        name="keras-jax",
        python="3.12",
        requirements=("keras==3.15.1", "jax==0.12.0"),
        keras="3.15.1",
        package="keras",
        backend="jax",
        reader="keras==3.15.1,jax==0.12.0",
    ),
)


def chosen(names: Optional[Iterable[str]]) -> tuple[Release, ...]:
    """Give the releases of some names, all without names; raise ``KeyError`` for another."""
    if names is None:
        return RELEASES
    known = {release.name: release for release in RELEASES}
    return tuple(known[name] for name in names)


class Environments:
    """The environments below one folder; they exist while they are used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        uv = find_uv()
        if uv is None:
            raise CannotMake("no uv can be run")
        self._uv: Uv = uv
        found = find_interpreters(os.environ)
        self._interpreters = {one.choice.minor: one.choice.path for one in reversed(found)}

    def make(self, release: Release) -> tuple[Path, Mapping[str, str]]:
        """Make an environment; give its interpreter and the versions that it got."""
        if shutil.disk_usage(self._folder.parent).free < FREE_BYTES:
            raise CannotMake(f"less than {FREE_BYTES >> 30} GiB are free")
        base = self._interpreters.get(release.python)
        if base is None:
            raise CannotMake(f"this machine has no Python {release.python}")
        root = self._folder / release.name
        self.discard(release)
        self._uv.run("make an environment", ["venv", "--python", base, str(root)])
        interpreter = root / "bin" / "python"
        install = ["pip", "install", "--python", str(interpreter)]
        self._uv.run_on_index(f"install {release.name}", [*install, *release.requirements])
        listing = ["pip", "list", "--format", "json", "--python", str(interpreter)]
        listed = json.loads(self._uv.run("list packages", listing))
        return interpreter, {str(one["name"]): str(one["version"]) for one in listed}

    def discard(self, release: Release) -> None:
        """Delete an environment."""
        shutil.rmtree(self._folder / release.name, ignore_errors=True)
