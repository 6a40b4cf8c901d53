"""The Python sources of a wheel as tables of names: read and parsed, never run. Hostile input.

A name is followed from an export file to the statement that defines it, through imports,
assignments and lazy loaders.
"""

import ast
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Optional, Union

from tfmac.curation.failures import PackageIndexError
from tfmac.curation.names.bindings import (
    SIZE_LIMIT,
    Definition,
    Here,
    Import,
    Table,
    last_name,
    parsed,
    table,
)

_DEPTH = 40  # steps from an export to its definition; real ones need six
_MEMBERS = 60_000  # files of a wheel; TensorFlow's have a quarter of it
_TOTAL = 512 * 1024 * 1024  # bytes of all sources of a wheel; TensorFlow's have a tenth of it


class Found(NamedTuple):
    """Where following a name ended: at a module, a definition, or a value."""

    module: str
    name: str
    node: Optional[Union[Definition, ast.expr]] = None

    @property
    def path(self) -> str:
        """The dotted place of the definition."""
        return f"{self.module}.{self.name}" if self.name else self.module


class Sources:
    """The modules of some wheels that are read together."""

    def __init__(self, aliases: Sequence[tuple[str, str]] = ()) -> None:
        self._texts: dict[str, tuple[bytes, bool]] = {}
        self._tables: dict[str, Optional[Table]] = {}
        self._aliases = list(aliases)
        self.lazy_roots: dict[str, str] = {}
        """For each mode the package that loaders without a module of their own load from."""
        self.unreadable: list[str] = []
        """Modules that are no Python that can be parsed."""

    def add(self, path: str, text: bytes) -> None:
        """Add a file by its path within the wheel."""
        parts = path[: -len(".py")].split("/")
        package = parts[-1] == "__init__"
        module = self.canonical(".".join(parts[:-1] if package else parts))
        if module in self._texts and len(self._texts[module][0]) >= len(text):
            return  # a package that only forwards to another stands beside that one
        self._texts[module] = (text, package)

    def canonical(self, module: str) -> str:
        """Give a module the name that users know its package by."""
        for inner, known in self._aliases:
            if module == inner or module.startswith(f"{inner}."):
                return known + module[len(inner) :]
        return module

    def know(self, module: str, by: str) -> None:
        """Let a module be found by another name too; before its names are asked for."""
        self._aliases.append((by, module))

    def outside(self, module: str, value: ast.AST) -> Optional[str]:
        """Give the full name of what a module takes from outside of these sources."""
        if isinstance(value, ast.Attribute):
            owner = self.outside(module, value.value)
            return f"{owner}.{value.attr}" if owner else None
        table = self.table(module)
        binding = table.bindings.get(value.id) if table and isinstance(value, ast.Name) else None
        if not isinstance(binding, Import) or binding.module in self:
            return None
        return f"{binding.module}.{binding.name}" if binding.name else binding.module

    def modules(self) -> tuple[str, ...]:
        """Name all modules, in alphabetical order."""
        return tuple(sorted(self._texts))

    def text(self, module: str) -> bytes:
        """Give the source of a module."""
        return self._texts[module][0]

    def __contains__(self, module: object) -> bool:
        return module in self._texts

    def is_package(self, module: str) -> bool:
        """Whether a module is a package."""
        return module in self._texts and self._texts[module][1]

    def table(self, module: str) -> Optional[Table]:
        """Give the names of a module, None when it is not there or cannot be parsed."""
        if module not in self._texts:
            return None
        if module not in self._tables:
            text, package = self._texts[module]
            tree, here = parsed(text), Here(module, package, self.canonical)
            if tree is None:
                self.unreadable.append(module)
            self._tables[module] = None if tree is None else table(here, tree)
        return self._tables[module]

    def public(self, module: str) -> tuple[str, ...]:
        """Name what a module binds for others, star imports and submodules of exports included."""
        return tuple(sorted(self._public(module, set())))

    def _public(self, module: str, seen: set[str]) -> set[str]:
        table = self.table(module)
        if table is None or module in seen:
            return set()
        seen.add(module)
        names = {name for name in table.bindings if not name.startswith("_")}
        names.update(name for name in table.exported if name in table.bindings)
        for star in table.stars:
            names |= self._public(star, seen)
        return names

    def foreign_stars(self, module: str) -> tuple[str, ...]:
        """Name the modules outside these sources whose names a module takes unseen."""
        table = self.table(module)
        return tuple(star for star in table.stars if star not in self) if table else ()

    def follow(self, module: str, name: str, depth: int = _DEPTH) -> Optional[Found]:
        """Follow a name of a module to its definition; None where that is outside or endless."""
        table = self.table(module)
        if table is None or depth <= 0:
            return None
        binding = table.bindings.get(name)
        if binding is None:
            for star in reversed(table.stars):
                found = self.follow(star, name, depth - 1)
                if found is not None:
                    return found
            inner = f"{module}.{name}"
            return Found(inner, "") if inner in self else None
        if isinstance(binding, Import):
            return self._imported(module, name, binding, depth)
        if isinstance(binding, ast.expr):
            return self.value(module, binding, name, depth - 1)
        return Found(module, name, binding)

    def _imported(self, module: str, name: str, binding: Import, depth: int) -> Optional[Found]:
        if binding.name is None:
            return Found(binding.module, "") if binding.module in self else None
        inner = self.canonical(f"{binding.module}.{binding.name}")
        if binding.module == module and binding.name == name:
            return Found(inner, "") if inner in self else None  # its own submodule
        found = self.follow(binding.module, binding.name, depth - 1)
        if found is not None:
            return found
        return Found(inner, "") if inner in self else None

    def value(
        self, module: str, value: ast.expr, name: str, depth: int = _DEPTH
    ) -> Optional[Found]:
        """Follow what an expression stands for: another name, an exported or wrapped one."""
        if depth <= 0:
            return None
        if isinstance(value, ast.Name):
            return self.follow(module, value.id, depth - 1) if value.id != name else None
        found = None
        if isinstance(value, ast.Attribute):
            owner = self.value(module, value.value, "", depth - 1)
            if owner is not None and not owner.name:
                return self.follow(owner.module, value.attr, depth - 1)
        elif isinstance(value, ast.Call):
            target = self._lazy(module, value) or _wrapped(value)
            if isinstance(target, str):
                return Found(target, "") if target in self else None
            found = None if target is None else self.value(module, target, name, depth - 1)
        return found or Found(module, name, value)

    def _lazy(self, module: str, call: ast.Call) -> Optional[str]:
        """Name the module that a lazy loader loads."""
        if not last_name(call.func).endswith("LazyLoader"):
            return None
        options = {one.arg: self._text(module, one.value) for one in call.keywords}
        texts = [text for text in (self._text(module, one) for one in call.args) if text]
        if texts:
            return texts[-1]
        root = self.lazy_roots.get(options.get("mode") or "", "")
        inner = options.get("submodule")
        return f"{root}.{inner}" if inner else root

    def _text(self, module: str, value: ast.expr, depth: int = 4) -> Optional[str]:
        """Give the text that an expression of constants stands for."""
        if isinstance(value, ast.Constant):
            return value.value if isinstance(value.value, str) else None
        if isinstance(value, ast.BinOp) and depth:
            parts = [self._text(module, one, depth - 1) for one in (value.left, value.right)]
            return None if None in parts else "".join(filter(None, parts))
        table = self.table(module)
        if isinstance(value, ast.Name) and table is not None and depth:
            bound = table.bindings.get(value.id)
            return self._text(module, bound, depth - 1) if isinstance(bound, ast.expr) else None
        return None


