"""Modules in the working directory that hide installed packages."""

from pathlib import Path

import pytest

from builders import trees
from tfmac.observe.distributions import read_distributions
from tfmac.observe.shadowing import find_shadowing


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site-packages folder with Keras, NumPy and a package called ``tests``."""
    folder = tmp_path / "site"
    trees.distribution(folder, "keras", "3.8.0")
    trees.distribution(folder, "numpy", "2.1.3")
    trees.distribution(folder, "careless", "1", {"tests/__init__.py": "", "six.py": ""})
    return folder


def hidden(site: Path, folder: Path) -> "dict[str, str]":
    """Name what is hidden, and by which file of the folder."""
    distributions = [one.distribution for one in read_distributions((str(site),))[0]]
    found = find_shadowing(str(folder), distributions)
    return {one.name: str(Path(one.path).relative_to(folder)) for one in found}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("keras.py", "keras"),
        ("six.py", "six"),
        ("numpy/__init__.py", "numpy"),
        ("keras.so", "keras"),
        ("keras.abi3.so", "keras"),
        ("keras.cpython-312-x86_64-linux-gnu.so", "keras"),
    ],
)
def test_what_python_would_import_hides_a_package(
    tmp_path: Path, site: Path, path: str, name: str
) -> None:
    """A module, a package and an extension of a package's name come before the installed one."""
    trees.write(tmp_path / "work" / path)

    assert hidden(site, tmp_path / "work") == {name: path.partition("/")[0]}


@pytest.mark.parametrize(
    "path",
    [
        "keras/model.h5",
        "keras.old.py",
        "keras.txt",
        "my_keras.py",
        "tests/__init__.py",
        "keras.py/x",
    ],
    ids=["namespace", "backup", "text", "other-name", "tests", "folder-like-a-file"],
)
def test_what_python_would_not_import_hides_nothing(tmp_path: Path, site: Path, path: str) -> None:
    """A folder without ``__init__.py`` is a namespace portion, and other names are no modules."""
    trees.write(tmp_path / "work" / path)

    assert hidden(site, tmp_path / "work") == {}


def test_the_owner_of_the_hidden_package_is_named(tmp_path: Path, site: Path) -> None:
    """A finding names the distribution, which need not be called like the module."""
    trees.write(tmp_path / "work/six.py")
    distributions = [one.distribution for one in read_distributions((str(site),))[0]]

    found = find_shadowing(str(tmp_path / "work"), distributions)

    assert [one.distribution for one in found] == ["careless"]


def test_a_development_install_does_not_hide_itself(site: Path) -> None:
    """A package that is installed in the working directory is not hidden by being there."""
    assert hidden(site, site) == {}


def test_a_development_install_is_known_through_links(tmp_path: Path, site: Path) -> None:
    """The working directory may be reached by another path than the installation's."""
    trees.link(tmp_path / "work", site)

    assert hidden(site, tmp_path / "work") == {}
