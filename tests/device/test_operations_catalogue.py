"""The catalogue of operations: enough of them, each in three shapes, with inputs that are fit."""

from pathlib import Path

import pytest

numpy = pytest.importorskip("numpy")

from tfmac.device.failures import WorkProblem  # noqa: E402
from tfmac.device.operations import catalogue, extra  # noqa: E402
from tfmac.device.operations.drawing import Draw  # noqa: E402
from tfmac.device.operations.entries import Entry  # noqa: E402
from tfmac.device.operations.refusals import in_a_line, is_no_kernel  # noqa: E402
from tfmac.device.operations.subjects import rounded  # noqa: E402

ENTRIES = list(catalogue.entries())


def test_there_are_enough_operations() -> None:
    """At least 90, and no case has the name of another."""
    assert len({entry.operation for entry in ENTRIES}) >= 90
    names = [case.name for case in catalogue.cases(ENTRIES)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_each_has_three_shapes_and_an_odd_one(entry: Entry) -> None:
    """Vector units leave a rest at odd sizes, where faults hide."""
    assert len(entry.shapes) == 3
    odd = max(sum(size % 2 for size in shape) / len(shape) for shape in entry.shapes)
    assert odd >= 0.5
    assert entry.dtypes


def test_a_choice_by_name_and_type() -> None:
    """An operation means all its variants; a variant itself alone; case does not matter."""
    chosen = catalogue.cases(ENTRIES, ["conv2d"], ["float16"])
    assert {case.entry.operation for case in chosen} == {"Conv2D"}
    assert {case.dtype for case in chosen} == {"float16"}
    assert len({case.entry.name for case in chosen}) > 3
    (entry,) = {case.entry.name for case in catalogue.cases(ENTRIES, ["Conv2D(groups=2)"])}
    assert entry == "Conv2D(groups=2)"


def test_a_name_that_is_none() -> None:
    """It is named; nothing is run in its place."""
    with pytest.raises(WorkProblem, match="no operation Conv9D") as raised:
        catalogue.cases(ENTRIES, ["Dense", "Conv9D"])
    assert raised.value.kind == "no-such-operation"


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_drawn_numbers(dtype: str) -> None:
    """The same text gives the same numbers; what must not meet does not."""
    one, other = Draw("a", dtype), Draw("a", dtype)
    assert numpy.array_equal(one.normal((3, 4)), other.normal((3, 4)))
    assert len(set(one.apart((10, 25)).ravel().tolist())) == 250
    assert not numpy.any(numpy.abs(one.off_zero((50,))) < 0.4)


def test_drawn_matrices_are_well_conditioned() -> None:
    """Else rounding alone would be a large error."""
    draw = Draw("b", "float32")
    assert numpy.linalg.cond(draw.definite((2,), 8)).max() < 10
    assert numpy.linalg.cond(draw.spread((), 12, 8)) < 10


def test_rounding_to_a_type() -> None:
    """What is rounded is exact in the type, and to the nearest."""
    values = numpy.array([1.0, 1.0 + 2**-9, 1.0 + 2**-8, 1.0 + 3 * 2**-8, -3.14159])
    found = rounded(values, "bfloat16")
    assert found.tolist() == [1.0, 1.0, 1.0, 1.015625, -3.140625]
    assert rounded(values, "float16").dtype == numpy.float16
    assert rounded(numpy.arange(3), "float16").dtype.kind == "i"


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Could not satisfy device specification '/device:GPU:0'", True),
        ("No OpKernel was registered to support Op 'Svd'", True),
        ("The operator 'aten::x' is not currently implemented for the MPS device", True),
        ("\"addmm_impl_cpu_\" not implemented for 'Half'", True),
        ("Incompatible shapes: [3] vs. [4]", False),
    ],
)
def test_a_missing_kernel_is_told_from_other_refusals(text: str, missing: bool) -> None:  # noqa: FBT001
    """By what the frameworks say."""
    assert is_no_kernel(RuntimeError(text)) is missing


def test_an_error_in_a_line() -> None:
    """The first line alone, and nothing that steers a terminal."""
    assert in_a_line(ValueError("\n \x1b[31mone\ntwo")) == "ValueError: ?[31mone"


def test_an_error_in_its_wrapping() -> None:
    """Where a layer was called is not why it failed."""
    text = 'Exception encountered when calling layer "a" (type B).\n\nnot for bfloat16 [Op:C]'
    assert in_a_line(ValueError(text)) == "ValueError: not for bfloat16 [Op:C]"
    assert in_a_line(ValueError("in user code:")) == "ValueError: in user code:"


def test_operations_of_the_user(tmp_path: Path) -> None:
    """What is not said has a usual value."""
    file = tmp_path / "own.py"
    file.write_text(
        "OPERATIONS = [{'name': 'mine', 'function': lambda x: x},\n"
        " {'name': 'two', 'function': max, 'shapes': [(3,)], 'dtypes': ['int32'],\n"
        "  'gradient': False, 'inputs': lambda random, shape: [random.random(shape)] * 2}]\n",
        encoding="utf-8",
    )
    mine, two = extra.entries(str(file))
    assert (len(mine.shapes), len(mine.dtypes), mine.gradient) == (3, 3, True)
    assert (two.shapes, two.dtypes, two.gradient) == (((3,),), ("int32",), False)
    assert [one.shape for one in two.make(None, Draw("x", "int32"), (3,)).inputs] == [(3,), (3,)]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import nothing_of_that_name", "cannot be run: ModuleNotFoundError"),
        ("raise SystemExit(3)", "cannot be run: SystemExit"),
        ("", "has no list OPERATIONS"),
        ("OPERATIONS = [{'name': 'x'}]", "needs a name and a function"),
        ("OPERATIONS = [{'name': 'x', 'function': max, 'shape': 3}]", "knows no shape"),
    ],
)
def test_a_file_of_operations_that_is_none(tmp_path: Path, code: str, said: str) -> None:
    """The message says what is missing."""
    file = tmp_path / "own.py"
    file.write_text(code, encoding="utf-8")
    with pytest.raises(WorkProblem, match=said):
        list(extra.entries(str(file)))
