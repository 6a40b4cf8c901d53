"""Everything that is said of one model file, made from what was read of it."""

from collections.abc import Sequence
from typing import Optional

from tfmac.models.behaviour import behaviour_changes
from tfmac.models.configuration import Named, Part, model_of, named_in
from tfmac.models.custom_objects import (
    custom_objects_in,
    describe,
    unknown_activations,
    unknown_training_names,
)
from tfmac.models.dangers import executions, suspicions
from tfmac.models.lambdas import lambdas_in
from tfmac.models.layers import layers_of, parameters_of, weights_of
from tfmac.models.ownership import owned_weights
from tfmac.models.training import optimizer_of, training_of
from tfmac.models.writer import writer_of
from tfmac.schema.loadability import Loadability
from tfmac.schema.model_content import Content
from tfmac.schema.models import ModelLine, TensorFlowOperations

_OPERATION_CLASSES = (
    "TFOpLambda",
    "SlicingOpLambda",
    "TensorFlowOpLayer",
    "ClassMethod",
    "InstanceMethod",
    "InstanceProperty",
)
_MOST_NAMES = 1000


def summarise(
    content: Content, loadability: Sequence[Loadability] = (), newest: Optional[str] = None
) -> ModelLine:
    """Tell all that is known of a model file; who loads it was judged before."""
    model = model_of(content.configuration)
    architecture = list(named_in(content.configuration))
    training = list(named_in(content.training, "compile"))
    read = list(lambdas_in(architecture))
    lambdas = tuple(one for one, _ in read)
    codes = [(one.layer, code) for one, code in read if code is not None]
    owned = owned_weights(content, model)
    writer = writer_of(content)
    named = (*architecture, *training)
    return ModelLine(
        path=content.path,
        format=content.format,
        bytes=content.bytes,
        name=model.name if model and model.name != model.class_name else None,
        kind=model.class_name if model else None,
        hint=content.hint,
        writer=writer,
        backend=_backend(content, named),
        layers=tuple(layers_of(content, model, owned)),
        parameters=parameters_of(owned, model),
        weights=weights_of(content),
        optimizer=optimizer_of(content),
        compile=training_of(content),
        signatures=content.graph.signatures if content.graph is not None else (),
        custom_objects=describe(
            custom_objects_in(architecture, training),
            [*unknown_activations(architecture), *unknown_training_names(content.training)],
        ),
        lambdas=lambdas,
        operations=_operations(model),
        executes=executions(content, named, lambdas),
        suspicious=suspicions(content, named, codes),
        behaviour_changes=behaviour_changes(content, architecture, writer),
        problems=content.problems,
        loadability=tuple(loadability),
        newest_reader=newest,
    )


def _backend(content: Content, named: Sequence[Named]) -> Optional[str]:
    """Tell the backend: as stated, or by a class that only one of them has."""
    stated = content.stated.get("backend")
    if stated:
        return stated
    for one in named:
        parts = (one.module or "").split(".")
        if parts[:3] == ["keras", "src", "backend"] and len(parts) > 3 and parts[3] != "common":
            return parts[3]
    return "tensorflow" if content.graph is not None else None


def _operations(model: Optional[Part]) -> tuple[TensorFlowOperations, ...]:
    """Collect the layers that stand for functions of TensorFlow."""
    found: dict[str, tuple[list[str], dict[str, None]]] = {}
    for part in model.walk() if model is not None else ():
        if part.class_name in _OPERATION_CLASSES:
            layers, functions = found.setdefault(part.class_name, ([], {}))
            layers.append(part.location)
            function = part.config.get("function") or part.config.get("node_def")
            if isinstance(function, str):
                functions[function[:200]] = None
    return tuple(
        TensorFlowOperations(
            class_name=name,
            layers=tuple(layers[:_MOST_NAMES]),
            functions=tuple(functions)[:_MOST_NAMES],
        )
        for name, (layers, functions) in found.items()
    )
