"""The question to an interpreter: who it is and where its packages lie.

Run as ``python -I -S identity_script.py``: no site module, so no ``.pth`` file and no
``sitecustomize`` of the environment is executed. What ``site`` would have worked out (PEP 405's
``pyvenv.cfg``, Debian's ``dist-packages``) is worked out here. Valid Python 3.8; prints one line
of JSON.
"""

from __future__ import annotations

import json
import os
import platform
import site
import struct
import sys
import sysconfig


def virtual_environment() -> tuple[str | None, bool]:
    """Return the root of the virtual environment, if any, and whether it sees its base's packages.

    ``pyvenv.cfg`` lies beside the executable or one folder above (PEP 405).
    """
    folder = os.path.dirname(os.path.abspath(sys.executable))
    for root in (folder, os.path.dirname(folder)):
        try:
            with open(os.path.join(root, "pyvenv.cfg"), encoding="utf-8", errors="replace") as file:
                pairs = [line.partition("=") for line in file]
        except OSError:
            continue
        settings = {key.strip().lower(): value.strip().lower() for key, _, value in pairs}
        return root, settings.get("include-system-site-packages") == "true"
    return None, True


def environment_folders(root: str) -> list[str]:
    """Return where ``site`` looks for the packages of a virtual environment."""
    thread = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    name = "python{}.{}{}".format(*sys.version_info[:2], thread)
    libraries = dict.fromkeys([getattr(sys, "platlibdir", "lib"), "lib"])
    return [os.path.join(root, library, name, "site-packages") for library in libraries]


def base_folders(base: str) -> list[str]:
    """Return the folders of an installation.

    ``sysconfig`` and ``site`` know a distributor's own: Debian's dist-packages, Homebrew's.
    """
    places = {"base": base, "platbase": base}
    installed = [sysconfig.get_path(name, vars=places) for name in ("purelib", "platlib")]
    return [*installed, *site.getsitepackages([base])]


def package_folders(root: str | None, base: str, *, sees_base: bool) -> list[str]:
    """Return the existing folders for packages, the environment's own first."""
    folders = [] if root is None else environment_folders(root)
    if sees_base:
        folders += base_folders(base)
    # lib64 is often a link to lib: one folder, named once.
    unique: dict[str, str] = {}
    for folder in folders:
        unique.setdefault(os.path.realpath(folder), folder)
    return [folder for folder in unique.values() if os.path.isdir(folder)]


def user_folder() -> str | None:
    """Return the user's own folder for packages, None when there is none."""
    try:
        folder = site.getusersitepackages()
    except Exception:  # noqa: BLE001 (no home folder, for one)
        return None
    return folder if os.path.isdir(folder) else None


def answer() -> dict[str, object]:
    """Return everything that is asked."""
    root, sees_base = virtual_environment()
    base = sys.base_prefix
    folders = package_folders(root, base, sees_base=sees_base)
    return {
        "executable": os.path.abspath(sys.executable),
        "real_executable": os.path.realpath(sys.executable),
        "version": platform.python_version(),
        "implementation": sys.implementation.name,
        "prefix": root or sys.prefix,
        "base_prefix": base,
        "machine": platform.machine(),
        "mac_version": platform.mac_ver()[0],
        "platform": sysconfig.get_platform(),
        "pointer_bits": struct.calcsize("P") * 8,
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "site_packages": folders,
        "user_site": user_folder() if sees_base else None,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(answer()) + "\n")
