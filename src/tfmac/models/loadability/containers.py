"""Whether a reader opens this kind of file at all."""

from collections.abc import Iterator

from tfmac.formats.keras_archive import FOLDER
from tfmac.models.loadability.cases import Case, Obstacle
from tfmac.models.loadability.readers import Generation
from tfmac.models.loadability.stored import has_layers, is_object, models
from tfmac.schema.loadability import Verdict
from tfmac.schema.model_content import ModelFormat

ZIP_SINCE = (2, 12)
"""The first TensorFlow whose Keras reads the ``.keras`` zip."""


def zip_in_old_keras(case: Case) -> Iterator[Obstacle]:
    """Whether the reader is older than the ``.keras`` zip."""
    if case.reader.generation is Generation.STANDALONE:
        message = "Unable to open file (file signature not found)"
    elif case.keras < (2, 8):
        message = "SavedModel file does not exist at: <path>{saved_model.pbtxt|saved_model.pb}"
    else:
        message = "Unable to synchronously open file (file signature not found)"
    yield Obstacle(cause="keras-2-file-newer-than-reader", message=message)


def unpacked_archive(case: Case) -> Iterator[Obstacle]:
    """Whether an archive is a folder, which Keras reads from 3.4 on."""
    if case.content.hint == FOLDER:
        yield Obstacle(
            cause="keras-3-load-suffix",
            message=f"File format not supported: filepath={case.content.path}. It is a folder "
            "that Keras 3.4 and later read",
        )


def sharded_weights(case: Case) -> Iterator[Obstacle]:
    """Whether weights lie in several files below an index, which Keras reads from 3.10 on."""
    if case.content.path.endswith(".json"):
        yield Obstacle(
            cause="keras-3-load-suffix",
            message=f"File format not supported: filepath={case.content.path}. Weights in several "
            "files are read by Keras 3.10 and later",
        )


def hdf5_under_keras_name(case: Case) -> Iterator[Obstacle]:
    """Whether an HDF5 file has a name that Keras 3 takes for a zip's, or none that it knows."""
    name = case.content.path
    if name.endswith((".h5", ".hdf5")):
        return
    if name.endswith(".keras"):
        message = (
            "File not found: filepath=<path> Please ensure the file is an accessible "
            "`.keras` zip file."
        )
    else:
        message = (
            "File format not supported: filepath=<path>. Keras 3 only supports V3 `.keras` "
            "files and legacy H5 format files (`.h5` extension)."
        )
    yield Obstacle(cause="keras-3-load-suffix", message=message)


def no_architecture(case: Case) -> Iterator[Obstacle]:
    """Whether a file that should hold a whole model holds its architecture."""
    configuration = case.content.configuration
    if not is_object(configuration) or not all(map(has_layers, models(configuration))):
        yield Obstacle(
            cause="model-file-damaged", message="No model config found in the file at <path>."
        )


def saved_model_in_keras_3(case: Case) -> Iterator[Obstacle]:
    """Whether a SavedModel is given to a Keras that has no reader for it."""
    yield Obstacle(
        cause="savedmodel-in-keras-3",
        message=f"File format not supported: filepath={case.content.path}. Keras 3 only supports "
        "V3 `.keras` files and legacy H5 format files (`.h5` extension).",
    )


def saved_model_in_standalone(case: Case) -> Iterator[Obstacle]:
    """Whether a SavedModel is given to a Keras that opens everything as HDF5."""
    yield Obstacle(
        cause="savedmodel-in-old-tensorflow",
        message=f"Unable to open file {case.content.path} (file read failed: Is a directory)",
    )


def checkpoint_without_tensorflow_keras(case: Case) -> Iterator[Obstacle]:
    """Whether a TensorFlow checkpoint is given to a Keras without a reader for it."""
    if case.reader.generation is Generation.STANDALONE:
        message = "Unable to open file (unable to open file: No such file or directory)"
    else:
        message = (
            "File format not supported: filepath=<path>. Keras 3 only supports V3 `.keras` and "
            "`.weights.h5` files, or legacy V1/V2 `.h5` files."
        )
    yield Obstacle(cause="keras-3-load-suffix", message=message)


def not_a_model(case: Case) -> Iterator[Obstacle]:
    """Whether the file is something that no Keras reads."""
    causes = {
        ModelFormat.GIT_LFS_POINTER: "git-lfs-pointer",
        ModelFormat.HTML_PAGE: "model-file-damaged",
        ModelFormat.EMPTY: "model-file-damaged",
        ModelFormat.PICKLE: "pickled-keras-model",
    }
    yield Obstacle(
        cause=causes.get(case.content.format, "not-a-keras-model-file"),
        message=f"{case.content.path} is not a model file of Keras: {case.content.format.value}",
    )


def problems(case: Case) -> Iterator[Obstacle]:
    """Whether something in the file was damaged, or beyond a limit, when it was read."""
    for problem in case.content.problems:
        yield Obstacle(cause=problem.cause, message=problem.statement, verdict=Verdict.UNKNOWN)
