"""What cuDNN's layers keep becomes what the layers of Keras 3 want, as Keras 2 itself did it."""

import json
from pathlib import Path

import numpy as np
import pytest

from tfmac.models.migration.transforms import TRANSFORMS, cudnn_transform, transformed_shape

_DATA = Path(__file__).parents[2] / "data" / "migration" / "cudnn_weights.json"
_FIRST = {"kernel": 0, "recurrent_kernel": 100, "bias": 500}


@pytest.mark.parametrize("class_name", ["LSTM", "GRU"])
@pytest.mark.parametrize("key", ["kernel", "recurrent_kernel", "bias"])
def test_the_arrays_of_cudnn_are_arranged_as_keras_2_does_it(class_name: str, key: str) -> None:
    """The data was made by Keras 2's own converter, which it says of itself."""
    recorded = json.loads(_DATA.read_text())
    wide = 3 * recorded["gates"][class_name]
    shape = {"kernel": (2, wide), "recurrent_kernel": (3, wide), "bias": (2 * wide,)}[key]
    stored = np.arange(np.prod(shape), dtype="float32").reshape(shape) + np.float32(_FIRST[key])
    expected = np.array(recorded[class_name][key], dtype="float32")

    found = cudnn_transform(f"CuDNN{class_name}", class_name, f"cell/{key}")

    assert found is not None
    assert found[0] == key
    assert np.array_equal(TRANSFORMS[found[1]](stored), expected)
    assert transformed_shape(found[1], shape) == expected.shape
