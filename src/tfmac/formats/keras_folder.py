"""What a ``.keras`` archive holds, as the files of a folder: ``save(..., zipped=False)``."""

from contextlib import ExitStack
from typing import IO, Optional, Protocol

from tfmac.formats.byte_ranges import Range, whole
from tfmac.formats.json_text import MOST_BYTES
from tfmac.formats.zip_members import DAMAGED, InvalidZip
from tfmac.schema.model_content import Member, Problem

_MOST_PROBLEMS = 100


class Folder(Protocol):
    """The files of a folder, by names that are relative to it."""

    names: list[tuple[str, int]]

    def open(self, name: str) -> IO[bytes]:
        """Open one of them."""


class FolderAsArchive:
    """Gives files as ``ZipMembers`` gives the members of a zip."""

    def __init__(self, folder: Folder, opened: ExitStack) -> None:
        self._folder = folder
        self._opened = opened
        self.problems: list[Problem] = []

    def note(self, statement: str, name: str, cause: Optional[str] = DAMAGED) -> None:
        """Note a problem, unless there are many."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(statement=statement, location=name, cause=cause))

    @property
    def names(self) -> tuple[str, ...]:
        """Name the files."""
        return tuple(name for name, _ in self._folder.names)

    @property
    def members(self) -> tuple[Member, ...]:
        """Describe the files."""
        return tuple(Member(name=name, bytes=size) for name, size in self._folder.names)

    def open(self, name: str) -> Range:
        """Give a file as a stream. Raise ``InvalidZip`` when it cannot be read."""
        try:
            return whole(self._opened.enter_context(self._folder.open(name)))
        except OSError as error:
            raise InvalidZip(error.strerror or str(error)) from error

    def read(self, name: str) -> bytes:
        """Read a file, up to one byte more than any JSON may have."""
        return self.open(name).read(MOST_BYTES + 1)
