"""What Jupyter goes by: ``kernel.json``, and the folders that it seeks kernels in.

The order of the folders is that of jupyter_core 5 (``jupyter_core.paths``).
"""

import posixpath
import re
from collections.abc import Mapping
from typing import Optional

import msgspec

from tfmac.schema.facts import KernelPlace

MOST_BYTES = 64 << 10
"""A longer ``kernel.json`` is not read; real ones have some hundred bytes."""

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_OFF = ("no", "n", "false", "off", "0", "0.0")
_SYSTEM = ("/usr/local/share/jupyter", "/usr/share/jupyter")
_SYSTEM_OF_MAC = "/Library/Application Support/Jupyter"


class InvalidKernel(ValueError):
    """A ``kernel.json`` that Jupyter could not start a kernel by."""


class KernelSpecification(msgspec.Struct, frozen=True, kw_only=True):
    """What counts in a ``kernel.json``; ``argv`` begins with the program."""

    argv: tuple[str, ...]
    display_name: str = ""


def read_kernel(data: bytes) -> KernelSpecification:
    """Read a ``kernel.json``; raise ``InvalidKernel`` where it is none."""
    if len(data) > MOST_BYTES:
        raise InvalidKernel(f"it is longer than {MOST_BYTES} bytes")
    try:
        specification = msgspec.json.decode(data, type=KernelSpecification)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidKernel(str(error)) from error
    if not specification.argv or not specification.argv[0]:
        raise InvalidKernel("it names no program")
    if "\0" in specification.argv[0]:
        raise InvalidKernel("the name of its program has a NUL")
    return specification


def is_kernel_name(name: str) -> bool:
    """Whether Jupyter allows a name, and it names a folder of its own."""
    return _NAME.fullmatch(name) is not None and name not in {".", ".."}


def is_on(value: str) -> bool:
    """Whether a variable of Jupyter's that is set says yes."""
    return value.lower() not in _OFF


def user_folder(variables: Mapping[str, str], *, mac: bool) -> Optional[str]:
    """Name the folder of the user's own kernels, None where the home folder is not known."""
    if variables.get("JUPYTER_DATA_DIR"):
        return variables["JUPYTER_DATA_DIR"]
    home = variables.get("HOME")
    if mac and home:
        library = posixpath.join(home, "Library")
        if _platform_folders(variables):
            return posixpath.join(library, "Application Support", "Jupyter")
        return posixpath.join(library, "Jupyter")
    share = variables.get("XDG_DATA_HOME") or (home and posixpath.join(home, ".local", "share"))
    return posixpath.join(share, "jupyter") if share else None


def search_path(
    variables: Mapping[str, str],
    *,
    mac: bool,
    prefix: str,
    environment_first: bool,
    user_site: Optional[str],
) -> tuple[tuple[KernelPlace, str], ...]:
    """Name the folders that a Jupyter in ``prefix`` seeks kernels in, the first one first.

    ``user_site`` is the user's own prefix (PEP 370) where that Python uses it.
    """
    given = variables.get("JUPYTER_PATH", "").split(":")
    own = (user_folder(variables, mac=mac), user_site and f"{user_site}/share/jupyter")
    system = (_SYSTEM_OF_MAC,) if mac and _platform_folders(variables) else _SYSTEM
    found = [(KernelPlace.VARIABLE, folder) for folder in given if folder]
    user = [(KernelPlace.USER, folder) for folder in own if folder]
    environment = [(KernelPlace.ENVIRONMENT, posixpath.join(prefix, "share", "jupyter"))]
    if environment[0][1] in system:
        environment = []
    found += environment + user if environment_first else user + environment
    found += [(KernelPlace.SYSTEM, folder) for folder in system]
    # What is named twice counts where it is named first.
    places = {folder: place for place, folder in reversed(found)}
    folders = dict.fromkeys(folder for _, folder in found)
    return tuple((places[folder], posixpath.join(folder, "kernels")) for folder in folders)


def _platform_folders(variables: Mapping[str, str]) -> bool:
    return "JUPYTER_PLATFORM_DIRS" in variables and is_on(variables["JUPYTER_PLATFORM_DIRS"])
