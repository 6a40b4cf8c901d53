"""glibc's rules: which objects get loaded, and in which of them each import is looked up.

Assumptions, proved against real ``dlopen`` calls on TensorFlow's Linux wheels:

- TensorFlow's objects are loaded RTLD_LOCAL (Python's default, and what TensorFlow asks for when
  its framework is a separate library). So an extension sees the global scope, then itself and its
  own ``DT_NEEDED`` closure, breadth first; TensorFlow's objects satisfy its ``DT_NEEDED`` by
  SONAME, but those outside its closure stay invisible.
- The global scope is the interpreter and what it brings; base-system libraries that are not in
  the tree are present. Their names need no list: those of glibc, libstdc++ and libgcc carry
  versions of these libraries, and a plain name that is found nowhere is theirs if it is spelled
  so (``linking_elf_names``). ``nan`` without a version is a real case. libstdc++ has to be among
  the libraries that the extension or its closure needs: TensorFlow's own link to it is invisible.
- CUDA and other libraries outside the tree and the base system count as missing.
"""

import posixpath
from collections.abc import Iterator
from typing import Callable, Optional

from tfmac.formats.elf import ElfImage, ElfImport
from tfmac.formats.linking_elf_names import CXX_LIBRARY, is_system_name
from tfmac.formats.native import Image
from tfmac.formats.reading import as_text
from tfmac.schema.binary import BinaryFormat, Binding, MissingSymbol

Find = Callable[[str], Optional[Image]]

# What PEP 600 lets wheels expect of the system, with the C++ and compiler run times.
_SYSTEM = frozenset((
    "libc.so.6", "libm.so.6", "libdl.so.2", "librt.so.1", "libpthread.so.0", "libutil.so.1",
    "libresolv.so.2", "libnsl.so.1", "libcrypt.so.1", "libstdc++.so.6", "libgcc_s.so.1",
    "libmvec.so.1", "libanl.so.1", "libgomp.so.1", "libatomic.so.1", "libz.so.1",
    "libexpat.so.1", "libX11.so.6", "libXext.so.6", "libXrender.so.1", "libICE.so.6",
    "libSM.so.6", "libGL.so.1", "libglib-2.0.so.0", "libgthread-2.0.so.0", "libgobject-2.0.so.0",
))  # fmt: skip
_SYSTEM_PREFIXES = ("libpython3", "ld-linux", "linux-vdso")
# Bounds for hostile trees: objects in the process, and files looked for in all.
_MOST_OBJECTS = 4096
_MOST_ATTEMPTS = 20_000


def is_system(library: str) -> bool:
    """Whether a link names a library of the base system or the interpreter's own."""
    return library in _SYSTEM or library.startswith(_SYSTEM_PREFIXES)


class _Loaded:
    """An object in the process: its path, its ``DT_NEEDED`` objects and its search path."""

    __slots__ = ("image", "inherited", "needed", "path")

    def __init__(self, path: str, image: ElfImage, parent: "Optional[_Loaded]") -> None:
        self.path = path
        self.image = image
        self.needed: list[_Loaded] = []
        above: tuple[str, ...] = parent.inherited if parent else ()
        # DT_RPATH reaches down to dependencies; DT_RUNPATH replaces it and does not.
        self.inherited: tuple[str, ...] = (*self._expanded(image.rpaths), *above)

    def search_path(self) -> tuple[str, ...]:
        if self.image.runpaths:
            return self._expanded(self.image.runpaths)
        return self.inherited

    def _expanded(self, paths: tuple[str, ...]) -> tuple[str, ...]:
        origin = posixpath.dirname(self.path)
        spelled = (path.replace("${ORIGIN}", "$ORIGIN") for path in paths)
        return tuple(posixpath.normpath(path.replace("$ORIGIN", origin)) for path in spelled)

    @property
    def name(self) -> str:
        return self.image.identity or posixpath.basename(self.path)


