"""The disk compared with what RECORD lists."""

import shutil
from pathlib import Path

import pytest

from builders import trees
from tfmac.observe.distributions import read_distributions
from tfmac.observe.files import compare_files
from tfmac.schema.facts import FileComparison, MissingFiles, SharedFiles


def compare(*sites: Path) -> FileComparison:
    return compare_files(read_distributions(tuple(map(str, sites)))[0])


def test_a_complete_installation_has_nothing_missing(tmp_path: Path) -> None:
    """Files as they were installed are neither missing nor altered nor shared."""
    trees.distribution(tmp_path, "keras", "3.8.0")

    # The package's file and METADATA, WHEEL, INSTALLER and RECORD.
    assert compare(tmp_path) == FileComparison(compared=5, missing=(), shared=())


@pytest.mark.parametrize("name", ["RECORD", "INSTALLER"])
def test_what_installers_rewrite_may_be_missing(tmp_path: Path, name: str) -> None:
    """Some installers leave out their own notes in the dist-info folder."""
    folder = trees.distribution(tmp_path, "keras", "3.8.0")
    installed = read_distributions((str(tmp_path),))[0]
    (folder / name).unlink()

    assert compare_files(installed).missing == ()


def test_missing_files_are_counted_native_ones_first(tmp_path: Path) -> None:
    """Of the missing files native libraries are named first, then Python files."""
    files = dict.fromkeys(("a/a.txt", "a/b.py", "a/c.so", "a/d.py"), "x")
    trees.distribution(tmp_path, "a", "1", files)
    for name in ("a/a.txt", "a/b.py", "a/c.so"):
        (tmp_path / name).unlink()

    assert compare(tmp_path).missing == (
        MissingFiles(
            distribution="a",
            missing=3,
            altered=0,
            native=1,
            examples=("a/c.so", "a/b.py", "a/a.txt"),
        ),
    )


def test_a_folder_that_is_gone_takes_its_files_along(tmp_path: Path) -> None:
    """A package removed by hand is missing with every file."""
    trees.distribution(tmp_path, "a", "1", {"a/x.py": "", "a/b/y.py": "", "a/b/z.so": "x"})
    shutil.rmtree(tmp_path / "a")

    (missing,) = compare(tmp_path).missing
    assert (missing.missing, missing.native) == (3, 1)


def test_a_library_of_another_size_is_altered(tmp_path: Path) -> None:
    """A native library at another size than RECORD says is altered, not missing."""
    trees.distribution(tmp_path, "a", "1", {"a/x.so": "whole", "a/y.so": "whole"})
    trees.write(tmp_path / "a/x.so", "cut")

    assert compare(tmp_path).missing == (
        MissingFiles(distribution="a", missing=0, altered=1, native=0, examples=("a/x.so",)),
    )


def test_a_source_file_edited_by_hand_is_not_altered(tmp_path: Path) -> None:
    """Who edits Python files in place knows it: only native libraries are held against sizes."""
    trees.distribution(tmp_path, "keras", "3.8.0")
    trees.write(tmp_path / "keras/__init__.py", "edited by hand\n")

    assert compare(tmp_path).missing == ()


def test_sizes_of_conda_packages_do_not_count(tmp_path: Path) -> None:
    """Conda rewrites paths inside files while it links them, so sizes may differ."""
    trees.distribution(tmp_path, "a", "1", {"a/x.so": "old prefix"}, installer="conda")
    trees.write(tmp_path / "a/x.so", "another prefix")

    assert compare(tmp_path).missing == ()


def test_a_file_with_two_owners_is_shared_and_not_altered(tmp_path: Path) -> None:
    """The second installer overwrote the file: it differs for one owner and is damage for none."""
    trees.distribution(tmp_path, "tensorflow", "2.21.0", {"tensorflow/a.so": "new and longer"})
    trees.distribution(tmp_path, "tensorflow-cpu", "2.18.0", {"tensorflow/a.so": "old"})

    comparison = compare(tmp_path)

    assert comparison.missing == ()
    assert comparison.shared == (
        SharedFiles(
            distributions=("tensorflow", "tensorflow-cpu"), count=1, examples=("tensorflow/a.so",)
        ),
    )


def test_a_file_with_three_owners_is_one_group(tmp_path: Path) -> None:
    """Shared files are grouped by all their owners."""
    for name in ("a", "b", "c"):
        trees.distribution(tmp_path, name, "1", {"common/x.py": ""})

    assert [one.distributions for one in compare(tmp_path).shared] == [("a", "b", "c")]


def test_files_in_different_folders_are_different_files(tmp_path: Path) -> None:
    """An environment that sees its base's packages may hold the same path twice."""
    trees.distribution(tmp_path / "own", "a", "1", {"common/x.so": "own"})
    trees.distribution(tmp_path / "base", "b", "1", {"common/x.so": "the base's"})

    comparison = compare(tmp_path / "own", tmp_path / "base")

    assert (comparison.missing, comparison.shared) == ((), ())


def test_a_command_of_two_distributions_is_not_shared(tmp_path: Path) -> None:
    """Scripts outside site-packages may be offered by two distributions."""
    site = trees.site_packages(tmp_path)
    for name in ("tensorboard", "tb-nightly"):
        trees.distribution(site, name, "1", {"../../../bin/tensorboard": "#!"})

    assert compare(site).shared == ()


def test_byte_code_does_not_count(tmp_path: Path) -> None:
    """Byte code comes and goes, whatever RECORD says of it."""
    trees.distribution(tmp_path, "a", "1", {"a.py": "", "__pycache__/a.cpython-312.pyc": "x"})
    (tmp_path / "__pycache__/a.cpython-312.pyc").unlink()

    assert compare(tmp_path).missing == ()


def test_an_absolute_path_is_looked_for_where_it_points(tmp_path: Path) -> None:
    """RECORD may list files by absolute paths."""
    elsewhere = trees.write(tmp_path / "elsewhere.txt", "here")
    folder = trees.distribution(tmp_path / "site", "a", "1")
    with (folder / "RECORD").open("a") as record:
        record.write(f"{elsewhere},sha256=x,4\n")

    assert compare(tmp_path / "site").missing == ()


def test_a_distribution_without_record_is_not_compared(tmp_path: Path) -> None:
    """Where nothing is listed nothing can be missing."""
    folder = trees.distribution(tmp_path, "keras", "3.8.0")
    (folder / "RECORD").unlink()

    assert compare(tmp_path).compared == 0
