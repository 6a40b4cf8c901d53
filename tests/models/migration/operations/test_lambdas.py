"""Byte code of Lambdas is evaluated, never run, and means the same in every Python."""

import base64
import json
import random
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from models.migration.operations.networks import NEWEST, X, input_layer, made, model, names, refused
from tfmac.models.migration.network import Call, Layer, Network, Reference
from tfmac.models.migration.operations.express import express

DATA = Path(__file__).resolve().parents[3] / "data" / "migration" / "lambda_byte_code.json"
SAMPLES = json.loads(DATA.read_text(encoding="utf-8"))


def _lambda(code: object, **config: Any) -> Layer:
    settings = {"name": "f", "function": code, "function_type": "lambda", "dtype": "float32"}
    return Layer(
        name="f", class_name="Lambda", config={**settings, **config}, calls=(Call(args=(X,)),)
    )


def _network(code: str, defaults: object = None, **config: Any) -> Network:
    return model(input_layer("x", 3, 4), _lambda([code, defaults, None], **config))


@pytest.mark.parametrize("sample", SAMPLES, ids=[one["source"] for one in SAMPLES])
def test_every_python_means_the_same(sample: "dict[str, Any]") -> None:
    """Compiled by 3.6 to 3.13, a function is expressed by the same operations."""
    defaults = [2, 3.0] if "a=2" in sample["source"] else None

    found = [made(_network(code, defaults)) for code in sample["codes"].values()]

    assert len(found) == 8
    assert names(found[0]) == sample["operations"]
    assert all(one == found[0] for one in found)


def _code(source: str, python: str = "3.11") -> str:
    code: str = next(one for one in SAMPLES if one["source"] == source)["codes"][python]
    return code


def test_arguments_that_the_layer_keeps() -> None:
    """They stand beside the function."""
    source = "lambda x, a=2, b=3.0: x * a + b"

    layers = made(_network(_code(source), [2, 3.0], arguments={"a": 5}))

    assert [one.calls[0].args[1] for one in layers] == [5.0, 3.0]


def test_defaults_that_are_missing() -> None:
    """A value that the file does not hold is not made up."""
    one = refused(_network(_code("lambda x, a=2, b=3.0: x * a + b")))

    assert "does not hold the value of a" in one.reason


def test_code_of_keras_3() -> None:
    """It is stored in another form."""
    config = {"code": _code("lambda x: -x"), "defaults": None, "closure": None}

    layer = _lambda({"class_name": "__lambda__", "config": config})

    assert names(made(model(input_layer("x", 4), layer))) == "Negative"


def test_named_functions() -> None:
    """Those of Keras are known, others are named."""
    known = model(
        input_layer("x", 4), _lambda("sum", module="keras.backend", arguments={"axis": 1})
    )
    other = model(input_layer("x", 4), _lambda("mine", module="shop.models"))

    assert names(made(known)) == "Sum"
    assert "mine of shop.models" in refused(other).reason


def test_masks() -> None:
    """Operations have none."""
    assert "mask" in refused(_network(_code("lambda x: -x"), mask="m")).reason


def test_inputs_have_the_type_of_the_layer() -> None:
    """As tf.keras changes it before it calls the function."""
    half = {"class_name": "Policy", "config": {"name": "mixed_float16"}}

    assert names(made(_network(_code("lambda x: -x"), dtype=half))) == "Cast Negative"


def test_within_a_sequential() -> None:
    """It becomes a small model, in its place."""
    layers = (input_layer("x", 3, 4), _lambda([_code("lambda x: K.sum(x, axis=1)"), None, None]))
    network = Network(name="s", class_name="Sequential", layers=layers)

    result, _, untranslated = express(network, NEWEST)

    inner = result.layers[1].network
    assert untranslated == ()
    assert inner is not None
    assert (result.layers[1].name, names(inner.layers)) == ("f", "InputLayer Sum")
    assert inner.layers[0].config["batch_shape"] == [None, 3, 4]


def test_within_a_sequential_of_older_releases() -> None:
    """There a model gives a list to what follows: the Sequential becomes a graph."""
    layers = (
        input_layer("x", 3, 4),
        _lambda([_code("lambda x: K.sum(x, axis=1)"), None, None]),
        Layer(name="d", class_name="Dense", config={"units": 2}),
    )
    network = Network(name="s", class_name="Sequential", layers=layers)

    result, _, untranslated = express(network, Version("3.8"))

    assert untranslated == ()
    assert (result.class_name, names(result.layers)) == ("Functional", "InputLayer Sum Dense")
    assert result.layers[2].calls[0].args[0].layer == result.layers[1].name
    assert result.outputs == Reference("d")


def test_within_time_distributed() -> None:
    """The wrapper calls it for each step."""
    part = _lambda([_code("lambda x: K.sum(x, axis=1)"), None, None])
    around = Layer(
        name="t", class_name="TimeDistributed", parts={"layer": (part,)}, calls=(Call(args=(X,)),)
    )

    (layer,) = made(model(input_layer("x", 5, 3, 4), around))

    inner = layer.parts["layer"][0].network
    assert inner is not None
    assert inner.layers[0].config["batch_shape"] == [None, 3, 4]


def test_damaged_code() -> None:
    """Whatever stands there, it is refused or expressed, and ends."""
    generator = random.Random(7)  # noqa: S311 - not for secrets
    codes = [one["codes"][python] for one in SAMPLES for python in one["codes"]]
    for _ in range(3000):
        data = bytearray(base64.b64decode(generator.choice(codes)))
        for _ in range(generator.randint(1, 4)):
            data[generator.randrange(len(data))] = generator.randrange(256)

        _, changes, untranslated = express(
            _network(base64.b64encode(bytes(data)).decode(), [2, 3.0]), NEWEST
        )

        assert len(changes) + len(untranslated) == 1
