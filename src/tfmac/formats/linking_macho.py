"""dyld's rules: which images get loaded, and in which of them each import is looked up.

Follows dyld 4 (macOS 12 and later) with these assumptions:

- Libraries under ``/usr/lib`` and ``/System`` are present and hold whatever is bound to them by a
  two-level import; so does the main executable (the Python interpreter).
- A plug-in is opened with RTLD_LOCAL, and so is TensorFlow's main image: that one is hidden from
  flat look-ups (``@loader_path`` chains and two-level look-ups still reach it), its libraries are
  not.
- A flat or weakly coalesced name that no image of the tree has is still taken as present when it
  belongs to a system component by its form: the Objective-C runtime (``_objc_``) and C++'s
  replaceable operators new and delete and the type information of the plain classes of ``std``
  (its exceptions), where an image of the process links to libobjc or libc++; POSIX's ``iconv``,
  which macOS keeps in a library of its own, where one links to Foundation; and the interpreter's C
  API (``_Py``, ``__Py``). Any other such name has to be found.
"""

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import Callable, Optional

from tfmac.formats.macho import Link, LinkKind, MachImage
from tfmac.formats.macho_imports import FLAT_LOOKUP, MAIN_EXECUTABLE, SELF, WEAK_LOOKUP, Import
from tfmac.formats.native import Image
from tfmac.formats.reading import as_text
from tfmac.schema.binary import BinaryFormat, Binding, MissingSymbol

Find = Callable[[str], Optional[Image]]

_SYSTEM = ("/usr/lib/", "/System/")
_CXX_LIBRARY = "/usr/lib/libc++.1.dylib"
_SYSTEM_PREFIXES = {
    "/usr/lib/libobjc.A.dylib": (b"_objc_",),
    _CXX_LIBRARY: (b"__Znw", b"__Zna", b"__Zdl", b"__Zda"),
}
_INTERPRETER_PREFIXES = (b"_Py", b"__Py")
# Type information, its name and the virtual table of a class directly in std, by the C++ ABI's
# mangling (prefix St, then the length of a name): templates and what lies in libc++'s inline
# namespace are written otherwise, and may be of anybody's making.
_CXX_CLASS = re.compile(rb"__ZT[ISV]St\d+[a-z_]+")
_FOUNDATION = "/System/Library/Frameworks/Foundation.framework/Versions/C/Foundation"
_POSIX_ELSEWHERE = frozenset((b"_iconv", b"_iconv_open", b"_iconv_close"))
# A process with more images than this is not a real one; it bounds hostile trees.
_MOST_IMAGES = 4096
_MOST_ATTEMPTS = 20_000  # files looked for in all


class _Loaded:
    """An image in the process: its path, what its links resolved to, and its rpath stack."""

    __slots__ = ("image", "path", "rpaths", "targets")

    def __init__(self, path: str, image: MachImage, parent: "Optional[_Loaded]") -> None:
        self.path = path
        self.image = image
        folder = posixpath.dirname(path)
        own = (_expand(rpath, folder) for rpath in image.rpaths)
        inherited: tuple[str, ...] = parent.rpaths if parent else ()
        # dyld searches the image's own rpaths, then those of the images that led to it.
        self.rpaths: tuple[str, ...] = tuple(
            dict.fromkeys((*(rpath for rpath in own if rpath), *inherited))
        )
        self.targets: list[Optional[_Loaded]] = []

    @property
    def name(self) -> str:
        return self.image.identity or posixpath.basename(self.path)


def _expand(path: str, folder: str) -> Optional[str]:
    """Resolve ``@loader_path``; ``@executable_path`` is unknown to a reader of files."""
    if path.startswith("@loader_path"):
        return posixpath.normpath(folder + "/" + path[len("@loader_path") :])
    return None if path.startswith("@") else posixpath.normpath(path)


def is_system(library: str) -> bool:
    """Whether a link names a library that macOS itself brings."""
    return library.startswith(_SYSTEM)


class _Process:
    """Images in load order."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._by_path: dict[str, _Loaded] = {}
        self._by_identity: dict[str, _Loaded] = {}
        self.order: list[_Loaded] = []
        self.missing: list[str] = []
        self._attempts = 0

    def load(self, path: str, image: MachImage) -> _Loaded:
        """Load an image and, breadth first, everything that it links to."""
        if path in self._by_path:
            return self._by_path[path]
        first = self._add(path, image, None)
        queue = [first]
        for loaded in queue:
            for link in loaded.image.links:
                target, new = self._resolve(link, loaded)
                loaded.targets.append(target)
                if target is not None and new:
                    queue.append(target)
        return first

    def _add(self, path: str, image: MachImage, parent: Optional[_Loaded]) -> _Loaded:
        loaded = _Loaded(path, image, parent)
        self._by_path[path] = loaded
        if image.identity is not None:
            self._by_identity.setdefault(image.identity, loaded)
        self.order.append(loaded)
        return loaded

    def _resolve(self, link: Link, loader: _Loaded) -> tuple[Optional[_Loaded], bool]:
        """Find a link's image: loaded under that very install name, else by its file."""
        if is_system(link.name):
            return None, False
        known = self._by_identity.get(link.name)
        if known is not None:
            return known, False
        for path in _candidates(link.name, loader):
            known = self._by_path.get(path)
            if known is not None:
                return known, False
            image = self._attempt(path)
            if isinstance(image, MachImage):
                return self._add(path, image, loader), True
        if link.kind is not LinkKind.WEAK and link.name not in self.missing:
            self.missing.append(link.name)
        return None, False

    def _attempt(self, path: str) -> Optional[Image]:
        self._attempts += 1
        if self._attempts > _MOST_ATTEMPTS or len(self.order) > _MOST_IMAGES:
            return None
        return self._find(path)

    def links_to(self, library: str) -> bool:
        """Whether any image of the process links to this library."""
        return any(link.name == library for loaded in self.order for link in loaded.image.links)


