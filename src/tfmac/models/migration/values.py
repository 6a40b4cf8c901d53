"""Values of a configuration without the marks that a writer puts around them."""

from typing import Any, Optional

from tfmac.models.configuration import Json

_MAX_DEPTH = 96
_MAX_VALUES = 4_000_000
NOTHING: Json = {}
# Lists that a writer marks as something that JSON has not.
_MARKED = frozenset({"__tuple__", "TensorShape"})


class UnreadableArchitecture(ValueError):
    """A configuration that is none of a model, is damaged, or is beyond a limit."""


def plain(value: object) -> Any:  # noqa: ANN401 - a configuration is any JSON
    """Give a copy with tuples and shapes as lists. Raises ``UnreadableArchitecture``."""
    return _Copier().copy(value, 0)


class _Copier:
    def __init__(self) -> None:
        self._left = _MAX_VALUES

    def copy(self, value: object, depth: int) -> Any:  # noqa: ANN401 - as above
        """Copy one value with all in it."""
        self._left -= 1
        if depth > _MAX_DEPTH or self._left < 0:
            raise UnreadableArchitecture("the configuration is deeper or longer than any model's")
        if isinstance(value, dict):
            items, class_name = value.get("items"), value.get("class_name")
            if class_name is not None and not isinstance(class_name, str):
                raise UnreadableArchitecture(f"a class is called {str(class_name)[:60]}")
            if class_name in _MARKED and isinstance(items, list):
                return [self.copy(one, depth + 1) for one in items]
            return {str(key): self.copy(one, depth + 1) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.copy(one, depth + 1) for one in value]
        return value


def text_or_none(value: object) -> Optional[str]:
    """Give a text that is not empty."""
    return value if isinstance(value, str) and value else None
