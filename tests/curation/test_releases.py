"""The maker of the release lists, against a small index on this machine."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from builders.package_index import (
    ARM,
    LINUX,
    Site,
    served,
    source_archive,
    wheel,
    without_metadata,
)
from tfmac.curation import writing
from tfmac.curation.dataset import build_releases
from tfmac.curation.index import Index, configured_address
from tfmac.curation.packages import PACKAGES
from tfmac.schema.knowledge import PackageReleases, Release
from tfmac.schema.knowledge_reports import BuiltFile


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    with served(site) as address:
        yield address


def run(address: str, folder: Path, *, full: bool = False) -> BuiltFile:
    with closing(Index(address, retries=0)) as index:
        (built,) = build_releases(index, ["made"], str(folder), full=full)
    return built


def file_of(folder: Path) -> Path:
    return folder / "releases" / "made.json"


def listed(folder: Path) -> PackageReleases:
    return msgspec.json.decode(file_of(folder).read_bytes(), type=PackageReleases)


def only(folder: Path) -> Release:
    (release,) = listed(folder).releases
    return release


@pytest.mark.parametrize("way", ["sidecar", "range", "whole"])
def test_three_ways_to_metadata(site: Site, address: str, tmp_path: Path, way: str) -> None:
    """METADATA comes from the sidecar, from the wheel's end, or from the whole wheel."""
    content = wheel("1.0", "numpy>=1.26", 'six ; python_version < "3.12"')
    site.add(f"made-1.0-{ARM}.whl", content, sidecar=way == "sidecar")
    site.ranges = way == "range"

    assert run(address, tmp_path).problem is None

    release = only(tmp_path)
    assert release.requires == ("numpy>=1.26", 'six ; python_version < "3.12"')
    assert release.requires_python == ">=3.9"
    assert release.date == "2024-05-06"
    assert release.source.sha256 == hashlib.sha256(content).hexdigest()
    assert [(each.tags, each.size) for each in release.wheels] == [(ARM, len(content))]


def test_mac_wheel_speaks_for_the_release(site: Site, address: str, tmp_path: Path) -> None:
    """The wheel for ARM Macs gives the requirements; Linux stands beside it where it differs."""
    site.add(f"made-1.0-{LINUX}.whl", wheel("1.0", "numpy"))
    site.add(f"made-1.0-{ARM}.whl", wheel("1.0", "made-macos==1.0"))
    site.add(f"made-2.0-{LINUX}.whl", wheel("2.0", "numpy", "six"))
    site.add(f"made-2.0-{ARM}.whl", wheel("2.0", "six", "numpy"))

    run(address, tmp_path)

    first, second = listed(tmp_path).releases
    assert first.requires == ("made-macos==1.0",)
    assert [variant.platforms for variant in first.variants] == [("linux-x86_64",)]
    assert first.variants[0].requires == ("numpy",)
    assert second.variants == ()


def test_only_wheels_that_are_served(site: Site, address: str, tmp_path: Path) -> None:
    """Wheels for other implementations, machines and old Pythons are left out."""
    kept = ["cp38-abi3-win_amd64", ARM, "py3-none-any"]
    dropped = [
        "pp310-pypy310_pp73-macosx_12_0_arm64",
        "cp312-cp312-musllinux_1_1_x86_64",
        "cp312-cp312-manylinux_2_17_s390x",
        "cp312-cp312-win32",
        "cp35-cp35m-macosx_10_9_x86_64",
        "cp27-cp27mu-manylinux1_x86_64",
    ]
    for tags in (*kept, *dropped):
        site.add(f"made-1.0-{tags}.whl", wheel("1.0"))

    run(address, tmp_path)

    assert sorted(each.tags for each in only(tmp_path).wheels) == sorted(kept)


def test_yanked_release_keeps_its_reason(site: Site, address: str, tmp_path: Path) -> None:
    """A release counts as yanked when all of its files are; a single yanked file is left out."""
    site.add(f"made-1.0-{ARM}.whl", wheel("1.0"), yanked="Segfaults")
    site.add(f"made-2.0-{ARM}.whl", wheel("2.0"), yanked=True)
    site.add(f"made-3.0-{ARM}.whl", wheel("3.0"), yanked="oops")
    site.add(f"made-3.0-{LINUX}.whl", wheel("3.0"))

    run(address, tmp_path)

    first, second, third = listed(tmp_path).releases
    assert (first.yanked, second.yanked, third.yanked) == ("Segfaults", "", None)
    assert [each.tags for each in third.wheels] == [LINUX]


