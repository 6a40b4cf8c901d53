"""Writes which operations a Keras 3 has, and how each is configured: read from wheels.

    python tools/build_keras_operations.py keras-3.0.5-py3-none-any.whl keras-3.1.1-...whl ...

Nothing of a wheel is imported. An operation is a class of ``keras/src/ops`` that stands, at any
distance, on ``Operation``.
"""

import argparse
import ast
import re
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

import msgspec
from packaging.version import Version

from tfmac.knowledge.store import SCHEMA_VERSION
from tfmac.schema.keras_operations import KerasOperations, OperationForm

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "src" / "tfmac" / "knowledge" / "data" / "keras_operations.json"
_MODULE = re.compile(r"keras/src/ops/(\w+)\.py")
_NAME = ("name",)


class _Wheel:
    """The operations of one release."""

    def __init__(self, path: Path) -> None:
        self.version = Version(path.name.split("-")[1])
        self.classes: dict[str, tuple[str, ast.ClassDef]] = {}
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                found = _MODULE.fullmatch(member)
                if found and not member.endswith("_test.py"):
                    self._add(found.group(1), archive.read(member))
        self.forms = {
            f"{module}.{name}": (self._init(name), self._call(name))
            for name, (module, _) in sorted(self.classes.items())
            if self._is_operation(name) and self._call(name) is not None
        }

    def _add(self, module: str, source: bytes) -> None:
        for node in ast.parse(source).body:
            if isinstance(node, ast.ClassDef) and module != "operation":
                self.classes[node.name] = (module, node)

    def _bases(self, name: str) -> tuple[str, ...]:
        _, node = self.classes[name]
        return tuple(one.id for one in node.bases if isinstance(one, ast.Name))

    def _is_operation(self, name: str) -> bool:
        if name not in self.classes:
            return name == "Operation"
        return any(self._is_operation(base) for base in self._bases(name))

    def _method(self, name: str, method: str) -> Optional[ast.FunctionDef]:
        if name not in self.classes:
            return None
        for node in self.classes[name][1].body:
            if isinstance(node, ast.FunctionDef) and node.name == method:
                return node
        return next((m for b in self._bases(name) if (m := self._method(b, method))), None)

    def _init(self, name: str) -> tuple[str, ...]:
        method = self._method(name, "__init__")
        return _NAME if method is None else _arguments(method)

    def _call(self, name: str) -> Optional[tuple[str, ...]]:
        method = self._method(name, "call")
        return None if method is None else _arguments(method)


def _arguments(method: ast.FunctionDef) -> tuple[str, ...]:
    taken = method.args
    names = [one.arg for one in (*taken.posonlyargs, *taken.args)][1:]
    if taken.vararg is not None:
        names.append(f"*{taken.vararg.arg}")
    return (*names, *(one.arg for one in taken.kwonlyargs))


def joined(wheels: Sequence[_Wheel]) -> KerasOperations:
    """Give each operation with the releases in which its form changed."""
    forms: dict[str, list[OperationForm]] = {}
    for wheel in wheels:
        for name, (init, call) in wheel.forms.items():
            before = forms.setdefault(name, [])
            form = OperationForm(since=str(wheel.version), init=init, call=call or ())
            if not before or (before[-1].init, before[-1].call) != (form.init, form.call):
                before.append(form)
    # What a later release no longer has is of no use to a model that is to last.
    last = wheels[-1].forms
    return KerasOperations(
        schema_version=SCHEMA_VERSION,
        releases=tuple(str(one.version) for one in wheels),
        operations={name: tuple(found) for name, found in sorted(forms.items()) if name in last},
    )


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("wheels", nargs="+", type=Path, metavar="WHEEL")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    wheels = sorted((_Wheel(path) for path in options.wheels), key=lambda one: one.version)
    options.output.write_bytes(
        msgspec.json.format(msgspec.json.encode(joined(wheels)), indent=0) + b"\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
