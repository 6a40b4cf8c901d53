"""Which native libraries a package opens when it is imported, read from its sources.

Nothing is run. The modules are followed from the package's own name through the statements that an
import executes: those outside of functions, in order. A library is opened by an import of an
extension module, or by a call with its file name: a call of a function opens it at once, the
construction of an object (``LazySO("…")``) when that object is first used. Where an exception
handler does not raise again, the import goes on without the library.

Libraries in the folders that the framework itself searches for plug-ins are opened by it.
"""

import ast
import posixpath
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Optional, Union

from tfmac.curation.wheel_images import LIBRARY_ENDINGS, WheelImages
from tfmac.schema.abi import Library, Opened

PLUGIN_FOLDERS = ("tensorflow-plugins/", "jax_plugins/")
"""Every library below them is opened by TensorFlow or JAX."""

_MOST_MODULES = 5000
_DEEPEST = 200
_ORDER = (Opened.IMPORT, Opened.CAUGHT, Opened.FIRST_USE)
_Function = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def opened_libraries(wheel: WheelImages) -> tuple[Library, ...]:
    """List the libraries that a package opens, those whose failure ends the import first."""
    plugins = [path for path in wheel.libraries if path.startswith(PLUGIN_FOLDERS)]
    if plugins:
        return tuple(Library(path=path) for path in plugins)
    reader = _Reader(wheel)
    for name in _top_packages(wheel):
        reader.visit(name)
    return tuple(sorted(reader.found.values(), key=lambda one: _ORDER.index(one.opened)))


class Import(NamedTuple):
    """An import of a foreign module: by which module, and whether its failure is caught."""

    module: str
    caught: bool


def foreign_imports(wheel: WheelImages) -> dict[str, Import]:
    """Tell which modules of others a package imports when it is imported itself."""
    reader = _Reader(wheel)
    for name in _top_packages(wheel):
        reader.visit(name)
    return reader.foreign


def _top_packages(wheel: WheelImages) -> tuple[str, ...]:
    names = (path.partition("/") for path in wheel.paths)
    return tuple(dict.fromkeys(name for name, _, rest in names if rest == "__init__.py"))


class _Reader:
    """Follows the imports of a package."""

    def __init__(self, wheel: WheelImages) -> None:
        self._wheel = wheel
        self._paths = frozenset(wheel.paths)
        self._trees: dict[str, Optional[ast.Module]] = {}
        self._visited: set[str] = set()
        self._extension_modules = {
            posixpath.splitext(path)[0].partition(".")[0]: path
            for path in wheel.libraries
            if path.endswith(".so")
        }
        self.found: dict[str, Library] = {}
        self.foreign: dict[str, Import] = {}
        """By module the first import of a package that is not this one's own."""

    def visit(self, name: str, *, caught: bool = False, depth: int = 0) -> None:
        """Follow a module by its dotted name, and the packages that it lies in."""
        if depth > _DEEPEST or len(self._visited) > _MOST_MODULES:
            return
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            self._visit_one(".".join(parts[:end]), caught=caught, depth=depth)

    def _visit_one(self, name: str, *, caught: bool, depth: int) -> None:
        if name in self._visited:
            return
        self._visited.add(name)
        stem = name.replace(".", "/")
        tree = self._tree(name)
        if tree is not None:
            _Module(self, name, tree, depth).read(tree.body, caught=caught)
        elif stem in self._extension_modules:
            opened = Opened.CAUGHT if caught else Opened.IMPORT
            self.note(Library(path=self._extension_modules[stem], opened=opened, module=True))

    def note(self, library: Library) -> None:
        """Record a library; what opens it earliest counts."""
        known = self.found.get(library.path)
        if known is None or _ORDER.index(library.opened) < _ORDER.index(known.opened):
            self.found[library.path] = library

    def note_foreign(self, name: str, module: str, *, caught: bool) -> None:
        """Record an import of a module of somebody else's; one that is not caught counts."""
        known = self.foreign.get(name)
        if known is None or (known.caught and not caught):
            self.foreign[name] = Import(module=module, caught=caught)

    def file_of(self, name: str) -> Optional[str]:
        """Find the source of a module."""
        stem = name.replace(".", "/")
        for path in (f"{stem}/__init__.py", f"{stem}.py"):
            if path in self._paths:
                return path
        return None

    def _tree(self, name: str) -> Optional[ast.Module]:
        if name not in self._trees:
            path = self.file_of(name)
            text = self._wheel.text(path) if path else None
            self._trees[name] = _parsed(text) if text is not None else None
        return self._trees[name]

    def has(self, name: str) -> bool:
        """Whether a module is one of the package's own."""
        return self.file_of(name) is not None or name.replace(".", "/") in self._extension_modules

    def defines_class(self, name: str, module: str) -> bool:
        """Whether a module defines a class, itself or by an import from its own package."""
        for _ in range(_DEEPEST):
            tree = self._tree(module)
            if tree is None:
                return False
            if any(isinstance(one, ast.ClassDef) and one.name == name for one in tree.body):
                return True
            found = _imported_from(tree, name)
            if found is None:
                return False
            module, name = _absolute(found[0], module, self), found[1]
        return False

    def library(self, name: str, module: str) -> Optional[str]:
        """Find the library that a file name means: beside the module, else by its path's end."""
        path = self.file_of(module)
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(path or ""), name))
        if beside in self._paths:
            return beside
        fitting = [one for one in self._wheel.libraries if f"/{one}".endswith(f"/{name}")]
        return fitting[0] if len(fitting) == 1 else None


