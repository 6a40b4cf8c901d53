"""Configurations and contents of model files, from the few things that a test is about."""

import base64
import marshal
from typing import Any, Optional

from tfmac.schema.model_content import Content, ModelFormat, Tensor, WeightGroup

Json = dict[str, Any]


def layer_2(class_name: str, name: str, *inbound: str, **config: Any) -> Json:
    """Make a layer as Keras 2.4 to 2.12 write it into HDF5."""
    return {
        "class_name": class_name,
        "config": {"name": name, "trainable": True, "dtype": "float32", **config},
        "name": name,
        "inbound_nodes": [[[one, 0, 0, {}] for one in inbound]] if inbound else [],
    }


def input_2(name: str, *shape: Optional[int]) -> Json:
    """Make an input as Keras 2 writes it."""
    config = {"batch_input_shape": list(shape), "dtype": "float32", "sparse": False, "name": name}
    return {"class_name": "InputLayer", "config": config, "name": name, "inbound_nodes": []}


def layer_3(class_name: str, name: str, *inbound: "tuple[str, list[Any]]", **config: Any) -> Json:
    """Make a layer as Keras 3 writes it; what it takes is given with its shape."""
    return {
        "module": "keras.layers",
        "class_name": class_name,
        "config": {"name": name, "trainable": True, "dtype": policy("float32"), **config},
        "registered_name": None,
        "name": name,
        "inbound_nodes": [{"args": [tensor_3(*one) for one in inbound], "kwargs": {}}]
        if inbound
        else [],
    }


def policy(name: str) -> Json:
    """Make a type as Keras 3.2 and later write it."""
    config = {"name": name}
    return {"module": "keras", "class_name": "DTypePolicy", "config": config}


def tensor_3(layer: str, shape: "list[Any]") -> Json:
    """Make a layer's output as the layers after it name it in Keras 3."""
    config = {"shape": shape, "dtype": "float32", "keras_history": [layer, 0, 0]}
    return {"class_name": "__keras_tensor__", "config": config}


def model(class_name: str, name: str, *layers: Json, **entry: Any) -> Json:
    """Make a model around layers."""
    return {"class_name": class_name, "config": {"name": name, "layers": list(layers)}, **entry}


def tensor(path: str, *shape: int, dtype: str = "float32", name: str = "") -> Tensor:
    """Make a stored array."""
    count = 1
    for one in shape:
        count *= one
    size = {"float32": 4, "float16": 2, "int8": 1, "float64": 8}[dtype]
    return Tensor(path=path, shape=shape, dtype=dtype, bytes=count * size, name=name)


def hdf5(configuration: Optional[Json], weights: "dict[str, list[Tensor]]", **more: Any) -> Content:
    """Make the content of a whole model in HDF5, its weights by layers."""
    return _content(ModelFormat.KERAS_HDF5, configuration, weights, more)


def archive(
    configuration: Optional[Json], weights: "dict[str, list[Tensor]]", **more: Any
) -> Content:
    """Make the content of a ``.keras`` archive, its weights by the objects that own them."""
    return _content(ModelFormat.KERAS_ARCHIVE, configuration, weights, more)


def _content(
    kind: ModelFormat,
    configuration: Optional[Json],
    weights: "dict[str, list[Tensor]]",
    more: "dict[str, Any]",
) -> Content:
    groups = [
        WeightGroup(layer=layer, tensors=tuple(one.path for one in tensors))
        for layer, tensors in weights.items()
    ]
    settings: dict[str, Any] = {
        "path": "model",
        "format": kind,
        "bytes": 1000,
        "configuration": configuration,
        "tensors": tuple(one for tensors in weights.values() for one in tensors),
        "groups": tuple(groups),
    }
    return Content(**{**settings, **more})


def byte_code(function: Any) -> str:
    """Write a function's code as Keras does."""
    return base64.encodebytes(marshal.dumps(function.__code__)).decode("ascii")