def test_same_input_same_bytes(site: Site, address: str, tmp_path: Path) -> None:
    """Order and time of the answers leave no trace; versions are in order of age."""
    for version in ("1.10", "1.9", "2.0rc1", "1.2"):
        site.add(f"made-{version}-{ARM}.whl", wheel(version))
    run(address, tmp_path / "one")
    site.listing.reverse()
    run(address, tmp_path / "two")

    content = file_of(tmp_path / "one").read_bytes()
    assert content == file_of(tmp_path / "two").read_bytes()
    assert content.endswith(b"}\n")
    assert content.count(b"\n") == 3 + 4 + 2
    versions = [release.version for release in listed(tmp_path / "one").releases]
    assert versions == ["1.2", "1.9", "1.10", "2.0rc1"]


def test_unchanged_release_is_not_read_again(site: Site, address: str, tmp_path: Path) -> None:
    """Only the listing is asked when nothing changed, unless everything is wanted anew."""
    site.add(f"made-1.0-{ARM}.whl", wheel("1.0"), sidecar=True)
    run(address, tmp_path)
    site.asked.clear()

    run(address, tmp_path)
    assert site.asked == ["/simple/made/"]

    run(address, tmp_path, full=True)
    assert len(site.asked) == 3


def test_listing_may_change_without_the_files(site: Site, address: str, tmp_path: Path) -> None:
    """A later yank is recorded though the wheel is not read again."""
    site.add(f"made-1.0-{ARM}.whl", wheel("1.0", "six"))
    run(address, tmp_path)
    site.listing[0]["yanked"] = "broken"

    run(address, tmp_path)

    assert only(tmp_path).yanked == "broken"
    assert only(tmp_path).requires == ("six",)


