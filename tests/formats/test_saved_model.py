import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import tensorflow_files as build
from builders.protobuf import message
from tfmac.formats.saved_model import read_saved_model
from tfmac.schema.model_content import Content, Graph, ModelFormat, Signature

CONFIGURATION = {"class_name": "Sequential", "config": {"name": "model", "layers": []}}
TRAINING = {"loss": "mse", "optimizer_config": {"class_name": "Adam", "config": {}}}
ROOT = {
    "name": "model",
    "keras_version": "2.9.0",
    "backend": "tensorflow",
    "model_config": CONFIGURATION,
    "training_config": TRAINING,
    "limit": float("inf"),
}
LAYER = {"class_name": "Dense", "name": "dense", "config": {"units": 3}}
KERNEL = "layer_with_weights-0/kernel/.ATTRIBUTES/VARIABLE_VALUE"
GRAPH = build.graph(
    build.node("kernel", "VarHandleOp"),
    build.node("call", "StatefulPartitionedCall"),
    functions={"__inference_call_1": [build.node("m", "MatMul"), build.node("again", "MatMul")]},
)
SIGNATURES = [
    build.signature(
        "serving_default",
        {"image": build.tensor_info((-1, 4)), "text": build.tensor_info((), build.TEXT)},
        {"dense": build.tensor_info(None)},
    ),
    build.signature("__saved_model_init_op", {}, {"__saved_model_init_op": b""}),
]


def keras_objects(root: "object | None" = None, layer: "object | None" = None) -> bytes:
    return build.objects(
        build.user_object(
            "_tf_keras_sequential", {"layer_with_weights-0": 1, "variables": 3}, root
        ),
        build.user_object("_tf_keras_layer", {"kernel": 2}, layer),
        build.variable_object("dense/kernel", (4, 3)),
        build.user_object("trackable_list_wrapper", {"0": 2}),
    )


def variables() -> dict[str, bytes]:
    graph = build.objects(
        build.tracked({"layer_with_weights-0": 1}),
        build.tracked({"kernel": 2}),
        build.tracked({}, key=KERNEL, name="dense/kernel"),
    )
    return build.checkpoint({KERNEL: (4, 3)}, graph_of_objects=graph)


def model(objects: bytes, **more: bytes) -> dict[str, bytes]:
    graphs = build.meta_graph(GRAPH, signatures=SIGNATURES, objects=objects)
    return {"saved_model.pb": build.saved_model(graphs), **variables(), **more}


NEWER = model(
    keras_objects(),
    **{
        "keras_metadata.pb": build.metadata(
            {0: ("_tf_keras_sequential", ROOT), 1: ("_tf_keras_layer", LAYER)}
        ),
        "fingerprint.pb": message((1, 255), (2, 7)),
    },
)
OLDER = model(keras_objects(ROOT, LAYER))


def read(files: dict[str, bytes]) -> Content:
    folder = build.Folder(files)
    return read_saved_model(folder.open, folder.names, "folder")


def graph_of(content: Content) -> Graph:
    assert content.graph is not None
    return content.graph


def said(content: Content) -> str:
    return "\n".join(f"{problem.statement} {problem.location}" for problem in content.problems)


@pytest.mark.parametrize("files", [OLDER, NEWER], ids=["inside the graph", "in a file"])
def test_what_keras_2_says(files: dict[str, bytes]) -> None:
    """The architecture and each layer's metadata, wherever the release put them."""
    content = read(files)

    assert content.format is ModelFormat.SAVED_MODEL
    assert (content.configuration, content.training) == (CONFIGURATION, TRAINING)
    assert content.stated["keras_version"] == "2.9.0"
    assert content.stated["backend"] == "tensorflow"
    nodes = graph_of(content).nodes
    assert [node.kind for node in nodes] == [
        "user_object",
        "user_object",
        "variable",
        "user_object",
    ]
    assert nodes[0].children == {"layer_with_weights-0": 1, "variables": 3}
    assert (nodes[1].identifier, nodes[1].metadata) == ("_tf_keras_layer", LAYER)
    assert nodes[2].metadata == {
        "name": "dense/kernel",
        "dtype": "float32",
        "shape": [4, 3],
        "trainable": True,
    }
    assert content.problems == ()


