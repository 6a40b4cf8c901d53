"""Verdicts over architectures: each rule on a file that it is about, and its borders."""

import pytest

from builders.loadability_contents import (
    FAILS,
    INPUT_2,
    INPUT_3,
    INPUT_NEW,
    LEGACY,
    LOADS,
    OLD_2,
    PUBLIC,
    TF_1_15,
    TF_2_3,
    TF_2_9,
    TF_2_15,
    THREE_IN_2,
    TWO_IN_3,
    UNKNOWN,
    Judged,
    archive,
    dense,
    functional,
    hdf5,
    keras,
    layer,
    sequential,
)
from tfmac.models.loadability.verdict import judge

SOUND_2 = hdf5(sequential(INPUT_2, dense()))
SOUND_3 = hdf5(sequential(INPUT_3, dense()), keras="3.8.0")
MODEL_NEW = sequential(INPUT_NEW, dense(**PUBLIC), module="keras")
LSTM = hdf5(sequential(INPUT_2, layer("LSTM", units=2, time_major=False)))
WRAPPED = hdf5(sequential(INPUT_2, layer("TimeDistributed", layer=dense())))

BOTH = archive(
    sequential(
        INPUT_NEW,
        layer("Bidirectional", layer=layer("LSTM", module="keras.layers", units=2), **PUBLIC),
        module="keras",
    )
)
OPERATION = {**layer("Subtract"), "inbound_nodes": [{"args": [{}, 2.0], "kwargs": {}}]}

CASES = [
    Judged("built-twice", BOTH, keras("3.3.2"), FAILS),
    Judged("built-once", BOTH, keras("3.3.3"), LOADS),
    Judged(
        "operation-for-layer",
        hdf5(functional(INPUT_3, OPERATION), keras="3.8.0"),
        keras("3.8.0"),
        FAILS,
        "keras-3-op-layer-in-h5",
    ),
    Judged(
        "function-custom",
        hdf5(sequential(INPUT_2, layer("Lambda", function="mine", function_type="function"))),
        TF_2_9,
        FAILS,
        "custom-layer-unknown",
    ),
    Judged("sound-2", SOUND_2, TF_2_9, LOADS),
    Judged("sound-2-in-3", SOUND_2, keras("3.8.0"), LOADS),
    Judged("sound-3", SOUND_3, keras("3.8.0"), LOADS),
    Judged("sound-archive", archive(MODEL_NEW), keras("3.8.0"), LOADS),
    Judged("argument-dropped", LSTM, keras("3.8.0"), FAILS, "saved-layer-argument-dropped"),
    Judged("argument-kept", LSTM, LEGACY, LOADS),
    Judged("inputs-of-3", SOUND_3, TF_2_15, FAILS, THREE_IN_2),
    Judged(
        "argument-not-there-yet",
        hdf5(sequential(INPUT_2, layer("GlobalAveragePooling1D", keepdims=False))),
        TF_2_3,
        FAILS,
        OLD_2,
    ),
    Judged(
        "later-keras-3",
        archive(
            sequential(INPUT_NEW, dense(quantization_config=None, **PUBLIC), module="keras"),
            keras="3.15.1",
        ),
        keras("3.8.0"),
        FAILS,
        "keras-3-file-newer-than-reader",
    ),
    Judged(
        "class-gone",
        hdf5(sequential(INPUT_2, layer("ThresholdedReLU", theta=1.0))),
        keras("3.8.0"),
        FAILS,
        "saved-layer-class-removed",
    ),
    Judged("functional-in-1", hdf5(functional(INPUT_2, dense())), TF_1_15, FAILS, OLD_2),
    Judged(
        "custom-layer",
        hdf5(sequential(INPUT_2, layer("Mine>Scale"))),
        keras("3.8.0"),
        FAILS,
        "custom-layer-unknown",
    ),
    Judged(
        "tensorflow-operation",
        hdf5(sequential(INPUT_2, layer("TFOpLambda", function="math.add"))),
        keras("3.8.0"),
        FAILS,
        "saved-tf-op-layer",
    ),
    Judged(
        "keras-operation",
        hdf5(sequential(INPUT_3, layer("NotEqual")), keras="3.8.0"),
        keras("3.8.0"),
        FAILS,
        "keras-3-op-layer-in-h5",
    ),
    Judged(
        "slash",
        hdf5(sequential(INPUT_2, dense(name="a/b"))),
        keras("3.8.0"),
        FAILS,
        "layer-name-with-slash",
    ),
    Judged("slash-in-2", hdf5(sequential(INPUT_2, dense(name="a/b"))), TF_2_9, LOADS),
    Judged(
        "name-is-no-scope",
        hdf5(sequential(INPUT_2, dense(name="été"))),
        TF_2_9,
        FAILS,
    ),
    Judged("wrapped", WRAPPED, keras("3.8.0"), FAILS, TWO_IN_3),
    Judged("wrapped-in-2", WRAPPED, TF_2_15, LOADS),
    Judged(
        "renamed-initializer",
        hdf5(
            sequential(
                INPUT_2,
                dense(kernel_initializer={"class_name": "Orthogonal", "config": {"gain": 1.0}}),
            )
        ),
        keras("3.6.0"),
        FAILS,
        TWO_IN_3,
    ),
    Judged(
        "type-policy",
        hdf5(
            sequential(
                INPUT_2,
                dense(dtype={"class_name": "Policy", "config": {"name": "mixed_float16"}}),
            )
        ),
        keras("3.8.0"),
        FAILS,
        "saved-dtype-policy-as-text",
    ),
    Judged(
        "several-axes",
        hdf5(sequential(INPUT_2, layer("LayerNormalization", axis=[1, 2]))),
        keras("3.8.0"),
        FAILS,
        TWO_IN_3,
    ),
    Judged(
        "text-taken-for-function",
        hdf5(sequential(INPUT_3, layer("Attention", score_mode="dot")), keras="3.8.0"),
        "tensorflow==2.21.0,keras==3.15.1",
        FAILS,
    ),
    Judged(
        "text-not-yet-taken",
        hdf5(sequential(INPUT_3, layer("Attention", score_mode="dot")), keras="3.8.0"),
        keras("3.13.0"),
        LOADS,
    ),
    Judged(
        "needs-tensorflow",
        archive(
            sequential(INPUT_NEW, layer("StringLookup", vocabulary=["a"], **PUBLIC), module="keras")
        ),
        "keras==3.15.1,torch==2.13.0",
        FAILS,
        "needed-package-missing",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.rule for case in CASES])
