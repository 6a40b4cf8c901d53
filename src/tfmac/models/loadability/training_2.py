"""Whether a Keras 2 can compile a model as the file says."""

from collections.abc import Iterator, Mapping
from typing import Any

from tfmac.models.loadability import classes, wording
from tfmac.models.loadability.cases import Case, Obstacle, Way
from tfmac.models.loadability.leaves import leaves
from tfmac.models.loadability.readers import Generation
from tfmac.schema.model_content import ModelFormat

_COMPILE = frozenset({Way.COMPILE})
_REGISTERED = "Custom>"
"""How Keras 2.11 and later write the new optimizers."""
_NEW_OPTIMIZERS = (2, 11)
_FUNCTION_TAKEN = (2, 13)
"""Since then a loss takes out the function's name that its configuration holds."""
_STRINGS = frozenset({"accuracy", "acc", "crossentropy", "ce"})


def training(case: Case) -> Iterator[Obstacle]:
    """Whether the optimizer, losses and metrics of the file can be made anew."""
    config = case.content.training
    if not isinstance(config, Mapping):
        return
    if case.content.format is ModelFormat.KERAS_ARCHIVE:
        for key in ("loss", "metrics", "weighted_metrics"):
            for one in leaves(config.get(key)):
                yield from _function(case, one)
        return
    yield from _optimizer(case, config.get("optimizer_config"))
    if case.keras < (2, 2) and "sample_weight_mode" not in config:
        yield Obstacle(
            cause="keras-2-file-newer-than-reader",
            message="'sample_weight_mode'",
            ways=_COMPILE,
        )
    for one in leaves(config.get("loss")):
        yield from _loss(case, one)
    for key in ("metrics", "weighted_metrics"):
        for one in leaves(config.get(key)):
            yield from _metric(case, one)


def _optimizer(case: Case, optimizer: object) -> Iterator[Obstacle]:
    if not isinstance(optimizer, Mapping):
        return
    name = str(optimizer.get("class_name"))
    plain = name.removeprefix(_REGISTERED)
    standalone = case.reader.generation is Generation.STANDALONE
    if plain != name and (standalone or case.keras < _NEW_OPTIMIZERS):
        message = (
            "weight_decay is not a valid argument, kwargs should be empty for "
            "`optimizer_experimental.Optimizer`."
            if case.keras >= (2, 9)
            else wording.unknown("optimizer", name)
        )
        yield Obstacle(cause="keras-2-file-newer-than-reader", message=message, ways=_COMPILE)
    elif classes.exists(case.reader, "optimizers", plain) is False:
        yield Obstacle(
            cause="custom-compile-object-unknown",
            message=wording.unknown("optimizer", name),
            ways=_COMPILE,
        )
    elif plain != name:
        yield from _arguments(case, plain, optimizer.get("config"), "optimizers")


def _arguments(case: Case, name: str, config: object, place: str) -> Iterator[Obstacle]:
    if not isinstance(config, Mapping):
        return
    for key in config:
        if key == "fn" and case.keras >= _FUNCTION_TAKEN:
            continue
        if classes.accepts(case.reader, place, name, key) is False:
            yield Obstacle(
                cause="keras-2-file-newer-than-reader",
                message=wording.unexpected(name, key),
                ways=_COMPILE,
            )
            return


def _loss(case: Case, one: object) -> Iterator[Obstacle]:
    if isinstance(one, Mapping):
        name = str(one.get("class_name"))
        if classes.exists(case.reader, "losses", name) is False:
            yield _unknown("loss function", name)
        else:
            yield from _arguments(case, name, one.get("config"), "losses")
    elif isinstance(one, str) and not _known(case, one, "losses"):
        yield _unknown("loss function", one)


def _metric(case: Case, one: object) -> Iterator[Obstacle]:
    if isinstance(one, Mapping):
        name, config = str(one.get("class_name")), one.get("config")
        if name == "MeanMetricWrapper":
            function: Any = config.get("fn") if isinstance(config, Mapping) else None
            if isinstance(function, str) and not _known(case, function, "metrics"):
                yield _unknown("metric function", function)
        elif classes.exists(case.reader, "metrics", name) is False:
            yield _unknown("metric function", name)
    elif isinstance(one, str) and one not in _STRINGS and not _known(case, one, "metrics"):
        yield _unknown("metric function", one)


def _known(case: Case, name: str, place: str) -> bool:
    return any(
        classes.exists(case.reader, one, name) is not False for one in (place, "losses", "metrics")
    )


def _function(case: Case, one: object) -> Iterator[Obstacle]:
    """Judge a function as ``.keras`` names it: by module and name."""
    if not isinstance(one, Mapping) or one.get("class_name") != "function":
        return
    name = str(one.get("config"))
    if not _known(case, name, "losses"):
        yield Obstacle(
            cause="custom-compile-object-unknown",
            message=wording.not_located(name, "function"),
            ways=_COMPILE,
        )


def _unknown(kind: str, name: str) -> Obstacle:
    return Obstacle(
        cause="custom-compile-object-unknown",
        message=wording.unknown(kind, name),
        ways=_COMPILE,
    )