def test_what_the_graph_says() -> None:
    """Writer, tags, signatures and operations; what TensorFlow keeps for itself is left out."""
    content = read(NEWER)

    graph = graph_of(content)
    assert (graph.tensorflow, graph.tags) == ("2.9.3", ("serve",))
    assert content.stated["tensorflow_git_version"] == "v2.9.3-0-gabc"
    assert content.stated["fingerprint"] == "00000000000000ff"
    assert graph.signatures == (
        Signature(
            name="serving_default",
            inputs={"image": "float32[?, 4]", "text": "string[]"},
            outputs={"dense": "float32[...]"},
        ),
    )
    assert graph.operations == {"VarHandleOp": 1, "StatefulPartitionedCall": 1, "MatMul": 2}
    assert (graph.producer, graph.minimum_consumer) == (561, 12)


def test_variables_and_members() -> None:
    """The weights are those of the checkpoint inside; every file is listed."""
    content = read(NEWER)

    assert [(item.name, item.shape) for item in content.tensors] == [("dense/kernel", (4, 3))]
    assert {member.name for member in content.members} == set(NEWER)
    assert content.bytes == sum(len(data) for data in NEWER.values())


def test_an_export_of_keras_3() -> None:
    """Its root is no model: there is no architecture, and every weight is there twice."""
    lists = ("variables", "trainable_variables", "non_trainable_variables", "_all_variables")
    named = {name: number for number, name in enumerate(lists, 1)}
    value = "/.ATTRIBUTES/VARIABLE_VALUE"
    graph = build.objects(
        build.tracked(named),
        build.tracked({"0": 5, "1": 6}),
        build.tracked({"0": 5}),
        build.tracked({"0": 6}),
        build.tracked({"0": 7}),
        build.tracked({}, key=f"variables/0{value}", name="dense/kernel"),
        build.tracked({}, key=f"variables/1{value}", name="seed/seed_generator_state"),
        build.tracked({}, key=f"_all_variables/0{value}", name="dense/kernel"),
    )
    keys = [f"{path}{value}" for path in ("variables/0", "variables/1", "_all_variables/0")]
    objects = build.objects(build.user_object("_generic_user_object", named))
    files = {
        **model(objects),
        **build.checkpoint(dict.fromkeys(keys, (2,)), graph_of_objects=graph),
    }

    content = read(files)

    assert content.stated["exported_by"] == "ExportArchive"
    assert content.configuration is None
    assert [item.path for item in content.tensors] == keys[:1]
    assert {item.path for item in content.others} == set(keys[1:])


def test_a_saved_model_of_tensorflow_1() -> None:
    """Several graphs with their own tags, no objects, variables by their names."""
    graphs = [
        build.meta_graph(build.graph(build.node("w", "VariableV2")), tags=("serve",)),
        build.meta_graph(build.graph(build.node("w", "VariableV2")), tags=("train", "gpu")),
    ]
    content = read(
        {
            "saved_model.pb": build.saved_model(*graphs),
            "assets/saved_model.json": json.dumps(CONFIGURATION).encode(),
            **build.checkpoint({"dense/kernel": (4, 3), "dense/kernel/Adam": (4, 3)}),
        }
    )

    assert graph_of(content).tags == ("serve", "train", "gpu")
    assert graph_of(content).operations == {"VariableV2": 2}
    assert content.configuration == CONFIGURATION
    assert [item.path for item in content.tensors] == ["dense/kernel"]
    assert [item.path for item in content.optimizer] == ["dense/kernel/Adam"]
    assert content.problems == ()


