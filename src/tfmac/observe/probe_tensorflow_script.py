"""TensorFlow for the probe: what ``probe_script.Framework`` describes.

It is loaded by the probe's script, in the interpreter that is being diagnosed: the standard
library alone, valid Python 3.8.
"""

from __future__ import annotations

import importlib
import re
import sys
from typing import Any

PRODUCT_NAME = "tfmac_product"
METAL_PACKAGES = ("tensorflow-metal", "tensorflow-metal-plugin")
TENSORFLOW_PACKAGES = ("tensorflow", "tensorflow-macos", "tensorflow-cpu", "tensorflow-intel")


def product_graph(tensorflow: Any, device: str, factors: Any) -> tuple[Any, Any, dict[Any, Any]]:  # noqa: ANN401
    """Return a graph with the product on the device, its result and what to feed to it.

    The factors are fed, so that no optimiser can replace the product by its value.
    """
    compat = tensorflow.compat.v1
    graph = tensorflow.Graph()
    with graph.as_default():
        fed = [compat.placeholder(tensorflow.float32, shape=(2, 2)) for _ in factors]
        with tensorflow.device(device):
            result = tensorflow.linalg.matmul(*fed, name=PRODUCT_NAME)
    return graph, result, dict(zip(fed, factors))


def traced_devices(tensorflow: Any, device: str, factors: Any) -> list[str]:  # noqa: ANN401
    """Run the product in a session under full trace: the devices that executed its node."""
    compat = tensorflow.compat.v1
    graph, result, fed = product_graph(tensorflow, device, factors)
    config = compat.ConfigProto(allow_soft_placement=False)
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    metadata = compat.RunMetadata()
    options = compat.RunOptions(trace_level=compat.RunOptions.FULL_TRACE)
    with compat.Session(graph=graph, config=config) as session:
        session.run(result, feed_dict=fed, options=options, run_metadata=metadata)
    seen = {
        # CUDA's tracer adds rows such as /device:GPU:0/stream:all for the same device.
        re.sub(r"/(stream|memcpy).*$", "", step.device)
        for step in metadata.step_stats.dev_stats
        for node in step.node_stats
        if node.node_name.partition(":")[0] == PRODUCT_NAME
    }
    return sorted(seen)


class TensorFlow:
    """TensorFlow with the Keras behind ``tf.keras``."""

    name = "tensorflow"
    mark = "config"
    packages = (*TENSORFLOW_PACKAGES, *METAL_PACKAGES)
    requiring = packages

    def __init__(self) -> None:
        self.withheld: dict[str, str] = {}

    @property
    def _module(self) -> Any:  # noqa: ANN401
        return importlib.import_module(self.name)

    def said_versions(self) -> dict[str, object]:
        """Return the versions of TensorFlow and of the Keras behind it."""
        try:
            keras = self.keras_version()
        except Exception:  # noqa: BLE001 (a Keras that cannot be loaded fails in the last stage)
            keras = None
        return {"tensorflow": getattr(self._module, "__version__", None), "tf.keras": keras}

    def devices(self) -> list[Any]:
        """Return the physical devices."""
        return list(self._module.config.list_physical_devices())

    def describe(self, device: Any) -> dict[str, str]:  # noqa: ANN401
        """Name a physical device."""
        return {"name": device.name, "kind": device.device_type}

    def details(self, device: Any) -> dict[str, object]:  # noqa: ANN401
        """Return what TensorFlow tells about a device."""
        return dict(self._module.config.experimental.get_device_details(device))

    def places(self) -> list[dict[str, str]]:
        """Return the first GPU, if one is listed, and the CPU; nothing may fall back from there."""
        config = self._module.config
        places = [{"requested": "/CPU:0", "kind": "CPU"}]
        if config.list_physical_devices("GPU"):
            places.insert(0, {"requested": "/GPU:0", "kind": "GPU"})
        config.set_soft_device_placement(False)
        return places

    def leave_places(self) -> None:
        """Allow TensorFlow again to choose another device."""
        self._module.config.set_soft_device_placement(True)

    def product(self, requested: str, factors: Any) -> tuple[Any, str]:  # noqa: ANN401
        """Multiply eagerly on a device."""
        tensorflow = self._module
        with tensorflow.device(requested):
            left, right = (tensorflow.constant(factor, tensorflow.float32) for factor in factors)
            result = tensorflow.linalg.matmul(left, right)
        return result.numpy(), str(result.device)

    def where(self, requested: str, factors: Any) -> dict[str, object]:  # noqa: ANN401
        """Trace a step, since a result alone says where it lies and not where it was computed."""
        return {"traced_devices": traced_devices(self._module, requested, factors)}

    def keras(self) -> Any:  # noqa: ANN401
        """Return ``tf.keras``, whichever Keras that is."""
        return self._module.keras

    def keras_version(self) -> str | None:
        """Return the version of keras, tf_keras or TensorFlow's own Keras, by who is behind it."""
        keras = self.keras()
        owner = sys.modules.get(keras.Model.__module__.partition(".")[0])
        version = getattr(keras, "__version__", None) or getattr(owner, "__version__", None)
        return None if version is None else str(version)

    def seed(self, number: int) -> None:
        """Seed TensorFlow's generators."""
        self._module.random.set_seed(number)

    def tensor(self, array: Any) -> Any:  # noqa: ANN401
        """Return an array as TensorFlow's constant."""
        return self._module.constant(array)

    def device_of(self, tensor: Any) -> str | None:  # noqa: ANN401
        """Return the device of a tensor or variable."""
        device = getattr(tensor, "device", None)
        return None if device is None or callable(device) else str(device)


def framework(name: str) -> TensorFlow:
    """Give the object that the probe asks."""
    if name != TensorFlow.name:
        raise ValueError(name)
    return TensorFlow()
