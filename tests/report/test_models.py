"""Model files as their user sees them, held against files.

``TFMAC_UPDATE_GOLDENS=1 pytest tests/report`` writes the files anew; look at the difference then.
"""

import os
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest

from builders.models import archive, hdf5, input_2, layer_2, layer_3, model, tensor
from tfmac.models.summary import summarise
from tfmac.report.models import render, size
from tfmac.schema.loadability import Loadability, Verdict
from tfmac.schema.model_content import Content, Graph, ModelFormat, Problem, Signature
from tfmac.schema.models import ModelLine, ModelReport

GOLDEN = Path(__file__).parent.parent / "data" / "golden" / "models"
# ``lambda t: K.dot(t, W)`` as CPython 3.7 compiles it.
OF_3_7 = (
    "4wEAAAAAAAAAAQAAAAMAAABTAAAAcwwAAAB0AKABfAB0AqECUwApAU4pA9oBS9oDZG902gFXKQHa\n"
    "AXSpAHIFAAAA+gdtaW5lLnB52gg8bGFtYmRhPgEAAADzAAAAAA==\n"
)
JUDGED = tuple(
    Loadability(reader=reader, verdict=verdict, cause=cause)
    for reader, verdict, cause in (
        ("tensorflow==2.3.4", Verdict.FAILS, "keras-2-file-newer-than-reader"),
        ("tensorflow==2.4.4", Verdict.LOADS, None),
        ("tensorflow==2.5.3", Verdict.LOADS, None),
        ("tensorflow==2.21.0,tf-keras==2.21.0", Verdict.LOADS, None),
        (
            "tensorflow==2.16.2,keras==3.0.5",
            Verdict.LOADS_DIFFERENTLY,
            "saved-behaviour-changed",
        ),
    )
)
PLAIN = summarise(
    hdf5(
        model(
            "Functional",
            "digits",
            input_2("pixels", None, 28, 28, 1),
            layer_2("Conv2D", "edges", "pixels", groups=1),
            layer_2("BatchNormalization", "even", "edges"),
            layer_2("Dense", "answer", "even", activation="hard_sigmoid", trainable=False),
        ),
        {
            "pixels": [],
            "edges": [
                tensor("w/edges/kernel:0", 3, 3, 1, 32, name="edges/kernel:0"),
                tensor("w/edges/bias:0", 32, name="edges/bias:0"),
            ],
            "even": [
                tensor(f"w/even/{name}:0", 32, name=f"even/{name}:0")
                for name in ("gamma", "beta", "moving_mean", "moving_variance")
            ],
            "answer": [tensor("w/answer/kernel:0", 32, 10, name="answer/kernel:0")],
        },
        bytes=34_567_890,
        stated={"keras_version": "2.9.0", "backend": "tensorflow"},
        training={
            "loss": "categorical_crossentropy",
            "metrics": ["accuracy"],
            "optimizer_config": {"class_name": "Adam", "config": {"learning_rate": 0.001}},
        },
        optimizer=(tensor("optimizer_weights/m", 32), tensor("optimizer_weights/v", 32)),
    ),
    JUDGED,
    "tensorflow==2.21.0,tf-keras==2.21.0",
)
SUSPECT = summarise(
    archive(
        model(
            "Functional",
            "odd",
            layer_3("InputLayer", "x", batch_shape=[None, 4]),
            {**layer_3("Scale", "mine", ("x", [None, 4])), "module": "jane.layers"},
            layer_3("TFOpLambda", "tf.nn.relu", ("mine", [None, 4]), function="nn.relu"),
            layer_3("Lambda", "lam", ("tf.nn.relu", [None, 4]), function=[OF_3_7, None, None]),
            layer_3("StringLookup", "words", file="https://example.org/words.txt"),
        ),
        {"layers/scale": [tensor("layers/scale/vars/0", 4)]},
        stated={"keras_version": "2.12.0", "date_saved": "2026-11-22@13:00:00"},
        training={"loss": "wmse"},
        problems=(Problem(statement="is a soft link, which is not followed", location="layers/a"),),
    )
)
SERVED = summarise(
    Content(
        path="served",
        format=ModelFormat.SAVED_MODEL,
        bytes=1234,
        graph=Graph(
            operations={},
            tensorflow="2.15.0",
            signatures=(
                Signature(
                    name="serving_default",
                    inputs={"x": "float32[?, 4]"},
                    outputs={"y": "float32[?, 2]"},
                ),
            ),
        ),
    )
)
POINTER = summarise(
    Content(
        path="model.h5",
        format=ModelFormat.GIT_LFS_POINTER,
        bytes=130,
        hint="sha256:4d7a, 12345 bytes",
        problems=(Problem(statement="is a pointer of Git LFS"),),
    ),
    [
        Loadability(reader=one, verdict=Verdict.FAILS, cause="git-lfs-pointer")
        for one in ("tensorflow==2.15.1", "tensorflow==2.16.2,keras==3.0.5")
    ],
)
ASKED = (
    Loadability(reader="tensorflow==2.15.1", verdict=Verdict.LOADS),
    Loadability(
        reader="tensorflow==2.18.1,keras==3.8.0",
        verdict=Verdict.FAILS,
        cause="saved-layer-argument-dropped",
        message="Unrecognized keyword arguments passed to LSTM: {'time_major': False}",
        remedy="legacy mode: TF_USE_LEGACY_KERAS=1 with tf-keras 2.18",
    ),
)


