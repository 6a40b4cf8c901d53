"""Verdicts over weights, SavedModels and checkpoints."""

import pytest

from builders.loadability_contents import (
    FAILS,
    KERAS_2_2,
    LOADS,
    OLD_2,
    TF_2_3,
    TF_2_9,
    TF_2_12,
    TF_2_13,
    TF_2_15,
    THREE_IN_2,
    UNKNOWN,
    Json,
    Judged,
    by_layers,
    by_objects,
    keras,
    layer,
    of_format,
    tensor,
)
from tfmac.models.loadability.verdict import judge
from tfmac.schema.model_content import Content, Graph, Member, ModelFormat, Node, Problem


def saved_model(
    *layers: Json, keras_model: bool = True, members: tuple[str, ...] = (), **operations: int
) -> Content:
    root = Node(
        number=0,
        kind="user_object",
        identifier="_tf_keras_sequential" if keras_model else "_generic_user_object",
    )
    nodes = [
        Node(number=number, kind="user_object", identifier="_tf_keras_layer", metadata=one)
        for number, one in enumerate(layers, 1)
    ]
    return of_format(
        ModelFormat.SAVED_MODEL,
        graph=Graph(operations=operations, nodes=(root, *nodes), tensorflow="2.9.1"),
        members=tuple(Member(name=name, bytes=1) for name in members),
    )


def checkpoint(*names: str, optimizer: tuple[str, ...] = (), bias: tuple[int, ...] = ()) -> Content:
    end = "/.ATTRIBUTES/VARIABLE_VALUE"
    shapes = {"kernel": (5, 12), "recurrent_kernel": (4, 12), "bias": bias}
    return of_format(
        ModelFormat.CHECKPOINT,
        tensors=tuple(tensor(name + end, *shapes[name.split("/")[-1]]) for name in names),
        optimizer=tuple(tensor(name + end, 1) for name in optimizer),
    )


CELL = "layer_with_weights-0/cell/"
GRU = (f"{CELL}kernel", f"{CELL}recurrent_kernel", f"{CELL}bias")
TF_2_14 = "tensorflow==2.14.1"
# Two Dense of one model, as Keras 2.12 and 2.13 number them, and as 2.14 does (seen in its files).
TWO_COUNTED_TWICE = by_objects(
    tensor("_layer_checkpoint_dependencies/dense/vars/0", 4, 2),
    tensor("_layer_checkpoint_dependencies/dense_2/vars/0", 2, 2),
)
TWO_COUNTED_ONCE = by_objects(
    tensor("_layer_checkpoint_dependencies/dense/vars/0", 4, 2),
    tensor("_layer_checkpoint_dependencies/dense_1/vars/0", 2, 2),
)