class _Process:
    """Objects in load order."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._by_path: dict[str, _Loaded] = {}
        self._by_name: dict[str, _Loaded] = {}
        self.order: list[_Loaded] = []
        self.missing: list[str] = []
        self._attempts = 0

    def load(self, path: str, image: ElfImage) -> list[_Loaded]:
        """Load an object and give its scope: itself and its closure, breadth first."""
        scope = {path: self._by_path.get(path) or self._add(path, image, None)}
        queue = list(scope.values())
        for loaded in queue:
            for needed in self._needed(loaded):
                if needed.path not in scope:
                    scope[needed.path] = needed
                    queue.append(needed)
        return queue

    def _needed(self, loaded: _Loaded) -> list[_Loaded]:
        if not loaded.needed:
            found = (self._resolve(link, loaded) for link in loaded.image.links)
            loaded.needed = [target for target in found if target is not None]
        return loaded.needed

    def _add(self, path: str, image: ElfImage, parent: Optional[_Loaded]) -> _Loaded:
        loaded = _Loaded(path, image, parent)
        self._by_path[path] = loaded
        if image.identity is not None:
            self._by_name.setdefault(image.identity, loaded)
        self.order.append(loaded)
        return loaded

    def _resolve(self, link: str, loader: _Loaded) -> Optional[_Loaded]:
        """Find a needed object: loaded under that SONAME, else a file on the search path."""
        known = self._by_name.get(link)
        if known is not None:
            return known
        for path in _candidates(link, loader):
            known = self._by_path.get(path)
            image = self._attempt(path) if known is None else None
            if isinstance(image, ElfImage):
                known = self._add(path, image, loader)
            if known is not None:
                self._by_name.setdefault(link, known)
                return known
        if not is_system(link) and link not in self.missing:
            self.missing.append(link)
        return None

    def _attempt(self, path: str) -> Optional[Image]:
        self._attempts += 1
        if self._attempts > _MOST_ATTEMPTS or len(self.order) > _MOST_OBJECTS:
            return None
        return self._find(path)


def _candidates(link: str, loader: _Loaded) -> Iterator[str]:
    if "/" in link:
        yield posixpath.normpath(link)
        return
    for folder in loader.search_path():
        yield posixpath.join(folder, link)


def bind(extension: tuple[str, ElfImage], main: tuple[str, ElfImage], find: Find) -> Binding:
    """Apply the rules of this module; see ``linking.bind``."""
    process = _Process(find)
    process.load(*main)
    before = len(process.order)
    process.missing.clear()  # what TensorFlow itself lacks is not the extension's fault
    scope = process.load(*extension)
    missing: dict[MissingSymbol, None] = {}
    with_cxx = any(CXX_LIBRARY in loaded.image.links for loaded in scope)
    examined = 0
    for loaded in process.order[before:]:
        for wanted in loaded.image.imports():
            if not wanted.weak:
                examined += 1
                if not _satisfied(wanted, scope, with_cxx=with_cxx):
                    missing[_lost(wanted)] = None
    return Binding(
        missing_libraries=tuple(process.missing),
        missing_symbols=tuple(missing),
        examined=examined,
        loaded=tuple(loaded.name for loaded in process.order[:before]),
        format=BinaryFormat.ELF,
    )


def _lost(wanted: ElfImport) -> MissingSymbol:
    version = None if wanted.version is None else as_text(wanted.version)
    return MissingSymbol(name=as_text(wanted.name), library=None, version=version)


def _satisfied(wanted: ElfImport, scope: list[_Loaded], *, with_cxx: bool) -> bool:
    """Whether a name is found in its version, here or by the assumptions on the system."""
    if wanted.version_library is not None and is_system(as_text(wanted.version_library)):
        return True
    if any(loaded.image.provides(wanted.name, wanted.version) for loaded in scope):
        return True
    return wanted.version is None and is_system_name(wanted.name, with_cxx=with_cxx)
