"""What the optimizers of each generation keep for every variable that they train, in what order.

Measured with Keras 2.9, 2.15, 3.8 and 3.15, by the names that the writers give; of Keras 3.0 the
sources were read. The kinds are called as Keras 3 calls them: what is called alike means the same.
"""

import enum
from collections.abc import Mapping
from typing import Any, Optional

import msgspec

NADAM = "Nadam"


class Generation(enum.Enum):
    """Whose optimizer wrote the state."""

    LEGACY = "legacy"
    """tf.keras up to 2.10, and what is below ``legacy`` from 2.11 on."""
    NEW = "new"
    """Keras 2.11 to 2.15."""
    KERAS_3 = "keras-3"


class Kind(msgspec.Struct, frozen=True):
    """One array for each variable: what it means, and what its writer calls it."""

    meaning: str
    name: str


class Group(msgspec.Struct, frozen=True):
    """Arrays that are listed variable by variable, before those of the next group."""

    kinds: tuple[Kind, ...]
    setting: Optional[str] = None
    """The setting of the optimizer without which there are none."""


def groups_of(
    generation: Generation, class_name: str, settings: Mapping[str, Any]
) -> Optional[tuple[Group, ...]]:
    """Give what an optimizer of this class keeps; None where that was not measured."""
    found = _LAYOUTS[generation].get(class_name)
    if found is None or settings.get("gradient_accumulation_steps"):
        return None
    averages = () if generation is Generation.LEGACY else (_group("average", setting="use_ema"),)
    return tuple(
        one for one in (*averages, *found) if one.setting is None or settings.get(one.setting)
    )


def _group(*meanings: str, setting: Optional[str] = None) -> Group:
    return Group(tuple(Kind(one, one) for one in meanings), setting)


def _named(meaning: str, name: str, setting: Optional[str] = None) -> Group:
    return Group((Kind(meaning, name),), setting)


_MEANS = (Kind("momentum", "m"), Kind("velocity", "v"))
_LEGACY_ADAM = (
    _named("momentum", "m"),
    _named("velocity", "v"),
    _named("velocity_hat", "vhat", "amsgrad"),
)
_NEW_ADAM = (Group(_MEANS), _named("velocity_hat", "vhat", "amsgrad"))
_ADAM_3 = (_group("momentum", "velocity"), _group("velocity_hat", setting="amsgrad"))
_RMSPROP = (
    _group("velocity"),
    _group("momentum", setting="momentum"),
    _group("average_gradient", setting="centered"),
)

# The momentum cache of the Nadam of Keras 2 follows another formula, or is not stored at all.
_LAYOUTS: dict[Generation, dict[str, tuple[Group, ...]]] = {
    Generation.LEGACY: {
        "SGD": (_group("momentum", setting="momentum"),),
        "Adam": _LEGACY_ADAM,
        "RMSprop": (
            _named("velocity", "rms"),
            _group("momentum", setting="momentum"),
            _named("average_gradient", "mg", "centered"),
        ),
        "Adagrad": (_group("accumulator"),),
        "Adamax": (_named("momentum", "m"), _named("norm", "v")),
        "Adadelta": (
            _named("accumulated_grad", "accum_grad"),
            _named("accumulated_delta_var", "accum_var"),
        ),
        "Ftrl": (_group("accumulator", "linear"),),
    },
    Generation.NEW: {
        # Without momentum it keeps these too, and Keras 3 has no use for them.
        "SGD": (_named("momentum", "m"),),
        "Adam": _NEW_ADAM,
        "AdamW": _NEW_ADAM,
        "RMSprop": _RMSPROP,
        "Adagrad": (_group("accumulator"),),
        "Adamax": (Group((Kind("momentum", "m"), Kind("norm", "u"))),),
        "Adadelta": (_group("accumulated_grad", "accumulated_delta_var"),),
        "Ftrl": (_group("accumulator", "linear"),),
    },
    Generation.KERAS_3: {
        "SGD": (_group("momentum", setting="momentum"),),
        "Adam": _ADAM_3,
        "AdamW": _ADAM_3,
        "RMSprop": _RMSPROP,
        "Adagrad": (_group("accumulator"),),
        "Adamax": (_group("momentum", "norm"),),
        NADAM: (_group("momentum", "velocity"),),
        "Adadelta": (_group("accumulated_grad", "accumulated_delta_var"),),
        "Ftrl": (_group("accumulator", "linear"),),
    },
}
