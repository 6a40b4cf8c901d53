"""The maker of the extension tables, against a small index on this machine."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Union

import msgspec
import pytest

from builders.macho import Bind, image
from builders.native_wheels import FRAMEWORK_ID, FRAMEWORK_PATH, Shelf, framework, packed, plugin
from builders.package_index import served
from tfmac.curation.extensions.frameworks import EXTENSIONS
from tfmac.curation.extensions.maker import HEADERS, build
from tfmac.curation.index import Index
from tfmac.knowledge import extension_abi, store
from tfmac.schema.abi import AbiPair, AbiVerdict, ExtensionTable, HeaderTable, Opened

METAL = "tensorflow-metal"
ARM = "cp312-cp312-macosx_12_0_arm64"
OLDER = "cp311-cp311-macosx_12_0_arm64"
VENDOR = """
|tensorflow  |tensorflow-metal|MacOs|
|---------|-----|-----|
|v2.12 |v1.0.0|12.0+|
|v2.12-v2.14|v2.0.0|12.0+|
|soon |v3.0.0|12.0+|
"""


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def address(shelf: Shelf) -> Iterator[str]:
    with served(shelf) as address:
        yield address


@pytest.fixture(autouse=True)
def _shipped_again() -> Iterator[None]:
    yield
    store.use()


def add(
    shelf: Shelf, name: str, version: str, content: bytes, day: str, *, tags: str = ARM
) -> None:
    filename = f"{name.replace('-', '_')}-{version}-{tags}.whl"
    uploaded = {"upload-time": f"{day}T07:08:09.1234Z"}
    shelf.add(filename, content, sidecar=True, **uploaded)


def filled(shelf: Shelf) -> None:
    """Put three TensorFlow releases, a shell and two plug-ins on the shelf."""
    old, new = [b"_TF_Old", b"_TF_Both"], [b"_TF_Both", b"_TF_New"]
    add(
        shelf,
        "tensorflow-macos",
        "2.12.0",
        framework("tensorflow-macos", "2.12.0", old),
        "2023-01-01",
    )
    carrier = framework("tensorflow-macos", "2.13.0", new, fields="int added; int first;")
    add(shelf, "tensorflow-macos", "2.13.0", carrier, "2023-06-01")
    shell = packed("tensorflow", "2.13.0", {}, requires=["tensorflow-macos==2.13.0"])
    add(shelf, "tensorflow", "2.13.0", shell, "2023-06-01")
    add(shelf, METAL, "1.0.0", plugin("1.0.0", [b"_TF_Both"]), "2023-01-05")
    add(shelf, METAL, "2.0.0", plugin("2.0.0", [b"_TF_New"], text=VENDOR), "2023-06-05")


def made(
    address: str, folder: Path, extension: str = METAL, *, full: bool = False
) -> ExtensionTable:
    with closing(Index(address, retries=0)) as index:
        (built,) = build(index, str(folder), extensions=[extension], full=full)
    table = msgspec.json.decode((folder / built.file).read_bytes(), type=ExtensionTable)
    assert (built.problem, built.skipped) == (None, table.skipped)
    assert built.records == len(table.builds) * len(table.frameworks)
    return table


def asked(folder: Path, plugin_version: str, name: str, version: str) -> AbiPair:
    store.use(str(folder))
    return extension_abi.verdict(METAL, plugin_version, name, version)


def test_loads_and_does_not_load(shelf: Shelf, address: str, tmp_path: Path) -> None:
    """Names are looked up in what TensorFlow loads; all that is missing is told."""
    filled(shelf)
    made(address, tmp_path)

    good = asked(tmp_path, "2.0.0", "tensorflow-macos", "2.13.0")
    bad = asked(tmp_path, "2.0.0", "tensorflow-macos", "2.12.0")

    assert (good.verdict, good.message, good.missing_symbols) == (AbiVerdict.LOADS, None, ())
    assert bad.verdict is AbiVerdict.CANNOT_LOAD
    assert bad.missing_symbols == ("_TF_New",)
    assert bad.message is not None
    assert "Symbol not found: _TF_New" in bad.message
    assert good.common_python == ("3.12",)
    assert {source.name for source in good.sources} == {
        f"tensorflow_metal-2.0.0-{ARM}.whl",
        f"tensorflow_macos-2.13.0-{ARM}.whl",
    }


def test_shell_is_followed_to_the_code(shelf: Shelf, address: str, tmp_path: Path) -> None:
    """An empty wheel is judged by what it requires, and the answer says so."""
    filled(shelf)
    made(address, tmp_path)

    pair = asked(tmp_path, "2.0.0", "tensorflow", "2.13.0")

    assert pair.verdict is AbiVerdict.LOADS
    assert pair.carrier == "tensorflow-macos==2.13.0"
    assert any("is an empty shell" in reason for reason in pair.reasons)


def test_shell_that_requires_itself(shelf: Shelf, address: str, tmp_path: Path) -> None:
    """Without any code there is nothing to judge."""
    filled(shelf)
    loop = packed("tensorflow-macos", "2.14.0", {}, requires=["tensorflow-macos==2.14.0"])
    add(shelf, "tensorflow-macos", "2.14.0", loop, "2024-01-01")
    made(address, tmp_path)

    pair = asked(tmp_path, "2.0.0", "tensorflow-macos", "2.14.0")

    assert pair.verdict is AbiVerdict.UNKNOWN
    assert "brings no library" in pair.reasons[0]


def test_moved_field_makes_a_pair_unsafe(shelf: Shelf, address: str, tmp_path: Path) -> None:
    """A field inserted before others since the plug-in was built; it names struct and releases."""
    filled(shelf)
    table = made(address, tmp_path)

    pair = asked(tmp_path, "1.0.0", "tensorflow", "2.13.0")

    assert pair.verdict is AbiVerdict.LOADS_BUT_UNSAFE
    assert "SP_Executor" in pair.unsafe[0]
    assert "tensorflow-macos 2.12.0, which it was built for" in pair.unsafe[0]
    assert "added stands where first is expected" in pair.unsafe[0]
    assert asked(tmp_path, "1.0.0", "tensorflow-macos", "2.12.0").verdict is AbiVerdict.LOADS
    assert [build.built_for for build in table.builds] == [
        "tensorflow-macos==2.12.0",
        "tensorflow-macos==2.13.0",
    ]
    headers = msgspec.json.decode((tmp_path / HEADERS).read_bytes(), type=HeaderTable)
    assert headers.functions == {"SE_InitPlugin": ("SE_Params", "SP_Executor")}


def test_appended_field_is_no_difference(shelf: Shelf, address: str, tmp_path: Path) -> None:
    """Each struct tells its size, so that fields may be added at the end."""
    for version, day, text in (
        ("2.12.0", "2023-01-01", "A {\n int a;\n}"),
        ("2.13.0", "2023-06-01", "A {\n int a; int b;\n}"),
    ):
        content = framework("tensorflow", version, [b"_TF_Both"])
        declared = f'extern "C" {{ typedef struct {text} A; void SE_InitPlugin(A* a); }}'
        content = _with(content, "tensorflow/include/tensorflow/c/experimental/more.h", declared)
        add(shelf, "tensorflow", version, content, day)
    add(shelf, METAL, "1.0.0", plugin("1.0.0", [b"_TF_Both"]), "2023-01-05")

    made(address, tmp_path)

    assert asked(tmp_path, "1.0.0", "tensorflow", "2.13.0").verdict is AbiVerdict.LOADS


def test_install_name_decides(shelf: Shelf, address: str, tmp_path: Path) -> None:
    """A library of the right name in the right place that is called otherwise is not it."""
    filled(shelf)
    extension = packed(
        METAL,
        "3.0.0",
        {"tensorflow-plugins/p.dylib": image(links=["@rpath/_pywrap_tensorflow_internal.so"])},
    )
    add(shelf, METAL, "3.0.0", extension, "2024-06-01")
    other = framework("tensorflow", "2.20.0", [b"_TF_Both"], main_id="@rpath/another.so")
    add(shelf, "tensorflow", "2.20.0", other, "2024-05-01")

    made(address, tmp_path)

    old = asked(tmp_path, "3.0.0", "tensorflow", "2.13.0")
    new = asked(tmp_path, "3.0.0", "tensorflow", "2.20.0")
    assert old.verdict is AbiVerdict.LOADS
    assert new.verdict is AbiVerdict.CANNOT_LOAD
    assert new.unresolved_libraries == ("@rpath/_pywrap_tensorflow_internal.so",)
    assert new.message is not None
    assert "Library not loaded" in new.message


def test_wheels_that_differ_are_builds(shelf: Shelf, address: str, tmp_path: Path) -> None:
    """Where the wheels of a release need different names, each is judged; the worst speaks."""
    filled(shelf)
    add(shelf, METAL, "2.0.0", plugin("2.0.0", [b"_TF_Old"]), "2023-06-06", tags=OLDER)
    both = framework("tensorflow", "2.15.0", [b"_TF_New"], fields="int added; int first;")
    add(shelf, "tensorflow", "2.15.0", both, "2024-01-01")
    add(shelf, "tensorflow", "2.15.0", both, "2024-01-01", tags=OLDER)

    table = made(address, tmp_path)

    assert [build.pythons for build in table.builds] == [("3.12",), ("3.11",), ("3.12",)]
    whole = asked(tmp_path, "2.0.0", "tensorflow", "2.15.0")
    assert whole.verdict is AbiVerdict.CANNOT_LOAD
    assert whole.common_python == ("3.11", "3.12")
    assert any("Python 3.12 differ" in reason for reason in whole.reasons)
    of_one = extension_abi.verdict(METAL, "2.0.0", "tensorflow", "2.15.0", python="3.12")
    assert of_one.verdict is AbiVerdict.LOADS
    (loading,) = extension_abi.pairs_that_load(METAL, framework_version="2.15.0")
    assert loading.common_python == ("3.12",)


def test_vendor_table_stands_beside_the_verdict(shelf: Shelf, address: str, tmp_path: Path) -> None:
    """It is a source, says when it is wrong, and improves nothing."""
    filled(shelf)
    table = made(address, tmp_path)

    wrong = asked(tmp_path, "2.0.0", "tensorflow-macos", "2.12.0")
    right = asked(tmp_path, "2.0.0", "tensorflow-macos", "2.13.0")

    assert [(one.version, one.first, one.last) for one in table.vendor] == [
        ("1.0.0", "2.12", "2.12"),
        ("2.0.0", "2.12", "2.14"),
    ]
    assert wrong.verdict is AbiVerdict.CANNOT_LOAD
    assert "by the loader's rules it is wrong" in wrong.reasons[-1]
    assert right.reasons[-1] == "the vendor's table pairs them"


def test_prerelease_counts_until_its_final(shelf: Shelf, address: str, tmp_path: Path) -> None:
    """A release candidate is judged while nothing newer is final."""
    filled(shelf)
    for version in ("2.13.0rc1", "2.14.0rc0"):
        content = framework("tensorflow", version, [b"_TF_Both"])
        add(shelf, "tensorflow", version, content, "2024-01-01")

    table = made(address, tmp_path)

    assert {framework.version for framework in table.frameworks} == {
        "2.12.0",
        "2.13.0",
        "2.14.0rc0",
    }


def test_second_run_reads_nothing_again(shelf: Shelf, address: str, tmp_path: Path) -> None:
    """Finished pairs are kept, to the byte; a new plug-in is judged beside everything."""
    filled(shelf)
    made(address, tmp_path)
    path = tmp_path / extension_abi.FOLDER / f"{METAL}.json"
    before = path.read_bytes()
    headers = (tmp_path / HEADERS).read_bytes()
    shelf.asked.clear()

    made(address, tmp_path)

    assert not [one for one in shelf.downloads(".whl") if not one.endswith(".metadata")]
    assert path.read_bytes() == before
    assert (tmp_path / HEADERS).read_bytes() == headers
    add(shelf, METAL, "2.1.0", plugin("2.1.0", [b"_TF_Old"]), "2024-06-05")
    made(address, tmp_path)
    added = asked(tmp_path, "2.1.0", "tensorflow-macos", "2.12.0")
    assert added.verdict is AbiVerdict.LOADS


def test_same_input_same_bytes(shelf: Shelf, address: str, tmp_path: Path) -> None:
    """The order of a listing leaves no trace."""
    filled(shelf)
    made(address, tmp_path / "one")
    shelf.listing.reverse()
    made(address, tmp_path / "two")

    names = [f"{extension_abi.FOLDER}/{METAL}.json", HEADERS]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("name", ["tensorflow_macos-2.13.0", "tensorflow_metal-2.0.0"])
def test_unreadable_wheel_is_skipped_with_its_reason(
    shelf: Shelf, address: str, tmp_path: Path, name: str
) -> None:
    """What cannot be read is told, everything else is judged; a good file later heals it."""
    filled(shelf)
    path = f"/files/{name}-{ARM}.whl"
    good, shelf.files[path] = shelf.files[path], b"not a wheel"

    table = made(address, tmp_path)

    assert any(name.split("-")[1] in what for what in table.skipped)
    lost = asked(tmp_path, "2.0.0", "tensorflow-macos", "2.13.0")
    assert lost.verdict is AbiVerdict.UNKNOWN
    assert asked(tmp_path, "1.0.0", "tensorflow-macos", "2.12.0").verdict is AbiVerdict.LOADS
    shelf.files[path] = good
    assert made(address, tmp_path).skipped == {}
    found = asked(tmp_path, "2.0.0", "tensorflow-macos", "2.13.0")
    assert found.verdict is AbiVerdict.LOADS


def test_old_record_is_kept_where_reading_fails(shelf: Shelf, address: str, tmp_path: Path) -> None:
    """A full run that meets a damaged wheel leaves what was judged of it before."""
    filled(shelf)
    made(address, tmp_path)
    shelf.files[f"/files/tensorflow_macos-2.13.0-{ARM}.whl"] = b"not a wheel"

    table = made(address, tmp_path, full=True)

    assert set(table.skipped) == {"tensorflow-macos==2.13.0"}
    assert asked(tmp_path, "2.0.0", "tensorflow", "2.13.0").verdict is AbiVerdict.LOADS


def test_damaged_library_is_told(shelf: Shelf, address: str, tmp_path: Path) -> None:
    """A library that is no Mach-O image is the wheel's fault alone."""
    filled(shelf)
    broken = packed(
        METAL, "9.0.0", {"tensorflow-plugins/p.dylib": b"\xcf\xfa\xed\xfe" + b"\xff" * 64}
    )
    add(shelf, METAL, "9.0.0", broken, "2024-06-05")

    table = made(address, tmp_path)

    assert set(table.skipped) == {f"{METAL}==9.0.0"}
    assert {build.version for build in table.builds} == {"1.0.0", "2.0.0"}


