from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import tensorflow_files as build
from builders.protobuf import message, varint
from tfmac.formats.protobuf import InvalidMessage, Source
from tfmac.formats.sstable import Table
from tfmac.formats.tensor_bundle import read_checkpoint
from tfmac.schema.model_content import Content, ModelFormat

VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
KEYS = {
    name: f"{path}{VALUE}"
    for name, path in {
        "kernel": "layer_with_weights-0/kernel",
        "bias": "layer_with_weights-0/bias",
        "slot": "layer_with_weights-0/kernel/.OPTIMIZER_SLOT/optimizer/m",
        "rate": "optimizer/learning_rate",
        "total": "keras_api/metrics/0/total",
        "counter": "save_counter",
    }.items()
}
OBJECTS = build.objects(
    build.tracked({"layer_with_weights-0": 1, "optimizer": 4, "save_counter": 7, "keras_api": 8}),
    build.tracked({"kernel": 2, "bias": 3}),
    build.tracked({}, key=KEYS["kernel"], name="dense/kernel"),
    build.tracked({}, key=KEYS["bias"], name="dense/bias"),
    build.tracked({"learning_rate": 6}, slots=[5]),
    build.tracked({}, key=KEYS["slot"], name="Adam/dense/kernel/m"),
    build.tracked({}, key=KEYS["rate"], name="Adam/learning_rate"),
    build.tracked({}, key=KEYS["counter"], name="save_counter"),
    build.tracked({"total": 9}),
    build.tracked({}, key=KEYS["total"], name="total"),
)
TENSORS = {
    KEYS["kernel"]: (4, 3),
    KEYS["bias"]: (3,),
    KEYS["slot"]: (4, 3),
    KEYS["rate"]: (),
    KEYS["total"]: (),
    KEYS["counter"]: (),
}
FILES = build.checkpoint(TENSORS, prefix="ckpt", graph_of_objects=OBJECTS)


def read(files: dict[str, bytes], prefix: str = "ckpt") -> Content:
    folder = build.Folder(files)
    return read_checkpoint(folder.open, folder.names, prefix, "folder")


def said(content: Content) -> str:
    return "\n".join(f"{problem.statement} {problem.location}" for problem in content.problems)


@given(st.dictionaries(st.binary(max_size=20), st.binary(max_size=300)), st.integers(1, 5))
def test_a_table_is_read_back(entries: dict[bytes, bytes], at_once: int) -> None:
    """Keys with shared beginnings come back whole, over however many blocks they lie."""
    data = build.table(entries, at_once=at_once)
    table = Table(Source(BytesIO(data), len(data)))

    found = {key: value.content(1000) for key, value in table.entries()}

    assert found == entries
    assert table.unsound == []


def test_variables_are_told_apart() -> None:
    """Weights in the order of the objects, the optimizer's state, and what is neither."""
    content = read(FILES)

    assert content.format is ModelFormat.CHECKPOINT
    assert [(item.path, item.name, item.shape) for item in content.tensors] == [
        (KEYS["kernel"], "dense/kernel", (4, 3)),
        (KEYS["bias"], "dense/bias", (3,)),
    ]
    assert [(item.dtype, item.bytes) for item in content.tensors] == [
        ("float32", 48),
        ("float32", 12),
    ]
    assert {item.path for item in content.optimizer} == {KEYS["slot"], KEYS["rate"]}
    assert {item.path for item in content.others} == {KEYS["total"], KEYS["counter"]}
    assert content.problems == ()
    assert content.bytes == sum(len(data) for data in FILES.values())


def test_weights_that_were_saved_through_the_optimizer() -> None:
    """Keras 3 may reach a weight first as the optimizer's; it is the model's nevertheless."""
    key = f"model/optimizer/_trainable_variables/0{VALUE}"
    graph = build.objects(
        build.tracked({"model": 1}),
        build.tracked({"optimizer": 2, "_layers": 3}),
        build.tracked({"_trainable_variables": 4}),
        build.tracked({"0": 5}),
        build.tracked({"0": 5}),
        build.tracked({}, key=key, name="dense/kernel"),
    )

    content = read(build.checkpoint({key: (2,)}, prefix="ckpt", graph_of_objects=graph))

    assert [item.path for item in content.tensors] == [key]
    assert content.optimizer == ()


def test_objects_are_given() -> None:
    """The graph of objects is part of what a checkpoint says."""
    graph = read(FILES).graph

    assert graph is not None
    assert graph.nodes[1].children == {"kernel": 2, "bias": 3}
    assert [node.kind for node in graph.nodes[:3]] == ["object", "object", "variable"]


