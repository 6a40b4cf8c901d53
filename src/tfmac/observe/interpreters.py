"""All interpreters that an environment could be built on, wherever they were installed from.

Looked for in PATH, pyenv, Homebrew, python.org's frameworks, conda environments and uv's own.
"""

import glob
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Optional

import msgspec

from tfmac.observe.interpreter_question import InterpreterCannotRun, ask_interpreter
from tfmac.schema.interpreter import InterpreterAnswer
from tfmac.schema.plans import InterpreterChoice
from tfmac.schema.platform import Architecture

_ASK_SECONDS = 20.0
_AT_ONCE = 4
_MINORS = range(8, 20)

# Apple's /usr/bin/python3 is a stub: without the command line tools it opens a dialog window.
_APPLE_STUB = "/usr/bin/python3"
_APPLE_REAL = (
    "/Library/Developer/CommandLineTools/usr/bin/python3",
    "/Applications/Xcode.app/Contents/Developer/usr/bin/python3",
)
_PLACES = (
    ("Homebrew", "/opt/homebrew/opt/python@3.*/bin/python3.*"),
    ("Homebrew", "/usr/local/opt/python@3.*/bin/python3.*"),
    ("Homebrew", "/home/linuxbrew/.linuxbrew/opt/python@3.*/bin/python3.*"),
    ("python.org", "/Library/Frameworks/Python.framework/Versions/3.*/bin/python3.*"),
    ("uv", "{uv}/*/bin/python3.*"),
    ("pyenv", "{pyenv}/versions/*/bin/python3.*"),
    ("conda", "{home}/mini*/bin/python3.*"),
    ("conda", "{home}/mini*/envs/*/bin/python3.*"),
    ("conda", "{home}/*conda3/bin/python3.*"),
    ("conda", "{home}/*conda3/envs/*/bin/python3.*"),
    ("conda", "{home}/mambaforge/bin/python3.*"),
    ("conda", "{home}/mambaforge/envs/*/bin/python3.*"),
    ("conda", "/opt/*conda*/bin/python3.*"),
    ("conda", "/opt/homebrew/Caskroom/mini*/base/bin/python3.*"),
)


class FoundInterpreter(msgspec.Struct, frozen=True, kw_only=True):
    """An interpreter that answered: what a plan needs of it, and the architecture it runs as."""

    choice: InterpreterChoice
    architecture: Architecture


def find_interpreters(variables: Mapping[str, str]) -> tuple[FoundInterpreter, ...]:
    """Find and ask all interpreters, the newest first.

    Each is started once, for its version and architecture only. One that does not run, is a
    virtual environment's, is not CPython, or is free-threaded (TensorFlow has no wheels for
    those) is left out. Two paths to the same file count once, under the first origin.
    """
    candidates = _distinct(_candidates(variables))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = pool.map(_ask, candidates.values())
        found = [
            _found(answer, origin)
            for (origin, _), answer in zip(candidates.values(), answers)
            if answer is not None and _usable(answer)
        ]
    return tuple(sorted(found, key=lambda one: _numbers(one.choice.version), reverse=True))


def _distinct(candidates: Iterator[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Keep one path for each file; a pyenv shim is a script, and its real Python is found too.

    The links of a virtual environment lead to the file of its base, which must not count as found
    by them: an activated environment stands first on PATH.
    """
    found: dict[str, tuple[str, str]] = {}
    for origin, path in candidates:
        if "/shims/" in path or _in_virtual_environment(path):
            continue
        if os.path.isfile(path) and os.access(path, os.X_OK):
            found.setdefault(os.path.realpath(path), (origin, path))
    return found


def _in_virtual_environment(path: str) -> bool:
    """Whether ``pyvenv.cfg`` lies beside an interpreter or one folder above (PEP 405)."""
    folder = os.path.dirname(path)
    return any(
        os.path.exists(os.path.join(root, "pyvenv.cfg"))
        for root in (folder, os.path.dirname(folder))
    )


def _candidates(variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    home = variables.get("HOME", os.path.expanduser("~"))
    places = {
        "home": home,
        "pyenv": variables.get("PYENV_ROOT", os.path.join(home, ".pyenv")),
        "uv": variables.get(
            "UV_PYTHON_INSTALL_DIR",
            os.path.join(
                variables.get("XDG_DATA_HOME", os.path.join(home, ".local", "share")), "uv/python"
            ),
        ),
    }
    escaped = {name: glob.escape(place) for name, place in places.items()}
    for origin, pattern in _PLACES:
        for path in sorted(glob.glob(pattern.format(**escaped))):
            if _is_interpreter_name(os.path.basename(path)):
                yield origin, path
    yield from _listed_by_conda(home)
    yield from _on_path(variables.get("PATH", ""))


def _listed_by_conda(home: str) -> Iterator[tuple[str, str]]:
    """Conda keeps a list of all environments that it made."""
    try:
        with open(os.path.join(home, ".conda", "environments.txt"), encoding="utf-8") as file:
            roots = file.read().splitlines()
    except OSError:
        return
    for root in roots:
        yield "conda", os.path.join(root, "bin", "python")


def _on_path(path: str) -> Iterator[tuple[str, str]]:
    names = [f"python3.{minor}" for minor in _MINORS] + ["python3"]
    for folder in dict.fromkeys(path.split(os.pathsep)):
        for name in names:
            candidate = os.path.join(folder, name)
            if candidate == _APPLE_STUB:
                yield from (("macOS", real) for real in _APPLE_REAL)
                if any(map(os.path.exists, _APPLE_REAL)) or os.uname().sysname == "Darwin":
                    continue
            yield "PATH", candidate


def _is_interpreter_name(name: str) -> bool:
    """``python3.12`` and not ``python3.12-config`` or ``python3.13t``."""
    return name.startswith("python3.") and name[len("python3.") :].isdigit()


def _ask(candidate: tuple[str, str]) -> Optional[InterpreterAnswer]:
    try:
        return ask_interpreter(candidate[1], time_limit=_ASK_SECONDS)
    except InterpreterCannotRun:
        return None


def _usable(answer: InterpreterAnswer) -> bool:
    return (
        answer.implementation == "cpython"
        and not answer.virtual
        and not answer.free_threaded
        and answer.version.replace(".", "").isdigit()
    )


def _found(answer: InterpreterAnswer, origin: str) -> FoundInterpreter:
    return FoundInterpreter(
        choice=InterpreterChoice(path=answer.executable, version=answer.version, origin=origin),
        architecture=Architecture.of(answer.machine),
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
