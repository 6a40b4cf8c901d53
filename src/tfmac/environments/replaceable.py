"""Which directories a new environment may be made in, or may take the place of.

A virtual environment is known by its ``pyvenv.cfg`` (PEP 405), one of conda by
``conda-meta/history``. Whatever an environment does not consist of belongs to the user, and is
never replaced.
"""

import glob
import os
import sys

import msgspec

from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed, from_system

# What virtual environments consist of at their top.
_VIRTUAL_ENTRIES = frozenset(
    {
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
    }
)
# What conda writes without a record of it, and the folders that pip and programs add to.
_CONDA_ENTRIES = frozenset(
    {
        ".nonadmin",
        "bin",
        "conda-meta",
        "etc",
        "include",
        "lib",
        "libexec",
        "man",
        "sbin",
        "share",
        "ssl",
        "var",
    }
)
# An installation of conda itself has them: all of its environments live in it or from it.
_BASE_ENTRIES = frozenset({"condabin", "envs", "pkgs"})


class _Record(msgspec.Struct, frozen=True):
    """What is read of a package's record in ``conda-meta``."""

    files: tuple[str, ...] = ()


def refuse_directory(directory: str, *, replace: bool) -> None:
    """Refuse whatever is not absent, empty, or an environment that may be replaced."""
    if not os.path.lexists(directory):
        return
    if not os.path.isdir(directory):
        raise _refusal(f"{directory} is a file")
    entries = _entries(directory)
    if not entries:
        return
    conda = _is_of_conda(directory)
    if conda and entries & _BASE_ENTRIES:
        raise _refusal(f"{directory} is an installation of conda itself: it is left alone")
    if not conda and "pyvenv.cfg" not in entries:
        raise _refusal(f"{directory} is not empty and not a virtual environment: it is left alone")
    if not replace:
        raise EnvironmentChangeFailed(
            ChangeFailure.EXISTS,
            f"{directory} already holds an environment: --replace builds it anew",
        )
    own = _CONDA_ENTRIES | _recorded(directory) if conda else _VIRTUAL_ENTRIES
    _refuse_replacing(directory, sorted(entries - own))


def _refuse_replacing(directory: str, foreign: list[str]) -> None:
    if foreign:
        raise _refusal(
            f"{directory} holds more than an environment ({', '.join(foreign[:5])}): "
            "it is not replaced"
        )
    if os.path.realpath(sys.prefix) == os.path.realpath(directory):
        raise _refusal(f"tfmac itself runs from {directory}: it is not replaced")


def _is_of_conda(directory: str) -> bool:
    return os.path.isfile(os.path.join(directory, "conda-meta", "history"))


def _recorded(directory: str) -> set[str]:
    """Name the entries at the top that conda's packages have brought, by their records.

    A record that cannot be read names nothing: what it would name counts as the user's.
    """
    found: set[str] = set()
    for path in glob.glob(os.path.join(glob.escape(directory), "conda-meta", "*.json")):
        try:
            with open(path, "rb") as file:
                record = msgspec.json.decode(file.read(), type=_Record)
        except (OSError, msgspec.DecodeError):
            continue
        found.update(name.partition("/")[0] for name in record.files)
    return found


def _refusal(message: str) -> EnvironmentChangeFailed:
    return EnvironmentChangeFailed(ChangeFailure.NOT_AN_ENVIRONMENT, message)


def _entries(folder: str) -> set[str]:
    try:
        return set(os.listdir(folder)) - {".DS_Store"}
    except OSError as error:
        raise from_system(error, f"look into {folder}") from error
