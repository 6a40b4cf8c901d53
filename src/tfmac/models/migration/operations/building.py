"""Adds operations and layers of a Keras 3 to a network, as far as that Keras has them."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: ANN401

import math
import re
from collections.abc import Iterable
from typing import Any, Optional, Union

import msgspec
from packaging.version import Version

from tfmac.knowledge import keras_operations
from tfmac.models.migration.network import Call, Layer, Reference
from tfmac.models.migration.operations.values import (
    Array,
    Extent,
    Inexpressible,
    Shape,
    Sizes,
    Tensor,
    first_number,
    shape_of_nested,
)

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z][a-z])|(?<=[a-z0-9])(?=[A-Z])")
_ELLIPSIS_SINCE = Version("3.3")


class Builder:
    """The layers that take the place of one call."""

    def __init__(self, name: str, keras: Version, taken: Iterable[str]) -> None:
        self.keras = keras
        self.layers: list[Layer] = []
        self.first_version = False
        """Whether names mean the functions of TensorFlow 1."""
        self.legacy_images = False
        """Whether images are enlarged as TensorFlow 1 does."""
        self._name = name
        self.taken = set(taken)
        """The names that layers have."""
        self._last: Optional[str] = None

    def operation(
        self,
        operation: str,
        *args: Any,
        config: Optional[dict[str, Any]] = None,
        shape: Shape = None,
        dtype: Optional[str] = None,
        **kwargs: Any,
    ) -> Tensor:
        """Add an operation (``numpy.Multiply``) and give its first output."""
        found = keras_operations.form(operation, self.keras)
        module, _, class_name = operation.partition(".")
        if found is None:
            since = keras_operations.since(operation)
            raise Inexpressible(
                f"Keras {self.keras} has no operation {class_name}"
                + (f"; Keras {since} has" if since else "")
            )
        name = self._unique(class_name)
        settings = dict(config or {})
        if "name" in found.init:
            settings["name"] = name
        else:
            self._check_own_name(operation, class_name)
        return self._add(
            Layer(
                name=name,
                class_name=class_name,
                module=f"keras.src.ops.{module}",
                registered_name=class_name,
                config=settings,
                calls=(self._call(args, kwargs),),
            ),
            shape,
            dtype,
        )

    def layer(
        self,
        class_name: str,
        *args: Any,
        config: dict[str, Any],
        shape: Shape = None,
        dtype: Optional[str] = None,
    ) -> Tensor:
        """Add a layer without weights and give its output."""
        name = self._unique(class_name)
        settings = {"name": name, "trainable": True, **config}
        if dtype is not None:
            settings["dtype"] = dtype
        return self._add(
            Layer(
                name=name,
                class_name=class_name,
                module="keras.layers",
                config=settings,
                calls=(self._call(args, {}),),
            ),
            shape,
            dtype,
        )

    def output(
        self, tensor: Tensor, number: int, shape: Shape = None, dtype: Optional[str] = None
    ) -> Tensor:
        """Give another output of the call that gave a tensor."""
        reference = Reference(tensor.reference.layer, tensor.reference.call, number)
        return Tensor(reference=reference, shape=shape, dtype=dtype)

    def rename(self, result: object) -> None:
        """Let the last operation have the name of the layer that they stand for."""
        if not isinstance(result, Tensor) or not self.layers:
            return
        last = result.reference.layer
        if last == self.layers[-1].name:
            layer = self.layers[-1]
            config = dict(layer.config)
            if "name" in config:
                config["name"] = self._name
            self.layers[-1] = msgspec.structs.replace(layer, name=self._name, config=config)
            self._last = last
            self.taken.discard(last)

    def renamed(self, value: Any) -> Any:
        """Give a value with the new name of its operation."""
        if isinstance(value, Tensor) and value.reference.layer == self._last:
            reference = Reference(self._name, value.reference.call, value.reference.output)
            return msgspec.structs.replace(value, reference=reference)
        return value

    def _add(self, layer: Layer, shape: Shape, dtype: Optional[str]) -> Tensor:
        self.layers.append(layer)
        return Tensor(reference=Reference(layer.name), shape=shape, dtype=dtype)

    def _unique(self, class_name: str) -> str:
        base = f"{self._name}_{snake(class_name)}"
        name, number = base, 0
        while name in self.taken:
            number += 1
            name = f"{base}_{number}"
        self.taken.add(name)
        return name

    def _check_own_name(self, operation: str, class_name: str) -> None:
        """Refuse an operation that names itself as a layer of the network is named.

        Until they could be given one, some operations took a name from a counter, and a model in
        which two have the same name is refused.
        """
        own = re.compile(rf"{re.escape(snake(class_name))}(_\d+)?")
        meets = next((one for one in sorted(self.taken) if own.fullmatch(one)), None)
        if meets is not None:
            raise Inexpressible(
                f"Keras {self.keras} names the operation {class_name} by itself, and a layer has "
                f"the name {meets}; Keras {keras_operations.named_since(operation)} does not"
            )

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        return Call(
            args=tuple(self._encoded(one) for one in args),
            kwargs={name: self._encoded(one) for name, one in kwargs.items()},
        )

    def _encoded(self, value: Any) -> Any:
        if isinstance(value, (Array, float)):
            return _number_or_array(value)
        if isinstance(value, Tensor):
            return value.reference
        if isinstance(value, slice):
            parts = {"start": value.start, "stop": value.stop, "step": value.step}
            return {"class_name": "__slice__", "config": parts}
        if value is ...:
            if self.keras < _ELLIPSIS_SINCE:
                raise Inexpressible(f"Keras {self.keras} cannot read an ellipsis from a file")
            return {"class_name": "__ellipsis__", "config": {}}
        if isinstance(value, (list, tuple)):
            return [self._encoded(one) for one in value]
        if isinstance(value, (Extent, Sizes)):
            raise Inexpressible("it calculates with a length that is only known when it runs")
        if value is None or isinstance(value, (bool, int, str)):
            return value
        raise Inexpressible("one of its arguments is not known")


def _number_or_array(value: Union[Array, float]) -> Any:
    if isinstance(value, Array):
        return _array(value)
    # What is no number of JSON is read by numpy from a text.
    return value if math.isfinite(value) else _array(Array(values=value, dtype="float32"))


def _array(array: Array) -> dict[str, Any]:
    if array.dtype is None:
        raise Inexpressible("the type of a constant in it is not known")
    shape_of_nested(array.values)
    config = {"value": _finite(array.values), "dtype": array.dtype}
    return {"class_name": "__numpy__", "config": config}


def _finite(values: Any) -> Any:
    if isinstance(values, (list, tuple)):
        return [_finite(one) for one in values]
    if isinstance(values, float) and not math.isfinite(values):
        return str(values)
    return values


def snake(class_name: str) -> str:
    """Give the name that Keras would count from."""
    return _CAPITAL.sub("_", class_name).lower()


def natural_dtype(values: Any) -> str:
    """Give the type that TensorFlow takes a constant for where nothing else says one."""
    one = first_number(values)
    if isinstance(one, bool):
        return "bool"
    return "int32" if isinstance(one, int) and not _has_float(values) else "float32"


def _has_float(values: Any) -> bool:
    if isinstance(values, (list, tuple)):
        return any(_has_float(one) for one in values)
    return isinstance(values, float)
