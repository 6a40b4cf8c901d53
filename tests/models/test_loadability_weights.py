"""Verdicts over weights, SavedModels and checkpoints."""

import msgspec
import pytest

from builders.loadability_contents import (
    FAILS,
    INPUT_NEW,
    KERAS_2_2,
    LOADS,
    OLD_2,
    TF_1_15,
    TF_2_3,
    TF_2_9,
    TF_2_12,
    TF_2_13,
    TF_2_15,
    THREE_IN_2,
    UNKNOWN,
    Json,
    Judged,
    archive,
    by_layers,
    by_objects,
    keras,
    layer,
    of_format,
    sequential,
    tensor,
)
from tfmac.formats.keras_archive import FOLDER
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


def _shape(shapes: dict[str, tuple[int, ...]], name: str) -> tuple[int, ...]:
    return next((shape for end, shape in reversed(shapes.items()) if name.endswith(end)), (5, 12))


def checkpoint(*names: str, optimizer: tuple[str, ...] = (), bias: tuple[int, ...] = ()) -> Content:
    end = "/.ATTRIBUTES/VARIABLE_VALUE"
    shapes = {"recurrent_kernel": (4, 12), "long/recurrent_kernel": (4, 16), "bias": bias}
    return of_format(
        ModelFormat.CHECKPOINT,
        tensors=tuple(tensor(name + end, *_shape(shapes, name)) for name in names),
        optimizer=tuple(tensor(name + end, 1) for name in optimizer),
    )


def of_tensorflow_1(content: Content) -> Content:
    """Put the values into two files, as TensorFlow 1 does."""
    names = ("m.data-00000-of-00002", "m.data-00001-of-00002", "m.index")
    return msgspec.structs.replace(
        content, members=tuple(Member(name=name, bytes=1) for name in names)
    )


def root(*names: str) -> Graph:
    """Give a checkpoint's objects: those at the top, without anything in them."""
    children = {name: number for number, name in enumerate(names, 1)}
    return Graph(operations={}, nodes=(Node(number=0, kind="object", children=children),))


CELL = "layer_with_weights-0/cell/"
GRU = (f"{CELL}kernel", f"{CELL}recurrent_kernel", f"{CELL}bias")
LSTM = ("layer_with_weights-0/long/kernel", "layer_with_weights-0/long/recurrent_kernel")
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
        by_objects(tensor("_layer_checkpoint_dependencies/embedding/vars/0", 4, 2)),
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
    Judged(
        "layout-old-counted-once-in-3",
        TWO_COUNTED_ONCE,
        keras("3.8.0"),
        UNKNOWN,
        "saved-behaviour-changed",
    ),
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
        "gru-one-bias-asked-for",
        by_layers(
            "2.9.0",
            g=(tensor("g/kernel:0", 5, 12), tensor("g/inner:0", 4, 12), tensor("g/bias:0", 12)),
        ),
        TF_2_9,
        LOADS,
    ),
    Judged(
        "gru-one-bias-in-a-wrapper",
        by_layers(
            "2.2.4",
            b=tuple(
                tensor(f"b/{side}/{name}:0", *shape)
                for side in ("forward", "backward")
                for name, shape in {"kernel": (5, 12), "inner": (4, 12), "bias": (12,)}.items()
            ),
        ),
        TF_2_9,
        FAILS,
        "weights-do-not-fit-model",
    ),
    Judged(
        "attributes",
        by_objects(tensor("first/vars/0", 4, 2), tensor("last/vars/0", 2, 2)),
        TF_2_15,
        FAILS,
        "weights-not-found-for-layer",
    ),
    Judged(
        "attributes-in-3",
        by_objects(tensor("first/vars/0", 4, 2, name="first")),
        keras("3.8.0"),
        LOADS,
    ),
    Judged(
        "folder-in-3-3",
        msgspec.structs.replace(archive(sequential(INPUT_NEW, module="keras")), hint=FOLDER),
        keras("3.3.3"),
        FAILS,
        "keras-3-load-suffix",
    ),
    Judged(
        "folder-in-3-4",
        msgspec.structs.replace(archive(sequential(INPUT_NEW, module="keras")), hint=FOLDER),
        keras("3.4.0"),
        LOADS,
    ),
    Judged(
        "shards-in-3-9",
        msgspec.structs.replace(
            by_objects(tensor("layers/d/vars/0", 4, name="d")), path="m.weights.json"
        ),
        keras("3.9.2"),
        FAILS,
        "keras-3-load-suffix",
    ),
    Judged(
        "shards-in-3-10",
        msgspec.structs.replace(
            by_objects(tensor("layers/d/vars/0", 4, name="d")), path="m.weights.json"
        ),
        keras("3.10.0"),
        LOADS,
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
    Judged("checkpoint-one-bias-asked-for", checkpoint(*GRU, bias=(12,)), TF_2_9, LOADS),
    Judged(
        "checkpoint-one-bias",
        of_tensorflow_1(checkpoint(*GRU, bias=(12,))),
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
    Judged(
        "checkpoint-without-values",
        of_format(ModelFormat.CHECKPOINT, graph=root("layer-0", "layer-1")),
        TF_2_15,
        LOADS,
    ),
    Judged(
        "checkpoint-without-values-of-3",
        of_format(ModelFormat.CHECKPOINT, graph=root("_tracked", "_inbound_nodes", "_layers")),
        TF_2_15,
        FAILS,
        THREE_IN_2,
    ),
    Judged("checkpoint-of-a-class", checkpoint("first/kernel", "last/kernel"), TF_2_15, LOADS),
    Judged(
        "checkpoint-of-a-class-of-3",
        checkpoint("model/first/_kernel", "model/last/_kernel"),
        TF_2_15,
        FAILS,
        THREE_IN_2,
    ),
    Judged(
        "checkpoint-of-a-script",
        msgspec.structs.replace(
            checkpoint("encoder/kernel", "decoder/kernel"), graph=root("encoder", "save_counter")
        ),
        TF_2_15,
        UNKNOWN,
        "weights-do-not-fit-model",
    ),
    Judged("checkpoint-lstm", checkpoint(*LSTM), TF_2_9, LOADS),
    Judged(
        "checkpoint-lstm-of-1",
        of_tensorflow_1(checkpoint(*LSTM)),
        TF_2_9,
        UNKNOWN,
        "saved-behaviour-changed",
    ),
    Judged("checkpoint-lstm-of-1-in-1", of_tensorflow_1(checkpoint(*LSTM)), TF_1_15, LOADS),
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
