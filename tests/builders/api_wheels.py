"""Small wheels of TensorFlow and Keras, and the API history made from them."""

import io
import zipfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Optional

from builders.package_index import Site
from tfmac.curation.index import Index
from tfmac.curation.names import maker
from tfmac.knowledge import api_history as questions
from tfmac.knowledge import store
from tfmac.schema.api_history import ApiLived

ANY = "py3-none-any"
MAC = "cp312-cp312-macosx_12_0_arm64"
LAYER = """
class Layer:
    def __init__(self, name=None, **kwargs):
        allowed = {"trainable", "dtype"}
        for keyword in kwargs:
            if keyword not in allowed:
                raise TypeError(keyword)
        self.built = False

    def build(self, shape): ...
    @property
    def weights(self): ...
    def _hidden(self): ...
"""
DENSE = """
from keras.engine.base import Layer

class Dense(Layer):
    units_seen = 0

    def __init__(self, units, activation=None, *, bias=True, **kwargs):
        super().__init__(**kwargs)

    def call(self, inputs, /, training=None): ...

def dense(x, *layers, axis=-1): ...
"""


class Shelf(Site):
    """An index with several projects."""

    def __init__(self, *sites: Site) -> None:
        super().__init__("none")
        self.sites = sites

    def body(self, path: str) -> Optional[bytes]:
        return next((body for site in self.sites if (body := site.body(path)) is not None), None)


def wheel(name: str, version: str, files: Mapping[str, "str | bytes"], *requires: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            archive.writestr(path, text)
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {one}" for one in requires]
        archive.writestr(f"{name}-{version}.dist-info/METADATA", "\n".join(lines) + "\n")
    return packed.getvalue()


def keras(version: str, **files: "str | bytes") -> tuple[str, bytes]:
    """Give a wheel whose files are named by their paths, ``__`` for a slash."""
    paths = {name: name.replace("__", "/").replace("/init/", "__init__") for name in files}
    named = {f"keras/{paths[name]}.py": text for name, text in files.items()}
    named.setdefault("keras/__init__.py", "")
    return f"keras-{version}-{ANY}.whl", wheel("keras", version, named)


def build(
    address: str, folder: Path, *packages: str, full: bool = False
) -> "dict[str, dict[str, str]]":
    """Make the history and let the questions use it."""
    with closing(Index(address, retries=0)) as index:
        built = maker.build(index, str(folder), packages or ("keras",), full=full)
    store.use(str(folder))
    return {one.file.rpartition("/")[2]: one.skipped for one in built}


def lived(name: str) -> "tuple[ApiLived, ...]":
    return tuple(one for life in questions.look_up(name).lives for one in life.lived)


def only(name: str) -> ApiLived:
    (run,) = lived(name)
    return run


def files_of(folder: Path) -> "dict[str, bytes]":
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*.json"))}


def tensorflow(version: str, files: "dict[str, str]", *requires: str) -> tuple[str, bytes]:
    named = {f"tensorflow/{path}.py": text for path, text in files.items()}
    return f"tensorflow-{version}-{MAC}.whl", wheel("tensorflow", version, named, *requires)