def report(*lines: ModelLine, **more: Any) -> ModelReport:
    return ModelReport(schema_version=1, tfmac="1.0", models=lines, **more)


@pytest.mark.parametrize(
    ("name", "document", "asked"),
    [
        ("plain", report(PLAIN), False),
        ("suspect", report(SUSPECT), False),
        ("others", report(SERVED, POINTER, unfinished=("more than 9 files in a",)), False),
        ("asked", report(msgspec.structs.replace(SERVED, loadability=ASKED)), True),
    ],
)
def test_a_report_is_laid_out_as_it_was(name: str, document: ModelReport, *, asked: bool) -> None:
    """A change of what users see is seen by who makes it."""
    text = click.unstyle(render(document, width=100, asked=asked))
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("TFMAC_UPDATE_GOLDENS"):
        path.write_text(text, encoding="utf-8")

    assert text == path.read_text(encoding="utf-8")


def test_many_layers_are_counted() -> None:
    """Some forty are shown; the others are counted with what is in them."""
    layers = [layer_2("Dense", f"d{number}") for number in range(100)]
    weights = {f"d{number}": [tensor(f"w/d{number}/k:0", 1000)] for number in range(100)}
    document = report(summarise(hdf5(model("Sequential", "s", *layers), weights)))

    short = render(document, width=100)
    long = render(document, width=100, all_layers=True)

    assert "d39" in short
    assert "d40" not in short
    assert "and 60 more layers with 60,000: --all-layers" in short
    assert "d99" in long
    assert "more layers" not in long


def test_long_lists_are_cut() -> None:
    """What is not shown is counted; JSON has it."""
    layers = [layer_2("Mine" + "x" * number, f"m{number}") for number in range(30)]

    text = render(report(summarise(hdf5(model("Sequential", "s", *layers), {}))), width=100)

    assert "and 18 more: --format json has all" in text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (34_567_890, "34.6 MB"),
        (7 * 10**12, "7000.0 GB"),
    ],
)
def test_sizes(number: int, text: str) -> None:
    """In powers of a thousand, as files are listed."""
    assert size(number) == text


def test_a_file_does_not_steer_the_terminal() -> None:
    """Control characters in its names are written out, and endless names are cut."""
    layers = [layer_2("Dense", "a\x1b]0;title\x07\nb"), layer_2("Dense", "long" * 10_000)]
    document = report(summarise(hdf5(model("Sequential", "s\r", *layers), {}, hint="\x9b2J")))

    text = click.unstyle(render(document, width=100))

    assert all(line.isprintable() for line in text.splitlines())
    assert r"a\x1b]0;title\x07\nb" in text
    assert "long" * 1000 not in text
