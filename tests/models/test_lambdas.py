"""Functions in model files: what is told of them without making one."""

import base64
import sys
from typing import Any

import pytest

from builders.models import Json, archive, byte_code, hdf5, layer_2, model
from tfmac.models.summary import summarise
from tfmac.schema.model_content import Content
from tfmac.schema.models import LambdaKind, LambdaLayer

RUNNING = f"{sys.version_info[0]}.{sys.version_info[1]}"
tf: Any = None
scale: Any = None
# What CPython 3.7 and 3.13 made of ``lambda t: t * 2.0 + 1.0``.
OF_3_7 = (
    "4wEAAAAAAAAAAQAAAAIAAABTAAAAcwwAAAB8AGQBFABkAhcAUwApA05nAAAAAAAAAEBnAAAAAAAA\n"
    "8D+pACkB2gF0cgEAAAByAQAAAPoEYS5wedoIPGxhbWJkYT4vAQAA8wAAAAA=\n"
)
OF_3_13 = (
    "4wEAAAAAAAAAAAAAAAIAAAATAAAA8xIAAACVAFUAUwEtBQAAUwItAAAAJAApA07nAAAAAAAAAEDn\n"
    "AAAAAAAA8D+pACkB2gF0cwEAAAAg2gRhLnB52gg8bGFtYmRhPtoIPGxhbWJkYT4vAQAAcwwAAACA\n"
    "AJgxmHOZN6BTmj3zAAAAAA==\n"
)


def of(*layers: Json) -> "tuple[LambdaLayer, ...]":
    return summarise(hdf5(model("Sequential", "s", *layers), {})).lambdas


def old(code: Any, **config: Any) -> Json:
    """Make the layer as Keras 2 writes it."""
    settings = {"function": [code, None, None], "function_type": "lambda", **config}
    return layer_2("Lambda", "lam", **settings)


def new(code: Any) -> Json:
    """Make the layer as Keras 3 writes it."""
    inner = {"code": code, "defaults": None, "closure": None}
    return layer_2("Lambda", "lam", function={"class_name": "__lambda__", "config": inner})


@pytest.mark.parametrize("write", [old, new])
def test_byte_code_of_this_python(write: Any) -> None:
    """The names from around it are told from attributes; the Python is among those it may be."""
    (found,) = of(write(byte_code(lambda x: tf.image.resize(x, scale) + len(x.shape))))

    assert (found.layer, found.kind, found.function) == ("lam", LambdaKind.BYTE_CODE, "<lambda>")
    assert RUNNING in found.pythons
    assert sorted(found.globals) == ["len", "scale", "tf"]
    assert sorted(found.attributes) == ["image", "resize", "shape"]
    assert found.source_file is not None
    assert found.source_file.endswith("test_lambdas.py")
    assert found.unreadable is None


@pytest.mark.parametrize(("code", "pythons"), [(OF_3_7, ("3.6", "3.7")), (OF_3_13, ("3.13",))])
def test_byte_code_of_another_python(code: str, pythons: "tuple[str, ...]") -> None:
    """It is told from how it is arranged and from its instructions, never by loading it."""
    (found,) = of(old(code))

    assert found.pythons == pythons
    assert found.globals == ()


def test_captured_variables_and_functions_inside() -> None:
    """A variable of an enclosing function is captured; an inner function's names count too."""
    captured = 3

    def outer(x: Any) -> Any:
        def inner() -> Any:
            return scale(x)

        return tf.abs(inner()) * captured

    (found,) = of(old(byte_code(outer)))

    assert found.captured == ("captured",)
    # ``Any`` is what the inner function is declared with when it is made.
    assert sorted(found.globals) == ["Any", "scale", "tf"]


def test_a_named_function() -> None:
    """Keras 2 names it with its module beside it, Keras 3 as an object."""
    by_name = layer_2("Lambda", "a", function="crop", function_type="function", module="mine")
    by_object = layer_2(
        "Lambda", "b", function={"class_name": "function", "config": "crop", "module": "mine"}
    )

    assert [(one.kind, one.function) for one in of(by_name, by_object)] == [
        (LambdaKind.NAMED, "mine.crop")
    ] * 2


def test_a_shape_may_be_a_function_too() -> None:
    """Whatever else of the layer is byte code runs as well."""
    shape = [byte_code(lambda s: s), None, None]

    assert len(of(old(OF_3_7, output_shape=shape, output_shape_type="lambda"))) == 2
    assert len(of(old(OF_3_7, output_shape=[3], output_shape_type="raw"))) == 1


def test_a_function_in_any_layer() -> None:
    """Keras 3 may write one as an argument of every class."""
    function = new(OF_3_13)["config"]["function"]

    assert [one.layer for one in of(layer_2("Dense", "d", activation=function))] == ["d"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("", "does not begin as a code object"),
        ("!!", "does not begin as a code object"),
        ("\u2713", "does not begin as a code object"),
        (base64.b64encode(b"\xe3").decode(), "ends at byte 1"),
        (base64.b64encode(b"\xe3" + b"\xff" * 90).decode(), "part"),
        ("A" * 3_000_000, "more than a layer has"),
    ],
)
def test_byte_code_that_is_none(code: str, reason: str) -> None:
    """It is said why it cannot be read."""
    (found,) = of(old(code))

    assert found.kind is LambdaKind.BYTE_CODE
    assert found.unreadable is not None
    assert reason in found.unreadable
    assert found.pythons == ()


@pytest.mark.parametrize("function", [None, 3, [], [3], {}, {"class_name": "function"}, [None]])
def test_a_function_of_another_form(function: Any) -> None:
    """What stands in its place is not taken for one."""
    kinds = {one.kind for one in of(layer_2("Lambda", "l", function=function))}

    assert kinds <= {LambdaKind.UNKNOWN}


def test_what_would_run() -> None:
    """Byte code runs when the file is loaded; a class elsewhere is imported."""
    foreign = {**layer_2("Mine", "m"), "module": "mine.layers"}
    content: Content = archive(model("Sequential", "s", old(OF_3_7), foreign), {})

    assert [(one.location, one.what) for one in summarise(content).executes] == [
        ("lam", "runs its Python byte code"),
        ("m", "imports mine.layers and calls Mine"),
    ]
