"""Builds a directory as a whole or not at all.

While a directory is being built it holds a marker file, which the building process keeps locked.
The lock goes with the process, however it ends; the marker stays. So the next run can tell a
directory that is being built from one that a killed run has left, and takes the latter back.
An environment that is to be replaced waits beside the directory until the new one is finished.
"""

import contextlib
import fcntl
import os
import shutil
import sys
from typing import IO, Optional

from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed, from_system

MARKER = ".tfmac-unfinished"
_MARKER_TEXT = (
    "was {before}\n"
    "tfmac is building this environment, or was killed while it did. If none is running, the\n"
    "next 'tfmac setup' for this directory clears it away.\n"
)
_EMPTY, _ABSENT = "empty", "absent"
# What virtual environments consist of at their top. Anything else belongs to the user.
_OWN_ENTRIES = {
    ".gitignore",
    ".lock",
    "CACHEDIR.TAG",
    "bin",
    "etc",
    "include",
    "lib",
    "lib64",
    "man",
    "pyvenv.cfg",
    "share",
    MARKER,
}


class DirectoryTransaction:
    """The change of one directory: ``begin``, then either ``commit`` or ``roll_back``."""

    def __init__(self, directory: str) -> None:
        parent, name = os.path.split(os.path.realpath(directory))
        self.directory = os.path.join(parent, name)
        self.aside = os.path.join(parent, f".{name}.tfmac-replaced")
        self._marker = os.path.join(self.directory, MARKER)
        self._lock: Optional[IO[str]] = None
        self._before = _ABSENT
        self._made_parents: list[str] = []
        self._begun = False

    def recover(self) -> bool:
        """Take back what a killed run has left; return whether there was anything.

        Raise ``EnvironmentChangeFailed`` (busy) when that run is still alive.
        """
        if os.path.lexists(self._marker):
            self._refuse_if_locked()
            self._before = self._marked_state()
            self._clear()
        elif not os.path.lexists(self.aside):
            return False
        self._before = _ABSENT
        if os.path.exists(os.path.join(self.directory, "pyvenv.cfg")):
            # A finished environment stands beside the one that it has replaced.
            shutil.rmtree(self.aside, ignore_errors=True)
        else:
            self._bring_back()
        return True

    def begin(self, *, replace: bool) -> None:
        """Claim the directory, with a finished environment moved aside if it is to be replaced."""
        self.refuse(replace=replace)
        self._begun = True
        try:
            if os.path.isdir(self.directory):
                if os.listdir(self.directory):
                    os.rename(self.directory, self.aside)
                else:
                    self._before = _EMPTY
            self._make_folders()
            self._lock = open(self._marker, "w", encoding="utf-8")  # noqa: SIM115 (held)
            _try_lock(self._lock)
            self._lock.write(_MARKER_TEXT.format(before=self._before))
            self._lock.flush()
        except OSError as error:
            self.roll_back()
            raise from_system(error, f"make {self.directory}") from error

    def commit(self) -> None:
        """Declare the directory finished; what it has replaced is deleted."""
        self._begun = False
        os.unlink(self._marker)
        self._release()
        shutil.rmtree(self.aside, ignore_errors=True)

    def roll_back(self) -> None:
        """Leave the directory as it was before ``begin``; without one there is nothing to do."""
        if not self._begun:
            return
        self._begun = False
        self._release()
        self._clear()
        self._bring_back()
        for folder in reversed(self._made_parents):
            with contextlib.suppress(OSError):
                os.rmdir(folder)
        self._made_parents.clear()

    def held_files(self) -> tuple[int, ...]:
        """Return what a tool has to keep open, so that the lock is held while the tool runs.

        A tool outlives a tfmac that is killed, and goes on writing.
        """
        return () if self._lock is None else (self._lock.fileno(),)

    def refuse(self, *, replace: bool) -> None:
        """Refuse whatever is not absent, empty, or an environment that may be replaced."""
        if not os.path.lexists(self.directory):
            return
        if not os.path.isdir(self.directory):
            raise _refusal(f"{self.directory} is a file")
        entries = _entries(self.directory)
        if not entries:
            return
        if "pyvenv.cfg" not in entries:
            raise _refusal(
                f"{self.directory} is not empty and not a virtual environment: it is left alone"
            )
        if not replace:
            raise EnvironmentChangeFailed(
                ChangeFailure.EXISTS,
                f"{self.directory} already holds an environment: --replace builds it anew",
            )
        self._refuse_replacing(entries)

    def _refuse_replacing(self, entries: set[str]) -> None:
        foreign = sorted(entries - _OWN_ENTRIES)
        if foreign:
            raise _refusal(
                f"{self.directory} holds more than an environment ({', '.join(foreign[:5])}): "
                "it is not replaced"
            )
        if os.path.realpath(sys.prefix) == os.path.realpath(self.directory):
            raise _refusal(f"tfmac itself runs from {self.directory}: it is not replaced")

    def _make_folders(self) -> None:
        missing = []
        folder = self.directory
        while not os.path.isdir(folder):
            missing.append(folder)
            folder = os.path.dirname(folder)
        for folder in reversed(missing):
            os.mkdir(folder)
            if folder != self.directory:
                self._made_parents.append(folder)

    def _refuse_if_locked(self) -> None:
        with contextlib.suppress(OSError), open(self._marker, encoding="utf-8") as marker:
            if not _try_lock(marker):
                raise EnvironmentChangeFailed(
                    ChangeFailure.BUSY, f"another run is building {self.directory}"
                )

    def _marked_state(self) -> str:
        try:
            with open(self._marker, encoding="utf-8", errors="replace") as marker:
                return _EMPTY if marker.readline().split()[-1:] == [_EMPTY] else _ABSENT
        except OSError:
            return _ABSENT

    def _clear(self) -> None:
        """Delete what was built; a directory that was there before stays, empty."""
        if not os.path.lexists(self._marker):
            # Claimed, but not yet marked: there is nothing in it.
            if self._before == _ABSENT:
                with contextlib.suppress(OSError):
                    os.rmdir(self.directory)
            return
        for name in os.listdir(self.directory):
            if name != MARKER:
                _delete(os.path.join(self.directory, name))
        # The marker goes last: what cannot be deleted, or a kill meanwhile, leaves it marked.
        if os.listdir(self.directory) != [MARKER]:
            return
        with contextlib.suppress(OSError):
            os.unlink(self._marker)
            if self._before == _ABSENT:
                os.rmdir(self.directory)

    def _bring_back(self) -> None:
        if not os.path.lexists(self.aside):
            return
        # Renaming onto an empty directory replaces it, onto anything else is refused.
        with contextlib.suppress(OSError):
            os.rename(self.aside, self.directory)

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _refusal(message: str) -> EnvironmentChangeFailed:
    return EnvironmentChangeFailed(ChangeFailure.NOT_AN_ENVIRONMENT, message)


def _entries(folder: str) -> set[str]:
    try:
        return set(os.listdir(folder)) - {".DS_Store"}
    except OSError as error:
        raise from_system(error, f"look into {folder}") from error


def _delete(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            os.unlink(path)


def _try_lock(file: IO[str]) -> bool:
    """Lock a file for this process; False when another one holds it.

    A file system without locks (some network ones) counts as unlocked.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
