"""One observation of one environment, put together from the readers of this package."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Callable, Optional, TypeVar

from tfmac._version import __version__
from tfmac.observe.distributions import Installed, read_distributions
from tfmac.observe.files import compare_files
from tfmac.observe.host import host_of_target
from tfmac.observe.kernels import find_kernels
from tfmac.observe.locate import Located
from tfmac.observe.native_libraries import read_native_libraries
from tfmac.observe.shadowing import find_shadowing
from tfmac.schema.codec import SCHEMA_VERSION
from tfmac.schema.fact import Fact, Found, Unknown
from tfmac.schema.facts import (
    PLUGIN_FOLDER,
    Distribution,
    EnvironmentKind,
    Facts,
    Host,
    Interpreter,
    Kernel,
    NativeLibraries,
    Part,
    Plugin,
    ShadowingModule,
)
from tfmac.schema.platform import Architecture, OperatingSystem, Target

# The variables that change which Keras is used, what is imported, and what an installer acts on.
_VARIABLES = (
    "CONDA_PREFIX",
    "CUDA_VISIBLE_DEVICES",
    "DYLD_LIBRARY_PATH",
    "KERAS_BACKEND",
    "LD_LIBRARY_PATH",
    "PYTHONHOME",
    "PYTHONPATH",
    "TF_USE_LEGACY_KERAS",
    "VIRTUAL_ENV",
)
_CPYTHON_TAG = re.compile(r"cp(3)(\d+)-cp3\d+t?-")

T = TypeVar("T")


def observe(
    located: Located,
    *,
    host: Host,
    target: Optional[Target],
    parts: frozenset[Part],
    cwd: Optional[str],
    variables: Mapping[str, str],
    records: bool = True,
) -> Facts:
    """Read an environment.

    ``target`` puts another machine in the place of ``host``. ``cwd`` is where shadowing modules
    are sought, None to seek none. A part that was not asked for is unknown, with that reason.
    Without ``records`` it stays unknown what the distributions provide.
    """
    environment = located.environment
    site_packages = environment.site_packages
    installed, damaged = read_distributions(site_packages, records=records)
    distributions = tuple(entry.distribution for entry in installed)
    native = _read(
        Part.NATIVE_LIBRARIES, parts, "file headers", lambda: read_native_libraries(installed)
    )
    judged = host if target is None else host_of_target(target)
    interpreter = located.interpreter
    if isinstance(interpreter, Unknown):
        interpreter = _interpreter_of_wheels(interpreter, distributions)
    return Facts(
        schema_version=SCHEMA_VERSION,
        tfmac=__version__,
        host=judged,
        interpreter=interpreter,
        environment=environment,
        distributions=Found(value=distributions, source=", ".join(site_packages)),
        damaged=damaged,
        native_libraries=native,
        files=_read(Part.FILES, parts, "RECORD and the disk", lambda: compare_files(installed)),
        plugins=_read(
            Part.PLUGINS,
            parts,
            "tensorflow-plugins",
            lambda: _plugins(
                site_packages, installed, process_architecture(interpreter, judged, native)
            ),
        ),
        shadowing=_shadowing(parts, cwd, distributions),
        variables=_variables(environment.kind, variables),
        target=target,
        kernels=_kernels(located, host, distributions, variables),
    )


def process_architecture(
    interpreter: Fact[Interpreter], host: Host, native: Fact[tuple[NativeLibraries, ...]]
) -> Architecture:
    """Say as which architecture the environment's programs run.

    The chip's own where the interpreter has it; else the interpreter's only one; else, where
    there is no interpreter, the one that the native libraries agree on; else the chip's.
    """
    own = host.architecture.value if isinstance(host.architecture, Found) else None
    held: tuple[Architecture, ...] = ()
    if isinstance(interpreter, Found) and isinstance(interpreter.value.architectures, Found):
        held = interpreter.value.architectures.value
    elif isinstance(native, Found):
        held = _common_architecture(native.value)
    if held and own not in held:
        return held[0]
    return own or Architecture.OTHER


def _common_architecture(native: Iterable[NativeLibraries]) -> tuple[Architecture, ...]:
    """The architectures that every native library holds."""
    sets = [set(group.architectures) for group in native]
    return tuple(sorted(set.intersection(*sets), key=lambda one: one.value)) if sets else ()


def _read(part: Part, parts: frozenset[Part], source: str, read: Callable[[], T]) -> Fact[T]:
    if part not in parts:
        return Unknown(reason=f"{part.value} were not looked at")
    try:
        return Found(value=read(), source=source)
    except OSError as error:
        return Unknown(reason=f"{error.filename}: {error.strerror}")


def _plugins(
    site_packages: tuple[str, ...], installed: Iterable[Installed], architecture: Architecture
) -> tuple[Plugin, ...]:
    """Read plug-ins where there is a folder of them; the readers are not loaded for nothing."""
    if not any(os.path.isdir(os.path.join(folder, PLUGIN_FOLDER)) for folder in site_packages):
        return ()
    from tfmac.observe.plugins import read_plugins  # noqa: PLC0415

    return read_plugins(site_packages, installed, architecture)


def _shadowing(
    parts: frozenset[Part], cwd: Optional[str], distributions: tuple[Distribution, ...]
) -> Fact[tuple[ShadowingModule, ...]]:
    if cwd is None:
        return Unknown(reason="no working directory was given")
    return _read(Part.SHADOWING, parts, cwd, lambda: find_shadowing(cwd, distributions))


def _kernels(
    located: Located,
    host: Host,
    distributions: tuple[Distribution, ...],
    variables: Mapping[str, str],
) -> Fact[tuple[Kernel, ...]]:
    """Find the kernels of an environment of this machine: the one that looks, not the target."""
    interpreter, environment = located.interpreter, located.environment
    if isinstance(interpreter, Unknown) or environment.kind is EnvironmentKind.TREE:
        return Unknown(reason="an unpacked tree starts no notebooks")
    if isinstance(host.system, Unknown):
        return host.system
    mac = host.system.value is OperatingSystem.MACOS
    path = interpreter.value.path
    try:
        found = find_kernels(environment, path, distributions, variables, mac=mac)
    except OSError as error:
        return Unknown(reason=f"{error.filename}: {error.strerror}")
    return Found(value=found, source="the folders that Jupyter seeks kernels in")


def _interpreter_of_wheels(
    unknown: Unknown, distributions: Iterable[Distribution]
) -> Fact[Interpreter]:
    """Infer the Python of a tree: the one that most of its wheels are tagged for."""
    minors: Counter[str] = Counter()
    for distribution in distributions:
        tags = (_CPYTHON_TAG.match(tag) for tag in distribution.tags)
        minors.update({".".join(match.groups()) for match in tags if match})
    if not minors:
        return unknown
    minor, wheels = minors.most_common(1)[0]
    source = f"the tags of {wheels} installed wheels"
    return Found(
        value=Interpreter(
            path="python",
            version=Found(value=minor, source=source),
            architectures=unknown,
            runs=unknown,
        ),
        source=source,
    )


def _variables(kind: EnvironmentKind, variables: Mapping[str, str]) -> dict[str, str]:
    """Keep the variables that matter; those of this process say nothing of another machine."""
    if kind is EnvironmentKind.TREE:
        return {}
    return {name: variables[name] for name in _VARIABLES if variables.get(name)}
