"""Finds the environment that is to be looked at, and its interpreter, by reading."""

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Optional

import msgspec

from tfmac.formats.native import HEADER_BYTES, architectures
from tfmac.schema.fact import Fact, Found, Unknown
from tfmac.schema.facts import Environment, EnvironmentKind, Interpreter
from tfmac.schema.platform import Architecture

if TYPE_CHECKING:
    from tfmac.observe.interpreter_question import Question
    from tfmac.schema.interpreter import InterpreterAnswer

_ASK_SECONDS = 20.0
_MOST_LAYERS = 8  # virtual environments made on virtual environments
_NUMBERS = re.compile(r"(\d+\.\d+)(\.\d+)?")
_LIBRARY_FOLDER = re.compile(r"python(\d\.\d+)t?")
_LOCAL_FOLDERS = (".venv-tf", ".venv", "venv")


class NothingToInspect(Exception):
    """There is no environment where one was looked for."""


class Located(msgspec.Struct, frozen=True, kw_only=True):
    """An environment with its interpreter, before anything in it was read."""

    environment: Environment
    interpreter: Fact[Interpreter]


def locate_tree(site_packages: str, *, python: Optional[str]) -> Located:
    """Take an unpacked ``site-packages`` of another machine, with the Python it was made for."""
    if not os.path.isdir(site_packages):
        raise NothingToInspect(f"{site_packages} is not a folder")
    interpreter: Fact[Interpreter] = Unknown(reason="an unpacked tree has no interpreter")
    if python is not None:
        unknown = Unknown(reason="an unpacked tree has no interpreter")
        interpreter = Found(
            value=Interpreter(
                path="python",
                version=Found(value=python, source="--python-version"),
                architectures=unknown,
                runs=unknown,
            ),
            source="--python-version",
        )
    root = os.path.abspath(site_packages)
    return Located(
        environment=Environment(
            root=root,
            kind=EnvironmentKind.TREE,
            site_packages=(root,),
            chosen_because="--site-packages names it",
        ),
        interpreter=interpreter,
    )


def locate_environment(root: str, *, because: str) -> Located:
    """Take the environment in a folder; raise ``NothingToInspect`` if the folder is none."""
    if not os.path.isdir(root):
        raise NothingToInspect(f"{root} is not a folder")
    root = os.path.abspath(root)
    settings = read_pyvenv(root)
    site_packages = tuple(_site_packages(root, settings))
    if not site_packages:
        raise NothingToInspect(f"{root} holds no Python environment (no site-packages)")
    path = _interpreter_path(root)
    return Located(
        environment=Environment(
            root=root,
            kind=_kind(root, settings),
            site_packages=site_packages,
            chosen_because=because,
        ),
        interpreter=Found(
            value=Interpreter(
                path=path,
                version=_written_version(root, settings),
                architectures=_binary_architectures(path),
                runs=_link_runs(path),
            ),
            source=path,
        ),
    )


class Locating:
    """An environment that is being located: its interpreter may be answering meanwhile.

    ``located`` or ``drop`` has to be called. ``located`` raises ``NothingToInspect``.
    """

    def __init__(
        self,
        known: Optional[Located] = None,
        *,
        asked: "Optional[Question]" = None,
        because: str = "",
    ) -> None:
        self._known = known
        self._asked = asked
        self._because = because

    @property
    def waiting(self) -> bool:
        """Whether an interpreter was asked and its answer was not taken."""
        return self._known is None

    def located(self) -> Located:
        """Give the environment, as soon as its interpreter has answered."""
        if self._known is None:
            if self._asked is None:
                raise NothingToInspect("the question to the interpreter was dropped")
            from tfmac.observe.interpreter_question import InterpreterCannotRun  # noqa: PLC0415

            try:
                answer = self._asked.answer(time_limit=_ASK_SECONDS)
            except InterpreterCannotRun as error:
                raise NothingToInspect(str(error)) from error
            self._known = _located(answer, self._because)
        return self._known

    def drop(self) -> None:
        """End what still runs; nothing does after ``located``."""
        if self._asked is not None:
            self._asked.drop()
            self._asked = None


def locate_interpreter(python: str, *, because: str) -> Located:
    """Take the environment of an interpreter, given by path or by a name on PATH.

    A virtual environment is only read. Any other interpreter (a pyenv shim, Homebrew's, the
    system's) is asked in a child process where its packages lie, because reading cannot tell.
    """
    return _begin_with_interpreter(python, because=because).located()


