from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import tensorflow_files as build
from tfmac.formats.frozen_graph import looks_like_graph, read_frozen_graph
from tfmac.schema.model_content import Content, ModelFormat

SAMPLE = build.graph(
    build.placeholder("image", (-1, 28, 28)),
    build.constant("dense/kernel", (784, 10), content=bytes(784 * 10 * 4)),
    build.constant("shape", (2,), kind=build.INT64),
    build.constant("epsilon", ()),
    build.node("reshape", "Reshape"),
    build.node("call", "double"),
    build.node("again", "MatMul"),
    functions={"double": [build.node("m", "MatMul"), build.constant("two", (2,))]},
)


def read(data: bytes) -> Content:
    return read_frozen_graph(BytesIO(data), len(data), "graph.pb")


def test_operations_and_constants() -> None:
    """Operations are counted with those of functions; arrays that may be weights are given."""
    content = read(SAMPLE)

    assert content.format is ModelFormat.FROZEN_GRAPH
    assert content.graph is not None
    assert content.graph.operations == {"Placeholder": 1, "Const": 4, "Reshape": 1, "MatMul": 2}
    assert (content.graph.producer, content.graph.minimum_consumer) == (561, 12)
    assert content.graph.signatures[0].inputs == {"image": "float32[?, 28, 28]"}
    assert [(item.path, item.shape, item.dtype, item.bytes) for item in content.tensors] == [
        ("dense/kernel", (784, 10), "float32", 31360)
    ]
    assert [item.path for item in content.others] == ["shape", "epsilon"]
    assert content.problems == ()


def test_constants_are_not_copied() -> None:
    """The values of a constant are stepped over, however many they are."""
    read_bytes = 0

    class Counting(BytesIO):
        def read(self, size: "int | None" = -1, /) -> bytes:
            nonlocal read_bytes
            data = super().read(size)
            read_bytes += len(data)
            return data

    large = build.constant("large", (10_000_000,), content=bytes(40_000_000))
    data = build.graph(large, build.node("after", "MatMul"))
    content = read_frozen_graph(Counting(data), len(data), "graph.pb")

    assert content.tensors[0].bytes == 40_000_000
    assert content.graph is not None
    assert content.graph.operations == {"Const": 1, "MatMul": 1}
    assert read_bytes < 2_000_000


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (SAMPLE, True),
        (build.graph(build.constant("a_long/name." * 20, (3,), content=bytes(900))), True),
        (build.saved_model(build.meta_graph(SAMPLE)), False),
        (b"", False),
        (b"\x0a", False),
        (b"<!DOCTYPE html>", False),
        (b"\n\nA text file that begins with empty lines\n", False),
        (b"\x89HDF\r\n\x1a\n", False),
        (b"PK\x03\x04", False),
        (b"\x80\x04\x95\x0a", False),
    ],
)
def test_a_graph_is_told_by_its_beginning(data: bytes, expected: bool) -> None:  # noqa: FBT001
    """The name and the kind of the first operation are enough; nothing else looks like them."""
    assert looks_like_graph(data[:512]) is expected


def test_a_graph_that_is_cut_off() -> None:
    """What stands before the damage is told with the damage."""
    content = read(SAMPLE[:-100])

    assert content.graph is not None
    assert content.graph.operations["Reshape"] == 1
    assert "cut off or damaged" in content.problems[0].statement
    assert content.problems[0].location.startswith("graph.pb, byte ")


def test_more_kinds_than_there_are() -> None:
    """A graph that names a new kind each time is given up at a limit."""
    content = read(build.graph(*(build.node("n", f"Kind{n}") for n in range(20_001))))

    assert [problem.statement for problem in content.problems] == ["more than 20,000 kinds"]


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_mutated_graphs_are_read_or_told(data: st.DataObject) -> None:
    """Whatever the bytes are, the outcome is content with problems."""
    small = build.graph(
        build.placeholder("image", (-1, 28)),
        build.constant("kernel", (2, 3), content=bytes(24)),
        functions={"f": [build.node("m", "MatMul")]},
    )
    content = bytearray(small)
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))

    assert read(bytes(content)).format is ModelFormat.FROZEN_GRAPH
