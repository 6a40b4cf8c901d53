"""Making the API history: hostile sources, broken wheels, second and interrupted runs."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from builders.api_wheels import (
    DENSE,
    LAYER,
    build,
    files_of,
    keras,
    lived,
    only,
)
from builders.package_index import Site, served
from tfmac.curation.index import Index
from tfmac.curation.names import bindings, maker, sources
from tfmac.knowledge import api_history as questions
from tfmac.knowledge import store
from tfmac.schema.api_history import ApiKind


@pytest.fixture
def site() -> Site:
    return Site("keras")


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    with served(site) as address:
        yield address


@pytest.fixture(autouse=True)
def _shipped_again() -> Iterator[None]:
    yield
    store.use()


HOSTILE: "dict[str, bytes]" = {
    "no_python": b"def (:\n",
    "null": b"x = 1\0",
    "no_text": b"x = '\xff\xfe'\n",
    "codec": b"# -*- coding: no-such-codec -*-\nx = 1\n",
    "deep": b"x = " + b"(" * 5000 + b")" * 5000,
    "sums": b"x = " + b"+".join([b"1"] * 20_000),
}


def test_files_that_are_no_python(site: Site, address: str, tmp_path: Path) -> None:
    """An unreadable file costs its own names; that it had any is then unknown."""
    site.add(*keras("2.2.5", good="def here(): ...\n", **HOSTILE))
    build(address, tmp_path)

    assert only("keras.good.here").kind is ApiKind.FUNCTION
    for name in HOSTILE:
        assert only(f"keras.{name}").kind is ApiKind.MODULE
        if name != "sums":  # newer Pythons can parse it
            assert questions.exists(f"keras.{name}.thing", "keras", "2.2") is None, name


def test_another_encoding(site: Site, address: str, tmp_path: Path) -> None:
    """A source may be written in the encoding that it names."""
    site.add(*keras("2.2.5", latin=b"# coding: latin-1\ndef caf\xe9(): ...\ndef bar(): ...\n"))
    build(address, tmp_path)
    assert only("keras.latin.bar").kind is ApiKind.FUNCTION


def test_circles(site: Site, address: str, tmp_path: Path) -> None:
    """Imports, stars, classes and assignments that go round in circles come to an end."""
    site.add(
        *keras(
            "2.2.5",
            a="from keras.b import x, y\nfrom keras.b import *\nz = z\nq = r\nr = q\n",
            b="from keras.a import x\nfrom keras.a import *\nfrom keras.b import y\n",
            c="class A(B):\n    def __init__(self, **k):\n        super().__init__(**k)\n"
            "class B(A):\n    def __init__(self, **k):\n        super().__init__(**k)\n"
            "class C(C): ...\n",
        )
    )
    build(address, tmp_path)
    assert only("keras.c.A").kind is ApiKind.CLASS
    assert lived("keras.a.x") == ()
    assert questions.exists("keras.c.C.anything", "keras", "2.2") is False


def test_a_huge_file(
    site: Site, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is larger than any real source is not parsed."""
    monkeypatch.setattr(bindings, "SIZE_LIMIT", 1000)
    site.add(*keras("2.2.5", huge="x = 1\n" * 1000, good="def here(): ...\n"))
    build(address, tmp_path)
    assert only("keras.good.here").kind is ApiKind.FUNCTION
    assert questions.exists("keras.huge.x", "keras", "2.2") is None


