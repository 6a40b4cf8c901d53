"""A folder that one process at a time works in."""

import contextlib
import fcntl
import os
from typing import IO, Optional

from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed

NAME = "lock"


class FolderLock:
    """The right to work in a folder, which is made for it; goes with the process, however it ends.

    ``subject`` is what the work changes, for the message to the one who comes second.
    """

    def __init__(self, folder: str, *, subject: str) -> None:
        self._folder = folder
        self._subject = subject
        self._file: Optional[IO[str]] = None

    @property
    def held(self) -> bool:
        """Whether this process has it."""
        return self._file is not None

    def held_files(self) -> tuple[int, ...]:
        """Return what a tool has to keep open, so that the lock is held while the tool runs.

        A tool outlives a tfmac that is killed, and goes on writing.
        """
        return () if self._file is None else (self._file.fileno(),)

    def acquire(self) -> None:
        """Take the lock; raise ``EnvironmentChangeFailed`` (busy) where another process has it."""
        os.makedirs(self._folder, exist_ok=True)
        path = os.path.join(self._folder, NAME)
        while True:
            file = open(path, "a+", encoding="utf-8")  # noqa: SIM115 (held)
            if not _try_lock(file):
                self._refuse(file)
            if _is_still(file, path):
                break
            file.close()  # its last owner has deleted it meanwhile
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file

    def _refuse(self, file: IO[str]) -> None:
        file.seek(0)
        owner = file.read().strip()
        file.close()
        who = f" (process {owner})" if owner else ""
        raise EnvironmentChangeFailed(
            ChangeFailure.BUSY, f"another run{who} is changing {self._subject}"
        )

    def release(self) -> None:
        """Let go of it, and of the folder when nothing else is in it."""
        if self._file is None:
            return
        if os.listdir(self._folder) == [NAME]:
            os.unlink(os.path.join(self._folder, NAME))
            with contextlib.suppress(OSError):
                os.rmdir(self._folder)
        self._file.close()
        self._file = None


def _is_still(file: IO[str], path: str) -> bool:
    try:
        return os.stat(path).st_ino == os.fstat(file.fileno()).st_ino
    except FileNotFoundError:
        return False


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
