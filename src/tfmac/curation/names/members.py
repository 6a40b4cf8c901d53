"""What classes have, and what sources say of what is going away."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple, Optional

from tfmac.curation.names.bindings import Definition, Function, last_name
from tfmac.curation.names.signatures import Signatures
from tfmac.curation.names.sources import Found

# "use `X`", "switch to X", "in favor of X" in the message of a deprecation.
_ADVICE = re.compile(
    r"(?:\buse|\bswitch to|\bmigrate to|\bin favou?r of|\breplaced (?:by|with)|\brenamed to)"
    r"(?: the)?(?: instead:?)?[\s*]+(?:`([^`\n]{2,120})`|((?:tf|tensorflow|keras)\.[\w.]*\w))",
    re.IGNORECASE,
)
_WARNERS = {"warn", "warning", "log_first_n"}


class Member(NamedTuple):
    """A public member of a class."""

    kind: str
    signature: Optional[str]
    advice: Optional[str] = None


def members(found: Found, signatures: Signatures) -> Iterator[tuple[str, Member]]:
    """Give the public members that a class itself has; methods win over attributes."""
    if not isinstance(found.node, ast.ClassDef):
        return
    given: set[str] = set()
    for one in found.node.body:
        if isinstance(one, Function) and not one.name.startswith("_") and one.name not in given:
            given.add(one.name)
            yield one.name, _of_function(one, found, signatures)
    for name in (*_class_attributes(found.node), *_instance_attributes(found.node)):
        if name not in given and not name.startswith("_"):
            given.add(name)
            yield name, Member("attribute", None)


def _of_function(node: Definition, found: Found, signatures: Signatures) -> Member:
    for decorator in node.decorator_list:
        if "property" in last_name(decorator):
            return Member("property", None, advice(node))
    return Member("method", signatures.written(node, found, found), advice(node))


def _class_attributes(node: ast.ClassDef) -> Iterator[str]:
    for one in node.body:
        targets: list[ast.expr] = one.targets if isinstance(one, ast.Assign) else []
        if isinstance(one, ast.AnnAssign):
            targets = [one.target]
        for target in targets:
            if isinstance(target, ast.Name):
                yield target.id


def _instance_attributes(node: ast.ClassDef) -> Iterator[str]:
    """Name what methods store in ``self``."""
    for method in node.body:
        if not isinstance(method, Function):
            continue
        for one in ast.walk(method):
            if not isinstance(one, ast.Attribute) or last_name(one.value) != "self":
                continue
            if isinstance(one.ctx, ast.Store):
                yield one.attr


def advice(node: object) -> Optional[str]:
    """Give what the source says to use instead of a deprecated function or class."""
    if isinstance(node, ast.ClassDef):
        own = [one for one in node.body if isinstance(one, Function) and one.name == "__init__"]
        texts = [*_decorated(node), *(text for one in own for text in _warned(one))]
    elif isinstance(node, Function):
        texts = [*_decorated(node), *_warned(node)]
    else:
        return None
    for text in texts:
        match = _ADVICE.search(text)
        if match:
            return (match.group(1) or match.group(2)).strip()
    return None


def _decorated(node: Definition) -> Iterator[str]:
    """Give the instructions of a decorator that deprecates the whole thing."""
    for one in node.decorator_list:
        if isinstance(one, ast.Call) and last_name(one.func) in {"deprecated", "deprecate"}:
            for argument in (*one.args, *(keyword.value for keyword in one.keywords)):
                yield _text(argument)


def _warned(node: Definition) -> Iterator[str]:
    """Give what a function warns of whenever it is called."""
    for one in node.body:
        if not isinstance(one, ast.Expr) or not isinstance(one.value, ast.Call):
            continue
        if last_name(one.value.func) in _WARNERS:
            for argument in one.value.args:
                text = _text(argument)
                if "deprecated" in text.lower():
                    yield text


def _text(node: ast.AST) -> str:
    """Give the constant parts of a text."""
    return " ".join(
        "".join(
            one.value
            for one in ast.walk(node)
            if isinstance(one, ast.Constant) and isinstance(one.value, str)
        ).split()
    )
