"""Builds a directory as a whole or not at all, and can take it back afterwards.

What is being built lies in a folder of tfmac's own beside the directory, and takes the directory's
place in one step when it is finished. So at any moment the directory is what it was before, or the
new one, whole. What it has replaced can be kept there, to be undone.

What holds its own path cannot be moved. It is built in place: the directory is an empty folder
then, which is filled, and what was there is set aside until it is finished. A run that is killed
meanwhile leaves a directory that is not whole; the next one takes it away and brings back what was
there. A file in the directory marks it as half-built: its inode alone would not do, which a file
system gives to another folder when somebody has deleted this one.

The folder ``.NAME.tfmac`` beside the directory ``NAME`` holds

- ``lock``: locked while somebody works here; the lock goes with the process, however it ends;
- ``journal``: which folder was built (by its inode, which stays when it is renamed) and what for;
- ``new``: what is being built, or, just after the exchange, what was replaced;
- ``displaced``: what was there, where the new one is built in its place, or where the file system
  cannot exchange two folders in one step;
- ``previous``: what was replaced and is kept;
- ``trash``: what is being deleted.

A process that was killed leaves some of these. The next one reads off them how far it came, and
finishes or takes back.
"""

import contextlib
import os
import shutil
from typing import Optional

import msgspec

from tfmac.environments.exchange import exchange
from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed, from_system
from tfmac.environments.lock import FolderLock
from tfmac.environments.replaceable import refuse_directory

_MARK = ".tfmac-unfinished"


class _Journal(msgspec.Struct, frozen=True, kw_only=True):
    """What a run set out to do.

    ``inode`` is that of the folder which is to be the directory when it is done. ``unfinished``
    says that it is not whole even where it is the directory already.
    """

    inode: int
    unfinished: bool = False
    keep: bool = False
    undo: bool = False


def folder_of(directory: str) -> str:
    """Name the folder of tfmac's own beside a directory."""
    parent, name = os.path.split(os.path.realpath(directory))
    return os.path.join(parent, f".{name}.tfmac")