def test_a_configuration_without_a_model_config() -> None:
    """The class and its configuration stand in the metadata themselves."""
    root = {"class_name": "Custom", "config": {"units": 3}}

    assert read(model(keras_objects(root, LAYER))).configuration == root
    assert read(model(keras_objects({"class_name": "Custom"}, LAYER))).configuration is None


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        pytest.param({}, "the graphs are missing saved_model.pb", id="empty folder"),
        pytest.param({"saved_model.pbtxt": b""}, "as text is not read", id="text"),
        pytest.param({"saved_model.cpb": b""}, "in several parts is not read", id="parts"),
        pytest.param(
            {**OLDER, "saved_model.pb": OLDER["saved_model.pb"][:-9]}, "cut off", id="cut off"
        ),
        pytest.param(
            {"saved_model.pb": OLDER["saved_model.pb"]},
            "index of the variables is missing variables/variables.index",
            id="no variables",
        ),
        pytest.param(
            {**NEWER, "keras_metadata.pb": build.metadata({77: ("_tf_keras_layer", {})})},
            "metadata of an unknown object 77 keras_metadata.pb",
            id="unknown object",
        ),
        pytest.param(
            {**NEWER, "keras_metadata.pb": NEWER["keras_metadata.pb"].replace(b"{", b"[")},
            "metadata: not JSON",
            id="not JSON",
        ),
    ],
)
def test_damage_is_told(files: dict[str, bytes], problem: str) -> None:
    """A missing or damaged file is a problem, and the rest is still given."""
    assert problem in said(read(files))


def test_a_graph_that_is_cut_off() -> None:
    """A download that stopped still tells who wrote it."""
    content = read({**OLDER, "saved_model.pb": OLDER["saved_model.pb"][:200]})

    assert content.stated["tensorflow_version"] == "2.9.3"
    assert graph_of(content).tags == ("serve",)
    assert graph_of(content).operations["VarHandleOp"] == 1
    assert "cut off" in said(content)


def test_a_missing_asset() -> None:
    """A vocabulary that the graph names has to lie in the folder."""
    graphs = build.saved_model(build.meta_graph(GRAPH, assets=["here.txt", "lost.txt"]))

    content = read({"saved_model.pb": graphs, "assets/here.txt": b"", **variables()})

    assert [problem.location for problem in content.problems] == ["assets/lost.txt"]


def test_a_file_that_cannot_be_opened() -> None:
    """What the system refuses is a problem with its words."""

    def refuse(name: str) -> Any:
        raise PermissionError(13, "Permission denied", name)

    content = read_saved_model(refuse, build.Folder(NEWER).names, "folder")

    assert "cannot be read: Permission denied saved_model.pb" in said(content)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(b"[" * 100_000 + b"]" * 100_000, "nested too deeply", id="parser"),
        pytest.param(b"[" * 300 + b"]" * 300, "nested too deeply", id="readers"),
        pytest.param(b"[" + b"[]," * 2_000_000 + b"[]]", "too much for one model", id="expansion"),
        pytest.param(b'"' + b"x" * (17 << 20) + b'"', "bytes of text", id="length"),
    ],
)
def test_metadata_is_bounded(text: bytes, problem: str) -> None:
    """Metadata that would take more than its text, or deeper walks than Python has, is refused."""
    item = message((2, 0), (4, "_tf_keras_layer"), (5, text))
    files = {**NEWER, "keras_metadata.pb": message((1, item))}

    assert problem in said(read(files))


def test_the_files_of_a_model_share_one_limit() -> None:
    """Several files that are each just bearable are not read one after the other."""
    fields = b"\x18\x01" * 900_000
    files = {
        "saved_model.pb": build.saved_model(build.meta_graph(GRAPH + fields)),
        "fingerprint.pb": b"\x18\x01" * 900_000,
    }

    problems = read({**files, **variables()}).problems

    assert [problem.location.partition(",")[0] for problem in problems] == [
        "fingerprint.pb",
        "variables/variables.index",
    ]


def test_problems_are_counted_when_they_are_many() -> None:
    """A file that is wrong a thousand times does not make a report of a thousand lines."""
    graphs = build.meta_graph(GRAPH, assets=[f"{number}.txt" for number in range(1000)])

    problems = read({"saved_model.pb": build.saved_model(graphs), **variables()}).problems

    assert len(problems) == 51
    assert problems[-1].statement == "950 more problems are not listed"


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(["saved_model.pb", "keras_metadata.pb", "fingerprint.pb"]), st.data())
def test_mutated_files_are_read_or_told(name: str, data: st.DataObject) -> None:
    """Whatever the bytes are, the outcome is content with problems."""
    content = bytearray(NEWER[name])
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))

    assert read({**NEWER, name: bytes(content)}).format is ModelFormat.SAVED_MODEL
