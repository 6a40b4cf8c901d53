"""Contents of model files, made from the few things that a test is about, and their readers."""

from typing import Any, NamedTuple, Optional

from tfmac.schema.loadability import Verdict
from tfmac.schema.model_content import Content, ModelFormat, Tensor, WeightGroup

Json = dict[str, Any]


LOADS, FAILS = Verdict.LOADS, Verdict.FAILS
DIFFERS, UNKNOWN = Verdict.LOADS_DIFFERENTLY, Verdict.UNKNOWN

TF_1_15 = "tensorflow==1.15.0"
TF_2_3 = "tensorflow==2.3.4"
TF_2_6 = "tensorflow==2.6.5"
TF_2_9 = "tensorflow==2.9.3"
TF_2_12 = "tensorflow==2.12.1"
TF_2_13 = "tensorflow==2.13.1"
TF_2_15 = "tensorflow==2.15.1"
LEGACY = "tensorflow==2.18.1,tf-keras==2.18.0"
KERAS_2_2 = "tensorflow==1.15.0,keras==2.2.4"

OLD_2 = "keras-2-file-newer-than-reader"
TWO_IN_3 = "keras-2-file-in-keras-3"
THREE_IN_2 = "keras-3-file-in-keras-2"


class Judged(NamedTuple):
    """A file, a reader, and what is to come out."""

    rule: str
    content: Content
    reader: str
    verdict: Verdict
    cause: Optional[str] = None


def keras(version: str) -> str:
    """Name a Keras 3 on TensorFlow."""
    return f"tensorflow==2.18.1,keras=={version}"


def layer(name: str, /, *, module: Optional[str] = None, **config: Any) -> Json:
    """Give a layer as a file has it; with ``module`` in the form of Keras 2.13 and later."""
    entry: Json = {"class_name": name, "config": {"name": name.lower(), **config}}
    if module is not None:
        entry |= {"module": module, "registered_name": None}
    return entry


def dense(**config: Any) -> Json:
    return layer("Dense", units=2, activation=config.pop("activation", "relu"), **config)


def sequential(*layers: Json, module: Optional[str] = None) -> Json:
    """Give a Sequential model."""
    model: Json = {"class_name": "Sequential", "config": {"name": "model", "layers": list(layers)}}
    return model if module is None else {**model, "module": module}


def functional(*layers: Json, inputs: Any = None, module: Optional[str] = None) -> Json:
    """Give a functional model; its layers bring their calls as ``inbound_nodes``."""
    config = {
        "name": "model",
        "layers": [{"name": one["config"]["name"], "inbound_nodes": [], **one} for one in layers],
        "input_layers": inputs or [["x", 0, 0]],
        "output_layers": [["dense", 0, 0]],
    }
    model: Json = {"class_name": "Functional", "config": config}
    return model if module is None else {**model, "module": module}


def hdf5(
    configuration: Optional[Json],
    *,
    keras: str = "2.9.0",
    training: Optional[Json] = None,
    path: str = "model.h5",
) -> Content:
    return Content(
        path=path,
        format=ModelFormat.KERAS_HDF5,
        bytes=1,
        stated={"keras_version": keras, "backend": "tensorflow"},
        configuration=configuration,
        training=training,
    )


def archive(
    configuration: Json,
    *,
    keras: str = "3.8.0",
    training: Optional[Json] = None,
    tensors: tuple[Tensor, ...] = (),
) -> Content:
    return Content(
        path="model.keras",
        format=ModelFormat.KERAS_ARCHIVE,
        bytes=1,
        stated={"keras_version": keras},
        configuration=configuration,
        training=training,
        tensors=tensors,
    )


def json_text(configuration: Json) -> Content:
    return Content(
        path="model.json", format=ModelFormat.KERAS_JSON, bytes=1, configuration=configuration
    )


def of_format(kind: ModelFormat, **fields: Any) -> Content:
    return Content(path=fields.pop("path", "model"), format=kind, bytes=1, **fields)


def tensor(path: str, *shape: int, name: str = "") -> Tensor:
    return Tensor(path=path, shape=shape, dtype="float32", bytes=4, name=name)


def by_layers(keras: str, **layers: "tuple[Tensor, ...]") -> Content:
    """Give weights by layers, as Keras 2 writes them."""
    return of_format(
        ModelFormat.KERAS_HDF5_WEIGHTS,
        stated={"keras_version": keras},
        tensors=tuple(one for tensors in layers.values() for one in tensors),
        groups=tuple(
            WeightGroup(layer=name, tensors=tuple(one.path for one in tensors))
            for name, tensors in layers.items()
        ),
    )


def by_objects(*tensors: Tensor) -> Content:
    """Give weights by the objects that own them, as ``.weights.h5`` has them."""
    return of_format(ModelFormat.KERAS_WEIGHTS, tensors=tensors)


INPUT_2 = layer("InputLayer", batch_input_shape=[None, 4])
INPUT_3 = layer("InputLayer", batch_shape=[None, 4])
PUBLIC = {"module": "keras.layers"}
INPUT_NEW = layer("InputLayer", batch_shape=[None, 4], module="keras.layers")
