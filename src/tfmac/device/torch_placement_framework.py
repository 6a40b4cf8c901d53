"""Where PyTorch ran something: every operation is seen as it is dispatched, with its tensors."""

from __future__ import annotations

import contextlib
import re
import sys
import warnings
from typing import TYPE_CHECKING, Any, Callable

import torch
from torch.nn.modules import module as modules
from torch.utils._python_dispatch import TorchDispatchMode

from . import keras_calls
from .placement_records import Copied, Placed, Seen, counted_copies, counted_operations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROOF = "the tensors that each operation took and gave, seen at PyTorch's dispatcher"
_KERAS_CORE = "keras.src.backend.torch.core"
_MOVES = ("_to_copy", "copy_", "_copy_from")
_READS = "_local_scalar_dense"  # a number is asked for: item(), float(), if
_NOTHING = ("detach", "alias", "lift_fresh")  # the same numbers in the same place
_FALLS_BACK = re.compile(r"operator '(?P<name>[\w:.]+)' is not currently .*fall back", re.DOTALL)


def seen(function: Callable[..., Any], inputs: Sequence[Any]) -> Seen:
    """Run a function once and tell where its operations ran."""
    watch = _Watch()
    asked = _asked(function)
    with warnings.catch_warnings(record=True) as said, _always_warned():
        warnings.simplefilter("always")
        with keras_calls.watched(function), _hooked(function, watch), watch:
            function(*inputs)
    taken = set()
    for one in said:
        match = _FALLS_BACK.search(str(one.message))
        if match is None:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
        else:
            taken.add(match["name"].replace("::", ".").partition(".out")[0])
    # Metal's fallback gives its result as a tensor of the GPU: only the warning tells.
    operations = [
        one._replace(device="CPU:0") if one.operation in taken else one for one in watch.operations
    ]
    return Seen(asked, counted_operations(operations), counted_copies(watch.copies), PROOF)


class _Watch(TorchDispatchMode):  # type: ignore[misc, unused-ignore]
    """Hears of every operation of this thread."""

    def __init__(self) -> None:
        super().__init__()
        self.operations: list[Placed] = []
        self.copies: list[Copied] = []
        self.modules: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation and note where it ran."""
        result = func(*args, **(kwargs or {}))
        given = list(_tensors((args, kwargs or {})))
        self._note(func, given, list(_tensors(result)))
        return result

    def _note(self, func: Any, given: list[Any], made: list[Any]) -> None:
        namespace, _, name = func._schema.name.partition("::")  # noqa: SLF001
        layer = keras_calls.layer_path() or "/".join(name for name in self.modules if name)
        where = _place(made[0].device if made else given[0].device) if made or given else ""
        if name in _MOVES:
            source = given[-1] if given else None
            if source is not None and _place(source.device) != where:
                self._copy(f"{namespace}.{name}", layer, source, where)
                return
        elif name == _READS:
            if given and where != "CPU:0":
                self._copy(f"{namespace}.{name}", layer, given[0], "CPU:0")
            return
        elif name in _NOTHING:
            return
        else:
            for one in given:
                # A number that is a tensor without dimensions goes along with the call.
                if one.dim() and _place(one.device) != where:
                    self._copy(f"{namespace}.{name}", layer, one, where)
        # Every tensor that an operation gives is on its device; views and sizes compute nothing.
        self.operations.append(Placed(f"{namespace}.{name}", layer, where))

    def _copy(self, what: str, layer: str, tensor: Any, target: str) -> None:
        size = int(tensor.numel()) * int(tensor.element_size())
        self.copies.append(Copied(what, layer, _place(tensor.device), target, size))


@contextlib.contextmanager
def _hooked(function: Any, watch: _Watch) -> Iterator[None]:
    """Keep the names of PyTorch's modules that are being called; Keras' layers have their own."""
    names: dict[int, str] = {}
    if isinstance(function, torch.nn.Module) and not keras_calls.is_keras(function):
        names = {id(module): name for name, module in function.named_modules()}

    def enter(module: Any, _inputs: Any) -> None:
        name = names.get(id(module), type(module).__name__).rpartition(".")[2]
        watch.modules.append("" if keras_calls.is_keras(module) else name)

    def leave(_module: Any, _inputs: Any, _result: Any) -> None:
        if watch.modules:
            watch.modules.pop()

    hooks = (
        modules.register_module_forward_pre_hook(enter),
        modules.register_module_forward_hook(leave),
    )
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@contextlib.contextmanager
def _always_warned() -> Iterator[None]:
    """Let PyTorch warn each time; by default it warns of a fallback once in a process."""
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    try:
        yield
    finally:
        torch.set_warn_always(before)


def _asked(function: Any) -> str:
    """Return where a module's parameters are, else where new tensors go."""
    if isinstance(function, torch.nn.Module) and not keras_calls.is_keras(function):
        held = next(iter(function.parameters()), None)
        if held is not None:
            return _place(held.device)
    core = sys.modules.get(_KERAS_CORE)
    if core is not None:
        return _place(torch.device(core.get_device()))
    return _place(torch.empty(()).device)


def _tensors(value: Any) -> Iterator[Any]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _tensors(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _tensors(one)


def _place(device: Any) -> str:
    kind = {"cpu": "CPU", "meta": "META"}.get(device.type, "GPU")
    return f"{kind}:{device.index or 0}"
