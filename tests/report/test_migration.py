"""Migrated models as their user sees them, held against files.

``TFMAC_UPDATE_GOLDENS=1 pytest tests/report`` writes the files anew; look at the difference then.
"""

import os
from pathlib import Path

import click
import pytest

from tfmac.report.migration import render
from tfmac.schema.migration import (
    Change,
    MigratedModel,
    MigrationReport,
    OutputDifference,
    Untranslated,
    Verified,
)
from tfmac.schema.model_content import ModelFormat, Problem

GOLDEN = Path(__file__).parent.parent / "data" / "golden" / "migration"
VERIFIED = MigratedModel(
    source="old/names.h5",
    format=ModelFormat.KERAS_HDF5,
    output="old/names.keras",
    keras="3.15.1",
    migrated=True,
    verified=Verified.YES,
    original_ran_in="tensorflow==2.3.4",
    new_ran_in="tensorflow==2.21.0,keras==3.15.1",
    max_abs=3.5762787e-07,
    max_rel=1.2e-06,
    arrays=14,
    bytes=1_234_567,
    changes=(
        Change(rule="batch-shape", layer="letters", statement="batch_input_shape is batch_shape"),
        *(
            Change(
                rule="hard-sigmoid",
                layer=f"lstm_{number}",
                statement="the hard_sigmoid of Keras 2 is written out: that of Keras 3 is another",
            )
            for number in range(6)
        ),
        Change(rule="optimizer-name", layer="", statement="lr is learning_rate"),
    ),
)
DIFFERS = MigratedModel(
    source="two.h5",
    output="two.keras",
    keras="3.8.0",
    migrated=True,
    verified=Verified.NO,
    not_verified="the outputs differ by more than 0.0001, relative 1e-05",
    original_ran_in="tensorflow==2.9.3",
    new_ran_in="tensorflow==2.18.1,keras==3.8.0",
    max_abs=0.0769,
    max_rel=0.31,
    outputs=(
        OutputDifference(output="age", max_abs=1e-7, max_rel=1e-6, within=True),
        OutputDifference(output="name", max_abs=0.0769, max_rel=0.31, within=False),
    ),
    first_difference="encoder/gate",
    arrays=1,
    bytes=512,
)
NOT_RUN = MigratedModel(
    source="ancient.h5",
    output="ancient.keras",
    keras="3.15.1",
    migrated=True,
    not_verified="no Python 3.7 is here, and no newer TensorFlow loads the original",
    arrays=2,
    bytes=80,
)
REFUSED = MigratedModel(
    source="own.h5",
    keras="3.15.1",
    migrated=False,
    untranslated=(
        Untranslated(
            layer="blocks/attend",
            class_name="Attend",
            reason="the class is not one of Keras's",
            needs="--custom module:Attend",
        ),
    ),
    problems=(Problem(statement="a link leads out of the file", location="model_weights/x"),),
)
CASES = {
    "verified": (VERIFIED,),
    "differs": (DIFFERS,),
    "refused": (REFUSED,),
    "several": (VERIFIED, DIFFERS, NOT_RUN, REFUSED),
}


@pytest.mark.parametrize("name", CASES)
def test_text(name: str) -> None:
    """The text is that of the file, on a terminal of 90 columns."""
    report = MigrationReport(schema_version=1, tfmac="0", models=CASES[name])
    text = click.unstyle(render(report, width=90))
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("TFMAC_UPDATE_GOLDENS"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_texts_of_a_file_cannot_steer_a_terminal() -> None:
    """A layer's name comes out of the file that is being migrated."""
    change = Change(rule="r", layer="\x1b[2J", statement="s")
    model = MigratedModel(source="a", migrated=True, changes=(change,))
    report = MigrationReport(schema_version=1, tfmac="0", models=(model,))
    assert "\x1b[2J" not in render(report, width=80)
