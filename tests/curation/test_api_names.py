"""What is read out of the sources in wheels: names, kinds, parameters, replacements."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from builders.api_wheels import (
    DENSE,
    LAYER,
    Shelf,
    build,
    keras,
    lived,
    only,
    tensorflow,
)
from builders.package_index import Site, served
from tfmac.knowledge import api_history as questions
from tfmac.knowledge import store
from tfmac.schema.api_history import ApiKind, ApiReleases


@pytest.fixture
def site() -> Site:
    return Site("keras")


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    with served(site) as address:
        yield address


@pytest.fixture(autouse=True)
def _shipped_again() -> Iterator[None]:
    yield
    store.use()


def test_what_a_name_is(site: Site, address: str, tmp_path: Path) -> None:
    """Modules, classes, functions and members are told apart, with their parameters."""
    site.add(*keras("2.2.5", engine__base=LAYER, layers=DENSE, engine____init__=""))
    build(address, tmp_path)

    assert only("keras.layers").kind is ApiKind.MODULE
    dense = only("keras.layers.Dense")
    assert dense.kind is ApiKind.CLASS
    assert dense.parameters == ("units", "activation=", "*", "bias=")
    assert dense.keywords == ("dtype", "name", "trainable")
    assert not dense.open
    assert only("keras.layers.dense").parameters == ("x", "*args", "axis=")
    assert only("keras.layers.Dense.call").parameters == ("inputs", "/", "training=")
    asked = ("inputs", "training")
    call = "keras.layers.Dense.call"
    accepted = [questions.parameter_exists(call, one, "keras", "2.2") for one in asked]
    assert accepted == [False, True]
    assert only("keras.layers.Dense.build").kind is ApiKind.METHOD  # of the class above it
    assert only("keras.layers.Dense.weights").kind is ApiKind.PROPERTY
    assert only("keras.layers.Dense.built").kind is ApiKind.ATTRIBUTE
    assert only("keras.layers.Dense.units_seen").kind is ApiKind.ATTRIBUTE
    assert only("keras.layers.Layer").kind is ApiKind.CLASS  # taken from the same package
    assert lived("keras.layers.Dense._hidden") == ()


def test_runs_of_releases(site: Site, address: str, tmp_path: Path) -> None:
    """A name lives in runs; a change of parameters begins a new one, a change of place does not."""
    utils = "def one(a): ...\ndef two(a): ...\n"
    site.add(*keras("2.2.4", utils="def zero(): ...\n"))
    site.add(*keras("2.2.5", utils=utils))
    site.add(*keras("2.3.1", utils="from keras.inner import one\n", inner="def one(a): ...\n"))
    site.add(*keras("2.6.0", utils=utils.replace("a", "b=0", 1)))
    site.add(*keras("3.0.0", other=""))
    site.add(*keras("3.1.0rc1", utils=utils))
    build(address, tmp_path)

    assert [(one.first, one.last) for one in lived("keras.utils.two")] == [
        ("2.2", "2.2"),
        ("2.6", "2.6"),
    ]
    assert [(one.first, one.last, one.parameters) for one in lived("keras.utils.one")] == [
        ("2.2", "2.3", ("a",)),
        ("2.6", "2.6", ("b=",)),
    ]
    assert lived("keras.utils.zero") == ()  # an older patch release is not asked
    assert questions.exists("keras.utils.one", "keras", "2.3.0") is True
    assert questions.exists("keras.utils.two", "keras", "2.3.0") is False
    assert questions.exists("keras.utils.two", "keras", "3.1") is None


# What a method does with its keywords; which it accepts by that, and whether others too.
KEYWORDS: "tuple[tuple[str, tuple[str, ...], bool], ...]" = (
    ("pass", (), True),
    ("if kwargs: raise ValueError(kwargs)", (), False),
    ("a = kwargs.pop('a', 1)\n        if kwargs: raise ValueError", ("a",), False),
    ("a = kwargs.get('a')", ("a",), True),
    ("a = kwargs['a']", ("a",), True),
    ("if 'a' in kwargs: raise TypeError", (), True),
    ("kwargs['a'] = 1", (), True),
    ("validate_kwargs(kwargs, {'a', 'b'})", ("a", "b"), False),
    ("super().__init__(**kwargs)", ("dtype", "name", "trainable"), False),
    ("super().__init__(name='x', **kwargs)", ("dtype", "trainable"), False),
    ("Layer.__init__(self, **kwargs)", ("dtype", "name", "trainable"), False),
    ("unknown(**kwargs)", (), True),
    ("self.take(kwargs)", ("b",), False),
)


def test_keywords(site: Site, address: str, tmp_path: Path) -> None:
    """What ``**kwargs`` takes is told as far as the source does."""
    text = LAYER
    for number, (body, _, _) in enumerate(KEYWORDS):
        text += f"class Own{number}(Layer):\n    def __init__(self, **kwargs):\n        {body}\n"
        text += "    def take(self, options):\n        options.pop('b')\n"
        text += "        if len(options) > 0:\n            raise TypeError\n"
    site.add(*keras("2.2.5", layers=text))
    build(address, tmp_path)

    for number, (body, keywords, others) in enumerate(KEYWORDS):
        own = only(f"keras.layers.Own{number}")
        assert (own.keywords, own.open) == (keywords, others), body


def test_parameters_of_other_definitions(site: Site, address: str, tmp_path: Path) -> None:
    """Data classes, lambdas, wrapped and conditional definitions have parameters too."""
    text = (
        "import dataclasses, typing\n"
        "@dataclasses.dataclass\nclass Data:\n    x: int\n    y: int = 0\n"
        "class Pair(typing.NamedTuple):\n    x: int\n    y: int = 0\n"
        "class Plain: ...\n"
        "class Outside(unknown.Base): ...\n"
        "double = lambda x, y=2: x * y\n"
        "def inner(a): ...\n"
        "inner = decorated(inner)\n"
        "again = export('again')(inner)\n"
        "try:\n    def early(a): ...\nexcept ImportError:\n    def early(b): ...\n"
        "if new():\n    other = inner\nelse:\n    other = double\n"
        "class Static:\n    @staticmethod\n    def of(a): ...\n"
        "    @classmethod\n    def by(c, a): ...\n"
        "class Answering:\n    def __getattr__(self, name): ...\n"
        "LIMIT = 3\n"
        "gone = 1\ndel gone\n"
    )
    site.add(*keras("2.2.5", made=text))
    build(address, tmp_path)

    for name in ("Data", "Pair"):
        assert only(f"keras.made.{name}").parameters == ("x", "y=")
    assert only("keras.made.Plain").parameters == ()
    assert only("keras.made.Outside").parameters is None
    assert only("keras.made.double").parameters == ("x", "y=")
    for name in ("inner", "again", "early", "other", "Static.of", "Static.by"):
        assert only(f"keras.made.{name}").parameters == ("a",), name
    assert only("keras.made.LIMIT").kind is ApiKind.OTHER
    assert lived("keras.made.gone") == ()
    assert questions.exists("keras.made.Plain.anything", "keras", "2.2") is False
    assert questions.exists("keras.made.Outside.anything", "keras", "2.2") is None
    assert questions.exists("keras.made.Answering.anything", "keras", "2.2") is None
    assert questions.exists("keras.made.LIMIT.real", "keras", "2.2") is None


def test_export_files_of_keras_3(site: Site, address: str, tmp_path: Path) -> None:
    """Export folders give the public names; what lies in ``src`` is private."""
    site.add(
        *keras(
            "3.4.0",
            __init__="from keras.api import layers, Model",
            api____init__="from keras.api import layers\nfrom keras.src.model import Model",
            api__layers____init__="from keras.src.core import Dense as Dense, Dense as Tight",
            src____init__="",
            src__core="class Dense:\n    def __init__(self, units): ...\nLIMIT = 1\n",
            src__model="class Model: ...",
        )
    )
    build(address, tmp_path)

    for name in ("Dense", "Tight"):
        assert only(f"keras.layers.{name}").parameters == ("units",)
    assert only("keras.Model").kind is ApiKind.CLASS
    assert only("keras.src.core.Dense").parameters is None
    assert questions.exists("keras.src.core.LIMIT", "keras", "3.4") is None


def test_what_stands_in_for_a_name(site: Site, address: str, tmp_path: Path) -> None:
    """Another name of the same object that lives on, and what the source says itself."""
    old = (
        "import warnings\n"
        "def one_hot(a): ...\n"
        "@deprecated(None, 'Use `keras.utils.fresh` instead.')\ndef stale(): ...\n"
        "class Model:\n"
        "    def fit(self): ...\n"
        "    def fit_generator(self):\n"
        "        warnings.warn('`fit_generator` is deprecated. Please use `Model.fit`.')\n"
    )
    public = "from keras.utils.np_utils import one_hot, stale, Model\n"
    site.add(*keras("2.12.0", utils____init__=public, utils__np_utils=old))
    site.add(
        *keras(
            "2.13.1",
            utils____init__="from keras.src.utils.np_utils import one_hot\n",
            src__utils__np_utils=old,
        )
    )
    build(address, tmp_path)

    def instead(name: str) -> "list[tuple[str, str]]":
        return [(one.replacement, one.known_from) for one in questions.look_up(name).replacements]

    assert instead("keras.utils.np_utils.one_hot") == [
        ("keras.utils.one_hot", "the same object in Keras 2.12.0")
    ]
    assert instead("keras.utils.np_utils") == instead("keras.utils.np_utils.one_hot")
    assert instead("keras.utils.one_hot") == []
    said = "said by the source of Keras 2.12.0"
    assert instead("keras.utils.stale") == [("keras.utils.fresh", said)]
    assert instead("keras.utils.Model.fit_generator") == [("keras.utils.Model.fit", said)]


API = {
    "__init__": (
        "import os as _os, sys as _sys\n"
        "from tensorflow._api.v2 import math\n"
        "from tensorflow.python.loading import LazyLoader as _LazyLoader\n"
        "_current_module = _sys.modules[__name__]\n"
        "_name = 'keras.api._v2.keras'\n"
        "if _os.environ.get('OTHER'):\n    keras = _LazyLoader('keras', globals(), 'other')\n"
        "else:\n    keras = _LazyLoader('keras', globals(), _name)\n"
        "_losses = _LazyLoader('losses', globals(), _name + '.losses')\n"
        "setattr(_current_module, 'losses', _losses)\n"
        "setattr(_current_module, 'keras', keras)\n"
    ),
    "_api/v2/math/__init__": (
        "from tensorflow.python.ops import add_v2 as add\nfrom tensorflow.python.native import pi\n"
    ),
    "_api/v2/compat/v1/__init__": (
        "from tensorflow.python.ops import add\n_current_module = 1\n"
        "_current_module.nn.cells = _LazyLoader('cells', globals(), 'keras.api._v2.keras.losses')\n"
    ),
    "_api/v2/compat/v1/nn/cells/__init__": "from tensorflow.python.ops import add as stale\n",
    "python/ops": "def add(x, y, name=None): ...\ndef add_v2(x, y): ...\nSIZE = 1\n",
    "tools/compatibility/renames_v2": "renames = {'tf.to_int': 'tf.cast', 'x': 'y'}\n",
}
COMPANION = {
    "api___v2__keras____init__": "from keras.api._v2.keras import losses",
    "api___v2__keras__losses____init__": "from keras.losses import Huber",
    "losses": "class Huber:\n    def __init__(self, delta=1): ...\n",
}


def test_tensorflow_and_its_keras(tmp_path: Path) -> None:
    """Where one Keras alone fits it is read along; where several do, each may be ``tf.keras``."""
    shelf = Shelf(Site("tensorflow"), Site("keras"))
    for minor in ("2.14", "2.15"):
        shelf.sites[1].add(*keras(f"{minor}.0", **COMPANION))
    for minor, extra in (("3.0", ""), ("3.1", "def old(): ...\n")):
        files = {
            "_tf_keras__keras____init__": f"def new(): ...\n{extra}",
            "_tf_keras____init__": "",
        }
        shelf.sites[1].add(*keras(f"{minor}.0", **files))
    shelf.sites[0].add(*tensorflow("2.14.0", API, "keras<2.15,>=2.14.0", "numpy"))
    shelf.sites[0].add(*tensorflow("2.16.1", API, "keras>=3.0.0"))
    with served(shelf) as address:
        build(address, tmp_path, "tensorflow", "keras")

    assert only("tf.math.add").parameters == ("x", "y")
    assert only("tf.compat.v1.add").parameters == ("x", "y", "name=")
    assert only("tf.math.pi").kind is ApiKind.OTHER
    assert [(one.first, one.last) for one in lived("tf.keras.losses.Huber")] == [("2.14", "2.14")]
    for alias in ("tf.losses.Huber", "tf.compat.v1.nn.cells.Huber"):
        assert lived(alias)[0].parameters == ("delta=",)
    assert lived("tf.compat.v1.nn.cells.stale") == ()
    assert only("tensorflow.python.ops.add").kind is ApiKind.FUNCTION
    assert questions.exists("tensorflow.python.ops.SIZE", "tensorflow", "2.14") is None
    assert questions.exists("tf.keras.losses.Huber", "tensorflow", "2.14.3") is True
    assert questions.exists("tf.keras.losses.Huber", "tensorflow-cpu", "2.16") is False
    assert questions.exists("tf.keras.new", "tensorflow", "2.16.1") is True
    assert questions.exists("tf.keras.old", "tensorflow", "2.16.1") is None
    assert questions.exists("tf.keras.old", "tensorflow", "2.16.1", keras="3.1.2") is True
    assert questions.exists("tf.keras.old", "tensorflow", "2.16.1", keras="3.0.5") is False
    replacements = questions.look_up("tf.to_int").replacements
    assert [one.replacement for one in replacements] == ["tf.cast"]
    assert "tensorflow/tools/compatibility/renames_v2.py" in replacements[0].known_from
    releases = msgspec.json.decode(
        (tmp_path / "api_history" / "tensorflow" / "releases.json").read_bytes(), type=ApiReleases
    )
    assert [len(one.artifacts) for one in releases.releases] == [2, 1]
    assert [one.keras for one in releases.releases] == [(), ("3.0", "3.1")]
