"""A file that is made beside its place and takes it whole, or leaves nothing.

Where the system can, the file has no name until it is whole, so that nothing is left of it when
its process is killed. Elsewhere the next run removes what a killed one left.
"""

import errno
import os
import re
from contextlib import suppress
from typing import BinaryIO, Optional

_MARK = ".tfmac-unfinished-"
# The file systems that have no unnamed files say one of these.
_NO_UNNAMED = {errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL, errno.ENOTSUP}


class UnfinishedFile:
    """A file that is written before it has its name. Use it in a ``with``.

    Raises ``OSError`` where the folder is missing, cannot be written or is full.
    """

    def __init__(self, output: str) -> None:
        self._output = output
        self._folder, name = os.path.split(os.path.abspath(output))
        self._prefix = f".{name}{_MARK}"
        self._name: Optional[str] = None
        self._remove_left_over()
        self.stream: BinaryIO = os.fdopen(self._opened(), "w+b")

    def __enter__(self) -> "UnfinishedFile":  # noqa: PYI034 - Python 3.9 has no Self
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()
        if self._name is not None:
            with suppress(OSError):
                os.unlink(self._name)

    def put_in_place(self, *, force: bool) -> None:
        """Give the file its name, in one step. Raises ``FileExistsError`` unless ``force``."""
        self.stream.flush()
        os.fsync(self.stream.fileno())
        if self._name is None:
            named = self._output if not force else self._new_name()
            # The link goes by what the process has open; the folder makes it follow the link.
            folder = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
            try:
                unnamed = f"/proc/self/fd/{self.stream.fileno()}"
                os.link(unnamed, named, src_dir_fd=folder, follow_symlinks=True)
            finally:
                os.close(folder)
            if not force:
                return
            self._name = named
        if force:
            os.replace(self._name, self._output)
            self._name = None
        else:
            os.link(self._name, self._output)

    def _opened(self) -> int:
        unnamed = getattr(os, "O_TMPFILE", None)
        if unnamed is not None:
            try:
                return os.open(self._folder, unnamed | os.O_RDWR | os.O_CLOEXEC, 0o666)
            except OSError as error:
                if error.errno not in _NO_UNNAMED or not os.path.isdir(self._folder):
                    raise
        self._name = self._new_name()
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        return os.open(self._name, flags, 0o666)

    def _new_name(self) -> str:
        return os.path.join(self._folder, f"{self._prefix}{os.getpid()}")

    def _remove_left_over(self) -> None:
        """Remove what processes that are gone have left of the same output."""
        pattern = re.compile(re.escape(self._prefix) + r"(\d+)")
        with suppress(OSError):
            for name in os.listdir(self._folder):
                match = pattern.fullmatch(name)
                if match is not None and not _is_running(int(match[1])):
                    with suppress(OSError):
                        os.unlink(os.path.join(self._folder, name))


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return process != os.getpid()
