"""The kernels that a Jupyter started from an environment would offer."""

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Optional

from tfmac.formats.jupyter import MOST_BYTES, InvalidKernel, is_on, read_kernel, search_path
from tfmac.schema.facts import Distribution, Environment, EnvironmentKind, Kernel, KernelPlace

_MOST_IN_FOLDER = 500
_VIRTUAL = (EnvironmentKind.VENV, EnvironmentKind.UV)
# These Pythons were built as frameworks, which moves the user's own prefix.
_FRAMEWORKS = (EnvironmentKind.HOMEBREW, EnvironmentKind.FRAMEWORK, EnvironmentKind.SYSTEM)
_FIRST_TO_PREFER_ENVIRONMENTS = 5


def find_kernels(
    environment: Environment,
    interpreter: str,
    distributions: Iterable[Distribution],
    variables: Mapping[str, str],
    *,
    mac: bool,
) -> tuple[Kernel, ...]:
    """Find every kernel specification, those that are hidden by one of the same name too.

    ``interpreter`` is the path of the environment's. Names are compared without case, as Jupyter
    does. A folder that is there and cannot be listed is an ``OSError``, for Jupyter as well.
    """
    folders = search_path(
        variables,
        mac=mac,
        prefix=environment.root,
        environment_first=_environment_first(environment, distributions, variables),
        user_site=_user_site(environment, variables, mac=mac),
    )
    home = _home(interpreter)
    seen: set[str] = set()
    found = []
    for place, folder in folders:
        for name, path in _specifications(folder):
            found.append(_kernel(name, path, place, home, hidden=name in seen))
            seen.add(name)
    return tuple(found)


def _environment_first(
    environment: Environment, distributions: Iterable[Distribution], variables: Mapping[str, str]
) -> bool:
    """Whether the environment's kernels come before the user's.

    As the variable says; else, from jupyter_core 5 on, in a virtual environment and in an active
    conda environment other than the base, where they are the user's.
    """
    if "JUPYTER_PREFER_ENV_PATH" in variables:
        return is_on(variables["JUPYTER_PREFER_ENV_PATH"])
    core = next((one.version for one in distributions if one.name == "jupyter-core"), None)
    if core is not None and _major(core) < _FIRST_TO_PREFER_ENVIRONMENTS:
        return False
    separate = environment.kind in _VIRTUAL or _is_active_conda(environment, variables)
    return separate and _is_users(environment.root)


def _major(version: str) -> int:
    number = version.partition(".")[0]
    return int(number) if number.isdecimal() else _FIRST_TO_PREFER_ENVIRONMENTS


def _is_active_conda(environment: Environment, variables: Mapping[str, str]) -> bool:
    prefix = variables.get("CONDA_PREFIX")
    named = variables.get("CONDA_DEFAULT_ENV", "base") != "base"
    return bool(prefix) and named and environment.root.startswith(prefix or "")


def _is_users(root: str) -> bool:
    try:
        return os.stat(root).st_uid == os.geteuid()
    except OSError:
        return False


def _user_site(
    environment: Environment, variables: Mapping[str, str], *, mac: bool
) -> Optional[str]:
    """Name the user's own prefix, None for environments that leave it out."""
    home = variables.get("HOME")
    if environment.kind in _VIRTUAL or variables.get("PYTHONNOUSERSITE"):
        return None
    if variables.get("PYTHONUSERBASE") or not home:
        return variables.get("PYTHONUSERBASE")
    if not mac or environment.kind not in _FRAMEWORKS:
        return os.path.join(home, ".local")
    libraries = (os.path.basename(os.path.dirname(path)) for path in environment.site_packages)
    minor = next((name[len("python") :] for name in libraries if name.startswith("python3")), None)
    return minor and os.path.join(home, "Library", "Python", minor)


def _specifications(folder: str) -> Iterator[tuple[str, str]]:
    """Name the kernels of a folder, each with the path of its ``kernel.json``."""
    if not os.path.isdir(folder):
        return
    for entry in sorted(os.listdir(folder))[:_MOST_IN_FOLDER]:
        path = os.path.join(folder, entry, "kernel.json")
        # Not a pipe or a device: opening one could wait for ever.
        if os.path.isfile(path):
            yield entry.lower(), path


def _kernel(name: str, path: str, place: KernelPlace, home: str, *, hidden: bool) -> Kernel:
    try:
        with open(path, "rb") as file:
            specification = read_kernel(file.read(MOST_BYTES + 1))
    except (OSError, InvalidKernel) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return Kernel(name=name, path=path, place=place, hidden=hidden, unreadable=reason)
    program = specification.argv[0]
    absolute = os.path.isabs(program)
    return Kernel(
        name=name,
        path=path,
        place=place,
        hidden=hidden,
        display_name=specification.display_name,
        program=program,
        own=_home(program) == home if absolute else None,
        exists=os.path.exists(program) if absolute else None,
    )


def _home(program: str) -> str:
    """Name the folder that tells whose interpreter a program is.

    A virtual environment's is a link to another's, so what it leads to says nothing.
    """
    folder = os.path.realpath(os.path.dirname(program))
    if os.path.exists(os.path.join(os.path.dirname(folder), "pyvenv.cfg")):
        return folder
    return os.path.dirname(os.path.realpath(program))