BAD = {
    "damaged": (b"PK\x03\x04 this is no wheel", "damaged"),
    "empty": (b"", "damaged"),
    "no metadata": (without_metadata(), "has none"),
    "other release": (wheel("7.7"), "describes made 7.7"),
    "other package": (wheel("2.0", name="other"), "describes other 2.0"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_wheel_is_skipped(site: Site, address: str, tmp_path: Path, case: str) -> None:
    """A wheel that cannot be read is skipped with its reason; the others are listed."""
    content, reason = BAD[case]
    site.add(f"made-1.0-{ARM}.whl", wheel("1.0"))
    site.add(f"made-2.0-{ARM}.whl", content)

    assert run(address, tmp_path).problem is None

    record = listed(tmp_path)
    assert [release.version for release in record.releases] == ["1.0"]
    assert reason in record.skipped["2.0"]
    assert "127.0.0.1" not in record.skipped["2.0"]


def test_missing_wheel_is_skipped(site: Site, address: str, tmp_path: Path) -> None:
    """A file that the listing names and the index does not have is skipped."""
    site.add(f"made-1.0-{ARM}.whl", wheel("1.0"))
    site.add(f"made-2.0-{ARM}.whl", wheel("2.0"))
    del site.files[f"/files/made-2.0-{ARM}.whl"]

    run(address, tmp_path)

    assert "answered 404" in listed(tmp_path).skipped["2.0"]


def test_half_a_file_is_skipped(site: Site, address: str, tmp_path: Path) -> None:
    """A transfer that breaks off gives no record."""
    path = f"/files/made-1.0-{ARM}.whl"
    site.add(f"made-1.0-{ARM}.whl", wheel("1.0"))
    site.truncated.add(path)

    run(address, tmp_path)

    assert listed(tmp_path).releases == ()
    assert "whole wheel" in listed(tmp_path).skipped["1.0"]


def test_changed_content_is_skipped(site: Site, address: str, tmp_path: Path) -> None:
    """A whole wheel whose digest is not the listed one is not believed."""
    site.add(f"made-1.0-{ARM}.whl", wheel("1.0"))
    site.files[f"/files/made-1.0-{ARM}.whl"] = wheel("1.0").replace(b"1.0", b"6.6")
    site.ranges = False

    run(address, tmp_path)

    assert "SHA-256" in listed(tmp_path).skipped["1.0"]


def test_html_instead_of_the_sidecar(site: Site, address: str, tmp_path: Path) -> None:
    """A page in place of METADATA is not believed; the wheel itself is read."""
    site.add(f"made-1.0-{ARM}.whl", wheel("1.0", "six"))
    site.files[f"/files/made-1.0-{ARM}.whl.metadata"] = b"<html>Please log in</html>"

    run(address, tmp_path)

    assert only(tmp_path).requires == ("six",)


def test_old_record_is_kept(site: Site, address: str, tmp_path: Path) -> None:
    """A release that cannot be read any more keeps what was known of it."""
    site.add(f"made-1.0-{ARM}.whl", wheel("1.0", "six"))
    run(address, tmp_path)
    content = site.files[f"/files/made-1.0-{ARM}.whl"]
    site.files[f"/files/made-1.0-{ARM}.whl"] = b"?" * len(content)

    run(address, tmp_path, full=True)

    assert only(tmp_path).requires == ("six",)
    assert "damaged" in listed(tmp_path).skipped["1.0"]


BAD_LISTINGS = {
    "html": "as text/html",
    "missing": "answered 404",
    "broken": "answered 500",
    "half": "connection failed",
    "no releases": "has no release",
    "no listing": "cannot be read",
}


@pytest.mark.parametrize("case", BAD_LISTINGS)
def test_bad_listing_leaves_the_file(site: Site, address: str, tmp_path: Path, case: str) -> None:
    """Without a listing the old file stays to the byte and nothing half-made lies about."""
    site.add(f"made-1.0-{ARM}.whl", wheel("1.0"))
    run(address, tmp_path)
    before = file_of(tmp_path).read_bytes()
    site.html = case == "html"
    if case in {"missing", "broken"}:
        site.statuses["/simple/made/"] = 404 if case == "missing" else 500
    if case == "half":
        site.truncated.add("/simple/made/")
    if case == "no releases":
        site.listing.clear()
    if case == "no listing":
        site.listing[0]["hashes"] = "none"

    built = run(address, tmp_path)

    assert built.problem is not None
    assert BAD_LISTINGS[case] in built.problem
    assert "127.0.0.1" not in built.problem
    assert file_of(tmp_path).read_bytes() == before
    assert [path.name for path in file_of(tmp_path).parent.iterdir()] == ["made.json"]


def test_nobody_answers(tmp_path: Path) -> None:
    """An index that is not there is a problem of each file, named without its address."""
    built = run("http://127.0.0.1:9/simple/", tmp_path)

    assert built.problem == "kept as it was: the connection failed (ConnectionError)"


def test_a_wheel_of_another_size_is_not_believed(site: Site, address: str, tmp_path: Path) -> None:
    """A file that is larger or smaller than the listing says is skipped."""
    site.add(f"made-1.0-{ARM}.whl", wheel("1.0"), size=7)
    site.add(f"made-2.0-{ARM}.whl", wheel("2.0"), size=7_000_000)

    skipped = run(address, tmp_path).skipped

    assert "lists it with 7" in skipped["1.0"]
    assert "larger than its 7 bytes" in skipped["1.0"]
    assert "instead of 7000000" in skipped["2.0"]


def test_an_interrupted_build_goes_on(site: Site, address: str, tmp_path: Path) -> None:
    """Each finished distribution is in place at once; the next run reads only the others."""
    site.add(f"made-1.0-{ARM}.whl", wheel("1.0"))

    def stop(_: str) -> None:
        raise KeyboardInterrupt

    with closing(Index(address, retries=0)) as index, pytest.raises(KeyboardInterrupt):
        build_releases(index, ["made"], str(tmp_path), progress=stop)

    assert only(tmp_path).version == "1.0"
    assert run(address, tmp_path).changed is False


def test_a_damaged_file_is_made_anew(site: Site, address: str, tmp_path: Path) -> None:
    """A data file that cannot be read is no reason to fail."""
    site.add(f"made-1.0-{ARM}.whl", wheel("1.0"))
    file_of(tmp_path).parent.mkdir()
    file_of(tmp_path).write_bytes(b"{half")

    assert run(address, tmp_path).changed
    assert only(tmp_path).version == "1.0"


def test_every_distribution_is_named_once() -> None:
    """The list of distributions is in alphabetical order without repetitions."""
    assert list(PACKAGES) == sorted(set(PACKAGES))


def test_failed_write_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails before the rename leaves the old file and nothing beside it."""
    path = tmp_path / "made.json"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space"):
        writing.written_whole(str(path), b"new")

    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["made.json"]


def test_source_archive_alone(site: Site, address: str, tmp_path: Path) -> None:
    """Without wheels PKG-INFO tells, if it is new enough; else the reason stays on record."""
    site.add("made-1.0.tar.gz", source_archive("1.0", "2.4", "tensorflow==2.21.*"))
    site.add("made-2.0.tar.gz", source_archive("2.0", "2.2"))
    site.add("made-3.0.tar.gz", source_archive("3.0", "1.1"))
    site.add("made-4.0.tar.gz", b"no archive")

    for _ in range(2):
        run(address, tmp_path)

        record = listed(tmp_path)
        assert [each.version for each in record.releases] == ["1.0", "2.0", "3.0"]
        assert record.releases[0].requires == ("tensorflow==2.21.*",)
        assert all(each.sdist and not each.wheels for each in record.releases)
        assert record.skipped["3.0"] == "its source archive does not tell its requirements"
        assert "damaged" in record.skipped["4.0"]
        assert set(record.skipped) == {"3.0", "4.0"}


def test_address_comes_from_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address of uv goes before pip's; uv may give it a name."""
    monkeypatch.delenv("UV_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.example/simple")
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    assert configured_address() == "https://pip.example/simple"

    monkeypatch.setenv("UV_DEFAULT_INDEX", "inside=https://uv.example/simple?a=b")
    assert configured_address() == "https://uv.example/simple?a=b"