def test_a_checkpoint_of_tensorflow_1() -> None:
    """Without objects, the names tell what a variable is for; ``.meta`` tells the writer."""
    names = ["beta1_power", "conv/kernel", "conv/kernel/Adam", "conv/kernel/Adam_1", "global_step"]
    kinds = {"global_step": build.INT64}
    files = build.checkpoint(dict.fromkeys(names, (2,)), prefix="model.ckpt-7", kinds=kinds)
    graph = build.graph(build.node("w", "VariableV2"), producer=38)
    files["model.ckpt-7.meta"] = build.meta_graph(graph, version="1.15.0", tags=())
    files["checkpoint"] = b'model_checkpoint_path: "model.ckpt-7"\n'
    files["model.ckpt-9.index"] = b"of another checkpoint"

    content = read(files, "model.ckpt-7")

    assert [item.path for item in content.tensors] == ["conv/kernel"]
    assert len(content.optimizer) == 3
    assert [(item.path, item.dtype) for item in content.others] == [("global_step", "int64")]
    assert content.stated["tensorflow_version"] == "1.15.0"
    assert content.graph is not None
    assert content.graph.operations == {"VariableV2": 1}
    assert "model.ckpt-9.index" not in {member.name for member in content.members}
    assert content.problems == ()


def test_slices_are_one_tensor() -> None:
    """A variable in parts is told by its own entry; the entries of its parts are stepped over."""
    whole = message((1, build.FLOAT), (2, build.shape((10, 2))), (7, b""))
    index = build.table({b"": b"\x08\x01", b"\0part": b"\x08\x01", b"split": whole})

    content = read({"ckpt.index": index})

    assert [(item.path, item.shape, item.bytes) for item in content.tensors] == [
        ("split", (10, 2), 80)
    ]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        pytest.param({"ckpt.index": None}, "index of the variables is missing", id="no index"),
        pytest.param({"ckpt.data-00000-of-00001": None}, "data is missing", id="no data"),
        pytest.param(
            {"ckpt.data-00000-of-00001": FILES["ckpt.data-00000-of-00001"][:-4]},
            "cut off: 4 bytes are missing",
            id="data cut off",
        ),
        pytest.param({"ckpt.index": FILES["ckpt.index"][:-1]}, "not an index", id="index cut off"),
        pytest.param({"ckpt.index": b"<html>"}, "too short for an index", id="no table"),
        pytest.param(
            {"ckpt.index": build.table({b"": b""}, compression=1)}, "snappy", id="compressed"
        ),
        pytest.param(
            {"ckpt.index": FILES["ckpt.index"].replace(b"save_counter", b"save_Counter")},
            "does not match its checksum",
            id="checksum",
        ),
    ],
)
def test_damage_is_told(change: dict[str, "bytes | None"], problem: str) -> None:
    """A missing, short or damaged file is a problem, and the rest is still given."""
    files = {**FILES, **change}
    assert problem in said(read({name: data for name, data in files.items() if data is not None}))


def test_a_shape_that_belongs_to_other_bytes() -> None:
    """Bytes that do not fit the shape are told; the shape is what a reader would see."""
    entry = message((1, build.FLOAT), (2, build.shape((5,))), (5, 8))
    files = {"ckpt.index": build.table({b"w": entry}), "ckpt.data-00000-of-00001": bytes(8)}

    content = read(files)

    assert "its shape and its bytes do not agree" in said(content)
    assert content.tensors[0].shape == (5,)


@pytest.mark.parametrize("lengths", [(-5,), (1 << 40, 1 << 40), (1,) * 300])
def test_impossible_shapes(lengths: tuple[int, ...]) -> None:
    """No tensor has such a shape, so none is given."""
    entry = message((1, build.FLOAT), (2, build.shape(lengths)))

    content = read({"ckpt.index": build.table({b"w": entry})})

    assert content.tensors == ()
    assert len(content.problems) == 1


def test_the_data_is_not_read() -> None:
    """However large the weights are, only the index and the graph of objects are opened."""
    opened: list[str] = []
    files = build.checkpoint({"w": (1000,)}, prefix="ckpt")
    folder = build.Folder(files)

    def open_member(name: str) -> BytesIO:
        opened.append(name)
        return BytesIO(files[name])

    read_checkpoint(open_member, folder.names, "ckpt", "folder")

    assert opened == ["ckpt.index"]


def test_blocks_that_are_one_and_the_same() -> None:
    """An index that names one block again and again is refused, not followed."""
    block = build._block({b"k" * 200: b"v" * 3000})
    index = build._block(
        {b"%04d" % number: varint(0) + varint(len(block)) for number in range(1000)}
    )
    data = block + build._trailer(block, 0)
    handles = varint(0) * 2 + varint(len(data)) + varint(len(index))
    data += index + build._trailer(index, 0) + handles.ljust(40, b"\0")
    data += (0xDB4775248B80FB57).to_bytes(8, "little")

    with pytest.raises(InvalidMessage, match="blocks larger than the file"):
        list(Table(Source(BytesIO(data), len(data))).entries())


def test_an_object_that_holds_itself() -> None:
    """Cycles and numbers of no object are walked once or not at all."""
    graph = build.objects(build.tracked({"again": 0, "lost": 99, "before": -1, "optimizer": 77}))

    assert read(build.checkpoint({}, prefix="ckpt", graph_of_objects=graph)).problems == ()


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_mutated_files_are_read_or_told(name: str, data: st.DataObject) -> None:
    """Whatever the bytes are, the outcome is content with problems."""
    content = bytearray(FILES[name])
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    keep = data.draw(st.integers(0, len(content)))

    read({**FILES, name: bytes(content if data.draw(st.booleans()) else content[:keep])})
