"""What loads without a word and computes something else."""

from collections.abc import Iterator
from typing import Any

from tfmac.models.loadability.cases import Case, Obstacle
from tfmac.models.loadability.stored import LAYERS, Stored, function_name, stored
from tfmac.models.loadability.versions import minor_of
from tfmac.schema.loadability import Verdict
from tfmac.schema.model_content import ModelFormat

_CAUSE = "saved-behaviour-changed"
_CROP_IN_TRAINING = (3, 6)
_ACTIVATIONS = ("activation", "recurrent_activation")


def hard_sigmoid(case: Case) -> Iterator[Obstacle]:
    """Whether a function of Keras 2 is used whose formula Keras 3 changed, or the reverse."""
    if _written_by_keras_3(case) is (not case.reader.is_keras_2):
        return
    for one in stored(case.content.configuration):
        if one.place == LAYERS and any(
            function_name(one.arguments.get(key)) == "hard_sigmoid" for key in _ACTIVATIONS
        ):
            yield _different(one, "hard_sigmoid is another function in Keras 3")


def lost_statistics(case: Case) -> Iterator[Obstacle]:
    """Whether a Normalization layer has its statistics as weights in HDF5, and loses them."""
    for one in stored(case.content.configuration):
        if one.name == "Normalization" and one.arguments.get("mean") is None:
            yield _different(one, "the layer's mean and variance are not put to use")


def random_crop(case: Case) -> Iterator[Obstacle]:
    """Whether an image is cropped at random, which Keras 3.6 and later do in training alone."""
    written = minor_of(case.content.stated.get("keras_version", ""))
    if written is None or (written >= _CROP_IN_TRAINING) is (case.keras >= _CROP_IN_TRAINING):
        return
    for one in stored(case.content.configuration):
        if one.name == "RandomCrop":
            yield _different(one, "outside training, images keep their size from Keras 3.6 on")


def bilinear(case: Case) -> Iterator[Obstacle]:
    """Whether an image is enlarged as Keras 2.2 and 2.3 did it, between other points."""
    for one in stored(case.content.configuration):
        is_old = "dtype" not in one.arguments
        if one.name == "UpSampling2D" and is_old and _interpolation(one) == "bilinear":
            yield _different(one, "bilinear enlargement takes other points than in the writer")


def _interpolation(one: Stored) -> Any:  # noqa: ANN401 - whatever the file has
    return one.arguments.get("interpolation")


def _different(one: Stored, why: str) -> Obstacle:
    return Obstacle(
        cause=_CAUSE,
        message=f"loads, and computes something else in {one.own_name or one.name}: {why}",
        verdict=Verdict.LOADS_DIFFERENTLY,
    )


def _written_by_keras_3(case: Case) -> bool:
    stated = case.content.stated.get("keras_version")
    if stated is not None:
        return stated.startswith("3.")
    return case.content.format is ModelFormat.KERAS_JSON and any(
        "batch_shape" in one.arguments for one in stored(case.content.configuration)
    )
