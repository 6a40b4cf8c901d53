"""Only an environment is replaced, and only where it holds nothing of the user's."""

import json
from pathlib import Path

import pytest

from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed
from tfmac.environments.replaceable import refuse_directory


def of_conda(directory: Path, *files: str) -> Path:
    """Write an environment of conda with one package, whose record lists some files."""
    records = directory / "conda-meta"
    records.mkdir(parents=True)
    (records / "history").write_text("")
    (records / "python-3.9.1-0.json").write_text(json.dumps({"name": "python", "files": files}))
    for file in files:
        path = directory / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return directory


def refused(directory: Path, *, replace: bool = True) -> EnvironmentChangeFailed:
    with pytest.raises(EnvironmentChangeFailed) as caught:
        refuse_directory(str(directory), replace=replace)
    return caught.value


def test_an_environment_of_conda_may_be_replaced(tmp_path: Path) -> None:
    """What its packages' records name is its own, whatever its name; so is what pip adds to."""
    directory = of_conda(tmp_path / "conda", "bin/python", "x86_64-conda-linux-gnu/ld", "LICENSE")
    (directory / "share").mkdir()
    (directory / ".nonadmin").touch()
    refuse_directory(str(directory), replace=True)
    assert refused(directory, replace=False).kind is ChangeFailure.EXISTS


def test_the_users_files_in_an_environment_of_conda_are_left_alone(tmp_path: Path) -> None:
    """What no record names belongs to the user."""
    directory = of_conda(tmp_path / "conda", "bin/python", "data.d/one")
    (directory / "thesis").mkdir()
    error = refused(directory)
    assert error.kind is ChangeFailure.NOT_AN_ENVIRONMENT
    assert "(thesis)" in str(error)


def test_a_record_that_cannot_be_read_names_nothing(tmp_path: Path) -> None:
    """In doubt an entry is the user's."""
    directory = of_conda(tmp_path / "conda", "bin/python", "extra/one")
    (record,) = directory.glob("conda-meta/*.json")
    for text in ("{", '{"files": 3}', "[]"):
        record.write_text(text)
        assert "(extra)" in str(refused(directory))


@pytest.mark.parametrize("entry", ["condabin", "envs", "pkgs"])
@pytest.mark.parametrize("replace", [True, False])
def test_an_installation_of_conda_is_never_replaced(
    tmp_path: Path, entry: str, *, replace: bool
) -> None:
    """Every environment of that conda would go with it, even where a record names the folder."""
    directory = of_conda(tmp_path / "miniforge3", "bin/python", f"{entry}/conda")
    error = refused(directory, replace=replace)
    assert error.kind is ChangeFailure.NOT_AN_ENVIRONMENT
    assert "installation of conda itself" in str(error)


def test_a_folder_with_conda_meta_alone_is_no_environment(tmp_path: Path) -> None:
    """What counts is the history in it, as for conda."""
    (tmp_path / "folder" / "conda-meta").mkdir(parents=True)
    assert refused(tmp_path / "folder").kind is ChangeFailure.NOT_AN_ENVIRONMENT
