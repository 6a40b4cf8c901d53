"""The public names of one release, read from its sources: what each is, and where it is defined."""

import ast
import enum
from collections.abc import Sequence
from typing import NamedTuple, Optional

from tfmac.curation.names.bindings import Function, Import
from tfmac.curation.names.members import Member, advice, members
from tfmac.curation.names.signatures import Signatures, own_method
from tfmac.curation.names.sources import Found, Sources

OUTSIDE = "~"
"""Before the full name of a base from outside; alone where even that is not told."""


# Methods by which a class may have members that no statement names.
_ANSWERING = ("__getattr__", "__getattribute__")


class Entry(NamedTuple):
    """What a public name is in one release."""

    kind: str
    signature: Optional[str] = None
    definition: Optional[str] = None


class Class(NamedTuple):
    """The public members that a class itself has, and the classes that it inherits from."""

    bases: tuple[str, ...]
    members: dict[str, Member]


class Place(enum.Enum):
    """What a group of modules is for, and so which of their names are recorded."""

    EXPORT = "export"
    """Made for users: everything that is bound there."""
    SOURCE = "source"
    """Sources that users import from: what is defined there or taken from the same package."""
    PRIVATE = "private"
    """Sources that users are not meant to see: what is defined there, without parameters."""
    HIDDEN = "hidden"
    """Another spelling of what is recorded elsewhere."""


class Area(NamedTuple):
    """Modules below one, and the public name that stands for it."""

    module: str
    public: str
    place: Place
    alone: bool = False
    """Whether only the module itself is meant, not those below it."""


class Snapshot:
    """Everything that is recorded of one release."""

    def __init__(self) -> None:
        self.names: dict[str, Entry] = {}
        self.private: dict[str, str] = {}
        """Modules, and what they define, that users are not meant to see: the kind of each."""
        self.classes: dict[str, Class] = {}
        self.advice: dict[str, str] = {}
        self.open: set[str] = set()
        """Modules that take all names of one outside, or are unreadable: they may have more."""


class Reader:
    """Reads a snapshot out of sources; the innermost area that a module lies in decides."""

    def __init__(
        self, sources: Sources, areas: Sequence[Area], own: str, moved: Sequence[tuple[str, str]]
    ) -> None:
        self._sources = sources
        self._moved = moved
        self._signatures = Signatures(sources)
        self._areas = sorted(areas, key=lambda area: len(area.module), reverse=True)
        self._own = own
        self._signed: dict[str, Optional[str]] = {}
        self.snapshot = Snapshot()

    def read(self) -> Snapshot:
        """Read all modules."""
        for module in self._sources.modules():
            area, public = self._area(module), self.public(module)
            if area is not None and public is not None:
                self._module(module, public, area.place)
        for module in self._sources.modules():
            public = self.public(module)
            table = self._sources.table(module) if public is not None else None
            for path, value in table.replaced.items() if table is not None else ():
                self._replace(module, f"{public}.{path}".lstrip("."), value)
        return self.snapshot

    def _replace(self, module: str, full: str, value: ast.expr) -> None:
        """Put something else in the place of a name and of all below it."""
        if full.rpartition(".")[2].startswith("_"):
            return
        found = self._sources.value(module, value, "")
        target = self.public(found.module) if found is not None and not found.name else None
        if target == full:
            return
        for name in [one for one in self.snapshot.names if one.startswith(f"{full}.")]:
            del self.snapshot.names[name]
            self.snapshot.advice.pop(name, None)
        self.snapshot.names[full] = Entry("alias", None, target) if target else Entry("other")

    def public(self, module: str) -> Optional[str]:
        """Give the public name of a module; None for one that has none of its own."""
        area = self._area(module)
        if area is None or area.place is Place.HIDDEN:
            return None
        return (area.public + module[len(area.module) :]).lstrip(".")

    def _area(self, module: str) -> Optional[Area]:
        for area in self._areas:
            if module == area.module:
                return area
            if not area.alone and module.startswith(f"{area.module}."):
                return area
        return None

    def _module(self, module: str, public: str, place: Place) -> None:
        if place is Place.PRIVATE:
            self._private(module, public)
            return
        if public:
            self.snapshot.names.setdefault(public, Entry("module"))
        if self._sources.table(module) is None or self._sources.foreign_stars(module):
            self.snapshot.open.add(public)
        for name in self._sources.public(module):
            full = f"{public}.{name}" if public else name
            entry = self._entry(module, name, full, place)
            if entry is not None and (place is Place.EXPORT or full not in self.snapshot.names):
                self.snapshot.names[full] = entry

    def _private(self, module: str, public: str) -> None:
        self.snapshot.private[public] = "module"
        package = self._sources.is_package(module)
        for name in self._sources.public(module):
            found = self._sources.follow(module, name)
            if found is None or not (found.module == module or package) or not found.name:
                continue
            if isinstance(found.node, ast.ClassDef):
                self.snapshot.private.setdefault(f"{public}.{name}", "class")
            elif isinstance(found.node, Function):
                self.snapshot.private.setdefault(f"{public}.{name}", "function")

    def _entry(self, module: str, name: str, full: str, place: Place) -> Optional[Entry]:
        found = self._sources.follow(module, name)
        exported = place is Place.EXPORT
        if found is None:
            return Entry("other") if exported or self._taken_by_package(module, name) else None
        if not found.name:
            target = self.public(found.module)
            if exported and target is not None and target not in {full, ""}:
                return Entry("alias", None, target)
            return None
        if isinstance(found.node, (ast.ClassDef, *Function, ast.Lambda)):
            own = f"{found.module}.".startswith(f"{self._own}.")
            return self._defined(found, full) if exported or own else None
        if exported or found.module == module:
            return Entry("other", None, self._identity(found.path))
        return None

    def _taken_by_package(self, module: str, name: str) -> bool:
        """Whether a package hands a name from outside on to its users."""
        table = self._sources.table(module)
        binding = table.bindings.get(name) if table is not None else None
        return (
            isinstance(binding, Import)
            and binding.name is not None
            and not binding.module.startswith("__")
            and self._sources.is_package(module)
        )

    def _defined(self, found: Found, full: str) -> Entry:
        definition = self._identity(found.path)
        if found.path not in self._signed:
            self._signed[found.path] = self._signatures.of(found)
            if isinstance(found.node, ast.ClassDef):
                self._class(found)
        advised = advice(found.node)
        if advised is not None:
            self.snapshot.advice[full] = advised
        kind = "class" if isinstance(found.node, ast.ClassDef) else "function"
        return Entry(kind, self._signed[found.path], definition)

    def _class(self, found: Found) -> None:
        """Record a class and those it inherits from."""
        for one in self._signatures.line(found):
            if one is None or self._identity(one.path) in self.snapshot.classes:
                continue
            bases = [
                OUTSIDE + base if isinstance(base, str) else self._identity(base.path)
                for base in self._signatures.named_bases(one)
            ]
            if any(own_method(one, name) for name in _ANSWERING):
                bases.append(OUTSIDE)
            own = dict(sorted(members(one, self._signatures)))
            self.snapshot.classes[self._identity(one.path)] = Class(tuple(bases), own)

    def _identity(self, path: str) -> str:
        """Name a definition so that it stays the same when its whole package moves."""
        for before, after in self._moved:
            if path.startswith(f"{before}."):
                return after + path[len(before) :]
        return path