def _begin_with_interpreter(python: str, *, because: str) -> Locating:
    path = shutil.which(python) or python
    if not os.path.lexists(path):
        raise NothingToInspect(f"{python} does not exist")
    # A bare name that is a file here would be sought on PATH again.
    path = os.path.abspath(path)
    if os.path.isdir(path):
        return Locating(locate_environment(path, because=because))
    root = os.path.dirname(os.path.dirname(os.path.abspath(path)))
    if os.path.exists(os.path.join(root, "pyvenv.cfg")):
        return Locating(locate_environment(root, because=because))
    from tfmac.observe.interpreter_question import InterpreterCannotRun, Question  # noqa: PLC0415

    try:
        return Locating(asked=Question(path), because=because)
    except InterpreterCannotRun as error:
        raise NothingToInspect(str(error)) from error


def locate(*, python: Optional[str] = None, env: Optional[str] = None) -> Located:
    """Take the environment that the user has named, else the one that is at hand.

    Raises ``NothingToInspect``.
    """
    return begin_to_locate(python=python, env=env).located()


def begin_to_locate(*, python: Optional[str] = None, env: Optional[str] = None) -> Locating:
    """Do as ``locate`` does, but do not wait for an interpreter that has to be asked."""
    if env is not None:
        return Locating(locate_environment(env, because="--env names it"))
    if python is not None:
        return _begin_with_interpreter(python, because="--python names it")
    return _begin_with_default(os.environ, running=sys.prefix, cwd=os.getcwd())


def locate_default(variables: Mapping[str, str], *, running: str, cwd: str) -> Located:
    """Choose an environment when the user named none.

    The one that tfmac itself runs in, if TensorFlow or Keras is there; else the activated one;
    else one in the working directory; else the first ``python3`` on PATH.
    """
    return _begin_with_default(variables, running=running, cwd=cwd).located()


def _begin_with_default(variables: Mapping[str, str], *, running: str, cwd: str) -> Locating:
    own = _try_environment(running, "tfmac is installed in it, beside TensorFlow")
    if own is not None and _holds_tensorflow(own.environment):
        return Locating(own)
    for root, because in _candidates(variables, cwd):
        located = _try_environment(root, because)
        if located is not None:
            return Locating(located)
    python = shutil.which("python3", path=variables.get("PATH", ""))
    if python is None:
        raise NothingToInspect("no environment is active, none is here and PATH has no python3")
    return _begin_with_interpreter(python, because="python3 is the first on PATH")


def _candidates(variables: Mapping[str, str], cwd: str) -> Iterator[tuple[str, str]]:
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if variables.get(name):
            yield variables[name], f"{name} names it"
    for folder in _LOCAL_FOLDERS:
        yield os.path.join(cwd, folder), "it is in the working directory"


def _try_environment(root: str, because: str) -> Optional[Located]:
    try:
        return locate_environment(root, because=because)
    except NothingToInspect:
        return None


def _holds_tensorflow(environment: Environment) -> bool:
    prefixes = ("tensorflow", "tf_nightly", "keras-", "tf_keras-")
    return any(
        name.startswith(prefixes) and name.endswith(".dist-info")
        for folder in environment.site_packages
        for name in _listing(folder)
    )