def python_files(archive: zipfile.ZipFile, folders: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Read the Python sources below some folders, in the order in which they lie in the wheel."""
    members = archive.infolist()
    if len(members) > _MEMBERS:
        raise PackageIndexError(f"it has more than {_MEMBERS} files")
    wanted = [
        member
        for member in members
        if member.filename.endswith(".py")
        and member.filename.startswith(tuple(f"{folder}/" for folder in folders))
        and not member.filename.endswith("_test.py")
        and member.file_size <= SIZE_LIMIT
    ]
    if sum(member.file_size for member in wanted) > _TOTAL:
        raise PackageIndexError(f"it has more than {_TOTAL} bytes of Python sources")
    for member in sorted(wanted, key=lambda member: member.header_offset):
        yield member.filename, _content(archive, member)


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(member) as file:
            return file.read(SIZE_LIMIT + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as error:
        raise PackageIndexError(f"{member.filename} is damaged: {error}") from error


def _wrapped(call: ast.Call) -> Optional[ast.expr]:
    """Give what an exporting call hands through: ``export("name")(thing)``."""
    if isinstance(call.func, ast.Call) and len(call.args) == 1:
        return call.args[0]
    if last_name(call.func) == "to_raw_op" and len(call.args) == 1:
        return call.args[0]
    return None
