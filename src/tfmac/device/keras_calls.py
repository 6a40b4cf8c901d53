"""Which Keras layer is being called: for observers that want to name it. Keras 2 and 3 alike."""

from __future__ import annotations

import contextlib
import functools
import threading
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

_calling = threading.local()
# One observer at a time: the class that is patched is the process's.
_alone = threading.RLock()


def layer_path() -> str:
    """Return the names of the layers that this thread is in, without the outermost model's."""
    return "/".join(getattr(_calling, "names", ())[1:])


def layer_class(layer: object) -> type | None:
    """Return Keras' own class of layers, None for what is no layer of Keras."""
    for kind in type(layer).__mro__:
        if kind.__name__ == "Layer" and "__call__" in vars(kind) and hasattr(kind, "get_config"):
            return kind
    return None


def is_keras(thing: object) -> bool:
    """Tell whether a thing is a layer or model of Keras."""
    return layer_class(thing) is not None


def _nothing(_name: str) -> AbstractContextManager[Any]:
    return contextlib.nullcontext()


@contextlib.contextmanager
def watched(
    layer: object, around: Callable[[str], AbstractContextManager[Any]] = _nothing
) -> Iterator[None]:
    """Know, while this is open, in which layer each thread is.

    ``around`` gives a context that is entered around the call of each layer, by its name.
    """
    kind: Any = layer_class(layer)
    if kind is None:
        yield
        return
    original = kind.__call__

    @functools.wraps(original)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        names = _calling.__dict__.setdefault("names", [])
        names.append(str(getattr(self, "name", type(self).__name__)))
        try:
            with around(names[-1]):
                return original(self, *args, **kwargs)
        finally:
            names.pop()

    with _alone:
        kind.__call__ = call
        try:
            yield
        finally:
            kind.__call__ = original
