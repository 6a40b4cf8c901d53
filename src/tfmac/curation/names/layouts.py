"""How each package is laid out: which of its modules are for users, and under which names."""

import ast
from collections.abc import Sequence
from typing import NamedTuple

from tfmac.curation.names.bindings import parsed
from tfmac.curation.names.exports import Area, Place, Reader, Snapshot
from tfmac.curation.names.sources import Sources

PRIVATE = "private"
"""The part of a package that has its modules that users are not meant to see."""


class Layout(NamedTuple):
    """One package: what it is called, which releases are read, and how its names are parted."""

    distribution: str
    package: str
    oldest: tuple[int, int]
    folders: tuple[str, ...]
    parts: tuple[str, ...]
    """Names that have a part of their own with all below them; the rest is the part ``public``."""
    class_parts: tuple[str, ...] = ()
    companion: str = ""
    """A distribution that has a part of the names, and is read along where only one fits."""


LAYOUTS = {
    layout.package: layout
    for layout in (
        Layout("keras", "keras", (2, 2), ("keras",), ("_tf_keras",)),
        Layout("tf-keras", "tf_keras", (2, 0), ("tf_keras",), ()),
        Layout(
            "tensorflow",
            "tensorflow",
            (2, 0),
            ("tensorflow", "tensorflow_core"),
            ("compat.v1", "keras", "raw_ops"),
            class_parts=("keras",),
            companion="keras",
        ),
    )
}
"""All packages, in the order in which they are read."""

UPGRADE_TOOL = "tensorflow.tools.compatibility"
"""Where TensorFlow keeps what its own upgrade tool renames."""


def part_of(layout: Layout, name: str) -> str:
    """Name the part that a public name belongs to."""
    for part in layout.parts:
        if name == part or name.startswith(f"{part}."):
            return part
    return "public"


def class_part_of(layout: Layout, definition: str) -> str:
    """Name the part that a class belongs to, by where it is defined."""
    first = definition.partition(".")[0]
    return f"classes-{first}" if first in layout.class_parts else "classes"


def empty_sources(layout: Layout) -> Sources:
    """Make sources that know the other names of a package's modules."""
    if layout.companion:
        return Sources(
            (
                ("tensorflow_core", "tensorflow"),
                ("tensorflow.compat.v2", "tensorflow"),
                ("tensorflow.compat.v1", "tensorflow._api.v2.compat.v1"),
            )
        )
    return Sources()


def read(layout: Layout, sources: Sources) -> Snapshot:
    """Read all names of a release."""
    if not layout.companion:
        return _read_keras(layout.package, sources)
    roots = _keras_roots(sources)
    sources.lazy_roots = roots
    if "" in roots:
        sources.know(roots[""], by="tensorflow.keras")
    areas = [
        Area("tensorflow", "", Place.EXPORT, alone=True),
        Area("tensorflow", "", Place.PRIVATE),
        Area("tensorflow._api", "", Place.HIDDEN),
        Area("tensorflow._api.v2", "", Place.EXPORT),
        Area("tensorflow._api.v2.v2", "", Place.HIDDEN),
        Area("tensorflow._api.v2.compat.v2", "", Place.HIDDEN),
        Area("tensorflow._api.v2.compat.v1.compat.v1", "", Place.HIDDEN),
        Area("tensorflow._api.v2.compat.v1.compat.v2", "", Place.HIDDEN),
        Area("tensorflow.python.keras.api", "", Place.HIDDEN),
        Area("keras", "", Place.HIDDEN),
        *(Area(module, name, Place.EXPORT) for name, module in _public_roots(roots)),
    ]
    moved = [("keras.src", "keras")]
    if not any(module.startswith("keras.") for module in roots.values()):
        # Later this folder is an unused copy of the Keras that is a package of its own.
        moved.append(("tensorflow.python.keras", "keras"))
    return Reader(sources, areas, layout.package, moved).read()


def _read_keras(package: str, sources: Sources) -> Snapshot:
    areas = (
        Area(package, "", Place.SOURCE),
        Area(f"{package}.src", "src", Place.PRIVATE),
        Area(f"{package}.api", "", Place.EXPORT),
        Area(f"{package}.api._v1", "", Place.HIDDEN),
        Area(f"{package}.api._v2", "", Place.HIDDEN),
        Area(f"{package}.api.keras", "", Place.HIDDEN),
        Area(f"{package}._tf_keras", "_tf_keras", Place.EXPORT),
    )
    return Reader(sources, areas, package, [(f"{package}.src", package)]).read()


def _keras_roots(sources: Sources) -> dict[str, str]:
    """Find the Keras that is ``tf.keras``, for each mode of TensorFlow's lazy loaders."""
    roots = {}
    for mode, api in (("", "_v2"), ("v1", "_v1")):
        for module in (f"keras.api.{api}.keras", f"tensorflow.python.keras.api.{api}.keras"):
            if module in sources:
                roots[mode] = module
                break
    return roots


def _public_roots(roots: dict[str, str]) -> Sequence[tuple[str, str]]:
    names = {"": "keras", "v1": "compat.v1.keras"}
    return [(names[mode], module) for mode, module in sorted(roots.items())]


def renames(sources: Sources) -> tuple[dict[str, str], str]:
    """Read what the upgrade tool of a release renames, and name the files that say so."""
    found: dict[str, str] = {}
    files = []
    for module in sources.modules():
        if module.startswith(f"{UPGRADE_TOOL}.") and module.endswith("renames_v2"):
            tree = parsed(sources.text(module))
            before = len(found)
            for node in ast.walk(tree) if tree is not None else ():
                if isinstance(node, ast.Dict):
                    found.update(_renamed(node))
            if len(found) > before:
                files.append(module.replace(".", "/") + ".py")
    return dict(sorted(found.items())), ", ".join(files)


def _renamed(node: ast.Dict) -> list[tuple[str, str]]:
    return [
        (str(key.value)[len("tf.") :], str(value.value))
        for key, value in zip(node.keys, node.values)
        if isinstance(key, ast.Constant)
        and isinstance(value, ast.Constant)
        and str(key.value).startswith("tf.")
        and str(value.value).startswith("tf.")
    ]
