"""A package index in a folder, with wheels that bear TensorFlow's name, set up for pip alone."""

from pathlib import Path
from typing import NamedTuple

from environments.local_wheels import make_wheel
from tfmac.observe.host import observe_host, target_of_host
from tfmac.planner.choosing import Choice, choose
from tfmac.schema.plans import Wish
from tfmac.schema.platform import Target


class Wheel(NamedTuple):
    """A wheel of the index: what it is and what it requires."""

    name: str
    version: str
    requires: "tuple[str, ...]" = ()
    code: str = ""


class Best(NamedTuple):
    """The best set for this machine without a GPU, on one Python."""

    target: Target
    python: str
    tensorflow: str
    wheels: "tuple[Wheel, ...]"


def best_set(python: str) -> Best:
    """Ask the planner's knowledge which TensorFlow it would choose here."""
    target = target_of_host(observe_host())
    assert target is not None, "the tests run where TensorFlow has wheels"
    choice = choose(Wish(target=target, python=python, gpu=False))
    assert isinstance(choice, Choice)
    version = choice.best.core.version
    wheels = (
        Wheel("tensorflow", version, ("numpy>=1.26", "keras>=3.5")),
        Wheel("keras", "3.8.0", ("numpy",)),
        Wheel("numpy", "1.26.4"),
    )
    return Best(target, python, version, wheels)


def make_index(folder: Path, wheels: "tuple[Wheel, ...]") -> Path:
    """Write an index by the simple repository API (PEP 503); give the folder of the wheels."""
    files = folder / "files"
    for wheel in wheels:
        name = wheel.name.replace("-", "_")
        path = make_wheel(files, name, wheel.version, requires=wheel.requires, code=wheel.code)
        page = folder / "simple" / wheel.name / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        links = page.read_text() if page.exists() else "<!DOCTYPE html>\n"
        page.write_text(f'{links}<a href="../../files/{path.name}">{path.name}</a><br>\n')
    return files


def pip_settings(folder: Path, index: Path) -> Path:
    """Write a ``pip.conf`` that names an index; nothing else knows of it."""
    path = folder / "pip.conf"
    path.write_text(f"[global]\nindex-url = {(index / 'simple').as_uri()}/\n")
    return path


def damage(wheel: Path) -> None:
    """Damage the contents of a wheel; its directory and its metadata can still be read."""
    data = bytearray(wheel.read_bytes())
    assert data.startswith(b"PK\3\4"), "a file begins here"
    data[:4] = b"\0\0\0\0"
    wheel.write_bytes(data)
