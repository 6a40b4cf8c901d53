"""Wheels that bear TensorFlow's and NumPy's names and do what the probe asks, and nothing more.

With them a change of an environment is proved in a second, where the change is what a test is
about and not TensorFlow.
"""

from cli.private_index import Wheel

TENSORFLOW = '''
import contextlib
import pickle
import zipfile
from types import SimpleNamespace as _Space

float32 = "float32"
_CPU = "/job:localhost/replica:0/task:0/device:CPU:0"


class _Tensor:
    device = _CPU

    def __init__(self, rows):
        self.rows = rows

    def numpy(self):
        return self.rows


class _Numbers(list):
    def __sub__(self, other):
        return self


class Model:
    """A model that always answers the same."""

    def __init__(self, layers=()):
        self.layers = []
        self.optimizer = _Space(iterations=_Space(numpy=lambda: 3))

    def compile(self, **_options):
        pass

    def fit(self, *_data, **_options):
        pass

    def predict(self, inputs, **_options):
        return _Numbers([0.5])

    def save(self, path, **_options):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("model", pickle.dumps(1))


def _multiplied(left, right, name=None):
    if isinstance(left, str):
        return "product"
    return _Tensor(
        [[sum(a * b for a, b in zip(row, column)) for column in zip(*right.rows)]
         for row in left.rows]
    )


@contextlib.contextmanager
def device(_name):
    yield


class Graph:
    @contextlib.contextmanager
    def as_default(self):
        yield


class _Session:
    def __init__(self, **_options):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        pass

    def run(self, _result, feed_dict, options, run_metadata):
        node = _Space(node_name="tfmac_product")
        run_metadata.step_stats = _Space(dev_stats=[_Space(device=_CPU, node_stats=[node])])


_PLACEHOLDERS = iter("abcdefgh" * 100)
compat = _Space(
    v1=_Space(
        placeholder=lambda *_a, **_o: next(_PLACEHOLDERS),
        ConfigProto=lambda **_o: _Space(graph_options=_Space(rewrite_options=_Space())),
        RunMetadata=_Space,
        RunOptions=type("RunOptions", (), {"FULL_TRACE": 3, "__init__": lambda s, **_o: None}),
        Session=_Session,
    )
)
config = _Space(
    list_physical_devices=lambda kind="CPU": (
        [_Space(name="/physical_device:CPU:0", device_type="CPU")] if kind == "CPU" else []
    ),
    set_soft_device_placement=lambda _on: None,
    experimental=_Space(get_device_details=lambda _device: {}),
)
linalg = _Space(matmul=_multiplied)
random = _Space(set_seed=lambda _seed: None)


def constant(rows, _kind=None):
    return _Tensor(rows)


keras = _Space(
    __version__="2.15.0",
    Model=Model,
    Sequential=Model,
    Input=lambda **_o: None,
    layers=_Space(Dense=lambda *_a, **_o: None),
    models=_Space(load_model=lambda _path: Model()),
)

import numpy

if not numpy.__version__.startswith("1."):
    raise ImportError("numpy.core.umath failed to import")
'''

NUMPY = """


class _Array(list):
    def astype(self, _kind):
        return self

    def sum(self, **_options):
        return self


class _RandomState:
    def __init__(self, _seed):
        pass

    def uniform(self, size):
        return _Array([0.5])


class random:
    RandomState = _RandomState


def abs(values):
    return values


def max(values):
    return 0.0
"""


WHEELS = (
    Wheel("tensorflow", "2.15.1", ("numpy<2.0.0,>=1.23.5", "keras<2.16,>=2.15.0"), TENSORFLOW),
    Wheel("keras", "2.15.0"),
    Wheel("numpy", "1.26.4", code=NUMPY),
    Wheel("numpy", "2.4.6", code=NUMPY),
)
"""TensorFlow 2.15.1, which wants NumPy 1, and both NumPys."""
