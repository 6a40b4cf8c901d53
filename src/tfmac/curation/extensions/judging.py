"""One build of an extension beside one framework: the loader's rules over the wheels' libraries."""

import posixpath
from collections.abc import Iterable
from typing import NamedTuple, Optional

from packaging.version import Version

from tfmac.curation.wheel_images import TREE, Beside, WheelImages
from tfmac.formats import linking
from tfmac.formats.macho import MachImage
from tfmac.schema.abi import Library
from tfmac.schema.binary import Binding

_INTERPRETER = (b"_Py", b"__Py")  # differ between the wheels of one release, and are always there

_PYTHON_MODE = "0x0002"  # RTLD_NOW alone, in which Python opens extension modules

Needs = frozenset[tuple[object, ...]]
"""What the libraries of a wheel need of a framework; the same for the wheels of one build."""


class Judged(NamedTuple):
    """What the loader makes of the libraries of a build."""

    examined: int
    images: int
    failed: int = 0
    library: Optional[Library] = None
    message: Optional[str] = None
    unresolved: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()


def judge(
    libraries: Iterable[Library], extension: WheelImages, framework: WheelImages, main: str
) -> Judged:
    """Bind every library that the extension opens; ``main`` is what the framework opens first.

    Raises ``FileNotFoundError``, ``LookupError`` and ``ValueError`` where one cannot be read.
    """
    images = Beside(framework, extension)
    bindings: list[tuple[Library, Binding]] = []
    for library in libraries:
        binding = linking.bind(
            extension=f"{TREE}/{library.path}", main=f"{TREE}/{main}", images=images
        )
        bindings.append((library, binding))
    failed = [(library, binding) for library, binding in bindings if not binding.loads]
    judged = Judged(
        examined=sum(binding.examined for _, binding in bindings),
        images=max((len(binding.loaded) for _, binding in bindings), default=0),
        failed=len(failed),
        copies=_copies(images, framework),
    )
    if not failed:
        return judged
    library, binding = failed[0]
    return judged._replace(
        library=library,
        message=linking.predicted_message(
            binding, library.path, mode=_PYTHON_MODE if library.module else linking.FRAMEWORK_MODE
        ),
        unresolved=binding.missing_libraries,
        missing=tuple(symbol.name for symbol in binding.missing_symbols),
    )


def needs(libraries: Iterable[Library], extension: WheelImages) -> Needs:
    """Tell what the libraries of a wheel need, leaving out the interpreter's own names."""
    found = []
    for library in libraries:
        image = extension.find(f"{TREE}/{library.path}")
        if not isinstance(image, MachImage):
            raise FileNotFoundError(library.path)
        wanted = frozenset(
            (one.name, one.ordinal, one.weak)
            for one in image.imports()
            if not one.name.startswith(_INTERPRETER)
        )
        links = tuple(link.name for link in image.links)
        found.append((library.path, library.opened, links, image.minimum_os, wanted))
    return frozenset(found)


def exported(names: Iterable[str], libraries: Iterable[Library], wheel: WheelImages) -> set[str]:
    """Tell which of these C functions the libraries of an extension bring."""
    images = [wheel.find(f"{TREE}/{library.path}") for library in libraries]
    return {
        name
        for name in names
        for image in images
        if isinstance(image, MachImage) and image.export(b"_" + name.encode()) is not None
    }


def newest(versions: Iterable[Optional[str]]) -> Optional[str]:
    """Give the newest of these macOS versions, without its patch level."""
    parsed = [Version(version) for version in versions if version is not None]
    return ".".join(str(part) for part in max(parsed).release[:2]) if parsed else None


def _copies(images: Beside, framework: WheelImages) -> tuple[str, ...]:
    """Name the framework's libraries that the extension loads from its own folder instead."""
    names = {posixpath.basename(path) for path in framework.opened()}
    return tuple(path for path in images.own if posixpath.basename(path) in names)
