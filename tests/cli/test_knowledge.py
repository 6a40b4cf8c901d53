"""``tfmac knowledge``: what is shown, checked and refreshed, against a small index here."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from builders.package_index import ARM, Site, served, wheel
from cli.console import document, tfmac
from tfmac.knowledge import store

NAME = "tensorflow-metal"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Site]:
    """An index that has one release newer than any that is shipped, and nothing else."""
    site = Site(NAME)
    site.add(f"tensorflow_metal-99.0-{ARM}.whl", wheel("99.0", "six", name=NAME), sidecar=True)
    with served(site) as address:
        monkeypatch.setenv("UV_DEFAULT_INDEX", address)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.setenv("HOME", str(tmp_path))
        yield site
    store.use()


def test_status_counts_what_is_known() -> None:
    """Every distribution is there, and the tables beside them."""
    ended = tfmac("knowledge", "status", "--format", "json")

    status = document(ended.out, "knowledge-status")
    packages = {one["name"]: one for one in status["packages"]}
    assert ended.code == 0
    assert len(packages) == len(store.names("releases"))
    assert packages["tensorflow"]["releases"] > 100
    assert packages["tensorflow"]["newer"] == []
    assert status["snapshot"] >= "2026-11-15"
    assert tfmac("knowledge", "status").out.startswith(f"{_total(packages)} releases of")


def _total(packages: "dict[str, dict[str, int]]") -> int:
    return sum(one["releases"] for one in packages.values())


def test_show_lists_the_releases_for_apple_silicon() -> None:
    """The newest release is first; one without a wheel for the machine says so."""
    ended = tfmac("knowledge", "show", NAME, "--format", "json")

    package = document(ended.out, "knowledge-package")
    assert package["target"] == "macos-arm64"
    versions = [one["version"] for one in package["releases"]]
    assert versions.index("1.2.0") < versions.index("0.1.0")
    text = tfmac("knowledge", "show", NAME, "--for", "linux-x86_64").out
    assert "no wheel" in text


def test_show_of_one_release_gives_its_requirements_and_artifact() -> None:
    """The record names the wheel that it was read from, with its digest."""
    text = tfmac("knowledge", "show", "tensorflow", "2.19.1").out

    assert "numpy" in text
    assert "tensorflow-2.19.1-" in text
    assert "sha256 " in text


def test_show_of_one_release_names_what_it_does_not_declare() -> None:
    """Limits of Python and macOS stand beside the declared ones; those of other machines do not."""
    text = " ".join(tfmac("knowledge", "show", "tensorflow", "2.16.2").out.split())

    assert "python <3.12: its import needs distutils" in text
    assert "avx" not in text
    intel = tfmac("knowledge", "show", "tensorflow", "2.16.2", "--for", "macos-13-x86_64").out
    assert "avx" in intel


def test_refresh_finds_what_the_shipped_data_does_not_have(site: Site) -> None:
    """A newer release is shown as newer, and nothing is claimed of it."""
    ended = tfmac("knowledge", "show", NAME, "--refresh", "--format", "json")

    package = document(ended.out, "knowledge-package")
    assert [(one["version"], one["in_snapshot"]) for one in package["releases"]] == [
        ("99.0", False)
    ]
    assert "not judged" in tfmac("knowledge", "show", NAME, "--refresh").out
    assert site.asked


def test_without_refresh_the_index_is_not_asked(site: Site) -> None:
    """The shipped data answers offline."""
    ended = tfmac("knowledge", "show", NAME)

    assert "99.0" not in ended.out
    assert site.asked == []


def test_refresh_without_an_index_notes_it_and_answers(site: Site) -> None:
    """Where the index gives nothing, the shipped data answers, with a note."""
    site.html = True

    ended = tfmac("knowledge", "show", NAME, "--refresh")

    assert ended.code == 0
    assert "text/html" in ended.err
    assert "1.2.0" in ended.out


def test_build_writes_into_a_folder(site: Site, tmp_path: Path) -> None:
    """One distribution is made anew; what changed and where is said."""
    output = tmp_path / "data"

    ended = tfmac("knowledge", "build", NAME, "--output", output, "--format", "json")

    report = document(ended.out, "knowledge-build")
    assert ended.code == 0
    assert report["files"] == [
        {
            "file": f"releases/{NAME}.json",
            "records": 1,
            "changed": True,
            "skipped": {},
            "problem": None,
        }
    ]
    written = json.loads((output / "releases" / f"{NAME}.json").read_bytes())
    assert [one["version"] for one in written["releases"]] == ["99.0"]
    assert site.asked


def test_build_that_reads_nothing_could_not_finish(site: Site, tmp_path: Path) -> None:
    """An index that does not answer leaves nothing behind; exit code 4."""
    site.statuses[f"/simple/{NAME}/"] = 404

    ended = tfmac("knowledge", "build", NAME, "--output", tmp_path / "data")

    assert ended.code == 4
    assert "answered 404" in ended.out
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "arguments", [("show", "nosuchthing"), ("show", "keras", "77.0"), ("build", "nosuchthing")]
)
def test_unknown_names_are_usage_errors(arguments: "tuple[str, ...]") -> None:
    """A name that nothing is known of is named."""
    ended = tfmac("knowledge", *arguments)

    assert ended.code == 2
    assert arguments[-1] in ended.err


def test_check_finds_damage(tmp_path: Path) -> None:
    """Damaged files and records without a source are named; sound data is not."""
    assert tfmac("knowledge", "check").code == 0
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases" / "keras.json").write_text("{half")
    (tmp_path / "releases" / "wrapt.json").write_text(
        json.dumps(
            {
                "schema_version": 1,
                "name": "wrapt",
                "releases": [
                    {"version": "1.0", "date": "2020-01-01", "source": {"name": "a.whl"}},
                    {"version": "0.9", "date": "2019-01-01", "source": {"name": "", "sha256": "0"}},
                ],
            }
        )
    )
    store.use(str(tmp_path))

    ended = tfmac("knowledge", "check", "--format", "json")
    store.use()

    problems = document(ended.out, "knowledge-check")["problems"]
    assert ended.code == 1
    said = " | ".join(one["problem"] for one in problems)
    for expected in (
        "damaged",
        "order of age",
        "neither a digest nor an address",
        "without a name",
    ):
        assert expected in said
