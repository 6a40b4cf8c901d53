"""The maker of the limits, against a small index on this machine."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from builders.macho import image
from builders.native_wheels import Shelf
from builders.package_index import served
from tfmac.curation import limits as maker
from tfmac.curation.dataset import build_releases
from tfmac.curation.index import Index
from tfmac.knowledge import store
from tfmac.schema.knowledge_reports import BuiltFile
from tfmac.schema.limits import Limit, LimitKind, LimitTable

PURE = "py3-none-any"
MAC = "cp312-cp312-macosx_12_0_arm64"


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def address(shelf: Shelf) -> Iterator[str]:
    with served(shelf) as address:
        yield address
    store.use()


def add(shelf: Shelf, name: str, version: str, tags: str, files: "dict[str, bytes]") -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
        archive.writestr(
            f"{name}-{version}.dist-info/METADATA",
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        )
    shelf.add(f"{name}-{version}-{tags}.whl", packed.getvalue(), sidecar=True)


def built(address: str, folder: Path, *names: str) -> "tuple[BuiltFile, tuple[Limit, ...]]":
    with closing(Index(address, retries=0)) as index:
        build_releases(index, names, str(folder))
        store.use(str(folder))
        (report,) = maker.build(index, str(folder), names=names)
    table = msgspec.json.decode((folder / "limits.json").read_bytes(), type=LimitTable)
    return report, tuple(one for one in table.limits if one.name in names)


def test_an_import_of_a_module_that_python_dropped(
    shelf: Shelf, address: str, tmp_path: Path
) -> None:
    """Releases next to each other are one limit; it names the module, the Python, the way out."""
    broken = {
        "keras/__init__.py": b"from keras import backend\n",
        "keras/backend.py": b"import distutils.version\n",
    }
    for version in ("1.0", "1.1"):
        add(shelf, "keras", version, PURE, broken)
    add(shelf, "keras", "1.2", PURE, {"keras/__init__.py": b"import os\n"})

    _, (limit,) = built(address, tmp_path, "keras")

    assert (limit.first, limit.last) == ("1.0", "1.1")
    assert (limit.kind, limit.value, limit.unless) == (LimitKind.PYTHON, "<3.12", "setuptools")
    assert "keras.backend imports it" in limit.statement
    assert [one.name for one in limit.sources] == [
        f"keras-1.0-{PURE}.whl",
        f"keras-1.1-{PURE}.whl",
    ]


@pytest.mark.parametrize(
    "source",
    [
        b"try:\n    import imp\nexcept ImportError:\n    imp = None\n",
        b"def late():\n    import imp\n",
        b"import sys\nif sys.version_info < (3, 12):\n    import imp\n",
        b"import importlib\nfrom imp_things import x\n",
        b"import imp  # no Python: (\n(",
    ],
)
def test_an_import_that_does_no_harm(
    shelf: Shelf, address: str, tmp_path: Path, source: bytes
) -> None:
    """Caught, late, guarded by the version, another module, or not readable: no limit."""
    add(shelf, "keras", "1.0", PURE, {"keras/__init__.py": source})

    assert built(address, tmp_path, "keras")[1] == ()


def test_a_module_that_nothing_imports(shelf: Shelf, address: str, tmp_path: Path) -> None:
    """What lies in the wheel and is not reached by the import says nothing."""
    files = {"keras/__init__.py": b"", "keras/tools.py": b"import imp\n"}
    add(shelf, "keras", "1.0", PURE, files)

    assert built(address, tmp_path, "keras")[1] == ()


def test_libraries_for_a_later_macos_than_the_tag(
    shelf: Shelf, address: str, tmp_path: Path
) -> None:
    """The newest macOS of a wheel's libraries counts, when it is later than the tag."""
    library = image(minimum_os=(13, 3, 0))
    add(
        shelf, "h5py", "1.0", MAC, {"h5py/a.so": library, "h5py/b.so": image(minimum_os=(11, 0, 0))}
    )
    add(shelf, "h5py", "1.1", MAC, {"h5py/a.so": image(minimum_os=(12, 0, 0))})
    add(shelf, "h5py", "1.2", MAC, {"h5py/a.so": b"no library at all"})

    _, (limit,) = built(address, tmp_path, "h5py")

    assert (limit.first, limit.last, limit.kind) == ("1.0", "1.0", LimitKind.MACOS)
    assert limit.value == ">=13.3"
    assert "tagged 12.0" in limit.statement


def test_a_release_with_a_wheel_for_each_macos(shelf: Shelf, address: str, tmp_path: Path) -> None:
    """An installer takes the one that fits, so nothing is said of the release."""
    for macos in ("13", "14"):
        tags = f"cp312-cp312-macosx_{macos}_0_arm64"
        add(shelf, "h5py", "1.0", tags, {"h5py/a.so": image(minimum_os=(int(macos), 9, 0))})

    assert built(address, tmp_path, "h5py")[1] == ()


def test_what_cannot_be_read_keeps_its_limits(shelf: Shelf, address: str, tmp_path: Path) -> None:
    """A wheel that is damaged meanwhile is skipped with its reason."""
    add(shelf, "keras", "1.0", PURE, {"keras/__init__.py": b"import imp\n"})
    _, before = built(address, tmp_path, "keras")
    path = f"/files/keras-1.0-{PURE}.whl"
    shelf.files[path] = b"?" * len(shelf.files[path])
    store.use(str(tmp_path))

    report, after = built(address, tmp_path, "keras")

    assert after == before != ()
    assert "keras 1.0" in report.skipped