def test_extension_of_several_libraries(shelf: Shelf, address: str, tmp_path: Path) -> None:
    """The first library of the import that fails gives the message; later ones only a doubt."""
    filled(shelf)
    library = image(links=[FRAMEWORK_ID], binds=[Bind(b"_TF_New")])
    copied = f".dylibs/{Path(FRAMEWORK_PATH).name}"
    content: dict[str, Union[bytes, str]] = {
        "tensorflow_text/__init__.py": "from tensorflow_text import ops, late",
        "tensorflow_text/ops.py": (
            "m = load_op_library(path('_ops.dylib'))\nn = load_op_library(path('_copy.dylib'))"
        ),
        "tensorflow_text/_ops.dylib": image(links=[FRAMEWORK_ID], binds=[Bind(b"_TF_Both")]),
        "tensorflow_text/late.py": (
            "class Later:\n    def __init__(self, name): ...\nlater = Later('_late.dylib')"
        ),
        "tensorflow_text/_late.dylib": library,
        f"tensorflow_text/{copied}": image(identity="/copy"),
        "tensorflow_text/_copy.dylib": image(links=[f"@loader_path/{copied}"]),
    }
    add(
        shelf, "tensorflow-text", "1.0.0", packed("tensorflow-text", "1.0.0", content), "2023-01-05"
    )

    table = made(address, tmp_path, "tensorflow-text")

    assert [(one.path, one.opened) for one in table.builds[0].libraries] == [
        ("tensorflow_text/_ops.dylib", Opened.IMPORT),
        ("tensorflow_text/_copy.dylib", Opened.IMPORT),
        ("tensorflow_text/_late.dylib", Opened.FIRST_USE),
    ]
    store.use(str(tmp_path))
    pair = extension_abi.verdict("tensorflow_text", "1.0.0", "tensorflow-macos", "2.12.0")
    assert pair.verdict is AbiVerdict.LOADS_BUT_UNSAFE
    assert pair.missing_symbols == ("_TF_New",)
    assert "_late.dylib fails when it is first used" in pair.unsafe[0]
    assert "loads a copy of its own" in pair.unsafe[1]


