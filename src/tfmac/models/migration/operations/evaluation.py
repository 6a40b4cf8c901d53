"""Evaluates the instructions of a function on tensors of a model, without running any of them.

The stack holds values of ``operations.values``, names that are not looked up, and constants. Any
instruction that jumps, stores outside the function or is not known ends it.
"""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: ANN401

from collections.abc import Mapping
from typing import Any, Callable, ClassVar, Optional

from tfmac.formats.marshal_code import Code, Other
from tfmac.knowledge import instructions
from tfmac.knowledge.instructions import Step
from tfmac.models.migration.operations import names_of_modules
from tfmac.models.migration.operations.building import Builder
from tfmac.models.migration.operations.calling import (
    attribute,
    binary,
    called,
    compared,
    subscript,
    unary,
)
from tfmac.models.migration.operations.values import Inexpressible, NoSuchInstruction

_MOST_STEPS = 4000
_MOST_VALUES = 2000
_OLD_BINARY = {
    "ADD": "+",
    "SUBTRACT": "-",
    "MULTIPLY": "*",
    "TRUE_DIVIDE": "/",
    "FLOOR_DIVIDE": "//",
    "MODULO": "%",
    "POWER": "**",
    "MATRIX_MULTIPLY": "@",
    "AND": "&",
    "OR": "|",
    "XOR": "^",
}
_NOTHING_DONE = frozenset({"RESUME", "NOP", "PRECALL", "CACHE", "COPY_FREE_VARS", "EXTENDED_ARG"})


class _Null:
    """The empty place beside a function on the stack."""


_NULL = _Null()


