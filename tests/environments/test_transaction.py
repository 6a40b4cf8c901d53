"""A directory is at any moment what it was, or the new one, whole; and can be taken back.

The steps of a change are the calls that alter the file system. Each test kills a process at every
one of them in turn and looks at what the next run makes of it.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable, Optional

import pytest

from tfmac.environments import transaction as module
from tfmac.environments.exchange import exchange as in_one_step
from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed
from tfmac.environments.transaction import DirectoryTransaction

Change = Callable[[DirectoryTransaction], None]


def environment(path: Path, name: str) -> None:
    (path / "bin").mkdir(parents=True)
    (path / "pyvenv.cfg").write_text(f"home = {name}\n")
    for number in range(3):
        (path / "bin" / f"file-{number}").write_text(name)


def what_is_in(path: Path) -> Optional[str]:
    """Name the environment that a folder holds; fail when it is not whole."""
    if not path.exists() or not os.listdir(path):
        return None
    name = (path / "pyvenv.cfg").read_text().split()[-1]
    assert not (path / ".tfmac-unfinished").exists()
    files = sorted((path / "bin").iterdir())
    assert [file.read_text() for file in files] == [name] * 3
    return name


def build(
    change: DirectoryTransaction, name: str, *, keep: bool = False, in_place: bool = False
) -> None:
    change.begin(replace=True, in_place=in_place)
    assert (change.staging == change.directory) == in_place
    environment(Path(change.staging) / "x", name)
    for entry in (Path(change.staging) / "x").iterdir():
        entry.rename(Path(change.staging) / entry.name)
    (Path(change.staging) / "x").rmdir()
    change.commit(keep=keep)


def made_before(directory: Path, before: Optional[str]) -> None:
    if before == "empty":
        directory.mkdir()
    elif before:
        environment(directory, before)


def killed_at(step: int, directory: Path, act: Change, *, exchange: bool) -> bool:
    """Act in a process that dies at a step; False when it ended before it came there."""
    child = os.fork()
    if child == 0:
        taken = 0

        def counted(function: Callable[..., Any]) -> Callable[..., Any]:
            def step_or_death(*arguments: Any, **options: Any) -> Any:
                nonlocal taken
                if taken == step:
                    os._exit(9)
                taken += 1
                return function(*arguments, **options)

            return step_or_death

        for name in ("mkdir", "rename", "replace", "rmdir", "unlink"):
            setattr(os, name, counted(getattr(os, name)))
        vars(module)["exchange"] = counted(in_one_step) if exchange else lambda *_: False
        act(DirectoryTransaction(str(directory)))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def void(_said: object) -> None:
    """Let an answer go."""


def every_step(tmp_path: Path) -> Iterator["tuple[int, Path]"]:
    for step in range(200):
        folder = tmp_path / str(step)
        folder.mkdir()
        yield step, folder / "environment"


@pytest.mark.parametrize("exchange", [True, False])
@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("before", ["old", None])
def test_a_change_that_is_killed_at_any_step(
    tmp_path: Path, *, before: Optional[str], keep: bool, exchange: bool
) -> None:
    """The directory is the old or the new one at once; the next run leaves nothing half-made."""
    seen = set()
    for step, directory in every_step(tmp_path):
        if before:
            environment(directory, before)
        killed = killed_at(
            step, directory, lambda change: build(change, "new", keep=keep), exchange=exchange
        )
        if exchange:
            assert what_is_in(directory) in {before, "new"}

        change = DirectoryTransaction(str(directory))
        said = change.recover()

        now = what_is_in(directory)
        seen.add(now)
        assert now in {before, "new"}
        assert said is None or ("new one" in said) == (now == "new")
        assert change.keeps_previous == (keep and now == "new" and before is not None)
        if not change.keeps_previous:
            assert os.listdir(directory.parent) == ([] if now is None else ["environment"])
        if not killed:
            break
    assert seen == {before, "new"}


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("before", ["old", "empty", None])
def test_a_build_in_place_that_is_killed_at_any_step(
    tmp_path: Path, *, before: Optional[str], keep: bool
) -> None:
    """The next run takes away what is half-built and brings back what was there, empty or not."""
    seen = set()
    for step, directory in every_step(tmp_path):
        made_before(directory, before)
        killed = killed_at(
            step,
            directory,
            lambda change: build(change, "new", keep=keep, in_place=True),
            exchange=True,
        )

        change = DirectoryTransaction(str(directory))
        said = change.recover()

        now = what_is_in(directory)
        seen.add(now)
        assert now == "new" or (now or "empty") == (before or "empty")
        assert said is None or ("new one" in said) == (now == "new")
        assert change.keeps_previous == (keep and now == "new" and before == "old")
        if not change.keeps_previous:
            assert os.listdir(directory.parent) == (["environment"] if now or before else [])
        if not killed:
            break
    assert seen == {"old" if before == "old" else None, "new"}


def half_built(change: DirectoryTransaction) -> None:
    change.begin(replace=True, in_place=True)
    Path(change.staging, "bin").mkdir()
    os._exit(9)


def test_what_somebody_else_has_made_meanwhile_is_not_taken_away(tmp_path: Path) -> None:
    """A folder that has got the inode of the half-built one is not it; the old one is kept."""
    directory = tmp_path / "environment"
    environment(directory, "old")
    assert killed_at(200, directory, half_built, exchange=True)
    shutil.rmtree(directory / "bin")
    (directory / ".tfmac-unfinished").unlink()
    environment(directory, "others")
    change = DirectoryTransaction(str(directory))
    change.recover()
    assert what_is_in(directory) == "others"
    assert what_is_in(Path(change.previous)) == "old"


def test_a_mending_that_is_killed_at_any_step(tmp_path: Path) -> None:
    """Taking back what a killed run has half built in place can itself be killed."""
    for step, directory in every_step(tmp_path):
        environment(directory, "old")
        assert killed_at(200, directory, half_built, exchange=True)
        assert sorted(os.listdir(directory)) == [".tfmac-unfinished", "bin"]

        killed = killed_at(step, directory, lambda change: void(change.recover()), exchange=True)

        DirectoryTransaction(str(directory)).recover()
        assert what_is_in(directory) == "old"
        assert os.listdir(directory.parent) == ["environment"]
        if not killed:
            break


def test_a_failed_build_in_place_brings_back_what_was_there(tmp_path: Path) -> None:
    """The very same folder comes back, and what an earlier change keeps is still kept."""
    directory = tmp_path / "environment"
    environment(directory, "first")
    change = DirectoryTransaction(str(directory))
    build(change, "second", keep=True, in_place=True)
    inode = directory.stat().st_ino
    change.begin(replace=True, in_place=True)
    (directory / "half").write_text("built")
    change.roll_back()
    assert what_is_in(directory) == "second"
    assert directory.stat().st_ino == inode
    change.undo()
    assert what_is_in(directory) == "first"
    assert os.listdir(tmp_path) == ["environment"]


@pytest.mark.parametrize("in_place", [True, False])
@pytest.mark.parametrize("exchange", [True, False])
def test_an_undo_that_is_killed_at_any_step(
    tmp_path: Path, *, exchange: bool, in_place: bool
) -> None:
    """What was kept is put back, or it is still kept; a second undo then does it."""
    for step, directory in every_step(tmp_path):
        environment(directory, "old")
        build(DirectoryTransaction(str(directory)), "new", keep=True, in_place=in_place)

        killed = killed_at(step, directory, DirectoryTransaction.undo, exchange=exchange)

        if exchange:
            assert what_is_in(directory) in {"old", "new"}
        change = DirectoryTransaction(str(directory))
        change.recover()
        if what_is_in(directory) == "new":
            change.undo()
        assert what_is_in(directory) == "old"
        assert os.listdir(directory.parent) == ["environment"]
        if not killed:
            break


def test_forgetting_that_is_killed_at_any_step(tmp_path: Path) -> None:
    """What is kept is whole or gone, so that an undo never puts back half an environment."""
    for step, directory in every_step(tmp_path):
        environment(directory, "old")
        build(DirectoryTransaction(str(directory)), "new", keep=True)

        killed = killed_at(step, directory, DirectoryTransaction.forget, exchange=True)

        change = DirectoryTransaction(str(directory))
        change.recover()
        assert what_is_in(directory) == "new"
        if change.keeps_previous:
            assert what_is_in(Path(change.previous)) == "old"
        else:
            assert os.listdir(directory.parent) == ["environment"]
        if not killed:
            break


def test_what_was_replaced_is_kept_until_it_is_forgotten(tmp_path: Path) -> None:
    """Undo brings the very same folder back; only the last change can be undone."""
    directory = tmp_path / "environment"
    environment(directory, "first")
    inode = directory.stat().st_ino
    change = DirectoryTransaction(str(directory))
    build(change, "second", keep=True)
    change.undo()
    assert what_is_in(directory) == "first"
    assert directory.stat().st_ino == inode
    build(change, "second", keep=True)
    build(change, "third", keep=True)
    change.undo()
    assert what_is_in(directory) == "second"
    for act in (change.undo, change.forget):
        with pytest.raises(EnvironmentChangeFailed) as caught:
            act()
        assert caught.value.kind is ChangeFailure.NOTHING_KEPT
    assert os.listdir(tmp_path) == ["environment"]


def test_an_undo_where_the_directory_is_gone(tmp_path: Path) -> None:
    """What somebody has deleted meanwhile is no obstacle."""
    directory = tmp_path / "environment"
    environment(directory, "old")
    change = DirectoryTransaction(str(directory))
    build(change, "new", keep=True)
    directory.rename(tmp_path / "elsewhere")
    change.undo()
    assert what_is_in(directory) == "old"


def test_a_failed_change_keeps_what_is_kept(tmp_path: Path) -> None:
    """Rolling back a later change does not cost the undo of the earlier one."""
    directory = tmp_path / "environment"
    environment(directory, "old")
    change = DirectoryTransaction(str(directory))
    build(change, "new", keep=True)
    change.begin(replace=True)
    change.roll_back()
    assert what_is_in(directory) == "new"
    change.undo()
    assert what_is_in(directory) == "old"


def test_two_at_once(tmp_path: Path) -> None:
    """The second is told which process is at work."""
    directory = tmp_path / "environment"
    first = DirectoryTransaction(str(directory))
    first.begin(replace=False)
    with pytest.raises(EnvironmentChangeFailed, match=f"process {os.getpid()}") as caught:
        DirectoryTransaction(str(directory)).begin(replace=False)
    assert caught.value.kind is ChangeFailure.BUSY
    first.roll_back()
    assert os.listdir(tmp_path) == []