CASES = [
    Judged(
        "name-no-scope",
        by_objects(tensor("layers/dense/vars/0", 4, 2, name="été")),
        TF_2_15,
        FAILS,
    ),
    Judged(
        "name-no-scope-in-3",
        by_objects(tensor("layers/dense/vars/0", 4, 2, name="été")),
        keras("3.15.1"),
        LOADS,
    ),
    Judged(
        "class-missing",
        by_layers(
            "2.9.0", n=(tensor("n/mean:0", 4), tensor("n/variance:0", 4), tensor("n/count:0"))
        ),
        KERAS_2_2,
        FAILS,
        OLD_2,
    ),
    Judged(
        "layout-old",
        by_objects(tensor("_layer_checkpoint_dependencies/dense/vars/0", 4, 2)),
        TF_2_15,
        FAILS,
        "weights-not-found-for-layer",
    ),
    Judged(
        "layout-old-in-its-own",
        by_objects(tensor("_layer_checkpoint_dependencies/dense/vars/0", 4, 2)),
        TF_2_13,
        LOADS,
    ),
    Judged(
        "layout-old-in-3",
        by_objects(tensor("_layer_checkpoint_dependencies/conv2d/vars/0", 4, 2)),
        keras("3.8.0"),
        LOADS,
    ),
    Judged("layout-old-counted-twice-in-2-13", TWO_COUNTED_TWICE, TF_2_13, LOADS),
    Judged(
        "layout-old-counted-twice-in-3",
        TWO_COUNTED_TWICE,
        keras("3.8.0"),
        FAILS,
        "weights-not-found-for-layer",
    ),
    Judged(
        "layout-old-counted-twice-in-2-14",
        TWO_COUNTED_TWICE,
        TF_2_14,
        FAILS,
        "weights-not-found-for-layer",
    ),
    Judged(
        "layout-old-counted-once-in-2-13",
        TWO_COUNTED_ONCE,
        TF_2_13,
        FAILS,
        "weights-not-found-for-layer",
    ),
    Judged("layout-old-counted-once-in-2-14", TWO_COUNTED_ONCE, TF_2_14, LOADS),
    Judged(
        "layout-old-counted-once-in-2-15",
        TWO_COUNTED_ONCE,
        TF_2_15,
        FAILS,
        "weights-not-found-for-layer",
    ),
    Judged("layout-old-counted-once-in-3", TWO_COUNTED_ONCE, keras("3.8.0"), LOADS),
    Judged(
        "layout-new",
        by_objects(tensor("layers/dense/vars/0", 4, 2)),
        TF_2_12,
        FAILS,
        "weights-not-found-for-layer",
    ),
    Judged("layout-unknown", by_objects(tensor("layers/dense/vars/0", 4, 2)), TF_2_9, FAILS, OLD_2),
    Judged(
        "attention-parts",
        by_objects(tensor("layers/multi_head_attention/key_dense/vars/0", 4, 2)),
        TF_2_15,
        FAILS,
        "weights-not-found-for-layer",
    ),
    Judged(
        "weights-of-2-in-3",
        by_layers("2.9.0", d=(tensor("d/kernel:0", 4, 2),)),
        keras("3.8.0"),
        LOADS,
    ),
    Judged(
        "weights-hard-sigmoid",
        by_layers("2.9.0", hard_sigmoid=(tensor("d/kernel:0", 4, 2),)),
        keras("3.8.0"),
        UNKNOWN,
        "saved-behaviour-changed",
    ),
    Judged(
        "gru-one-bias",
        by_layers(
            "2.2.4",
            g=(tensor("g/kernel:0", 5, 12), tensor("g/inner:0", 4, 12), tensor("g/bias:0", 12)),
        ),
        TF_2_9,
        FAILS,
        "weights-do-not-fit-model",
    ),
    Judged(
        "gru-two-biases",
        by_layers(
            "2.9.0",
            g=(tensor("g/kernel:0", 5, 12), tensor("g/inner:0", 4, 12), tensor("g/bias:0", 2, 12)),
        ),
        TF_2_9,
        LOADS,
    ),
    Judged("saved-model-in-3", saved_model(), keras("3.8.0"), FAILS, "savedmodel-in-keras-3"),
    Judged("saved-model-in-2", saved_model(members=("keras_metadata.pb",)), TF_2_9, LOADS),
    Judged(
        "saved-model-metadata", saved_model(members=("keras_metadata.pb",)), TF_2_3, FAILS, OLD_2
    ),
    Judged("saved-model-operation", saved_model(DisableCopyOnRead=1), TF_2_9, FAILS, OLD_2),
    Judged("saved-model-exported", saved_model(keras_model=False), TF_2_15, FAILS, THREE_IN_2),
    Judged(
        "saved-model-vocabulary",
        saved_model(layer("TextVectorization")),
        TF_2_15,
        FAILS,
        "keras-2-file-older-than-reader",
    ),
    Judged(
        "checkpoint-in-3",
        checkpoint(*GRU, bias=(2, 12)),
        keras("3.8.0"),
        FAILS,
        "keras-3-load-suffix",
    ),
    Judged("checkpoint-in-2", checkpoint(*GRU, bias=(2, 12)), TF_2_9, LOADS),
    Judged(
        "checkpoint-one-bias",
        checkpoint(*GRU, bias=(12,)),
        TF_2_9,
        FAILS,
        "weights-do-not-fit-model",
    ),
    Judged(
        "checkpoint-slots",
        checkpoint(
            *GRU, bias=(2, 12), optimizer=("layer_with_weights-0/bias/.OPTIMIZER_SLOT/optimizer/m",)
        ),
        TF_2_12,
        FAILS,
        "keras-2-file-older-than-reader",
    ),
    Judged(
        "checkpoint-of-3",
        checkpoint("model/_functional/_operations/1/kernel"),
        TF_2_15,
        FAILS,
        THREE_IN_2,
    ),
    Judged(
        "checkpoint-of-what",
        checkpoint("encoder/kernel"),
        TF_2_15,
        UNKNOWN,
        "weights-do-not-fit-model",
    ),
    Judged("pointer", of_format(ModelFormat.GIT_LFS_POINTER), TF_2_9, FAILS, "git-lfs-pointer"),
    Judged(
        "not-keras", of_format(ModelFormat.TFLITE), keras("3.8.0"), FAILS, "not-a-keras-model-file"
    ),
    Judged(
        "problem",
        of_format(
            ModelFormat.KERAS_WEIGHTS,
            problems=(Problem(statement="cut off", cause="model-file-damaged"),),
        ),
        keras("3.8.0"),
        UNKNOWN,
        "model-file-damaged",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.rule for case in CASES])
def test_a_file_is_judged_by_what_lies_in_it(case: Judged) -> None:
    judged = judge(case.content, case.reader)

    assert (case.verdict, case.cause) == (judged.verdict, judged.cause)
    assert case.reader == judged.reader
    assert judged.message or case.verdict is LOADS


def test_weights_that_cross_from_keras_2_to_3_load_with_a_note() -> None:
    judged = judge(by_layers("2.9.0", d=(tensor("d/kernel:0", 4, 2),)), keras("3.8.0"))

    assert "hard_sigmoid" in str(judged.message)
