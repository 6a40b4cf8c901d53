"""Verdicts over containers, training, code and behaviour: what surrounds an architecture."""

import base64
import marshal
import sys
from typing import Any

import pytest

from builders.loadability_contents import (
    DIFFERS,
    FAILS,
    INPUT_2,
    INPUT_3,
    INPUT_NEW,
    KERAS_2_2,
    LEGACY,
    LOADS,
    OLD_2,
    PUBLIC,
    TF_2_3,
    TF_2_6,
    TF_2_9,
    TF_2_12,
    TF_2_13,
    TF_2_15,
    TWO_IN_3,
    UNKNOWN,
    Json,
    Judged,
    archive,
    dense,
    functional,
    hdf5,
    json_text,
    keras,
    layer,
    sequential,
)
from tfmac.models.loadability.verdict import judge

CODE = base64.b64encode(marshal.dumps((lambda x: x).__code__)).decode("ascii")
THIS_PYTHON = f"3.{sys.version_info.minor}"
ADAM = {"class_name": "Adam", "config": {"name": "Adam", "learning_rate": 0.1}}
MODEL_NEW = sequential(INPUT_NEW, dense(**PUBLIC), module="keras")
LAMBDA = hdf5(sequential(INPUT_2, layer("Lambda", function=[CODE, None, None])))


def trained(**training: Any) -> Json:
    return {"optimizer_config": ADAM, "loss": "mean_squared_error", "loss_weights": None} | training


