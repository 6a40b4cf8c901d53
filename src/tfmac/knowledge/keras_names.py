"""Which names of a model file are Keras's own: all else is somebody's code."""

from tfmac.knowledge import api_names, store

_PLACES = (
    "layers",
    "optimizers",
    "losses",
    "metrics",
    "activations",
    "initializers",
    "regularizers",
    "constraints",
    "models",
    "optimizers.legacy",
    "optimizers.experimental",
    "optimizers.schedules",
    "layers.experimental",
    "layers.experimental.preprocessing",
    "mixed_precision",
    "mixed_precision.experimental",
    "dtype_policies",
    "quantizers",
    "random",
    # What Keras 3 makes of an operation on a tensor.
    "src.ops.numpy",
    "src.ops.nn",
    "src.ops.core",
    "src.ops.math",
    "src.ops.image",
    "src.ops.linalg",
    "src.ops.operation",
)
_ROOTS = (("keras", ""), ("keras", "_tf_keras.keras."), ("tensorflow", "keras."), ("tf_keras", ""))
# Written into files, and never part of the public names: ``Part.class_name`` of models and of what
# Keras 2 makes of a TensorFlow function; what tells of a value, not of a class.
_UNLISTED = frozenset(
    {
        "Functional",
        "Sequential",
        "Model",
        "Graph",
        "Merge",
        "TFOpLambda",
        "SlicingOpLambda",
        "TensorFlowOpLayer",
        "ClassMethod",
        "InstanceMethod",
        "InstanceProperty",
        "BatchNormalizationV1",
        "BatchNormalizationV2",
        "RandomNormalV2",
        "ModuleWrapper",
        "TorchModuleWrapper",
        "AddLoss",
        "AddMetric",
        "FeatureSpace",
        "PolicyV1",
        "MeanMetricWrapper",
        "LossFunctionWrapper",
        "TensorShape",
        "TypeSpec",
        "CompositeTensor",
        "CuDNNLSTM",
        "CuDNNGRU",
        "DTypePolicy",
        "FloatDTypePolicy",
        "QuantizedDTypePolicy",
        "QuantizedFloat8DTypePolicy",
        "DTypePolicyMap",
        "Operation",
        "function",
    }
)
_KERAS_MODULES = ("keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras", "keras_core")


def is_keras_module(module: str) -> bool:
    """Whether a module is one of a Keras."""
    return any(module == one or module.startswith(f"{one}.") for one in _KERAS_MODULES)


def is_keras_name(name: str) -> bool:
    """Whether some release of Keras has a class or function of this name that files may name."""
    return name in _UNLISTED or name.startswith("__") or name in _places()


def is_keras_member(place: str, name: str) -> bool:
    """Whether some release has the name in a module, such as ``activations``."""
    return place in _places().get(name, ())


@store.remembered
def _places() -> dict[str, frozenset[str]]:
    """Give the modules of every name: a file may ask for thousands, and none costs a search."""
    wanted = {(package, f"{root}{place}"): place for package, root in _ROOTS for place in _PLACES}
    found: dict[str, set[str]] = {}
    for package in dict.fromkeys(package for package, _ in _ROOTS):
        for part in (*api_names.public_parts(package), api_names.PRIVATE):
            for full in api_names.names_of(package, part).names:
                module, _, name = full.rpartition(".")
                place = wanted.get((package, module))
                if place is not None:
                    found.setdefault(name, set()).add(place)
    return {name: frozenset(places) for name, places in found.items()}
