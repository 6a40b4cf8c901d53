"""The package's own source files, parsed."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import tfmac

PACKAGE = Path(tfmac.__file__).parent


class Source(NamedTuple):
    """One module: its dotted name, its part of the package, and its syntax tree."""

    module: str
    layer: str
    tree: ast.Module

    @property
    def imports(self) -> "Iterator[str]":
        """Every name that is imported anywhere in the module, with its module."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.module}: relative import"
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    @property
    def own_imports(self) -> "Iterator[str]":
        """The imported names of this package, without its name."""
        prefix = "tfmac."
        return (name[len(prefix) :] for name in self.imports if name.startswith(prefix))


def _read(path: Path) -> Source:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    return Source(module=".".join(("tfmac", *parts)), layer=parts[0] if parts else "", tree=tree)


SOURCES = [_read(path) for path in sorted(PACKAGE.rglob("*.py"))]
