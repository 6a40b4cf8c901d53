"""Loads migrated files with the Keras of this interpreter and compares what they compute.

Runs where Keras is: the standard library, NumPy and Keras alone. Fills in ``difference`` and
``error`` of the rows of a plan, and writes the plan again.
"""

import importlib
import json
import os
import sys
from typing import Any, Optional

import numpy as np

# Everything of Keras and NumPy.
Thing = Any


def main() -> None:
    """Load every file of the plan."""
    keras: Thing = importlib.import_module("keras")

    corpus, plan = sys.argv[1:3]
    with open(plan, encoding="utf-8") as file:
        rows = json.load(file)
    for row in rows:
        if row["migrated"]:
            keras.backend.clear_session()
            try:
                compare(keras, corpus, row)
            except Exception as error:  # noqa: BLE001 - it belongs into the table
                text = str(error).strip().replace("\n", " ")
                row["error"] = f"{type(error).__name__}: {text[:300]}"
    with open(plan, "w", encoding="utf-8") as file:
        json.dump(rows, file)


def compare(keras: Thing, corpus: str, row: dict[str, Any]) -> None:
    """Compute with the model what its writer computed."""
    model = keras.models.load_model(row["output"])
    inputs = arrays(os.path.join(corpus, row["model"] + "_in"))
    wanted = arrays(os.path.join(corpus, row["model"] + "_out"))
    if inputs is None or wanted is None:
        return
    inputs = [fed(one) for one in inputs]
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    if isinstance(outputs, dict):
        outputs = list(outputs.values())
    if not isinstance(outputs, (list, tuple)):
        outputs = [outputs]
    if is_short(model):
        row["tolerance"] = 5e-3
    row["difference"] = max(map(difference, outputs, wanted))


def arrays(path: str) -> Optional[list[Thing]]:
    """Read the arrays that a writer kept."""
    if os.path.exists(path + ".npy"):
        return [np.load(path + ".npy", allow_pickle=False)]
    if os.path.exists(path + ".npz"):
        with np.load(path + ".npz", allow_pickle=False) as found:
            return [found[name] for name in found.files]
    return None


def fed(array: Thing) -> Thing:
    """Give texts as tensors: NumPy's are none."""
    if array.dtype.kind not in "OSU":
        return array
    tf: Thing = importlib.import_module("tensorflow")

    return tf.constant(array)


def is_short(model: Thing) -> bool:
    """Whether a model computes in half precision or less."""
    types = {str(one.dtype) for one in model.weights}
    types |= {getattr(one, "compute_dtype", "") for one in model.layers}
    return bool(types & {"float16", "bfloat16", "int8"})


def difference(one: Thing, other: Thing) -> float:
    """Give the largest absolute difference that is not small beside the value itself."""
    one, other = np.asarray(one, "float64"), np.asarray(other, "float64")
    if one.shape != other.shape:
        return float("inf")
    apart = np.abs(one - other)
    apart[apart <= 1e-5 * np.abs(other)] = 0
    apart[np.isnan(one) & np.isnan(other)] = 0
    return float(np.nan_to_num(apart, nan=np.inf).max(initial=0.0))


if __name__ == "__main__":
    main()