class _Module:
    """Reads the statements of one module."""

    def __init__(self, reader: _Reader, name: str, tree: ast.Module, depth: int) -> None:
        self._reader = reader
        self._name = name
        self._tree = tree
        self._depth = depth

    def read(self, statements: Iterable[ast.stmt], *, caught: bool) -> None:
        """Follow the statements that an import executes."""
        for statement in statements:
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            if isinstance(statement, ast.Try):
                self._read_try(statement, caught=caught)
            elif isinstance(statement, (ast.Import, ast.ImportFrom)):
                self._read_import(statement, caught=caught)
            else:
                # Which branch a test of the Python's version takes is not known here.
                unsure = isinstance(statement, ast.If) and _asks_for_python(statement.test)
                for inner in ("body", "orelse"):
                    self.read(_statements(statement, inner), caught=caught or unsure)
                self._read_calls(statement, caught=caught)

    def _read_try(self, statement: ast.Try, *, caught: bool) -> None:
        handled = any(not _raises(handler.body) for handler in statement.handlers)
        self.read(statement.body, caught=caught or handled)
        self.read(statement.orelse, caught=caught)
        self.read(statement.finalbody, caught=caught)

    def _read_import(self, statement: Union[ast.Import, ast.ImportFrom], *, caught: bool) -> None:
        if isinstance(statement, ast.Import):
            names = [alias.name for alias in statement.names]
        else:
            base = _absolute(statement, self._name, self._reader)
            inner = [f"{base}.{alias.name}" for alias in statement.names]
            names = [base, *(name for name in inner if self._reader.has(name))]
        for name in names:
            root = name.partition(".")[0]
            if not self._reader.has(root):
                self._reader.note_foreign(root, self._name, caught=caught)
            self._reader.visit(name, caught=caught, depth=self._depth + 1)

    def _read_calls(self, statement: ast.stmt, *, caught: bool) -> None:
        for call in _outer_calls(statement):
            for name in _file_names(call):
                path = self._reader.library(name, self._name)
                if path is None:
                    continue
                called = call.func.id if isinstance(call.func, ast.Name) else ""
                opened = Opened.CAUGHT if caught else Opened.IMPORT
                if called and self._reader.defines_class(called, self._name):
                    opened = Opened.FIRST_USE
                self._reader.note(Library(path=path, opened=opened))


def _asks_for_python(test: ast.expr) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr in {"version_info", "hexversion"}
        for node in ast.walk(test)
    )


def _parsed(text: str) -> Optional[ast.Module]:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _statements(node: ast.AST, field: str) -> list[ast.stmt]:
    inner = getattr(node, field, None)
    return inner if isinstance(inner, list) else []


def _raises(statements: Iterable[ast.stmt]) -> bool:
    return any(
        isinstance(node, ast.Raise) for statement in statements for node in ast.walk(statement)
    )


def _outer_calls(node: ast.AST) -> Iterator[ast.Call]:
    """Find the calls of a statement that are not within another call, a function or a statement."""
    pending = [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt)]
    while pending:
        child = pending.pop(0)
        if isinstance(child, ast.Call):
            yield child
        elif not isinstance(child, (*_Function, ast.stmt)):
            pending += ast.iter_child_nodes(child)


def _file_names(call: ast.Call) -> Iterator[str]:
    for node in ast.walk(call):
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, str) and value.endswith(LIBRARY_ENDINGS):
            yield value


def _imported_from(tree: ast.Module, name: str) -> Optional[tuple[ast.ImportFrom, str]]:
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                if (alias.asname or alias.name) == name:
                    return statement, alias.name
    return None


def _absolute(statement: ast.ImportFrom, module: str, reader: _Reader) -> str:
    """Resolve the module of ``from … import``, dots included."""
    if not statement.level:
        return statement.module or ""
    parts = module.split(".")
    is_package = (reader.file_of(module) or "").endswith("__init__.py")
    kept = parts[: len(parts) - statement.level + (1 if is_package else 0)]
    return ".".join((*kept, statement.module or "")).strip(".")
