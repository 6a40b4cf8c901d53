"""Whether Keras 3 can compile a model as the file says."""

from collections.abc import Iterator, Mapping
from typing import Any, Optional

from tfmac.models.loadability import classes, wording
from tfmac.models.loadability.cases import Case, Obstacle, Way
from tfmac.models.loadability.leaves import leaves
from tfmac.models.loadability.stored import SCHEDULES, Stored, inner_objects
from tfmac.schema.model_content import ModelFormat

_COMPILE = frozenset({Way.COMPILE})
# Short names of losses, which Keras 3 knows as functions that have no public place.
_ALIASES = frozenset({"mse", "mae", "mape", "msle", "bce", "kld"})
_REDUCTIONS = frozenset({"sum", "none", "mean", "sum_over_batch_size", "mean_with_sample_weight"})
_DROPPED_SILENTLY = frozenset({"decay"})


def training(case: Case) -> Iterator[Obstacle]:
    """Whether the optimizer, losses and metrics of the file can be made anew."""
    config = case.content.training
    if case.content.format is ModelFormat.KERAS_JSON and isinstance(
        case.content.configuration, Mapping
    ):
        config = case.content.configuration.get("compile_config")
    if not isinstance(config, Mapping):
        return
    if case.content.format is not ModelFormat.KERAS_HDF5:
        yield from _archive(case, config)
    else:
        yield from _hdf5(case, config)


def _hdf5(case: Case, config: Mapping[str, Any]) -> Iterator[Obstacle]:
    yield from _optimizer(case, config.get("optimizer_config"))
    for one in leaves(config.get("loss")):
        yield from _loss(case, one)
    for key in ("metrics", "weighted_metrics"):
        for one in leaves(config.get(key)):
            yield from _metric(case, one)


def _archive(case: Case, config: Mapping[str, Any]) -> Iterator[Obstacle]:
    optimizer = config.get("optimizer")
    if isinstance(optimizer, Mapping):
        yield from _module(case, optimizer)
        yield from _optimizer(case, optimizer)
    for key in ("loss", "metrics", "weighted_metrics"):
        for one in leaves(config.get(key)):
            if isinstance(one, Mapping):
                yield from _function(case, one)
                if key == "loss":
                    yield from _arguments(case, one, "losses")


def steps(case: Case) -> Iterator[Obstacle]:
    """Whether a ``.keras`` of Keras 2 leaves open how many steps are taken at once."""
    config = case.content.training
    if isinstance(config, Mapping) and config.get("steps_per_execution", 1) is None:
        yield Obstacle(
            cause="keras-2-file-in-keras-3",
            message="'>' not supported between instances of 'NoneType' and 'int'",
            ways=_COMPILE,
        )


def _module(case: Case, optimizer: Mapping[str, Any]) -> Iterator[Obstacle]:
    module, name = str(optimizer.get("module", "")), str(optimizer.get("class_name"))
    for backend in ("torch", "jax", "tensorflow"):
        if f"backend.{backend}" in module and case.reader.backend != backend:
            yield Obstacle(cause=None, message=wording.no_parent(name, module), ways=_COMPILE)


def _optimizer(case: Case, optimizer: object) -> Iterator[Obstacle]:
    if not isinstance(optimizer, Mapping):
        return
    name, config = str(optimizer.get("class_name")), optimizer.get("config")
    if not isinstance(config, Mapping):
        return
    found = _optimizer_class(case, name)
    if found is None:
        # What is not found is looked for once more by its own name, with default arguments.
        if _optimizer_class(case, str(config.get("name"))) is None:
            yield _unknown(name, "optimizer")
        return
    refused = {
        key: value
        for key, value in config.items()
        if key not in _DROPPED_SILENTLY
        and classes.accepts(case.reader, "optimizers", found, key) is False
    }
    if refused:
        yield Obstacle(
            cause="saved-optimizer-argument-dropped",
            message=f"Argument(s) not recognized: {refused}",
            ways=_COMPILE,
        )
    for one in inner_objects(config, name):
        yield from _schedule(case, one)