def _candidates(name: str, loader: _Loaded) -> Iterator[str]:
    if name.startswith("@rpath/"):
        for rpath in loader.rpaths:
            yield posixpath.normpath(posixpath.join(rpath, name[len("@rpath/") :]))
        return
    path = _expand(name, posixpath.dirname(loader.path))
    if path is not None and path.startswith("/"):
        yield path


def bind(extension: tuple[str, MachImage], main: tuple[str, MachImage], find: Find) -> Binding:
    """Apply the rules of this module; see ``linking.bind``."""
    process = _Process(find)
    base = process.load(*main)
    closure = tuple(process.order)
    process.missing.clear()  # what TensorFlow itself lacks is not the extension's fault
    process.load(*extension)
    missing: dict[MissingSymbol, None] = {}
    examined = 0
    lookup = _Lookup(process, hidden=base)
    for loaded in process.order[len(closure) :]:
        for wanted in loaded.image.imports():
            if not wanted.weak:
                examined += 1
                lost = lookup.missing(wanted, loaded)
                if lost is not None:
                    missing[lost] = None
    return Binding(
        missing_libraries=tuple(process.missing),
        missing_symbols=tuple(missing),
        examined=examined,
        loaded=tuple(loaded.name for loaded in closure),
        format=BinaryFormat.MACHO,
    )


class _Lookup:
    """Looks imports up in the images of a process."""

    def __init__(self, process: _Process, hidden: _Loaded) -> None:
        self._process = process
        self._visible = [loaded for loaded in process.order if loaded is not hidden]
        self._elsewhere: tuple[bytes, ...] = _INTERPRETER_PREFIXES
        for library, prefixes in _SYSTEM_PREFIXES.items():
            if process.links_to(library):
                self._elsewhere += prefixes
        self._cxx = process.links_to(_CXX_LIBRARY)
        self._foundation = process.links_to(_FOUNDATION)

    def missing(self, wanted: Import, loaded: _Loaded) -> Optional[MissingSymbol]:
        """Say what stays missing of one import, or None when it is satisfied."""
        ordinal = wanted.ordinal if loaded.image.two_level else FLAT_LOOKUP
        name = wanted.name
        if ordinal == MAIN_EXECUTABLE:
            return None
        if ordinal in (FLAT_LOOKUP, WEAK_LOOKUP):
            if self._of_the_system(name) or self._anywhere(name, loaded):
                return None
            return MissingSymbol(name=as_text(name), library=None)
        if ordinal == SELF:
            found, library = _holds(loaded, name), loaded.name
        else:
            found, library = _linked(loaded, ordinal, name)
        return None if found else MissingSymbol(name=as_text(name), library=library)

    def _of_the_system(self, name: bytes) -> bool:
        """Whether a name is one that a system component of this process is known to have."""
        return (
            name.startswith(self._elsewhere)
            or (self._cxx and _CXX_CLASS.fullmatch(name) is not None)
            or (self._foundation and name in _POSIX_ELSEWHERE)
        )

    def _anywhere(self, name: bytes, loaded: _Loaded) -> bool:
        others = (other for other in self._visible if other is not loaded)
        return _holds(loaded, name) or any(_holds(other, name) for other in others)


def _linked(loaded: _Loaded, ordinal: int, name: bytes) -> tuple[bool, str]:
    """Look a two-level name up in the library at a position of the load commands."""
    links: Sequence[Link] = loaded.image.links
    if not 1 <= ordinal <= len(links):
        return False, f"library {ordinal} of {loaded.name}"
    link, target = links[ordinal - 1], loaded.targets[ordinal - 1]
    if target is None:
        # A weakly linked library may be missing together with its names.
        return is_system(link.name) or link.kind is LinkKind.WEAK, link.name
    return _holds(target, name), link.name


def _holds(first: _Loaded, name: bytes) -> bool:
    """Whether an image exports a name, itself or through what it re-exports.

    A re-export that leads into a system library counts as present, as everything there does.
    """
    pending = [(first, name)]
    seen: set[tuple[int, bytes]] = set()
    while pending:
        loaded, wanted = pending.pop()
        if (id(loaded), wanted) in seen or len(seen) > _MOST_IMAGES:
            continue
        seen.add((id(loaded), wanted))
        export = loaded.image.export(wanted)
        if export is None:
            follow = _reexported(loaded, wanted)
        elif export.ordinal is None:
            return True
        else:
            follow = _renamed(loaded, export.ordinal, export.renamed or wanted)
        for link, target, next_name in follow:
            if target is not None:
                pending.append((target, next_name))
            elif is_system(link.name):
                return True
    return False


def _reexported(loaded: _Loaded, name: bytes) -> "list[tuple[Link, Optional[_Loaded], bytes]]":
    pairs = zip(loaded.image.links, loaded.targets)
    return [(link, to, name) for link, to in pairs if link.kind is LinkKind.REEXPORT]


def _renamed(
    loaded: _Loaded, ordinal: int, name: bytes
) -> "list[tuple[Link, Optional[_Loaded], bytes]]":
    if not 1 <= ordinal <= len(loaded.targets):
        return []
    return [(loaded.image.links[ordinal - 1], loaded.targets[ordinal - 1], name)]