def test_a_file_is_judged_by_what_lies_in_it(case: Judged) -> None:
    judged = judge(case.content, case.reader)

    assert (case.verdict, case.cause) == (judged.verdict, judged.cause)
    assert case.reader == judged.reader
    assert judged.message or case.verdict is LOADS


def test_a_call_of_an_inner_model_is_counted_otherwise_by_keras_3() -> None:
    inner = {**sequential(dense()), "name": "inner", "inbound_nodes": [[["x", 0, 0, {}]]]}
    model = functional(
        {**INPUT_2, "name": "x"},
        inner,
        {**dense(), "name": "out", "inbound_nodes": [[["inner", 1, 0, {}]]]},
    )

    assert LOADS is judge(hdf5(model), TF_2_15).verdict
    assert "never ends" in str(judge(hdf5(model), keras("3.8.0")).message)
    assert "disconnected" in str(judge(hdf5(model), keras("3.15.1")).message)


def test_calls_in_the_old_form_that_refer_to_what_is_there_are_made() -> None:
    model = functional(
        {**INPUT_2, "name": "x"},
        {**dense(), "name": "out", "inbound_nodes": [[["x", 0, 0, {}]]]},
    )

    assert LOADS is judge(hdf5(model), keras("3.8.0")).verdict


def test_an_output_of_an_inner_sequential_is_not_there_in_keras_3() -> None:
    inner = {**sequential(dense()), "name": "dense", "inbound_nodes": [[["x", 0, 0, {}]]]}
    model = functional({**INPUT_2, "name": "x"}, inner)
    model["config"]["output_layers"] = [["dense", 1, 0]]

    assert LOADS is judge(hdf5(model), TF_2_15).verdict
    assert FAILS is judge(hdf5(model), keras("3.8.0")).verdict


def test_a_reader_that_may_be_several_is_judged_where_they_agree() -> None:
    renamed = {"class_name": "Orthogonal", "config": {"gain": 1.0}}
    model = hdf5(sequential(INPUT_2, dense(kernel_initializer=renamed)))

    assert UNKNOWN is judge(model, "tensorflow==2.18.1").verdict
    assert "3.6 fails" in str(judge(model, "tensorflow==2.18.1").message)
    assert LOADS is judge(SOUND_2, "tensorflow==2.18.1").verdict
