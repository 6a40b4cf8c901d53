"""Moving a virtual environment that venv and pip have made: its absolute paths follow.

venv writes the environment's path into the activation scripts and ``pyvenv.cfg``, pip into the
first line of every script. The digests that RECORD has of scripts (Binary distribution format) are
brought up to date.
"""

import base64
import csv
import glob
import hashlib
import os
import posixpath


def rebase(environment: str, directory: str) -> None:
    """Let an environment that lies in one folder be ready to lie in another."""
    old, new = os.fsencode(environment), os.fsencode(directory)
    scripts = os.path.join(environment, "bin")
    texts = [os.path.join(environment, "pyvenv.cfg")]
    texts += [entry.path for entry in os.scandir(scripts) if entry.is_file(follow_symlinks=False)]
    changed = {os.path.realpath(path) for path in texts if _replaced(path, old, new)}
    for record in glob.glob(
        os.path.join(glob.escape(environment), "lib", "*", "site-packages", "*.dist-info", "RECORD")
    ):
        _renew(record, changed)


def _replaced(path: str, old: bytes, new: bytes) -> bool:
    with open(path, "rb") as file:
        content = file.read()
    if old not in content or b"\0" in content:  # a copied interpreter is no text
        return False
    mode = os.stat(path).st_mode
    with open(path, "wb") as file:
        file.write(content.replace(old, new))
    os.chmod(path, mode)
    return True


def _renew(record: str, changed: set[str]) -> None:
    """Write the digests and sizes of changed files into a RECORD that lists them."""
    base = os.path.dirname(os.path.dirname(record))
    with open(record, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    renewed = [_row(row, base, changed) for row in rows]
    if renewed != rows:
        with open(record, "w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(renewed)


def _row(row: list[str], base: str, changed: set[str]) -> list[str]:
    path = os.path.realpath(posixpath.join(base, row[0])) if row else ""
    if path not in changed:
        return row
    with open(path, "rb") as file:
        content = file.read()
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return [row[0], f"sha256={digest}", str(len(content))]