def _schedule(case: Case, one: Stored) -> Iterator[Obstacle]:
    if one.place == SCHEDULES and (
        not one.has_module or classes.exists(case.reader, SCHEDULES, one.name) is False
    ):
        yield Obstacle(
            cause="legacy-optimizer-in-keras-3",
            message=wording.not_located(one.name),
            ways=_COMPILE,
        )


def _optimizer_class(case: Case, name: str) -> Optional[str]:
    lower = name.lower()
    for one in _OPTIMIZERS:
        if one.lower() == lower and classes.exists(case.reader, "optimizers", one):
            return one
    return None


_OPTIMIZERS = (
    *("SGD", "RMSprop", "Adam", "AdamW", "Adadelta", "Adagrad", "Adamax", "Nadam", "Ftrl"),
    *("Lion", "Adafactor", "LossScaleOptimizer", "Lamb", "Muon", "ScheduleFreeAdamW"),
)


def _loss(case: Case, one: object) -> Iterator[Obstacle]:
    if isinstance(one, Mapping):
        yield from _arguments(case, one, "losses")
    elif isinstance(one, str) and classes.exists(case.reader, "losses", one) is False:
        if one.lower() in _ALIASES:
            yield Obstacle(
                cause="h5-loss-alias-in-keras-3", message=_alias(case, one), ways=_COMPILE
            )
        elif not _snake_class(case, one, "losses"):
            yield Obstacle(
                cause="custom-compile-object-unknown",
                message="string indices must be integers, not 'str'",
                ways=_COMPILE,
            )


def _alias(case: Case, name: str) -> str:
    """Word a short name that is a function without a public place."""
    if case.keras >= (3, 11):
        return (
            f"Could not deserialize 'keras.metrics.{name}' because it is not a KerasSaveable "
            "subclass"
        )
    return wording.not_located(name, "function")


def _metric(case: Case, one: object) -> Iterator[Obstacle]:
    """Judge a metric; one that is not found is looked for when the model is first trained."""
    if not isinstance(one, Mapping) or one.get("class_name") == "MeanMetricWrapper":
        return
    if classes.exists(case.reader, "metrics", str(one.get("class_name"))):
        yield from _arguments(case, one, "metrics")


def _snake_class(case: Case, name: str, place: str) -> bool:
    """Whether a name is a class written in small letters: ``mean_squared_error``."""
    camel = "".join(word.capitalize() for word in name.split("_"))
    return classes.exists(case.reader, place, camel) is True


def _arguments(case: Case, one: Mapping[str, Any], place: str) -> Iterator[Obstacle]:
    name, config = str(one.get("class_name")), one.get("config")
    if not isinstance(config, Mapping) or name == "function":
        return
    if classes.exists(case.reader, place, name) is False:
        yield _unknown(name, place)
        return
    refused = [key for key in config if classes.accepts(case.reader, place, name, key) is False]
    if refused:
        yield Obstacle(
            cause="saved-layer-argument-dropped",
            message=wording.unexpected(name, refused[0]),
            ways=_COMPILE,
        )
    elif place == "losses" and config.get("reduction", None) not in {None, *_REDUCTIONS}:
        yield Obstacle(
            cause="keras-2-file-in-keras-3",
            message="Invalid value for argument `reduction`. "
            f"Received: reduction={config['reduction']}",
            ways=_COMPILE,
        )


def _function(case: Case, one: Mapping[str, Any]) -> Iterator[Obstacle]:
    if one.get("class_name") != "function":
        return
    name = str(one.get("config"))
    if one.get("registered_name") and ">" in str(one.get("registered_name")):
        yield _unknown(name, "function")
        return
    places = ("losses", "metrics", "activations")
    if not any(classes.exists(case.reader, place, name) for place in places):
        yield _unknown(name, "function")


def _unknown(name: str, kind: str) -> Obstacle:
    return Obstacle(
        cause="custom-compile-object-unknown",
        message=wording.not_located(name, kind),
        ways=_COMPILE,
    )