def test_plugin_of_jax(shelf: Shelf, address: str, tmp_path: Path) -> None:
    """Every library in jax_plugins is opened, beside what jaxlib loads first."""
    jaxlib = {
        "jaxlib/_jax.so": image(links=["@rpath/libjax.dylib"], rpaths=["@loader_path"]),
        "jaxlib/libjax.dylib": image(identity="@rpath/libjax.dylib", exports={b"_Px": None}),
    }
    content = packed("jaxlib", "0.6.0", {**jaxlib, "jaxlib/filling": bytes(1_100_000)})
    add(shelf, "jaxlib", "0.6.0", content, "2025-01-01")
    library = image(links=["@rpath/libjax.dylib"], binds=[Bind(b"_Px"), Bind(b"_Py")])
    metal = packed("jax-metal", "0.1.0", {"jax_plugins/metal/p.dylib": library})
    add(shelf, "jax-metal", "0.1.0", metal, "2024-01-01", tags="py3-none-macosx_13_0_arm64")

    table = made(address, tmp_path, "jax-metal")

    assert (table.builds[0].minimum_macos, table.differences) == ("13.0", ())
    store.use(str(tmp_path))
    pair = extension_abi.verdict("jax-metal", "0.1.0", "jaxlib", "0.6.0")
    assert (pair.verdict, pair.missing_symbols) == (AbiVerdict.CANNOT_LOAD, ("_Py",))
    assert pair.common_python == ("3.12",)


