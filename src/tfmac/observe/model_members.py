"""Opens files for reading: by their path, or those of a folder, without following any link."""

import os
import stat
from collections.abc import Iterator
from typing import IO

from tfmac.schema.model_content import Problem

_MOST_FILES = 20_000
_MOST_DEPTH = 12
Names = list[tuple[str, int]]


class NotAFile(OSError):
    """A path that is a device, a pipe, or something else that is not read."""


def open_regular(path: str, flags: int = 0) -> int:
    """Open a file for reading; a pipe does not hang, and is refused."""
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY | flags)
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise NotAFile("it is not a regular file")
    return opened


class FolderMembers:
    """The files of a folder, without those that a link leads to."""

    def __init__(self, folder: str, *, depth: int = _MOST_DEPTH) -> None:
        self._folder = folder
        self.problems: list[Problem] = []
        self.names: Names = sorted(self._listed("", depth))

    def open(self, name: str) -> IO[bytes]:
        """Open a file by its name in ``names``."""
        if all(name != listed for listed, _ in self.names):
            raise NotAFile(f"there is no file {name}")
        return os.fdopen(open_regular(os.path.join(self._folder, name), os.O_NOFOLLOW), "rb")

    def _listed(self, inside: str, depth: int) -> Iterator[tuple[str, int]]:
        count = 0
        with os.scandir(os.path.join(self._folder, inside)) as entries:
            for entry in entries:
                count += 1
                if count > _MOST_FILES:
                    self._note("has more files than are read", inside)
                    return
                yield from self._entry(entry, f"{inside}{entry.name}", depth)

    def _entry(self, entry: "os.DirEntry[str]", name: str, depth: int) -> Iterator[tuple[str, int]]:
        if entry.is_symlink():
            self._note("is a symbolic link, which is not followed", name)
        elif entry.is_dir(follow_symlinks=False):
            if depth > 0:
                yield from self._listed(f"{name}/", depth - 1)
        elif entry.is_file(follow_symlinks=False):
            yield name, entry.stat(follow_symlinks=False).st_size

    def _note(self, statement: str, location: str) -> None:
        if len(self.problems) < 100:
            self.problems.append(Problem(statement=statement, location=location))
