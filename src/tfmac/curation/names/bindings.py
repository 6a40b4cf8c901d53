"""What one module binds at its top level: parsed, never run. Hostile input."""

import ast
import warnings
from collections.abc import Iterable, Iterator
from typing import Callable, NamedTuple, Optional, Union

SIZE_LIMIT = 8 * 1024 * 1024
"""Bytes of one source file; the largest generated ones have a third of it."""

Function = (ast.FunctionDef, ast.AsyncFunctionDef)
Definition = Union[ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef]


class Import(NamedTuple):
    """A name that stands for a module, or for a name of one."""

    module: str
    name: Optional[str]


Binding = Union[Import, Definition, ast.expr]


class Table(NamedTuple):
    """What one module binds at its top level."""

    module: str
    package: bool
    bindings: dict[str, Binding]
    stars: tuple[str, ...]
    """Modules all of whose public names it takes."""
    exported: tuple[str, ...]
    """Names that ``__all__`` lists, as far as it is a plain list; that makes them public."""
    replaced: dict[str, ast.expr]
    """Paths below the module that it puts something else in the place of."""


def parsed(text: bytes) -> Optional[ast.Module]:
    """Parse a source; None for what is none, whatever is wrong with it."""
    if len(text) > SIZE_LIMIT:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError, LookupError):
        return None


def table(here: "Here", tree: ast.Module) -> Table:
    """Read what the statements of a module bind."""
    bindings: dict[str, Binding] = {}
    stars: list[str] = []
    exported: list[str] = []
    replaced: dict[str, ast.expr] = {}
    for statement, sure in _statements(tree.body):
        if isinstance(statement, ast.Delete):
            for target in statement.targets:
                bindings.pop(last_name(target), None)
            continue
        replaced.update(_replaced(statement))
        for name, binding in here.bound(statement):
            if name == "*" and isinstance(binding, Import):
                stars.append(binding.module)
            elif name == "__all__" and isinstance(binding, (ast.List, ast.Tuple)):
                exported += strings(binding)
            elif name not in bindings or (sure and not _wraps_itself(name, binding)):
                bindings[name] = binding
    return Table(here.module, here.package, bindings, tuple(stars), tuple(exported), replaced)


class Here(NamedTuple):
    """The module whose statements are read; relative imports start from it."""

    module: str
    package: bool
    canonical: Callable[[str], str]
    """Gives a module the name that it is known by."""

    def bound(self, statement: ast.stmt) -> Iterator[tuple[str, Binding]]:
        """Give the names that a statement binds."""
        if isinstance(statement, ast.ImportFrom):
            module = self._absolute(statement)
            for alias in statement.names:
                yield alias.asname or alias.name, Import(module, alias.name)
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                name = self.canonical(alias.name)
                first = name.partition(".")[0]
                yield alias.asname or first, Import(name if alias.asname else first, None)
        elif isinstance(statement, (*Function, ast.ClassDef)):
            yield statement.name, statement
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
            yield from _assigned(statement)
        elif isinstance(statement, ast.Expr):
            yield from _set_attribute(statement.value)

    def _absolute(self, statement: ast.ImportFrom) -> str:
        if not statement.level:
            return self.canonical(statement.module or "")
        parts = self.module.split(".")
        keep = len(parts) - statement.level + (1 if self.package else 0)
        base = ".".join(parts[: max(keep, 0)])
        return f"{base}.{statement.module}" if statement.module else base


def _statements(body: Iterable[ast.stmt], *, sure: bool = True) -> Iterator[tuple[ast.stmt, bool]]:
    """Give the statements that run when a module is imported.

    Of two branches the first speaks where both bind a name: it is that of the present. Variables
    of the environment are taken to be unset.
    """
    for statement in body:
        if isinstance(statement, ast.If):
            test = ast.dump(statement.test)
            unset = "environ" in test or "getenv" in test
            if "TYPE_CHECKING" not in test:
                yield from _statements(statement.body, sure=sure and not unset)
            yield from _statements(statement.orelse, sure=sure and unset)
        elif isinstance(statement, ast.Try):
            yield from _statements(statement.body, sure=sure)
            for handler in statement.handlers:
                yield from _statements(handler.body, sure=False)
            yield from _statements(statement.orelse, sure=sure)
            yield from _statements(statement.finalbody, sure=sure)
        elif isinstance(statement, ast.With):
            yield from _statements(statement.body, sure=sure)
        else:
            yield statement, sure


def _assigned(statement: Union[ast.Assign, ast.AnnAssign]) -> Iterator[tuple[str, Binding]]:
    if isinstance(statement, ast.AnnAssign):
        if statement.value is not None and isinstance(statement.target, ast.Name):
            yield statement.target.id, statement.value
        return
    for target in statement.targets:
        if isinstance(target, ast.Name):
            yield target.id, statement.value
        elif isinstance(target, (ast.Tuple, ast.List)):
            for element in target.elts:
                if isinstance(element, ast.Name):
                    yield element.id, statement.value


def _set_attribute(value: ast.expr) -> Iterator[tuple[str, Binding]]:
    """Read ``setattr(module, "name", value)``, by which packages bind what they load late."""
    if isinstance(value, ast.Call) and last_name(value.func) == "setattr" and len(value.args) == 3:
        name = value.args[1]
        text = name.value if isinstance(name, ast.Constant) else None
        if isinstance(text, str) and last_name(value.args[2]) != text:
            yield text, value.args[2]


def _replaced(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Read ``_current_module.nn.rnn_cell = loader``: it takes the place of a submodule."""
    if not isinstance(statement, ast.Assign):
        return
    for target in statement.targets:
        path = ast.unparse(target) if isinstance(target, ast.Attribute) else ""
        first, _, rest = path.partition(".")
        if first == "_current_module" and rest.replace(".", "").isidentifier():
            yield rest, statement.value


def _wraps_itself(name: str, binding: Binding) -> bool:
    """Whether an assignment only decorates what had the name already: ``f = wrapper(f)``."""
    while isinstance(binding, ast.Call) and len(binding.args) == 1:
        binding = binding.args[0]
    return isinstance(binding, ast.Name) and binding.id == name


def last_name(node: ast.AST) -> str:
    """Give the last part of a dotted name; empty for what is none."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def strings(node: ast.AST) -> list[str]:
    """Give the strings of a plain list, tuple or set."""
    if not isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return []
    return [
        one.value
        for one in node.elts
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    ]