def test_too_much_of_everything(
    site: Site, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wheel with more sources than any real one has is refused."""
    site.add(*keras("2.2.5", good="def here(): ...\n"))
    for limit in ("_TOTAL", "_MEMBERS"):
        with monkeypatch.context() as patch:
            patch.setattr(sources, limit, 2)
            assert "more than 2" in build(address, tmp_path)["keras"]["2.2"]


def test_names_of_outside(site: Site, address: str, tmp_path: Path) -> None:
    """A module that takes all names of another package may have any; that is unknown."""
    site.add(
        *keras(
            "2.4.3",
            layers____init__="from tensorflow.keras.layers import *\nfrom numpy import pi\n",
        )
    )
    build(address, tmp_path)

    assert questions.exists("keras.layers.Dense", "keras", "2.4") is None
    assert questions.exists("keras.layers.Dense.units", "keras", "2.4") is None
    assert questions.exists("keras.layers.pi", "keras", "2.4") is True
    (life,) = questions.look_up("keras.layers.Dense").lives
    assert (life.lived, life.unknown) == ((), ("2.4",))


def test_unchanged_releases_are_not_read_again(site: Site, address: str, tmp_path: Path) -> None:
    """A second run asks only for what is new, and makes the bytes that a full run makes."""
    site.add(*keras("2.2.5", layers=DENSE, engine__base=LAYER))
    site.add(*keras("2.3.1", layers=DENSE, engine__base=LAYER + "\nclass More: ...\n"))
    build(address, tmp_path)
    before = files_of(tmp_path)
    site.asked.clear()

    build(address, tmp_path)
    assert site.asked == ["/simple/keras/"]
    assert files_of(tmp_path) == before

    site.add(*keras("2.6.0", layers="from tensorflow.keras import *\n", engine__base=LAYER))
    site.asked.clear()
    build(address, tmp_path)
    assert {one for one in site.asked if "2.6" not in one} == {"/simple/keras/"}
    grown = files_of(tmp_path)
    assert grown != before

    build(address, tmp_path, full=True)
    assert files_of(tmp_path) == grown


def test_a_wheel_that_cannot_be_read(site: Site, address: str, tmp_path: Path) -> None:
    """The others are read; the old record stays, and the reason is told."""
    name, content = keras("2.2.5", layers="def old(): ...\n")
    site.add(name, content)
    build(address, tmp_path)
    newer, _ = keras("2.2.6")
    site.add(newer, b"no wheel at all")
    site.add(*keras("2.3.1", layers="def new(): ...\n"))
    site.listing.append({**site.listing[0], "filename": "keras-2.5.0.tar.gz"})

    skipped = build(address, tmp_path)["keras"]

    assert set(skipped) == {"2.2", "2.5"}
    assert "keras-2.2.6" in skipped["2.2"]
    assert skipped["2.5"] == "no release of it has a wheel at the index"
    assert [(one.first, one.last) for one in lived("keras.layers.old")] == [("2.2", "2.2")]
    assert build(address, tmp_path, full=True)["keras"] == skipped
    assert [(one.first, one.last) for one in lived("keras.layers.old")] == [("2.2", "2.2")]
    assert questions.exists("keras.layers.new", "keras", "2.3") is True


def test_an_index_without_ranges(site: Site, address: str, tmp_path: Path) -> None:
    """The whole wheel is taken, and its digest checked."""
    site.ranges = False
    site.add(*keras("2.2.5", layers="def here(): ...\n"))
    build(address, tmp_path)
    assert only("keras.layers.here").kind is ApiKind.FUNCTION


def test_a_damaged_member(site: Site, address: str, tmp_path: Path) -> None:
    """A wheel with a broken source is refused as a whole: half a release would lie."""
    name, content = keras("2.2.5", layers="def here(): ...\n" * 50)
    place = content.index(b"keras/layers.py") + 20
    site.add(name, content[:place] + b"\xff" * 8 + content[place + 8 :])

    assert "damaged" in build(address, tmp_path)["keras"]["2.2"]


def test_another_reader_reads_again(
    site: Site, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an older reader made is not mixed with what this one makes."""
    site.add(*keras("2.2.5", layers="def here(): ...\n"))
    build(address, tmp_path)
    site.asked.clear()
    monkeypatch.setattr(maker, "READER", maker.READER + 1)
    build(address, tmp_path)
    assert any("2.2.5" in one for one in site.asked)


def test_a_run_that_was_broken_off(site: Site, address: str, tmp_path: Path) -> None:
    """What was read before is in place, and is not read again."""
    for version in ("2.2.5", "2.3.1"):
        site.add(*keras(version, layers="def here(): ...\n"))

    def broken(line: str) -> None:
        raise KeyboardInterrupt(line)

    with closing(Index(address, retries=0)) as index, pytest.raises(KeyboardInterrupt):
        maker.build(index, str(tmp_path), ("keras",), progress=broken)
    site.asked.clear()
    build(address, tmp_path)

    assert not any("2.2.5" in one for one in site.asked)
    assert [(one.first, one.last) for one in lived("keras.layers.here")] == [("2.2", "2.3")]
