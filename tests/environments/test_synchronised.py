"""Which folders are copied to some cloud."""

from pathlib import Path
from typing import Optional

import pytest

from tfmac.environments.synchronised import synchronised_folder


@pytest.mark.parametrize(
    ("place", "service"),
    [
        ("Library/Mobile Documents/com~apple~CloudDocs/work", "iCloud Drive"),
        ("Library/CloudStorage/OneDrive-Personal/work", "OneDrive"),
        ("Library/CloudStorage/GoogleDrive-me@example.org/My Drive", "Google Drive"),
        ("Dropbox (Company)/work", "Dropbox"),
        ("Dropbox/work", "Dropbox"),
        ("Dropboxes/work", None),
        ("Documents/work", None),
        ("work", None),
    ],
)
def test_services_are_known_by_their_places(
    tmp_path: Path, place: str, service: Optional[str]
) -> None:
    """A place counts that a service documents, even where DIR does not exist yet."""
    assert synchronised_folder(str(tmp_path / place), home=str(tmp_path), macos=True) == service


def test_documents_only_with_a_sign(tmp_path: Path) -> None:
    """Documents is synchronised where iCloud Drive says so, and only on a Mac."""
    (tmp_path / "Library/Mobile Documents/com~apple~CloudDocs/Documents").mkdir(parents=True)
    place = str(tmp_path / "Documents/work")
    assert synchronised_folder(place, home=str(tmp_path), macos=True) == "iCloud Drive"
    assert synchronised_folder(place, home=str(tmp_path), macos=False) is None
    assert synchronised_folder(str(tmp_path / "Desktop"), home=str(tmp_path), macos=True) is None


def test_a_dropbox_anywhere(tmp_path: Path) -> None:
    """Dropbox marks its folder with a file, wherever it lies."""
    (tmp_path / "disk/box/work").mkdir(parents=True)
    (tmp_path / "disk/box/.dropbox").write_text("{}")
    home = str(tmp_path / "home")
    assert synchronised_folder(str(tmp_path / "disk/box/work"), home=home) == "Dropbox"
    assert synchronised_folder(str(tmp_path / "disk"), home=home) is None
