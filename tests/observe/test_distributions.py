"""Installed distributions as their folders describe them."""

from pathlib import Path

import pytest

from builders import trees
from tfmac.observe.distributions import read_distributions
from tfmac.schema.facts import DamagedMetadata, Distribution


def read(*sites: Path) -> "tuple[list[Distribution], tuple[DamagedMetadata, ...]]":
    installed, damaged = read_distributions(tuple(map(str, sites)))
    return [entry.distribution for entry in installed], damaged


def test_a_distribution_is_what_its_folder_says(tmp_path: Path) -> None:
    """Name, version, needs, installer, tags and top-level names come from the dist-info folder."""
    trees.distribution(
        tmp_path,
        "Ml_Dtypes",
        "0.5.1",
        {"ml_dtypes/__init__.py": "", "ml_dtypes/_finfo.py": "x"},
        requires=["numpy>=1.21"],
        tags=trees.ARM_MAC_TAGS,
        installer="uv",
    )

    found, damaged = read(tmp_path)

    assert damaged == ()
    assert found == [
        Distribution(
            name="ml-dtypes",
            version="0.5.1",
            location=str(tmp_path),
            requires=("numpy>=1.21",),
            installer="uv",
            tags=trees.ARM_MAC_TAGS,
            provides=("ml_dtypes",),
        )
    ]


def test_distributions_are_sorted_by_name(tmp_path: Path) -> None:
    """The order does not depend on the file system."""
    for name in ("wrapt", "Keras", "absl-py"):
        trees.distribution(tmp_path, name, "1.0")

    assert [one.name for one in read(tmp_path)[0]] == ["absl-py", "keras", "wrapt"]


def test_the_first_folder_wins(tmp_path: Path) -> None:
    """Where two folders hold the same distribution, Python imports the first one's."""
    trees.distribution(tmp_path / "a", "keras", "3.8.0")
    trees.distribution(tmp_path / "b", "keras", "2.15.0")

    found, damaged = read(tmp_path / "a", tmp_path / "b")

    assert [one.version for one in found] == ["3.8.0"]
    assert damaged == ()


def test_two_versions_in_one_folder_are_damage(tmp_path: Path) -> None:
    """Two dist-info folders of one name in one folder are reported with both versions."""
    trees.distribution(tmp_path, "keras", "3.8.0")
    trees.distribution(tmp_path, "keras", "2.15.0")

    found, damaged = read(tmp_path)

    assert len(found) == 1
    assert [one.reason for one in damaged] == ["two dist-info folders for keras: 2.15.0 and 3.8.0"]


def test_remains_of_an_interrupted_pip_are_damage(tmp_path: Path) -> None:
    """A name with a tilde is what pip leaves when it is stopped, not a distribution."""
    trees.write(tmp_path / "~umpy-1.26.4.dist-info/METADATA", "Name: numpy\nVersion: 1.26.4\n")
    trees.write(tmp_path / "~umpy/__init__.py")

    found, damaged = read(tmp_path)

    assert found == []
    assert {Path(one.path).name for one in damaged} == {"~umpy", "~umpy-1.26.4.dist-info"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "it has no METADATA"),
        (b"Summary: nothing\n", "METADATA cannot be read: its headers have no Name or no Version"),
        (b"Name: a\nAuthor: \xff\n", "METADATA cannot be read: its headers are not UTF-8"),
    ],
    ids=["missing", "nameless", "wrong-encoding"],
)
def test_unreadable_metadata_is_damage_and_hides_nothing(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    """A folder that cannot be read is reported with why, and the others are still read."""
    trees.distribution(tmp_path, "keras", "3.8.0")
    folder = trees.distribution(tmp_path, "broken", "1.0")
    (folder / "METADATA").unlink()
    if content is not None:
        trees.write(folder / "METADATA", content)

    found, damaged = read(tmp_path)

    assert [one.name for one in found] == ["keras"]
    assert [one.path for one in damaged] == [str(folder)]
    assert damaged[0].reason.startswith(reason)


def test_a_folder_that_cannot_be_listed_is_damage(tmp_path: Path) -> None:
    """A site-packages folder that is not there is said to be so."""
    found, damaged = read(tmp_path / "gone")

    assert found == []
    assert [one.reason for one in damaged] == ["cannot be listed: No such file or directory"]


def test_egg_info_in_both_forms_counts(tmp_path: Path) -> None:
    """Distributions of before wheels, or of conda, may be a folder or a single file."""
    trees.write(tmp_path / "old.egg-info/PKG-INFO", "Name: old\nVersion: 1\n")
    trees.write(tmp_path / "old.egg-info/top_level.txt", "old\n_old\n")
    trees.write(tmp_path / "single-2.egg-info", "Name: single\nVersion: 2\n")

    found, damaged = read(tmp_path)

    assert damaged == ()
    assert {one.name: one.provides for one in found} == {"old": ("_old", "old"), "single": None}


def test_a_distribution_without_record_provides_what_is_not_known(tmp_path: Path) -> None:
    """Without RECORD and top_level.txt the provided names are unknown, not none."""
    folder = trees.distribution(tmp_path, "keras", "3.8.0")
    (folder / "RECORD").unlink()

    assert read(tmp_path)[0][0].provides is None


def test_an_egg_info_link_that_leads_nowhere_says_so(tmp_path: Path) -> None:
    """A link to a development folder that is gone is damage with a whole sentence."""
    trees.link(tmp_path / "mine.egg-info", tmp_path / "gone")

    assert [one.reason for one in read(tmp_path)[1]] == ["it leads nowhere"]


def test_without_records_it_is_not_known_what_is_provided(tmp_path: Path) -> None:
    """All else is as with them."""
    trees.distribution(tmp_path, "ml_dtypes", "0.5.1", {"ml_dtypes/__init__.py": ""})
    installed, _ = read_distributions((str(tmp_path),), records=False)
    (one,) = (entry.distribution for entry in installed)

    assert (one.name, one.version, one.provides) == ("ml-dtypes", "0.5.1", None)
    assert installed[0].record is None
