"""Modules in a folder that hide installed packages from a program started there."""

import os
import re
from collections.abc import Iterable
from typing import Optional

from tfmac.schema.facts import Distribution, ShadowingModule

# ``x.so``, ``x.abi3.so`` and ``x.cpython-312-darwin.so`` are module x; ``x.old.py`` is none.
_SOURCE = re.compile(r"([^.]+)\.py")
_EXTENSION = re.compile(r"([^.]+)(?:\.abi3|\.cpython-[\w-]+)?\.so")
# These are installed by everyone under names that projects use for their own folders too.
_NOT_PACKAGES = {"tests", "test", "docs", "examples", "benchmarks", "scripts", "bin", "tools"}


def find_shadowing(
    folder: str, distributions: Iterable[Distribution]
) -> tuple[ShadowingModule, ...]:
    """Find files and packages in a folder whose name an installed distribution provides.

    Python's rule: the working directory comes first on ``sys.path`` for ``python -c``, ``-m`` and
    notebooks, a script's own folder for scripts. A folder without ``__init__.py`` is a namespace
    portion and hides nothing. An installed package that lies in this very folder (a development
    install) does not hide itself.
    """
    owners = {
        _module_name(name): distribution.name
        for distribution in distributions
        if not _same_folder(distribution.location, folder)
        for name in distribution.provides or ()
    }
    found = []
    for entry in sorted(os.listdir(folder)):
        name = _importable(folder, entry)
        if name is not None and name in owners and name not in _NOT_PACKAGES:
            path = os.path.join(folder, entry)
            found.append(ShadowingModule(name=name, path=path, distribution=owners[name]))
    return tuple(found)


def _module_name(entry: str) -> str:
    return entry.partition(".")[0]


def _importable(folder: str, entry: str) -> Optional[str]:
    """Name the module that ``import`` would find in this entry, None when it would find none."""
    path = os.path.join(folder, entry)
    module = _SOURCE.fullmatch(entry) or _EXTENSION.fullmatch(entry)
    if module is not None and os.path.isfile(path):
        return module.group(1)
    if os.path.isfile(os.path.join(path, "__init__.py")):
        return entry
    return None


def _same_folder(first: str, second: str) -> bool:
    return os.path.realpath(first) == os.path.realpath(second)
