from io import BytesIO

from hypothesis import given, settings
from hypothesis import strategies as st

from builders.flatbuffers import Table, flatbuffer
from tfmac.formats.tflite import looks_like_tflite, read_tflite
from tfmac.schema.model_content import Content, ModelFormat

MODEL: Table = {
    0: 3,
    1: [{0: 3, 3: 3}, {0: 127, 3: 150}, {1: "MyOperator", 3: 32}],
    2: [{3: [{0: 0}, {0: 2}, {0: 0}]}, {3: [{0: 1}]}],
    3: "made by hand",
    4: [{}, {0: b"2.5.0\0\0\0"}],
    6: [{0: "other", 1: 0}, {0: "min_runtime_version", 1: 1}],
}
SAMPLE = flatbuffer(MODEL, b"TFL3")


def read(data: bytes) -> Content:
    return read_tflite(BytesIO(data), len(data), "model.tflite")


def test_a_model_is_told_by_its_identifier() -> None:
    """The identifier stands behind the first offset."""
    assert looks_like_tflite(SAMPLE[:16])
    assert not looks_like_tflite(b"TFL3")
    assert not looks_like_tflite(flatbuffer(MODEL, b"ABCD"))


def test_version_and_operators() -> None:
    """Operators are counted over all subgraphs; custom ones have names."""
    content = read(SAMPLE)

    assert content.format is ModelFormat.TFLITE
    assert content.stated == {
        "schema_version": "3",
        "description": "made by hand",
        "min_runtime_version": "2.5.0",
    }
    assert content.graph is not None
    assert content.graph.operations == {"builtin-3": 2, "MyOperator": 1, "builtin-150": 1}
    assert content.problems == ()


def test_an_empty_model() -> None:
    """Everything may be left out."""
    content = read(flatbuffer({}, b"TFL3"))

    assert content.stated == {"schema_version": "0"}
    assert content.problems == ()


def test_offsets_outside_the_file() -> None:
    """An offset is held against the end of the file before it is followed."""
    assert "outside the file" in read(b"\xff\xff\xff\x7fTFL3").problems[0].statement
    assert "not a TensorFlow Lite model" in read(b"GIF89a").problems[0].statement


def test_an_operator_of_no_kind() -> None:
    """A kind that is not listed is a problem, not a crash."""
    content = read(flatbuffer({**MODEL, 2: [{3: [{0: 9}]}]}, b"TFL3"))

    assert [problem.statement for problem in content.problems] == ["an operator of no kind"]


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_mutated_models_are_read_or_told(data: st.DataObject) -> None:
    """Whatever the bytes are, the outcome is content with problems."""
    content = bytearray(SAMPLE)
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))

    assert read(bytes(content)).format is ModelFormat.TFLITE
