"""Everything that was observed of one environment; the only thing that checks look at.

A saved ``Facts`` is at once the bug report and the test fixture: judging it again on any machine
gives the same findings.
"""

import enum
from typing import Optional

import msgspec

from tfmac.schema.binary import Binding
from tfmac.schema.fact import Fact, Unknown
from tfmac.schema.platform import Architecture, OperatingSystem, Target
from tfmac.schema.proof import ProbeReport


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """The machine.

    ``architecture`` is the chip's own, whatever the process runs as. ``translated`` says whether
    the process that looked runs under Rosetta 2 (``sysctl.proc_translated``). ``memory`` is in
    bytes.
    """

    system: Fact[OperatingSystem]
    version: Fact[str]
    architecture: Fact[Architecture]
    chip: Fact[str]
    memory: Fact[int]
    translated: Fact[bool]
    nvidia_driver: Fact[bool]


class Interpreter(msgspec.Struct, frozen=True, kw_only=True):
    """The Python of the environment.

    ``architectures`` are those of the binary's slices (a universal2 binary has two); ``runs`` says
    whether the file exists and could be started as far as reading can tell.
    """

    path: str
    version: Fact[str]
    architectures: Fact[tuple[Architecture, ...]]
    runs: Fact[bool]


class EnvironmentKind(enum.Enum):
    """Who made an environment, and so how it is changed."""

    VENV = "venv"
    UV = "uv"
    CONDA = "conda"
    PYENV = "pyenv"
    HOMEBREW = "homebrew"
    FRAMEWORK = "python.org"
    SYSTEM = "system"
    TREE = "tree"
    OTHER = "other"


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """Where the distributions lie.

    ``chosen_because`` says why this environment is looked at. ``site_packages`` are searched in
    this order.
    """

    root: str
    kind: EnvironmentKind
    site_packages: tuple[str, ...]
    chosen_because: str


class Distribution(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An installed distribution as its dist-info folder describes it.

    ``name`` is normalised (PEP 503). ``provides`` are the top-level names below ``site_packages``
    that its RECORD lists, None when there is no RECORD.
    """

    name: str
    version: str
    location: str
    requires: tuple[str, ...] = ()
    requires_python: Optional[str] = None
    installer: Optional[str] = None
    tags: tuple[str, ...] = ()
    provides: Optional[tuple[str, ...]] = None


class DamagedMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """A dist-info folder that cannot be read, or the remains of one (a name with ``~``)."""

    path: str
    reason: str


class MissingFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Files that RECORD lists and the disk lacks, and native libraries of another size.

    ``examples`` are the first few, native libraries first; paths relative to site-packages.
    """

    distribution: str
    missing: int
    altered: int
    native: int
    examples: tuple[str, ...]


class SharedFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Files that two or more distributions list as their own."""

    distributions: tuple[str, ...]
    count: int
    examples: tuple[str, ...]


class FileComparison(msgspec.Struct, frozen=True, kw_only=True):
    """The disk compared with every RECORD; ``compared`` counts the files that were looked at."""

    compared: int
    missing: tuple[MissingFiles, ...]
    shared: tuple[SharedFiles, ...]


class NativeLibraries(msgspec.Struct, frozen=True, kw_only=True):
    """The native libraries of one distribution by the architectures that they hold."""

    distribution: str
    architectures: tuple[Architecture, ...]
    count: int
    example: str


# Where TensorFlow looks for plug-ins, beside its own folder.
PLUGIN_FOLDER = "tensorflow-plugins"


class Plugin(msgspec.Struct, frozen=True, kw_only=True):
    """A library in ``tensorflow-plugins/``, which TensorFlow opens on import.

    ``distribution`` is the one whose RECORD lists it, None for a left-over. ``binding`` is how its
    imports bind beside the installed TensorFlow, ``message`` what the loader would say.
    """

    path: str
    distribution: Optional[str]
    architectures: tuple[Architecture, ...]
    minimum_macos: Optional[str]
    binding: Fact[Binding]
    message: Optional[str] = None


class ShadowingModule(msgspec.Struct, frozen=True, kw_only=True):
    """A module or package in the working directory named like an installed one."""

    name: str
    path: str
    distribution: str


class KernelPlace(enum.Enum):
    """Where Jupyter found a kernel; ``variable`` is JUPYTER_PATH."""

    VARIABLE = "variable"
    USER = "user"
    ENVIRONMENT = "environment"
    SYSTEM = "system"


class Kernel(msgspec.Struct, frozen=True, kw_only=True):
    """A kernel specification that a Jupyter started from the environment would find.

    ``path`` is that of its ``kernel.json``, ``name`` in small letters. ``hidden`` says that one of
    the same name comes first. ``program`` is what it starts, ``own`` whether that is in this
    environment, ``exists`` whether it is there; both are None for a bare name, which Jupyter looks
    up itself. ``unreadable`` says why the file could not be read.
    """

    name: str
    path: str
    place: KernelPlace
    hidden: bool
    display_name: Optional[str] = None
    program: Optional[str] = None
    own: Optional[bool] = None
    exists: Optional[bool] = None
    unreadable: Optional[str] = None


class Part(enum.Enum):
    """A part of the facts that costs time to observe, so that only what is needed is read."""

    FILES = "files"
    NATIVE_LIBRARIES = "native-libraries"
    PLUGINS = "plugins"
    SHADOWING = "shadowing"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """One observation of one environment.

    ``target`` is set when another machine than the observing one is judged. ``variables`` holds
    only the environment variables that change what TensorFlow and Keras do.
    """

    schema_version: int
    tfmac: str
    host: Host
    interpreter: Fact[Interpreter]
    environment: Environment
    distributions: Fact[tuple[Distribution, ...]]
    damaged: tuple[DamagedMetadata, ...]
    native_libraries: Fact[tuple[NativeLibraries, ...]]
    files: Fact[FileComparison]
    plugins: Fact[tuple[Plugin, ...]]
    shadowing: Fact[tuple[ShadowingModule, ...]]
    variables: dict[str, str]
    target: Optional[Target] = None
    probe: Optional[ProbeReport] = None
    kernels: Fact[tuple[Kernel, ...]] = Unknown(reason="the facts are older than this question")
