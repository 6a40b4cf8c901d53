"""Tells whether a folder is copied to some cloud: a bad place for an environment.

A synchronisation service uploads tens of thousands of files, replaces rarely used ones by
placeholders and may change two computers' environments into one. Only sure signs count; what the
services document as their places, and the files that they keep there.
"""

import os
import sys
from collections.abc import Iterator
from typing import Optional

# Names of folders directly in the home folder, or in macOS's ~/Library/CloudStorage, where a
# service adds an account to its name: "OneDrive-Personal", "Dropbox (Company)".
_SERVICES = (
    ("Dropbox", "Dropbox"),
    ("GoogleDrive", "Google Drive"),
    ("Google Drive", "Google Drive"),
    ("OneDrive", "OneDrive"),
)


def synchronised_folder(
    path: str, *, home: Optional[str] = None, macos: Optional[bool] = None
) -> Optional[str]:
    """Return the name of the service that synchronises a path, None when no sign is seen."""
    home = os.path.realpath(os.path.expanduser("~") if home is None else home)
    macos = sys.platform == "darwin" if macos is None else macos
    path = os.path.realpath(path)
    if macos:
        service = _icloud(path, home)
        if service is not None:
            return service
    return next(_named_services(path, home), None)


def _icloud(path: str, home: str) -> Optional[str]:
    drive = os.path.join(home, "Library", "Mobile Documents")
    if _inside(path, drive):
        return "iCloud Drive"
    for name in ("Desktop", "Documents"):
        # With "Desktop & Documents Folders" switched on the drive has an entry for each.
        shared = os.path.lexists(os.path.join(drive, "com~apple~CloudDocs", name))
        if shared and _inside(path, os.path.join(home, name)):
            return "iCloud Drive"
    return None


def _named_services(path: str, home: str) -> Iterator[str]:
    for base in (os.path.join(home, "Library", "CloudStorage"), home):
        if _inside(path, base):
            first = os.path.relpath(path, base).split(os.sep)[0]
            yield from (service for start, service in _SERVICES if _belongs(first, start))
    for folder in _folders_above(path):
        # Dropbox keeps this file at the top of its folder, wherever the user has put that.
        if os.path.isfile(os.path.join(folder, ".dropbox")):
            yield "Dropbox"


def _belongs(name: str, start: str) -> bool:
    """Whether a folder bears a service's name, alone or with an account."""
    rest = name[len(start) :]
    return name.startswith(start) and (not rest or rest[0] in "- (")


def _inside(path: str, folder: str) -> bool:
    return os.path.commonpath([path, folder]) == folder


def _folders_above(path: str) -> Iterator[str]:
    while os.path.dirname(path) != path:
        yield path
        path = os.path.dirname(path)
