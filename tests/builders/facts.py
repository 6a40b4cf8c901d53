"""Facts for tests, built from the few things that a test is about."""

from collections.abc import Iterable, Mapping
from typing import Optional

from tfmac.schema.binary import Binding, MissingSymbol
from tfmac.schema.fact import Fact, Found, Unknown
from tfmac.schema.facts import (
    DamagedMetadata,
    Distribution,
    Environment,
    EnvironmentKind,
    Facts,
    FileComparison,
    Host,
    Interpreter,
    Kernel,
    KernelPlace,
    MissingFiles,
    NativeLibraries,
    Plugin,
    ShadowingModule,
    SharedFiles,
)
from tfmac.schema.platform import Architecture, OperatingSystem
from tfmac.schema.proof import ProbeReport

SITE = "/env/lib/python3.12/site-packages"
ARM, INTEL = Architecture.ARM64, Architecture.X86_64


def mac(
    version: str = "15.1",
    architecture: Architecture = ARM,
    *,
    chip: str = "Apple M3",
    translated: bool = False,
) -> Host:
    """A Mac; an M3 on macOS 15 unless said otherwise."""
    return Host(
        system=Found(value=OperatingSystem.MACOS, source="test"),
        version=Found(value=version, source="test"),
        architecture=Found(value=architecture, source="test"),
        chip=Found(value=chip, source="test"),
        memory=Found(value=16 << 30, source="test"),
        translated=Found(value=translated, source="test"),
        nvidia_driver=Found(value=False, source="test"),
    )


def linux(*, nvidia_driver: bool = False) -> Host:
    """An x86-64 Linux machine."""
    return Host(
        system=Found(value=OperatingSystem.LINUX, source="test"),
        version=Found(value="glibc 2.36", source="test"),
        architecture=Found(value=INTEL, source="test"),
        chip=Unknown(reason="test"),
        memory=Found(value=16 << 30, source="test"),
        translated=Found(value=False, source="test"),
        nvidia_driver=Found(value=nvidia_driver, source="test"),
    )


def distribution(
    name: str,
    version: str,
    *requires: str,
    provides: Optional[Iterable[str]] = None,
    tags: Iterable[str] = (),
    installer: str = "pip",
) -> Distribution:
    """An installed distribution; it provides a package of its own name unless said otherwise."""
    own = (name.replace("-", "_"),)
    return Distribution(
        name=name,
        version=version,
        location=SITE,
        requires=requires,
        installer=installer,
        tags=tuple(tags),
        provides=own if provides is None else tuple(provides),
    )


def tensorflow(version: str, *requires: str, name: str = "tensorflow") -> Distribution:
    """A TensorFlow that carries its code."""
    return distribution(name, version, *requires, provides=["tensorflow"])


def metal(version: str) -> Distribution:
    """Apple's plug-in."""
    return distribution("tensorflow-metal", version, provides=["tensorflow-plugins"])


def binding(libraries: Iterable[str] = (), symbols: Iterable[str] = ()) -> Fact[Binding]:
    """How a plug-in binds; what is given is missing."""
    missing = tuple(MissingSymbol(name=name, library="@rpath/x.so") for name in symbols)
    return Found(
        value=Binding(
            missing_libraries=tuple(libraries),
            missing_symbols=missing,
            examined=400,
            loaded=("tensorflow/python/_pywrap_tensorflow_internal.so",),
        ),
        source="test",
    )


def plugin(
    bound: Optional[Fact[Binding]] = None,
    *,
    owner: Optional[str] = "tensorflow-metal",
    minimum_macos: str = "12.0",
) -> Plugin:
    """The plug-in's library; it loads unless said otherwise."""
    return Plugin(
        path=f"{SITE}/tensorflow-plugins/libmetal_plugin.dylib",
        distribution=owner,
        architectures=(ARM,),
        minimum_macos=minimum_macos,
        binding=bound or binding(),
    )


def kernel(
    name: str,
    program: str,
    place: KernelPlace = KernelPlace.USER,
    *,
    hidden: bool = False,
    exists: bool = True,
) -> Kernel:
    """A kernel specification; its program is the environment's own where it lies in it."""
    absolute = program.startswith("/")
    return Kernel(
        name=name,
        path=f"/jupyter/{place.value}/kernels/{name}/kernel.json",
        place=place,
        hidden=hidden,
        display_name=name,
        program=program,
        own=program.startswith("/env/bin/") if absolute else None,
        exists=exists if absolute else None,
    )


def missing_files(name: str, *examples: str, native: int = 0, altered: int = 0) -> FileComparison:
    """A disk on which files of one distribution are missing."""
    return FileComparison(
        compared=100,
        missing=(
            MissingFiles(
                distribution=name,
                missing=0 if altered else len(examples),
                altered=altered,
                native=native,
                examples=examples,
            ),
        ),
        shared=(),
    )


def shared_files(*names: str) -> FileComparison:
    """A disk on which distributions own the same file."""
    shared = SharedFiles(distributions=names, count=1, examples=("tensorflow/__init__.py",))
    return FileComparison(compared=100, missing=(), shared=(shared,))


def facts(
    *distributions: Distribution,
    host: Optional[Host] = None,
    python: str = "3.12.4",
    architectures: Iterable[Architecture] = (ARM,),
    runs: Optional[Fact[bool]] = None,
    native: Iterable[NativeLibraries] = (),
    files: Optional[FileComparison] = None,
    plugins: Iterable[Plugin] = (),
    shadowing: Iterable[ShadowingModule] = (),
    damaged: Iterable[DamagedMetadata] = (),
    variables: Optional[Mapping[str, str]] = None,
    probe: Optional[ProbeReport] = None,
    kernels: Iterable[Kernel] = (),
) -> Facts:
    """An environment; a sound one of Python 3.12 on an M3 unless said otherwise."""
    return Facts(
        schema_version=1,
        tfmac="test",
        host=host or mac(),
        interpreter=Found(
            value=Interpreter(
                path="/env/bin/python",
                version=Found(value=python, source="test"),
                architectures=Found(value=tuple(architectures), source="test"),
                runs=runs or Unknown(reason="test"),
            ),
            source="test",
        ),
        environment=Environment(
            root="/env",
            kind=EnvironmentKind.VENV,
            site_packages=(SITE,),
            chosen_because="the test names it",
        ),
        distributions=Found(value=tuple(distributions), source="test"),
        damaged=tuple(damaged),
        native_libraries=Found(value=tuple(native), source="test"),
        files=Found(
            value=files or FileComparison(compared=0, missing=(), shared=()), source="test"
        ),
        plugins=Found(value=tuple(plugins), source="test"),
        shadowing=Found(value=tuple(shadowing), source="test"),
        variables=dict(variables or {}),
        probe=probe,
        kernels=Found(value=tuple(kernels), source="test"),
    )