def test_listing_that_cannot_be_read(shelf: Shelf, address: str, tmp_path: Path) -> None:
    """The table stays as it was, with the problem; other extensions are not touched by it."""
    filled(shelf)
    made(address, tmp_path)
    shelf.statuses["/simple/tensorflow-macos/"] = 503
    shelf.statuses["/simple/tensorflow-text/"] = 503

    with closing(Index(address, retries=0)) as index:
        built = build(index, str(tmp_path), extensions=[METAL, "tensorflow-text"], full=True)

    assert [(one.file.rpartition("/")[2], one.changed) for one in built] == [
        (f"{METAL}.json", False),
        ("tensorflow-text.json", False),
    ]
    assert all("503" in (one.problem or "") for one in built)
    assert asked(tmp_path, "2.0.0", "tensorflow", "2.13.0").verdict is AbiVerdict.LOADS


def test_shell_that_cannot_be_read(shelf: Shelf, address: str, tmp_path: Path) -> None:
    """Where a shell leads is not known then; its old record is kept."""
    filled(shelf)
    made(address, tmp_path)
    name = f"/files/tensorflow-2.13.0-{ARM}.whl"
    shelf.files[name] = b"not a wheel"
    shelf.files.pop(f"{name}.metadata")

    table = made(address, tmp_path, full=True)

    assert set(table.skipped) == {"tensorflow==2.13.0"}
    assert asked(tmp_path, "2.0.0", "tensorflow", "2.13.0").verdict is AbiVerdict.LOADS


def test_extension_without_mac_wheels_has_no_table(
    shelf: Shelf, address: str, tmp_path: Path
) -> None:
    """Nothing is written for it."""
    filled(shelf)
    with closing(Index(address, retries=0)) as index:
        assert build(index, str(tmp_path), extensions=["tensorflow-compression"]) == ()
    assert set(EXTENSIONS) >= {METAL, "jax-metal", "tensorflow-text"}


def _with(wheel: bytes, path: str, text: str) -> bytes:
    """Put another file into a wheel."""
    out = io.BytesIO(wheel)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(path, text)
    return out.getvalue()
