"""Parameters of functions and classes, as their source has them.

A signature is written as one line: ``x,axis=,*,name=,+lr,**``. A ``=`` says that there is a
default, ``/`` and ``*`` stand as in Python, ``+lr`` is accepted through ``**kwargs`` as the source
says, and ``**`` at the end says that any other keyword may be accepted too.
"""

import ast
from collections.abc import Iterator
from typing import NamedTuple, Optional, Union

from tfmac.curation.names.bindings import Definition, Function, last_name, strings
from tfmac.curation.names.sources import Found, Sources

_DEPTH = 12  # calls that hand keywords on; real chains have six
_CLASSES = 60  # classes of one line of inheritance


class Keywords(NamedTuple):
    """What is accepted through ``**kwargs``: names, and whether others are too."""

    names: frozenset[str]
    open: bool


_ANY = Keywords(frozenset(), open=True)
_NONE = Keywords(frozenset(), open=False)


class Method(NamedTuple):
    """A function of a class, with the class that has it."""

    owner: Found
    node: Union[ast.FunctionDef, ast.AsyncFunctionDef]


class Signatures:
    """Reads signatures from sources; remembers what it found of classes."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._lines: dict[str, tuple[Optional[Found], ...]] = {}

    def of(self, found: Found) -> Optional[str]:
        """Give the signature of a function or class; None where the source does not tell."""
        node = found.node
        if isinstance(node, Function):
            return self.written(node, found, owner=None)
        if isinstance(node, ast.ClassDef):
            return self._of_class(found)
        if isinstance(node, ast.Lambda):
            return ",".join(_plain(node.args))
        return None

    def written(self, node: Definition, found: Found, owner: Optional[Found]) -> Optional[str]:
        """Write the parameters of a function; of a method without the instance."""
        if not isinstance(node, Function):
            return None
        parts = list(_plain(node.args))
        if owner is not None and not _has_decorator(node, "staticmethod") and parts:
            parts = parts[1:] if parts[0] not in {"*", "*args"} else parts
        parts = parts[1:] if parts[:1] == ["/"] else parts
        if node.args.kwarg is not None:
            keywords = self._keywords(node, node.args.kwarg.arg, found.module, owner, _DEPTH)
            named = {part.rstrip("=") for part in parts}
            parts += [f"+{name}" for name in sorted(keywords.names - named)]
            parts += ["**"] if keywords.open else []
        return ",".join(parts)

    def line(self, found: Found) -> tuple[Optional[Found], ...]:
        """Give a class and those it inherits from, nearest first; None stands for one outside.

        What lies outside comes last: it is asked when nothing inside answers.
        """
        if found.path not in self._lines:
            self._lines[found.path] = (found,)  # what a class that inherits from itself gets
            line: list[Found] = [found]
            outside = False
            for base in self.bases(found):
                for one in (None,) if base is None else self.line(base):
                    if one is None:
                        outside = True
                    elif one not in line:
                        line.append(one)
            known = tuple(line[:_CLASSES])
            self._lines[found.path] = (*known, None) if outside else known
        return self._lines[found.path]

    def bases(self, found: Found) -> tuple[Optional[Found], ...]:
        """Give the classes that a class names as its bases; None for one that is outside."""
        return tuple(base if isinstance(base, Found) else None for base in self.named_bases(found))

    def named_bases(self, found: Found) -> Iterator[Union[Found, str]]:
        """Give the bases of a class; of one that is outside its name, empty if not told."""
        if not isinstance(found.node, ast.ClassDef):
            return
        for base in found.node.bases:
            if last_name(base) in {"object", "ABC", "Generic", "Protocol"}:
                continue
            target = self._sources.value(found.module, base, "")
            if target is not None and isinstance(target.node, ast.ClassDef):
                yield target
            else:
                yield self._sources.outside(found.module, base) or ""

    def method(self, found: Found, name: str, *, above: bool = False) -> Optional[Method]:
        """Find a method of a class or of those it inherits from.

        ``above`` leaves out its own. Raises ``LookupError`` where a class from outside decides.
        """
        for one in self.line(found)[1 if above else 0 :]:
            if one is None:
                raise LookupError(name)
            node = own_method(one, name)
            if node is not None:
                return Method(one, node)
        return None

    def _of_class(self, found: Found) -> Optional[str]:
        fields = _fields(found.node)
        if fields is not None:
            return ",".join(fields)
        for name in ("__init__", "__new__"):
            try:
                method = self.method(found, name)
            except LookupError:
                return None
            if method is not None:
                return self.written(method.node, method.owner, method.owner)
        return ""

    def _keywords(
        self, node: ast.AST, name: str, module: str, owner: Optional[Found], depth: int
    ) -> Keywords:
        """Gather what a function does with its keywords."""
        if depth <= 0:
            return _ANY
        use = _Use(node, name)
        if use.closed:
            return Keywords(frozenset(use.names - use.refused), open=False)
        names, accepting = set(use.names), not use.handed
        for call in use.handed:
            further = self._handed(call, name, module, owner, depth)
            names |= further.names
            accepting = accepting or further.open
        return Keywords(frozenset(names - use.refused), open=accepting)

    def _handed(
        self, call: ast.Call, name: str, module: str, owner: Optional[Found], depth: int
    ) -> Keywords:
        """Tell what the callee of a call accepts that hands the keywords on."""
        function = call.func
        if owner is None or not isinstance(function, ast.Attribute):
            return _ANY
        above = isinstance(function.value, ast.Call) and last_name(function.value.func) == "super"
        bound = above or last_name(function.value) in {"self", "cls"}
        target: Optional[Found] = owner
        if not bound:  # a method of a class that is named: the instance is an argument
            target = self._sources.value(module, function.value, "")
        if target is None or not isinstance(target.node, ast.ClassDef):
            return _ANY
        try:
            method = self.method(target, function.attr, above=above)
        except LookupError:
            return _ANY
        if method is None:
            return _NONE if above and function.attr == "__init__" else _ANY
        return self._accepted(call, name, method, 1 if bound else 0, depth)

    def _accepted(
        self, call: ast.Call, name: str, method: Method, taken: int, depth: int
    ) -> Keywords:
        """Tell what a method accepts; ``taken`` parameters come before those of the call."""
        node, owner = method.node, method.owner
        positional = [one.arg for one in node.args.args][taken:]
        as_argument = [n for n, one in enumerate(call.args) if last_name(one) == name]
        if as_argument:  # the dictionary itself is handed on
            if as_argument[0] >= len(positional):
                return _ANY
            inner = positional[as_argument[0]]
            return self._keywords(node, inner, owner.module, owner, depth - 1)
        given = {keyword.arg for keyword in call.keywords}
        own = [*positional[len(call.args) :], *(one.arg for one in node.args.kwonlyargs)]
        names = frozenset(one for one in own if one not in given)
        if node.args.kwarg is None:
            return Keywords(names, open=False)
        rest = self._keywords(node, node.args.kwarg.arg, owner.module, owner, depth - 1)
        return Keywords(names | (rest.names - given), open=rest.open)


class _Use:
    """What one function does with a dictionary of keywords."""

    def __init__(self, node: ast.AST, name: str) -> None:
        self.name = name
        self.names: set[str] = set()
        self.refused: set[str] = set()
        self.closed = False
        self.handed: list[ast.Call] = []
        self._sets: dict[str, list[str]] = {}
        for one in ast.walk(node):
            if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
                self._sets[one.targets[0].id] = _literal(one.value)
        for one in ast.walk(node):
            self._look(one)

    def _look(self, one: ast.AST) -> None:
        if isinstance(one, ast.Call):
            self._look_at_call(one)
        elif isinstance(one, ast.Subscript):
            if last_name(one.value) == self.name and isinstance(one.ctx, ast.Load):
                self.names.update(_constant(one.slice))
        elif isinstance(one, ast.If):
            self._look_at_test(one)
        elif isinstance(one, ast.For) and self._loops_over(one.iter):
            self._look_at_loop(one)

    def _look_at_call(self, call: ast.Call) -> None:
        function = last_name(call.func)
        if isinstance(call.func, ast.Attribute) and last_name(call.func.value) == self.name:
            if function in {"pop", "get"} and call.args:
                self.names.update(_constant(call.args[0]))
            return
        hands = any(one.arg is None and last_name(one.value) == self.name for one in call.keywords)
        given = any(isinstance(one, ast.Name) and one.id == self.name for one in call.args)
        if "validate_kwargs" in function and given:
            self.closed = True
            for one in (*call.args, *(keyword.value for keyword in call.keywords)):
                self.names.update(self._members(one))
        elif hands or (given and isinstance(call.func, ast.Attribute)):
            self.handed.append(call)

    def _look_at_test(self, test: ast.If) -> None:
        raising = _raises(test.body)
        for one in ast.walk(test.test):
            if not isinstance(one, ast.Compare) or not isinstance(one.ops[0], ast.In):
                continue
            if last_name(one.comparators[0]) == self.name:
                (self.refused if raising else self.names).update(_constant(one.left))
        tested = test.test
        if isinstance(tested, ast.Compare):
            tested = tested.left
        if isinstance(tested, ast.Call) and last_name(tested.func) == "len" and tested.args:
            tested = tested.args[0]
        if raising and isinstance(tested, ast.Name) and tested.id == self.name:
            self.closed = True

    def _loops_over(self, iterated: ast.expr) -> bool:
        return any(isinstance(one, ast.Name) and one.id == self.name for one in ast.walk(iterated))

    def _look_at_loop(self, loop: ast.For) -> None:
        """Read ``for key in kwargs: if key not in allowed: raise``."""
        for test in loop.body:
            if not isinstance(test, ast.If) or not isinstance(test.test, ast.Compare):
                continue
            allowed = self._members(test.test.comparators[0])
            if isinstance(test.test.ops[0], ast.NotIn) and _raises(test.body):
                self.names.update(allowed)
                self.closed = True
            elif isinstance(test.test.ops[0], ast.In) and _raises(test.orelse):
                (self.refused if _raises(test.body) else self.names).update(allowed)
                self.closed = True

    def _members(self, node: ast.expr) -> list[str]:
        return self._sets.get(node.id, []) if isinstance(node, ast.Name) else _literal(node)


def own_method(found: Found, name: str) -> Optional[Union[ast.FunctionDef, ast.AsyncFunctionDef]]:
    """Give a function that a class itself defines."""
    if not isinstance(found.node, ast.ClassDef):
        return None
    for one in found.node.body:
        if isinstance(one, Function) and one.name == name:
            return one
    return None


def _plain(arguments: ast.arguments) -> Iterator[str]:
    """Write parameters without what ``**kwargs`` takes."""
    positional = [*arguments.posonlyargs, *arguments.args]
    first_default = len(positional) - len(arguments.defaults)
    for number, one in enumerate(positional):
        yield one.arg + ("=" if number >= first_default else "")
        if arguments.posonlyargs and number == len(arguments.posonlyargs) - 1:
            yield "/"
    if arguments.vararg is not None:
        yield "*args"
    elif arguments.kwonlyargs:
        yield "*"
    for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults):
        yield one.arg + ("" if default is None else "=")


def _fields(node: object) -> Optional[list[str]]:
    """Give the fields of a data class or named tuple, which are its parameters."""
    if not isinstance(node, ast.ClassDef):
        return None
    named = any(last_name(base) == "NamedTuple" for base in node.bases)
    if not named and not (_has_decorator(node, "dataclass") and not node.bases):
        return None
    return [
        one.target.id + ("" if one.value is None else "=")
        for one in node.body
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
    ]


def _has_decorator(node: Definition, name: str) -> bool:
    return any(
        last_name(one.func if isinstance(one, ast.Call) else one) == name
        for one in node.decorator_list
    )


def _constant(node: ast.AST) -> list[str]:
    node = getattr(node, "value", node) if type(node).__name__ == "Index" else node
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def _literal(node: ast.expr) -> list[str]:
    """Give the strings of a collection, also of ``set([...])`` and ``frozenset({...})``."""
    if isinstance(node, ast.Call) and len(node.args) == 1 and last_name(node.func).endswith("set"):
        return strings(node.args[0])
    return strings(node)


def _raises(body: list[ast.stmt]) -> bool:
    return any(isinstance(one, ast.Raise) for one in body)