def _listing(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def read_pyvenv(root: str) -> dict[str, str]:
    """Read ``pyvenv.cfg`` (PEP 405); an environment without one has no settings."""
    try:
        with open(os.path.join(root, "pyvenv.cfg"), encoding="utf-8", errors="replace") as file:
            pairs = [line.partition("=") for line in file]
    except OSError:
        return {}
    return {key.strip().lower(): value.strip() for key, equals, value in pairs if equals}


def base_interpreter(root: str, minor: str) -> Optional[str]:
    """Find the interpreter that a virtual environment was made on, None where it is gone.

    That of the environment itself is no answer: on Python 3.9 uv links a new environment to what it
    is given, and a link into an environment that is to be replaced leads nowhere afterwards.
    """
    for _ in range(_MOST_LAYERS):
        home = read_pyvenv(root).get("home")
        if home is None:
            return None
        root = os.path.dirname(home)
        if not os.path.exists(os.path.join(root, "pyvenv.cfg")):
            names = (f"python{minor}", "python3", "python")
            paths = (os.path.join(home, name) for name in names)
            return next((path for path in paths if os.access(path, os.X_OK)), None)
    return None


def _site_packages(root: str, settings: Mapping[str, str]) -> Iterator[str]:
    """Name the folders for packages, the base interpreter's too where pyvenv.cfg lets them in.

    An environment whose Python was upgraded in place may hold folders of several Pythons; the one
    that ``pyvenv.cfg`` names is in use.
    """
    prefixes = [root]
    if settings.get("include-system-site-packages", "").lower() == "true" and "home" in settings:
        prefixes.append(os.path.dirname(settings["home"]))
    numbers = _NUMBERS.match(_stated_version(settings))
    for prefix in prefixes:
        library = os.path.join(prefix, "lib")
        names = [name for name in sorted(_listing(library)) if _LIBRARY_FOLDER.fullmatch(name)]
        own = [name for name in names if numbers and name == f"python{numbers[1]}"]
        for name in own or names:
            folder = os.path.join(library, name, "site-packages")
            if os.path.isdir(folder):
                yield folder


def _stated_version(settings: Mapping[str, str]) -> str:
    """The version in pyvenv.cfg; uv and virtualenv write another key than venv does."""
    return settings.get("version_info") or settings.get("version") or ""


def _interpreter_path(root: str) -> str:
    names = ("python", "python3")
    paths = [os.path.join(root, "bin", name) for name in names]
    return next((path for path in paths if os.path.lexists(path)), paths[0])


def _written_version(root: str, settings: Mapping[str, str]) -> Fact[str]:
    numbers = _NUMBERS.match(_stated_version(settings))
    if numbers:
        return Found(value=numbers.group(), source=os.path.join(root, "pyvenv.cfg"))
    for name in sorted(_listing(os.path.join(root, "lib"))):
        match = _LIBRARY_FOLDER.fullmatch(name)
        if match:
            return Found(value=match.group(1), source=os.path.join(root, "lib", name))
    return Unknown(reason=f"{root} does not say its Python version")


def _kind(root: str, settings: Mapping[str, str]) -> EnvironmentKind:
    if os.path.isdir(os.path.join(root, "conda-meta")):
        return EnvironmentKind.CONDA
    if "uv" in settings:
        return EnvironmentKind.UV
    if settings:
        return EnvironmentKind.VENV
    return kind_of_prefix(root)


_PREFIXES = (
    ("/.pyenv/versions/", EnvironmentKind.PYENV),
    ("/opt/homebrew/", EnvironmentKind.HOMEBREW),
    ("/usr/local/Cellar/", EnvironmentKind.HOMEBREW),
    ("/Library/Frameworks/Python.framework/", EnvironmentKind.FRAMEWORK),
    ("/Library/Developer/CommandLineTools/", EnvironmentKind.SYSTEM),
    ("/Applications/Xcode.app/", EnvironmentKind.SYSTEM),
)


def kind_of_prefix(prefix: str) -> EnvironmentKind:
    """Say from its place who made an interpreter that is in no virtual environment."""
    for part, kind in _PREFIXES:
        if part in prefix + "/":
            return kind
    return EnvironmentKind.SYSTEM if prefix in {"/usr", "/"} else EnvironmentKind.OTHER


def _binary_architectures(path: str) -> Fact[tuple[Architecture, ...]]:
    try:
        with open(path, "rb") as file:
            found = architectures(file.read(HEADER_BYTES))
    except (OSError, ValueError) as error:
        return Unknown(reason=f"{path}: {error}")
    return Found(value=found, source=f"header of {os.path.realpath(path)}")


def _link_runs(path: str) -> Fact[bool]:
    """Whether the interpreter's file is there; a link whose end is gone cannot run."""
    if os.path.exists(path):
        return Unknown(reason="it was not started")
    end = os.path.realpath(path)
    return Found(value=False, source=f"{path} leads to {end}, which does not exist")


def _located(answer: "InterpreterAnswer", because: str) -> Located:
    settings = read_pyvenv(answer.prefix)
    return Located(
        environment=Environment(
            root=answer.prefix,
            kind=_kind(answer.prefix, settings),
            site_packages=answer.site_packages,
            chosen_because=because,
        ),
        interpreter=Found(
            value=Interpreter(
                path=answer.executable,
                version=Found(value=answer.version, source="the interpreter's own answer"),
                architectures=_binary_architectures(answer.executable),
                runs=Found(value=True, source="it answered"),
            ),
            source=answer.executable,
        ),
    )