class Evaluation:
    """One function that is evaluated as one release of Python would."""

    def __init__(self, b: Builder, code: Code, minor: str, closure: Mapping[str, Any]) -> None:
        self._builder = b
        self._code = code
        self._numbers = tuple(map(int, minor.split(".")))
        self._steps = instructions.steps(code, minor)
        called = instructions.names(minor)
        self._operators = called.operators if called else ()
        self._comparisons = called.comparisons if called else ()
        self._comparison_shift = called.comparison_shift if called else 0
        self._closure = closure
        self._stack: list[Any] = []
        self._locals: dict[str, Any] = {}
        self._keywords: tuple[str, ...] = ()

    def run(self, variables: Mapping[str, Any]) -> Any:
        """Give what the function returns. Raises ``Inexpressible``."""
        if len(self._steps) > _MOST_STEPS:
            raise Inexpressible("its function is longer than what is evaluated")
        if any(isinstance(one, Code) for one in self._code.constants):
            raise Inexpressible("it defines functions of its own")
        self._locals = dict(variables)
        for step in self._steps:
            if step.name in {"RETURN_VALUE", "RETURN_CONST"}:
                return self._constant(step) if step.name == "RETURN_CONST" else self._pop()
            if len(self._stack) > _MOST_VALUES:
                break
            self._do(step)
        raise Inexpressible("its function does not end as functions do")

    def _do(self, step: Step) -> None:
        if step.name in _NOTHING_DONE:
            return
        prefix, _, rest = step.name.partition("_")
        if prefix in {"BINARY", "INPLACE"} and rest in _OLD_BINARY:
            self._binary(_OLD_BINARY[rest])
            return
        action = self._ACTIONS.get(step.name)
        if action is None:
            raise NoSuchInstruction(f"it does {step.name or 'what no known Python does'}")
        action(self, step)

    def _pop(self) -> Any:
        if not self._stack:
            raise Inexpressible("its instructions do not fit together")
        return self._stack.pop()

    def _pops(self, count: int) -> list[Any]:
        if count > len(self._stack):
            raise Inexpressible("its instructions do not fit together")
        taken = self._stack[len(self._stack) - count :]
        del self._stack[len(self._stack) - count :]
        return taken

    def _at(self, values: "tuple[Any, ...]", place: int) -> Any:
        if not 0 <= place < len(values):
            raise Inexpressible("its instructions name what it does not have")
        return values[place]

    def _constant(self, step: Step) -> Any:
        return constant(self._at(self._code.constants, step.argument))

    def _load_constant(self, step: Step) -> None:
        self._stack.append(self._constant(step))

    def _load_local(self, step: Step) -> None:
        self._push_local(step.argument)

    def _push_local(self, place: int) -> None:
        name = self._at(self._code.variables, place)
        if name not in self._locals:
            raise Inexpressible(f"the file does not hold the value of {name[:80]}")
        self._stack.append(self._locals[name])

    def _load_two_locals(self, step: Step) -> None:
        self._push_local(step.argument >> 4)
        self._push_local(step.argument & 15)

    def _store_local(self, step: Step) -> None:
        self._locals[self._at(self._code.variables, step.argument)] = self._pop()

    def _store_and_load(self, step: Step) -> None:
        self._locals[self._at(self._code.variables, step.argument >> 4)] = self._pop()
        self._push_local(step.argument & 15)

    def _store_two(self, step: Step) -> None:
        self._locals[self._at(self._code.variables, step.argument >> 4)] = self._pop()
        self._locals[self._at(self._code.variables, step.argument & 15)] = self._pop()

    def _load_global(self, step: Step) -> None:
        place, has_null = step.argument, False
        if self._numbers >= (3, 11):
            place, has_null = step.argument >> 1, bool(step.argument & 1)
        found = names_of_modules.from_around(self._at(self._code.names, place))
        if has_null and self._numbers < (3, 13):
            self._stack.append(_NULL)
        self._stack.append(found)
        if has_null and self._numbers >= (3, 13):
            self._stack.append(_NULL)

    def _load_captured(self, step: Step) -> None:
        names = self._code.captured if self._numbers < (3, 11) else self._code.variables
        name = self._at(names, step.argument)
        if name in self._locals:
            self._stack.append(self._locals[name])
            return
        if name not in self._closure:
            raise Inexpressible(f"it uses {name[:80]}, which the file does not hold")
        self._stack.append(self._closure[name])

    def _load_attribute(self, step: Step) -> None:
        place, is_method = step.argument, False
        if self._numbers >= (3, 12):
            place, is_method = step.argument >> 1, bool(step.argument & 1)
        found = attribute(self._pop(), self._at(self._code.names, place))
        self._stack.append(found)
        if is_method:
            self._stack.append(_NULL)

    def _load_method(self, step: Step) -> None:
        found = attribute(self._pop(), self._at(self._code.names, step.argument))
        self._stack += [_NULL, found]

    def _import(self, step: Step) -> None:
        names = self._pops(2)[1]
        module = names_of_modules.imported(self._at(self._code.names, step.argument))
        if names is None and "." in module.path:
            module = names_of_modules.imported(
                self._at(self._code.names, step.argument).partition(".")[0]
            )
        self._stack.append(module)

    def _import_from(self, step: Step) -> None:
        module = self._pop()
        self._stack += [module, attribute(module, self._at(self._code.names, step.argument))]

    def _binary(self, sign: str) -> None:
        first, second = self._pops(2)
        self._stack.append(binary(self._builder, sign, first, second))

    def _binary_op(self, step: Step) -> None:
        self._binary(str(self._at(self._operators, step.argument)).rstrip("="))

    def _compare(self, step: Step) -> None:
        sign = str(self._at(self._comparisons, step.argument >> self._comparison_shift))
        first, second = self._pops(2)
        self._stack.append(compared(self._builder, sign, first, second))

    def _subscript(self, step: Step) -> None:
        del step
        value, key = self._pops(2)
        self._stack.append(subscript(self._builder, value, key))

    def _subscript_slice(self, step: Step) -> None:
        del step
        value, start, stop = self._pops(3)
        self._stack.append(subscript(self._builder, value, slice(start, stop)))

    def _build_slice(self, step: Step) -> None:
        self._stack.append(slice(*self._pops(3 if step.argument == 3 else 2)))

    def _build_tuple(self, step: Step) -> None:
        self._stack.append(tuple(self._pops(step.argument)))

    def _build_list(self, step: Step) -> None:
        self._stack.append(self._pops(step.argument))

    def _extend_list(self, step: Step) -> None:
        if step.argument != 1 or not isinstance(self._stack[-1:][0], (list, tuple)):
            raise Inexpressible("it builds a list of what is not known")
        more = self._pop()
        before = self._pop()
        if not isinstance(before, list):
            raise Inexpressible("its instructions do not fit together")
        self._stack.append([*before, *more])

    def _list_to_tuple(self, step: Step) -> None:
        del step
        self._stack.append(tuple(self._pop()))

    def _unpack(self, step: Step) -> None:
        value = self._pop()
        if not isinstance(value, (list, tuple)) or len(value) != step.argument:
            raise Inexpressible("it takes apart what is not known to have so many parts")
        self._stack += list(reversed(value))

    def _set_keywords(self, step: Step) -> None:
        self._keywords = self._texts(self._at(self._code.constants, step.argument))

    def _texts(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, tuple) or not all(isinstance(one, str) for one in value):
            raise Inexpressible("its instructions do not fit together")
        return value

    def _call_plain(self, step: Step) -> None:
        args = self._pops(step.argument)
        self._finish(self._pop(), args, ())

    def _call_plain_keywords(self, step: Step) -> None:
        names = self._texts(self._pop())
        args = self._pops(step.argument)
        self._finish(self._pop(), args, names)

    def _call_beside_null(self, step: Step) -> None:
        names, self._keywords = self._keywords, ()
        args = self._pops(step.argument)
        self._finish(self._beside_null(), args, names)

    def _call_keywords(self, step: Step) -> None:
        names = self._texts(self._pop())
        args = self._pops(step.argument)
        self._finish(self._beside_null(), args, names)

    def _beside_null(self) -> Any:
        one, other = self._pops(2)
        if (one is _NULL) == (other is _NULL):
            raise Inexpressible("its instructions do not fit together")
        return other if one is _NULL else one

    def _finish(self, function: Any, args: list[Any], names: tuple[str, ...]) -> None:
        if len(names) > len(args):
            raise Inexpressible("its instructions do not fit together")
        plain = args[: len(args) - len(names)]
        named = dict(zip(names, args[len(args) - len(names) :]))
        self._stack.append(called(self._builder, function, plain, named))

    def _unary(self, sign: str) -> None:
        self._stack.append(unary(self._builder, sign, self._pop()))

    def _push_null(self, step: Step) -> None:
        del step
        self._stack.append(_NULL)

    def _copy(self, step: Step) -> None:
        place = max(1, step.argument) if step.name == "COPY" else 1
        if place > len(self._stack):
            raise Inexpressible("its instructions do not fit together")
        self._stack.append(self._stack[-place])

    def _swap(self, step: Step) -> None:
        place = step.argument if step.name == "SWAP" else 2
        if not 2 <= place <= len(self._stack):
            raise Inexpressible("its instructions do not fit together")
        self._stack[-1], self._stack[-place] = self._stack[-place], self._stack[-1]

    def _rotate_three(self, step: Step) -> None:
        del step
        first, second, third = self._pops(3)
        self._stack += [third, first, second]

    def _drop(self, step: Step) -> None:
        del step
        self._pop()

    _ACTIONS: ClassVar[dict[str, "Callable[[Evaluation, Step], None]"]] = {
        "LOAD_CONST": _load_constant,
        **dict.fromkeys(("LOAD_FAST", "LOAD_FAST_CHECK"), _load_local),
        "LOAD_FAST_LOAD_FAST": _load_two_locals,
        "STORE_FAST": _store_local,
        "STORE_FAST_LOAD_FAST": _store_and_load,
        "STORE_FAST_STORE_FAST": _store_two,
        "LOAD_GLOBAL": _load_global,
        "LOAD_DEREF": _load_captured,
        "LOAD_ATTR": _load_attribute,
        "LOAD_METHOD": _load_method,
        "IMPORT_NAME": _import,
        "IMPORT_FROM": _import_from,
        "BINARY_OP": _binary_op,
        "COMPARE_OP": _compare,
        "BINARY_SUBSCR": _subscript,
        "BINARY_SLICE": _subscript_slice,
        "BUILD_SLICE": _build_slice,
        "BUILD_TUPLE": _build_tuple,
        "BUILD_LIST": _build_list,
        "LIST_EXTEND": _extend_list,
        "LIST_TO_TUPLE": _list_to_tuple,
        "UNPACK_SEQUENCE": _unpack,
        "KW_NAMES": _set_keywords,
        "CALL_FUNCTION": _call_plain,
        "CALL_FUNCTION_KW": _call_plain_keywords,
        "CALL_METHOD": _call_beside_null,
        "CALL": _call_beside_null,
        "CALL_KW": _call_keywords,
        "PUSH_NULL": _push_null,
        **dict.fromkeys(("DUP_TOP", "COPY"), _copy),
        **dict.fromkeys(("ROT_TWO", "SWAP"), _swap),
        "ROT_THREE": _rotate_three,
        "POP_TOP": _drop,
        "UNARY_NEGATIVE": lambda self, _: self._unary("-"),
        "UNARY_POSITIVE": lambda self, _: self._unary("+"),
        "UNARY_INVERT": lambda self, _: self._unary("~"),
    }


def constant(value: Any) -> Any:
    """Give a constant of a function as a value. Raises ``Inexpressible``."""
    if value is Other.ELLIPSIS:
        return ...
    if value is Other.UNKNOWN or isinstance(value, (Code, bytes)):
        raise Inexpressible("one of its constants is not known")
    if isinstance(value, tuple):
        return tuple(constant(one) for one in value)
    return value


def evaluated(
    b: Builder,
    code: Code,
    minor: str,
    variables: Mapping[str, Any],
    closure: Optional[Mapping[str, Any]],
) -> Any:
    """Evaluate a function as one release of Python would. Raises ``Inexpressible``."""
    return Evaluation(b, code, minor, closure or {}).run(variables)
