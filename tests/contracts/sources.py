"""The package's own source files, parsed."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import tfmac

PACKAGE = Path(tfmac.__file__).parent


class Source(NamedTuple):
    """One module: its file, its dotted name, its package, its layer, and its syntax tree."""

    path: Path
    module: str
    package: str
    layer: str
    tree: ast.Module

    @property
    def imports(self) -> "Iterator[str]":
        """Every name that is imported anywhere in the module, with its module."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                origin = self._origin(node)
                yield from (f"{origin}.{alias.name}" for alias in node.names)

    def _origin(self, node: ast.ImportFrom) -> str:
        """Name the module that is imported from; only ``device``, which is carried, is relative."""
        assert (node.level > 0) <= (self.layer == "device"), f"{self.module}: relative import"
        if node.level == 0:
            return str(node.module)
        steps = self.package.split(".")
        above = steps[: len(steps) - node.level + 1]
        return ".".join([*above, *([node.module] if node.module else [])])

    @property
    def own_imports(self) -> "Iterator[str]":
        """The imported names of this package, without its name."""
        prefix = "tfmac."
        return (name[len(prefix) :] for name in self.imports if name.startswith(prefix))


def _read(path: Path) -> Source:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    package = ".".join(("tfmac", *parts[:-1]))
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    return Source(
        path=path,
        module=".".join(("tfmac", *parts)),
        package=package,
        layer=parts[0] if parts else "",
        tree=tree,
    )


SOURCES = [_read(path) for path in sorted(PACKAGE.rglob("*.py"))]