class DirectoryTransaction:
    """The change of one directory: ``begin``, then either ``commit`` or ``roll_back``."""

    def __init__(self, directory: str) -> None:
        self.directory = os.path.realpath(directory)
        self.folder = folder_of(directory)
        self.previous = os.path.join(self.folder, "previous")
        self._new = os.path.join(self.folder, "new")
        self._displaced = os.path.join(self.folder, "displaced")
        self._trash = os.path.join(self.folder, "trash")
        self._journal_path = os.path.join(self.folder, "journal")
        self._lock = FolderLock(self.folder, subject=self.directory)
        self._made_folders: list[str] = []
        self._in_place = False

    @property
    def staging(self) -> str:
        """Where the new one is built: the directory itself where ``begin`` was told so."""
        return self.directory if self._in_place else self._new

    def recover(self) -> Optional[str]:
        """Finish or take back what a killed run has left; say which, None for nothing.

        Raise ``EnvironmentChangeFailed`` (busy) when that run is still alive.
        """
        if not os.path.isdir(self.folder):
            return None
        self._lock.acquire()
        try:
            return self._mend()
        finally:
            self._lock.release()

    def begin(self, *, replace: bool, in_place: bool = False) -> None:
        """Make the folder ``staging``; what is there stays, or is set aside for ``in_place``."""
        self.refuse(replace=replace)
        self._in_place = in_place
        try:
            self._make_parents()
            self._lock.acquire()
            self._mend()
            os.mkdir(self._new)
            self._write(_Journal(inode=_inode(self._new), unfinished=in_place))
            if in_place:
                with open(os.path.join(self._new, _MARK), "xb"):
                    pass
                self._set_aside()
        except OSError as error:
            self.roll_back()
            raise from_system(error, f"make {self.directory}") from error

    def commit(self, *, keep: bool = False) -> None:
        """Let what was built be the directory; ``keep`` what it replaces for ``undo``."""
        try:
            self._write(_Journal(inode=_inode(self.staging), keep=keep))
            if not self._in_place:
                _put_in_place(self._new, self.directory, self._displaced)
        except OSError as error:
            raise from_system(error, f"put {self.directory} in place") from error
        self._made_folders.clear()
        self._mend()
        self._lock.release()

    def roll_back(self) -> None:
        """Leave the directory as it was before ``begin``; without one there is nothing to do."""
        if not self._lock.held:
            self._unmake_parents()
            return
        self._mend()
        self._lock.release()
        self._unmake_parents()

    def undo(self) -> None:
        """Put back what the last kept ``commit`` has replaced, and delete what replaced it.

        Raise ``EnvironmentChangeFailed`` where nothing is kept.
        """
        self._lock.acquire()
        try:
            self._mend()
            self._require_previous()
            self._write(_Journal(inode=_inode(self.previous), undo=True))
            _put_in_place(self.previous, self.directory, self._displaced)
            self._mend()
        except OSError as error:
            raise from_system(error, f"put back {self.directory}") from error
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Delete what is kept for ``undo``; raise ``EnvironmentChangeFailed`` where nothing is."""
        self._lock.acquire()
        try:
            self._mend()
            self._require_previous()
            self._discard(self.previous)
            self._remove_journal()
        finally:
            self._lock.release()

    @property
    def keeps_previous(self) -> bool:
        """Whether there is something to put back."""
        return os.path.isdir(self.previous)

    def held_files(self) -> tuple[int, ...]:
        """Return what a tool has to keep open, so that the lock is held while the tool runs."""
        return self._lock.held_files()

    def refuse(self, *, replace: bool) -> None:
        """Refuse whatever is not absent, empty, or an environment that may be replaced."""
        refuse_directory(self.directory, replace=replace)

    def _require_previous(self) -> None:
        if not self.keeps_previous:
            raise EnvironmentChangeFailed(
                ChangeFailure.NOTHING_KEPT, f"nothing is kept that {self.directory} has replaced"
            )

    def _mend(self) -> Optional[str]:
        """Bring the folder into a state between two changes; the lock is held."""
        journal = self._read()
        there = journal is not None and _inode(self.directory) == journal.inode
        unfinished = journal is not None and journal.unfinished
        half = there and unfinished and os.path.lexists(self._mark)
        done = there and not unfinished
        said = None
        if journal is not None and journal.undo:
            said = self._mend_undo(done=done)
        elif done and journal is not None:
            said = self._mend_finished(keep=journal.keep)
        elif half or os.path.isdir(self._new) or os.path.isdir(self._displaced):
            said = f"{self.directory} is as it was before"
        if half:
            self._discard(self.directory)
        self._bring_back()
        for leftover in (self._new, self._trash):
            _delete(leftover)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._unwritten)
        if not self.keeps_previous or (journal is not None and not done):
            self._remove_journal()
        return said

    def _mend_undo(self, *, done: bool) -> str:
        """An undo has begun: either what was kept is in its place again, or it is still kept."""
        if not done:
            return f"{self.directory} is not put back yet"
        for replaced in (self.previous, self._displaced):
            self._discard(replaced)
        return f"{self.directory} was put back"

    def _mend_finished(self, *, keep: bool) -> Optional[str]:
        """The new one is in its place; what it replaced is kept or deleted."""
        said = None
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._mark)
        for replaced in (self._new, self._displaced):
            if os.path.isdir(replaced):
                said = f"{self.directory} is the new one"
                if keep and os.listdir(replaced):
                    self._discard(self.previous)
                    os.rename(replaced, self.previous)
                else:
                    self._discard(replaced)
        return said

    def _set_aside(self) -> None:
        """Let the new folder be the directory already; what was there, if anything, waits."""
        if os.path.isdir(self.directory):
            os.rename(self.directory, self._displaced)
        os.rename(self._new, self.directory)

    def _bring_back(self) -> None:
        """Put back what was set aside for a change that was not finished."""
        if not os.path.isdir(self._displaced):
            return
        if not os.path.lexists(self.directory):
            os.rename(self._displaced, self.directory)
        elif not self.keeps_previous:
            os.rename(self._displaced, self.previous)  # somebody has made another one meanwhile

    def _discard(self, path: str) -> None:
        """Delete a folder; one that is half deleted must never be taken for a whole one."""
        if os.path.lexists(path):
            _delete(self._trash)
            os.rename(path, self._trash)
            _delete(self._trash)

    def _make_parents(self) -> None:
        missing = []
        folder = self.folder
        while not os.path.isdir(folder):
            missing.append(folder)
            folder = os.path.dirname(folder)
        for folder in reversed(missing):
            os.mkdir(folder)
            if folder != self.folder:
                self._made_folders.append(folder)

    def _unmake_parents(self) -> None:
        for folder in reversed(self._made_folders):
            with contextlib.suppress(OSError):
                os.rmdir(folder)
        self._made_folders.clear()

    def _write(self, journal: _Journal) -> None:
        with open(self._unwritten, "wb") as file:
            file.write(msgspec.json.encode(journal))
            file.flush()
            os.fsync(file.fileno())
        os.replace(self._unwritten, self._journal_path)

    def _read(self) -> Optional[_Journal]:
        try:
            with open(self._journal_path, "rb") as file:
                return msgspec.json.decode(file.read(), type=_Journal)
        except (OSError, msgspec.DecodeError):
            return None

    def _remove_journal(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._journal_path)

    @property
    def _mark(self) -> str:
        return os.path.join(self.directory, _MARK)

    @property
    def _unwritten(self) -> str:
        return f"{self._journal_path}.part"


def _put_in_place(new: str, directory: str, displaced: str) -> None:
    """Let a folder take the place of a directory, which may be absent, empty or full.

    What was there is at ``new`` afterwards; at ``displaced`` where the two cannot be exchanged in
    one step. A run that is killed between those two steps is mended by the next one.
    """
    if not os.path.isdir(directory) or not os.listdir(directory):
        os.rename(new, directory)
    elif not exchange(new, directory):
        os.rename(directory, displaced)
        os.rename(new, directory)


def _inode(path: str) -> int:
    try:
        return os.stat(path).st_ino
    except FileNotFoundError:
        return -1


def _delete(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
