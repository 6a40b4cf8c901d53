"""Prints which operations on numbers the installed TensorFlow has kernels of, and for what."""

import json
from typing import Any

import tensorflow as tf
from tensorflow.core.framework import op_def_pb2
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.framework import kernels, ops

# types.proto: the real floating and integer types that layers compute in.
NUMBERS = {1, 2, 3, 9, 14, 19}
COMPLEX = {8, 18}
NO_NUMBERS = {0, 7, 20, 21}  # open, string, resource, variant


def on_numbers(operation: Any) -> bool:  # noqa: ANN401 (an OpDef)
    """Tell whether an operation takes tensors of numbers, and nothing that only a CPU has."""
    allowed = {
        one.name: set(one.allowed_values.list.type) for one in operation.attr if one.type == "type"
    }
    arguments = [*operation.input_arg, *operation.output_arg]
    if any(one.type in (7, 20, 21) for one in arguments) or not operation.input_arg:
        return False
    if operation.deprecation.version:
        return False
    for one in arguments:
        types = allowed.get(one.type_attr, set()) if one.type_attr else {one.type}
        if (types - NO_NUMBERS) & (NUMBERS | COMPLEX) or (one.type_attr and not types):
            return True
    return False


def differentiated() -> "set[str]":
    """Name the operations that automatic differentiation knows: those that people compute with."""
    registry = getattr(ops, "gradient_registry", None) or ops._gradient_registry  # noqa: SLF001
    return set(registry.list())


def main() -> None:
    """Print the answer as JSON."""
    listed = op_def_pb2.OpList()
    buffer = pywrap_tf_session.TF_GetAllOpList()
    listed.ParseFromString(pywrap_tf_session.TF_GetBuffer(buffer))
    known = differentiated()
    devices = {
        one.name: {
            kernel.device_type for kernel in kernels.get_registered_kernels_for_op(one.name).kernel
        }
        for one in listed.op
        if one.name in known and on_numbers(one) and not one.is_stateful
    }
    print(
        json.dumps(
            {
                "tensorflow": tf.__version__,
                "on_cpu": sorted(name for name, kinds in devices.items() if "CPU" in kinds),
                "everywhere": sorted(name for name, kinds in devices.items() if "DEFAULT" in kinds),
            }
        )
    )


main()
