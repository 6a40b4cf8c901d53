"""Which libraries a package opens, read from its sources."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfmac.curation.package_imports import opened_libraries
from tfmac.curation.wheel_images import WheelImages
from tfmac.schema.abi import Library, Opened


def opened(files: "dict[str, str]") -> "dict[str, Library]":
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    with zipfile.ZipFile(packed) as archive:
        return {one.path: one for one in opened_libraries(WheelImages(archive, ""))}


def test_imports_are_followed() -> None:
    """Modules, packages, relative imports and extension modules."""
    found = opened(
        {
            "p/__init__.py": "from p.sub import ops\nfrom . import other\nimport numpy",
            "p/sub/__init__.py": "",
            "p/sub/ops.py": "from .. import fast\nx = lib.load_op_library(path('_ops.so'))",
            "p/sub/_ops.so": "",
            "p/other.py": "from p.fast import build",
            "p/fast.cpython-312-darwin.so": "",
            "p/unused.py": "load('_unused.so')",
            "p/_unused.so": "",
        }
    )

    assert set(found) == {"p/sub/_ops.so", "p/fast.cpython-312-darwin.so"}
    assert found["p/fast.cpython-312-darwin.so"].module
    assert not found["p/sub/_ops.so"].module


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("load('_a.so')", Opened.IMPORT),
        ("if True:\n    load('_a.so')", Opened.IMPORT),
        ("with x() as y:\n    load(join(here, '_a.so'))", Opened.IMPORT),
        ("try:\n    load('_a.so')\nexcept Exception as e:\n    raise e", Opened.IMPORT),
        ("try:\n    load('_a.so')\nexcept Exception:\n    warn()", Opened.CAUGHT),
        ("class Lazy: ...\nx = Lazy('_a.so')", Opened.FIRST_USE),
        ("from p.lazy import Lazy as L\nx = L('_a.so')", Opened.FIRST_USE),
        ("from .lazy import Lazy\nx = Lazy('_a.so')\nload('_a.so')", Opened.IMPORT),
    ],
)
def test_when_a_library_is_opened(text: str, when: Opened) -> None:
    """By the import, by one that goes on without it, or at first use."""
    files = {"p/__init__.py": text, "p/lazy.py": "class Lazy:\n    pass", "p/_a.so": ""}

    assert opened(files)["p/_a.so"].opened is when


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    load('_a.so')",
        "x = lambda: load('_a.so')",
        "name = '_a.so'",
        "load('_b.so')",
        "try:\n    pass\nexcept E:\n    load('_a.so')",
        "this is not Python (",
    ],
)
def test_what_an_import_does_not_do(text: str) -> None:
    """Functions that nobody calls, plain names, other files, handlers, broken sources."""
    assert opened({"p/__init__.py": text, "p/_a.so": ""}) == {}


def test_folders_that_the_framework_searches() -> None:
    """Every library in them is opened, whatever the sources say."""
    found = opened(
        {
            "tensorflow-plugins/__init__.py": "",
            "tensorflow-plugins/a.dylib": "",
            "other/b.dylib": "",
        }
    )

    assert set(found) == {"tensorflow-plugins/a.dylib"}


def test_files_of_installers_folders(tmp_path: Path) -> None:
    """What a wheel keeps in its data folder lies beside the rest once it is installed."""
    assert set(
        opened(
            {
                "p-1.0.data/purelib/p/__init__.py": "load('_a.so')",
                "p-1.0.data/purelib/p/_a.so": "",
            }
        )
    ) == {"p/_a.so"}
    assert tmp_path.exists()


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_source_is_read(text: str) -> None:
    """Hostile sources give some answer."""
    opened({"p/__init__.py": text, "p/_a.so": ""})


def test_modules_that_import_each_other() -> None:
    """Circles end."""
    files = {
        "p/__init__.py": "from p import a",
        "p/a.py": "from p import b\nfrom p.b import C\nx = C('_a.so')",
        "p/b.py": "from p import a\nfrom p.a import C",
        "p/_a.so": "",
    }

    assert set(opened(files)) == {"p/_a.so"}
