"""Remedies, what no model holds, and the vocabulary of causes."""

import base64
import marshal
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import tfmac.models.loadability
from builders.loadability_contents import (
    FAILS,
    INPUT_2,
    INPUT_3,
    KERAS_2_2,
    LEGACY,
    TF_2_9,
    TF_2_15,
    UNKNOWN,
    Json,
    archive,
    dense,
    functional,
    hdf5,
    json_text,
    keras,
    layer,
    of_format,
    sequential,
)
from tfmac.knowledge import failures
from tfmac.models.loadability.verdict import judge
from tfmac.schema.loadability import Verdict
from tfmac.schema.model_content import Content, Graph, ModelFormat, Node

CODE = base64.b64encode(marshal.dumps((lambda x: x).__code__)).decode("ascii")
THIS_PYTHON = f"3.{sys.version_info.minor}"
ADAM = {"class_name": "Adam", "config": {"name": "Adam", "learning_rate": 0.1}}
SOUND_3 = hdf5(sequential(INPUT_3, dense()), keras="3.8.0")
LSTM = hdf5(sequential(INPUT_2, layer("LSTM", units=2, time_major=False)))
LAMBDA = hdf5(sequential(INPUT_2, layer("Lambda", function=[CODE, None, None])))


def trained(**training: Any) -> Json:
    return {"optimizer_config": ADAM, "loss": "mean_squared_error", "loss_weights": None} | training


def saved_model(identifier: str) -> Content:
    root = Node(number=0, kind="user_object", identifier=identifier)
    return of_format(ModelFormat.SAVED_MODEL, graph=Graph(operations={}, nodes=(root,)))


@pytest.mark.parametrize(
    ("content", "reader", "words"),
    [
        (
            hdf5(sequential(INPUT_2, dense()), training=trained(loss="mine")),
            TF_2_9,
            "compile=False",
        ),
        (hdf5(sequential(INPUT_2, layer("Mine>S"))), TF_2_9, "custom_objects"),
        (LSTM, keras("3.8.0"), "legacy mode: tensorflow==2.18.0,tf-keras==2.18.0"),
        (SOUND_3, TF_2_15, "keras==3"),
        (saved_model("_tf_keras_sequential"), keras("3.8.0"), "TFSMLayer"),
        (saved_model("_generic_user_object"), TF_2_15, "tf.saved_model.load"),
    ],
)
def test_the_remedy_is_the_least_change_that_helps(
    content: Content, reader: str, words: str
) -> None:
    assert words in str(judge(content, reader).remedy)


def test_byte_code_names_the_pythons_that_it_is_of() -> None:
    remedy = str(judge(LAMBDA, keras("3.11.3")).remedy)

    assert THIS_PYTHON in re.findall(r"3\.\d+", remedy.partition("with Python ")[2])


def test_arguments_that_an_early_keras_3_drops_are_no_remedy() -> None:
    model = hdf5(sequential(INPUT_2, layer("Mine>S")))

    assert "custom_objects" not in str(judge(model, keras("3.0.5")).remedy)


@pytest.mark.parametrize(
    "configuration",
    [
        [],
        "text",
        {"class_name": "Sequential"},
        {"class_name": "Sequential", "config": {"layers": "none"}},
        {"class_name": "Functional", "config": {"layers": [{"name": 1}, 7]}},
        sequential({"class_name": "../../x y", "config": {"a b": 1}}),
        sequential(layer("Lambda", function=["%%%", None, None])),
    ],
)
@pytest.mark.parametrize("reader", [KERAS_2_2, TF_2_9, keras("3.8.0")])
def test_what_is_no_architecture_is_never_said_to_load(configuration: Any, reader: str) -> None:
    for make in (hdf5, archive, json_text):
        assert judge(make(configuration), reader).verdict in {FAILS, UNKNOWN}


@pytest.mark.parametrize(
    "configuration",
    [
        sequential(layer("Dense", module="keras.." * 400)),
        sequential(layer("Dense", module="keras.layers", units={"class_name": 3})),
        sequential(layer("Lambda", function={"class_name": "__lambda__", "config": 3})),
        functional({**dense(), "inbound_nodes": {"args": 3}}, inputs={"a": [[1]]}),
        functional({**dense(), "inbound_nodes": [[["x"]], [7], {"args": None}]}),
    ],
)
@pytest.mark.parametrize("reader", [KERAS_2_2, TF_2_9, LEGACY, keras("3.0.5"), keras("3.15.1")])
def test_parts_of_any_shape_are_judged(configuration: Any, reader: str) -> None:
    for make in (hdf5, archive, json_text):
        assert judge(make(configuration), reader).reader == reader


def test_layers_within_layers_end_somewhere() -> None:
    model = dense()
    for _ in range(500):
        model = layer("TimeDistributed", layer=model)

    assert judge(hdf5(sequential(INPUT_2, model)), TF_2_9).verdict in set(Verdict)


def test_every_cause_is_one_of_the_vocabulary() -> None:
    """The rules write causes as texts; each is a file of the knowledge."""
    folder = Path(str(tfmac.models.loadability.__file__)).parent
    written = {
        cause
        for file in folder.glob("*.py")
        for cause in re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+){2,})"', file.read_text("utf-8"))
        if file.name != "registry.py"
    }

    assert written
    assert written <= set(failures.causes())
