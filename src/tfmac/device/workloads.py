"""What a piece of work consists of, as far as it can be told without running it.

Work is a Keras model or layer, a module of PyTorch, a name of an operation, a type of numbers, or
a list of these. Names are compared without spelling: ``tf.linalg.svd``, ``ops.svd`` and ``Svd``
are one operation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TYPES = re.compile(
    r"^(?:<dtype: ')?(?:torch\.|tf\.|jnp\.|np\.|numpy\.)?"
    r"(float|double|half|bfloat|complex|cdouble|cfloat|int|uint|bool)(\d*)(?:'>)?$"
)
_ALIASES = {"double": "float64", "half": "float16", "cdouble": "complex128", "cfloat": "complex64"}
_POLICIES = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}
# What a release counts as an operation's name ends at its variant: einsum(ij,jk->ik), Conv2D/2.
_VARIANT = re.compile(r"[\s(\[,:/].*", re.DOTALL)
_VERSION = re.compile(r"v\d$")


class Part(NamedTuple):
    """A layer or an operation of some work, with the type that it computes in."""

    name: str
    """What the user calls it; for an operation its name."""
    operation: str
    """The key of ``operation_key``: what it is."""
    dtype: str
    """Empty where it is not known."""
    size: int = 0
    """The filters of a convolution, or 0."""


class Work(NamedTuple):
    """The parts of some work, the types of numbers that were named, and how it is compiled."""

    parts: tuple[Part, ...]
    dtypes: tuple[str, ...]
    xla: bool
    described: str


def operation_key(name: str) -> str:
    """Return what names of the same operation or layer have in common."""
    bare = _VARIANT.sub("", name.strip()).rpartition(".")[2]
    return re.sub(r"[^a-z0-9]", "", bare.lower())


def same_operation(one: str, other: str) -> bool:
    """Tell whether two keys name one operation; ``BatchMatMulV2`` is ``BatchMatMul``."""
    return one == other or _VERSION.sub("", one) == _VERSION.sub("", other)


def dtype_name(value: object) -> Optional[str]:
    """Return the name of a type of numbers, in any framework's writing; None for anything else."""
    if isinstance(value, type):
        value = value.__name__
    named = getattr(value, "name", None)
    text = str(named if isinstance(named, str) and not isinstance(value, str) else value)
    if text in _POLICIES:
        return _POLICIES[text]
    match = _TYPES.match(text)
    if match is None:
        return None
    kind, bits = match.groups()
    if kind == "bfloat":
        return "bfloat16" if bits == "16" else None
    if bits:
        return None if kind in _ALIASES else kind + bits
    return _ALIASES.get(kind, {"float": "float32", "int": "int32", "bool": "bool"}.get(kind))


def described(work: object) -> Work:
    """Return what is known of some work; raise ``TypeError`` for what is none."""
    if work is None:
        return Work((), (), xla=False, described="")
    parts: list[Part] = []
    dtypes: list[str] = []
    for one in _single(work):
        dtype = dtype_name(one)
        if dtype is not None:
            dtypes.append(dtype)
        elif isinstance(one, str):
            parts.append(Part(one, operation_key(one), ""))
        else:
            parts.extend(_of_model(one))
    return Work(tuple(parts), tuple(dtypes), xla=_compiled_by_xla(work), described=_named(work))


def _single(work: object) -> Iterator[object]:
    if isinstance(work, (list, tuple, set, frozenset)):
        for one in work:
            yield from _single(one)
    else:
        yield work


def _of_model(model: Any) -> Iterator[Part]:
    """Give the layers of a Keras model or layer, or the modules of PyTorch."""
    if callable(getattr(model, "_flatten_layers", None)):
        seen: set[int] = set()
        for layer in (*model._flatten_layers(), *_operations_of(model)):  # noqa: SLF001
            if id(layer) not in seen:
                seen.add(id(layer))
                yield _part(str(layer.name), layer, str(getattr(layer, "compute_dtype", "") or ""))
    elif callable(getattr(model, "named_modules", None)):
        for name, module in model.named_modules():
            held = next(iter(module.parameters(recurse=False)), None)
            dtype = "" if held is None else dtype_name(held.dtype) or ""
            yield _part(name or type(module).__name__, module, dtype)
    else:
        raise TypeError(
            f"{type(model).__name__} is no work that can be judged: give a Keras model or layer, "
            "a module of PyTorch, names of operations or a type of numbers"
        )


def _operations_of(model: Any) -> Iterable[Any]:
    """Give the operations of a functional model of Keras 3, those that are no layers included."""
    found = getattr(model, "operations", ())
    return found if isinstance(found, (list, tuple)) else ()


def _part(name: str, layer: Any, dtype: str) -> Part:
    filters = getattr(layer, "filters", getattr(layer, "out_channels", 0))
    size = filters if isinstance(filters, int) else 0
    return Part(name, operation_key(type(layer).__name__), dtype, size)


def _compiled_by_xla(work: object) -> bool:
    # Keras 3 says "auto" until it is compiled, and then what it came to.
    return getattr(work, "jit_compile", False) is True or (
        getattr(work, "_jit_compile", False) is True
    )


def _named(work: object) -> str:
    if isinstance(work, str):
        return work
    if isinstance(work, (list, tuple, set, frozenset)):
        return ", ".join(_named(one) for one in work)
    if isinstance(work, type):
        return work.__name__
    return str(getattr(work, "name", None) or dtype_name(work) or type(work).__name__)