CASES = [
    Judged(
        "number-as-array",
        archive(
            functional(
                INPUT_2,
                layer("ReLU", max_value={"class_name": "__numpy__", "config": {"value": 6.0}}),
                module="keras.engine.functional",
            ),
            keras="2.12.0",
        ),
        TF_2_12,
        FAILS,
    ),
    Judged(
        "cropped",
        hdf5(sequential(INPUT_2, layer("RandomCrop", height=2, width=2))),
        keras("3.8.0"),
        DIFFERS,
        "saved-behaviour-changed",
    ),
    Judged(
        "cropped-as-before",
        hdf5(sequential(INPUT_2, layer("RandomCrop", height=2, width=2))),
        keras("3.5.0"),
        LOADS,
    ),
    Judged(
        "metric-custom",
        hdf5(
            sequential(INPUT_3, dense()),
            keras="3.8.0",
            training=trained(metrics=["mine"]),
        ),
        keras("3.8.0"),
        LOADS,
    ),
    Judged(
        "module-2-in-3",
        archive(functional(INPUT_2, dense(), module="keras.src.engine.functional"), keras="2.15.0"),
        keras("3.8.0"),
        FAILS,
        TWO_IN_3,
    ),
    Judged(
        "module-2-in-2",
        archive(functional(INPUT_2, dense(), module="keras.src.engine.functional"), keras="2.15.0"),
        TF_2_15,
        LOADS,
    ),
    Judged(
        "module-2-in-legacy",
        archive(functional(INPUT_2, dense(), module="keras.src.engine.functional"), keras="2.15.0"),
        LEGACY,
        LOADS,
    ),
    Judged(
        "module-moved",
        archive(functional(INPUT_2, dense(), module="keras.engine.functional"), keras="2.12.0"),
        TF_2_13,
        FAILS,
        "keras-2-file-older-than-reader",
    ),
    Judged("json-of-2", json_text(sequential(INPUT_2, dense())), keras("3.8.0"), FAILS, TWO_IN_3),
    Judged("zip-in-old", archive(MODEL_NEW), TF_2_9, FAILS, OLD_2),
    Judged(
        "hdf5-named-keras",
        hdf5(sequential(INPUT_2, dense()), path="model.keras"),
        keras("3.8.0"),
        FAILS,
        "keras-3-load-suffix",
    ),
    Judged(
        "hdf5-named-keras-in-2",
        hdf5(sequential(INPUT_2, dense()), path="model.keras"),
        TF_2_15,
        LOADS,
    ),
    Judged("no-architecture", hdf5(None), TF_2_9, FAILS, "model-file-damaged"),
    Judged(
        "bare-inputs",
        archive(
            functional(
                INPUT_NEW, dense(**PUBLIC), inputs=["x", 0, 0], module="keras.src.models.functional"
            )
        ),
        keras("3.3.3"),
        FAILS,
        "keras-3-file-newer-than-reader",
    ),
    Judged(
        "bare-inputs-read",
        archive(
            functional(
                INPUT_NEW, dense(**PUBLIC), inputs=["x", 0, 0], module="keras.src.models.functional"
            )
        ),
        keras("3.4.1"),
        LOADS,
    ),
    Judged(
        "batch-in-shape",
        hdf5(sequential(dense(batch_input_shape=[None, 4])), keras="2.2.4"),
        keras("3.8.0"),
        FAILS,
        TWO_IN_3,
    ),
    Judged(
        "empty-vocabulary",
        hdf5(sequential(INPUT_3, layer("StringLookup", vocabulary=None)), keras="3.8.0"),
        keras("3.8.0"),
        FAILS,
    ),
    Judged(
        "hard-sigmoid",
        hdf5(sequential(INPUT_2, dense(activation="hard_sigmoid"))),
        keras("3.8.0"),
        DIFFERS,
        "saved-behaviour-changed",
    ),
    Judged(
        "hard-sigmoid-in-2",
        hdf5(sequential(INPUT_2, dense(activation="hard_sigmoid"))),
        TF_2_15,
        LOADS,
    ),
    Judged(
        "statistics-lost",
        hdf5(sequential(INPUT_2, layer("Normalization", axis=[-1], mean=None))),
        TF_2_6,
        DIFFERS,
        "saved-behaviour-changed",
    ),
    Judged(
        "statistics-kept",
        hdf5(sequential(INPUT_2, layer("Normalization", axis=[-1], mean=None))),
        TF_2_9,
        LOADS,
    ),
    Judged(
        "bilinear",
        hdf5(sequential(INPUT_2, layer("UpSampling2D", interpolation="bilinear")), keras="2.2.4"),
        TF_2_9,
        DIFFERS,
        "saved-behaviour-changed",
    ),
    Judged(
        "activation-unknown",
        hdf5(sequential(INPUT_2, dense(activation="gelu"))),
        TF_2_3,
        FAILS,
        OLD_2,
    ),
    Judged(
        "activation-custom",
        hdf5(sequential(INPUT_2, dense(activation="mine"))),
        TF_2_9,
        FAILS,
        "custom-layer-unknown",
    ),
    Judged(
        "loss-alias",
        hdf5(sequential(INPUT_3, dense()), keras="3.8.0", training=trained(loss="mse")),
        keras("3.8.0"),
        FAILS,
        "h5-loss-alias-in-keras-3",
    ),
    Judged(
        "loss-alias-in-2",
        hdf5(sequential(INPUT_2, dense()), training=trained(loss="mse")),
        TF_2_9,
        LOADS,
    ),
    Judged(
        "loss-custom",
        hdf5(sequential(INPUT_2, dense()), training=trained(loss="mine")),
        TF_2_9,
        FAILS,
        "custom-compile-object-unknown",
    ),
    Judged(
        "optimizer-argument",
        hdf5(
            sequential(INPUT_2, dense()),
            keras="2.2.4",
            training=trained(optimizer_config={"class_name": "Adam", "config": {"lr": 0.1}}),
        ),
        keras("3.8.0"),
        FAILS,
        "saved-optimizer-argument-dropped",
    ),
    Judged(
        "optimizer-registered",
        hdf5(
            sequential(INPUT_2, dense()),
            keras="2.15.0",
            training=trained(
                optimizer_config={"class_name": "Custom>Adam", "config": {"name": "Adam"}}
            ),
        ),
        TF_2_9,
        FAILS,
        OLD_2,
    ),
    Judged(
        "steps-open",
        archive(MODEL_NEW, training={"loss": "mse", "steps_per_execution": None}),
        keras("3.8.0"),
        FAILS,
        TWO_IN_3,
    ),
    Judged(
        "optimizer-of-torch",
        archive(
            MODEL_NEW,
            training={
                "optimizer": {
                    "module": "keras.src.backend.torch.optimizers.torch_adam",
                    "class_name": "Adam",
                    "config": {},
                }
            },
        ),
        keras("3.15.1"),
        FAILS,
    ),
    Judged("lambda-safe-mode", LAMBDA, keras("3.11.3"), FAILS, "lambda-safe-mode"),
    Judged("lambda-layout", LAMBDA, KERAS_2_2, FAILS, "lambda-bytecode-other-python"),
    Judged(
        "lambda-python-open", LAMBDA, "tensorflow==2.12.1", UNKNOWN, "lambda-bytecode-other-python"
    ),
    Judged("lambda-same-python", LAMBDA, f"tensorflow==2.15.1,python=={THIS_PYTHON}", LOADS),
]


@pytest.mark.parametrize("case", CASES, ids=[case.rule for case in CASES])
def test_a_file_is_judged_by_what_lies_in_it(case: Judged) -> None:
    judged = judge(case.content, case.reader)

    assert (case.verdict, case.cause) == (judged.verdict, judged.cause)
    assert case.reader == judged.reader
    assert judged.message or case.verdict is LOADS
