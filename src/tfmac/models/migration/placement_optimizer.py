"""The state of the optimizer: from the file of any generation to ``optimizer/vars`` of Keras 3.

It is carried over whole, for every variable that is trained, or left behind with a word of why.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Optional

import msgspec
from packaging.version import Version

from tfmac.models.migration.rules.optimizers import bare_optimizer
from tfmac.models.migration.translation import Translation
from tfmac.models.migration.variables.optimizer_layouts import NADAM, Generation, Group, groups_of
from tfmac.models.migration.variables.optimizer_state import (
    OptimizerState,
    UnknownState,
    read_state,
)
from tfmac.models.migration.variables.stored import StoredVariables, Variable
from tfmac.schema.model_content import Content, Tensor

_RATE = "learning_rate"
_EPSILON = (
    "RMSprop of Keras 3 adds epsilon below the root, and the old one beside it: the steps of "
    "weights with very small gradients are smaller"
)
# The first release seen in which a layer that is made switched off trains nothing; 3.0 trains it.
_SWITCHES = Version("3.8.0")
# The last release seen to make Nadam's product first, and the first one seen to make it last.
_PRODUCT_FIRST, _PRODUCT_LAST = Version("3.8.0"), Version("3.15.0")


class Trained(msgspec.Struct, frozen=True):
    """A variable that the new model trains, and whose values it has."""

    source: Variable
    transform: Optional[str]


class NewlyTrained(msgspec.Struct, frozen=True):
    """What the new model trains."""

    variables: tuple[Trained, ...]
    """In the order in which it lists them."""
    switched_off: bool
    """Whether some layer is not trained."""


class PlacedState(msgspec.Struct, frozen=True, kw_only=True):
    """One array of an optimizer: a stored one, or a number of the configuration."""

    path: str
    tensor: Optional[Tensor] = None
    number: float = 0.0


class PlacedOptimizer(msgspec.Struct, frozen=True):
    """The whole state of an optimizer."""

    arrays: tuple[PlacedState, ...]
    statements: tuple[str, ...] = ()
    """What training does otherwise from now on."""


def placed_state(
    content: Content,
    stored: StoredVariables,
    translation: Translation,
    trained: "NewlyTrained",
    keras: Version,
) -> PlacedOptimizer:
    """Place the state of the optimizer. Raises ``UnknownState`` with the reason why not."""
    new = (translation.training or {}).get("optimizer")
    name, settings = bare_optimizer(new)
    old_name, old_settings = bare_optimizer(_optimizer_of(content))
    if not name or name.lower() != old_name.lower():
        raise UnknownState("the model is not compiled with that optimizer")
    if "mixed_float16" in json.dumps(translation.configuration):
        raise UnknownState("Keras 3 scales the loss of such a model by itself")
    groups = groups_of(Generation.KERAS_3, name, settings)
    if groups is None:
        raise UnknownState(f"what {name} keeps was not measured")
    if trained.switched_off and keras < _SWITCHES:
        raise UnknownState("this release may train what is switched off")
    state = read_state(content, stored, old_name, old_settings)
    _agree(state, trained.variables)
    arrays = [
        PlacedState(path="", tensor=state.iterations),
        *_rate(state, settings),
        *_slots(state, trained.variables, groups),
    ]
    if name == NADAM:
        _insert_product(state, arrays, settings, keras)
    numbered = (
        msgspec.structs.replace(one, path=f"optimizer/vars/{number}")
        for number, one in enumerate(arrays)
    )
    # Measured: equal with momentum, apart without where gradients are about as small as epsilon.
    moved = name == "RMSprop" and state.generation is Generation.LEGACY
    return PlacedOptimizer(
        tuple(numbered), (_EPSILON,) if moved and not settings.get("momentum") else ()
    )


def _optimizer_of(content: Content) -> Any:  # noqa: ANN401 - what a configuration holds
    found = content.training
    if found is None and isinstance(content.configuration, Mapping):
        found = content.configuration.get("compile_config")
    if not isinstance(found, Mapping):
        return None
    return found.get("optimizer_config", found.get("optimizer"))


def _agree(state: OptimizerState, trained: Sequence[Trained]) -> None:
    """See that both models train the same variables, each once and as it is."""
    if any(one.transform is not None for one in trained):
        raise UnknownState("the variables are arranged otherwise")
    sources = [one.source for one in trained]
    if len(set(sources)) != len(sources) or set(sources) != set(state.variables):
        raise UnknownState("the new model does not train the same variables")


def _rate(state: OptimizerState, settings: Mapping[str, Any]) -> Iterator[PlacedState]:
    """Give the learning rate: none is kept where a schedule tells it."""
    rate = settings.get(_RATE)
    if isinstance(rate, Mapping):
        return
    if state.learning_rate is not None:
        yield PlacedState(path="", tensor=state.learning_rate)
    elif isinstance(rate, (int, float)):
        yield PlacedState(path="", number=float(rate))
    else:
        raise UnknownState("the learning rate is not told")


def _slots(
    state: OptimizerState, trained: Sequence[Trained], groups: Sequence[Group]
) -> Iterator[PlacedState]:
    for group in groups:
        for one in trained:
            for kind in group.kinds:
                tensor = state.slots.get((one.source, kind.meaning))
                if tensor is None:
                    raise UnknownState(f"there is no {kind.meaning}")
                yield PlacedState(path="", tensor=tensor)


def _insert_product(
    state: OptimizerState,
    arrays: list[PlacedState],
    settings: Mapping[str, Any],
    keras: Version,
) -> None:
    if state.product is None:
        raise UnknownState("the product of the momenta is missing")
    product = PlacedState(path="", tensor=state.product)
    if keras >= _PRODUCT_LAST:
        arrays.append(product)
    elif Version(keras.base_version) <= _PRODUCT_FIRST:
        arrays.insert(1 if isinstance(settings.get(_RATE), Mapping) else 2, product)
    else:
        raise UnknownState("where this release has the product of the momenta was not measured")
