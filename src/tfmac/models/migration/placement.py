"""Which stored array goes where in the ``model.weights.h5`` of the translated model."""

from collections.abc import Iterator
from typing import Optional

import msgspec
from packaging.version import Version

from tfmac.models.migration.placement_assets import Assets, PlacedAsset, placed_assets
from tfmac.models.migration.placement_optimizer import (
    NewlyTrained,
    PlacedOptimizer,
    PlacedState,
    Trained,
    placed_state,
)
from tfmac.models.migration.transforms import cudnn_transform, transformed_shape
from tfmac.models.migration.translation import Translation
from tfmac.models.migration.variables.optimizer_state import UnknownState
from tfmac.models.migration.variables.owners import Owner, owners_of
from tfmac.models.migration.variables.slots import (
    Place,
    Slot,
    numbered_path,
    places_of,
    slots_of,
    trained_variables,
)
from tfmac.models.migration.variables.source import source_variables
from tfmac.models.migration.variables.stored import (
    StoredVariable,
    StoredVariables,
    Unowned,
    Variable,
)
from tfmac.schema.migration import Change, Untranslated
from tfmac.schema.model_content import Content

_NAMED = 6
# Theano's convolutions turn the kernel that TensorFlow's take as it is.
_TURNED = frozenset({"Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose"})


class PlacedArray(msgspec.Struct, frozen=True, kw_only=True):
    """One array of the new file, and where its values come from."""

    path: str
    """In ``model.weights.h5``: ``layers/dense/vars/0``."""
    sources: tuple[str, ...] = ()
    """The paths of the stored arrays, as ``Tensor.path`` has them: one, unless the transform takes
    more; empty where the values are new."""
    transform: Optional[str] = None
    """The name of what is done to them; None where the bits are carried over."""
    values: Optional[tuple[float, ...]] = None
    """The values of an array that no file has: the state of a generator of random numbers."""
    shape: tuple[int, ...] = ()
    dtype: str = "float32"


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """The whole content of the new archive beside its configuration."""

    arrays: tuple[PlacedArray, ...] = ()
    assets: tuple[PlacedAsset, ...] = ()
    changes: tuple[Change, ...] = ()
    """What was done beyond carrying arrays over: a dropped optimizer, a transform."""
    untranslated: tuple[Untranslated, ...] = ()
    """Arrays without a place, and places without an array: nothing may be written then."""


def placed(
    content: Content, translation: Translation, keras: Version, *, strip_optimizer: bool = False
) -> Placement:
    """Find the place of every stored array in the file that a release of Keras 3 reads.

    ``content`` has the configuration that was translated, be it of another file.
    """
    stored = source_variables(content, content.configuration)
    model = owners_of(translation.configuration, keras)
    untranslated = [_unowned(one) for one in stored.unowned]
    if model is None or untranslated:
        return Placement(untranslated=tuple(untranslated))
    joining = _Joining(stored, translation, stated_backend=content.stated.get("backend", ""))
    places = list(places_of(model))
    for place in places:
        joining.fill(place)
    joining.name_the_rest()
    old = owners_of(content.configuration, keras)
    assets = placed_assets(content, old, translation, places) if old is not None else Assets()
    untranslated = [*joining.untranslated, *assets.untranslated]
    if untranslated:
        return Placement(untranslated=tuple(untranslated))
    state = PlacedOptimizer(())
    changes = joining.changes
    if content.optimizer and not strip_optimizer:
        trained = NewlyTrained(
            variables=tuple(_trained(model, joining.origins)),
            switched_off=not all(one.trainable for one in model.walk()),
        )
        try:
            state = placed_state(content, stored, translation, trained, keras)
        except UnknownState as reason:
            changes = [*changes, _dropped(content, str(reason))]
        changes = [
            *changes,
            *(Change(rule="optimizer-step", layer="", statement=one) for one in state.statements),
        ]
    return Placement(
        arrays=(*joining.arrays, *(_array_of(one) for one in state.arrays)),
        assets=assets.assets,
        changes=tuple(changes),
    )


def _trained(model: Owner, origins: "dict[Variable, Trained]") -> Iterator[Trained]:
    """Give what the new model trains in its order, as far as the file has it."""
    for variable in dict.fromkeys(trained_variables(model)):
        if variable in origins:
            yield origins[variable]


def _array_of(state: PlacedState) -> PlacedArray:
    tensor = state.tensor
    if tensor is None:
        return PlacedArray(path=state.path, values=(state.number,))
    return PlacedArray(
        path=state.path, sources=(tensor.path,), shape=tensor.shape, dtype=tensor.dtype
    )


def _dropped(content: Content, reason: str) -> Change:
    """Say that the state of an optimizer stays behind."""
    statement = (
        f"the state of the optimizer ({len(content.optimizer)} arrays) is not carried over: "
        f"{reason}; training goes on with a fresh one"
    )
    return Change(rule="optimizer-state", layer="", statement=statement)


def _unowned(one: Unowned) -> Untranslated:
    names = ", ".join(one.paths[:_NAMED])
    return Untranslated(
        layer=one.location,
        class_name=one.class_name,
        reason=f"{one.reason}: {names}" if names else one.reason,
    )


class _Joining:
    """Brings the variables of the new model together with those of the old one."""

    def __init__(
        self, stored: StoredVariables, translation: Translation, *, stated_backend: str
    ) -> None:
        self._stored = {one.variable: one for one in stored.variables}
        self._by_layer: dict[str, list[StoredVariable]] = {}
        for one in stored.variables:
            self._by_layer.setdefault(one.variable.location, []).append(one)
        self._sources = translation.sources
        self._is_theano = stated_backend == "theano"
        self._used: set[Variable] = set()
        self.arrays: list[PlacedArray] = []
        self.origins: dict[Variable, Trained] = {}
        self.changes: list[Change] = []
        self.untranslated: list[Untranslated] = []

    def fill(self, place: Place) -> None:
        """Give each variable of an object of the new model its array."""
        owner = place.owner
        # The model itself is where it was, whether the translation says so or not.
        source = self._sources.get(owner.location, "" if not owner.location else None)
        if not owner.known and source is not None:
            self._fill_unknown(place, source)
        for slot in slots_of(place):
            found = None if source is None else self._found(slot, source)
            if found is None:
                self._refuse(slot, f"nothing is stored for {slot.variable.key}")
            else:
                self._place(slot, *found)

    def _found(self, slot: Slot, source: str) -> Optional[tuple[StoredVariable, Optional[str]]]:
        found = self._stored.get(Variable(source, slot.variable.key))
        if found is not None:
            return found, self._turning(found, slot)
        for old in self._by_layer.get(source, ()):
            other = cudnn_transform(old.owner.class_name, slot.owner.class_name, slot.variable.key)
            if other is not None and other[0] == old.variable.key:
                return old, other[1]
        return None

    def _turning(self, found: StoredVariable, slot: Slot) -> Optional[str]:
        is_kernel = found.variable.key == "kernel" and slot.owner.class_name in _TURNED
        return "theano-kernel" if self._is_theano and is_kernel else None

    def _place(self, slot: Slot, found: StoredVariable, transform: Optional[str]) -> None:
        shape = found.tensor.shape
        if transform is not None:
            shape = transformed_shape(transform, shape)
            self._note(slot, transform)
        if not _fits(slot, shape):
            stated = tuple("?" if one is None else one for one in slot.sizes)
            self._refuse(slot, f"{slot.variable.key} has the shape {shape}, not {stated}")
            return
        self._used.add(found.variable)
        self.origins[slot.variable] = Trained(found.variable, transform)
        self.arrays.append(
            PlacedArray(
                path=slot.path,
                sources=(found.tensor.path,),
                transform=transform,
                shape=shape,
                dtype=found.tensor.dtype,
            )
        )

    def _note(self, slot: Slot, transform: str) -> None:
        self.changes.append(
            Change(
                rule=transform,
                layer=slot.variable.location,
                statement=f"{slot.variable.key} is arranged as {slot.owner.class_name} has it",
            )
        )

    def _fill_unknown(self, place: Place, source: str) -> None:
        """Take over what a class that is not known has: in its order, below the same objects."""
        inside = f"{place.owner.key}/" if place.owner.key else ""
        for one in self._by_layer.get(source, ()):
            key = one.variable.key
            if "#" not in key or not key.startswith(inside):
                continue
            self._used.add(one.variable)
            self.arrays.append(
                PlacedArray(
                    path=numbered_path(place, key),
                    sources=(one.tensor.path,),
                    shape=one.tensor.shape,
                    dtype=one.tensor.dtype,
                )
            )

    def _refuse(self, slot: Slot, reason: str) -> None:
        self.untranslated.append(
            Untranslated(
                layer=slot.variable.location, class_name=slot.owner.class_name, reason=reason
            )
        )

    def name_the_rest(self) -> None:
        """Name the arrays that got no place."""
        for layer, variables in self._by_layer.items():
            left = [one for one in variables if one.variable not in self._used]
            if left:
                names = ", ".join(one.variable.key for one in left[:_NAMED])
                self.untranslated.append(
                    Untranslated(
                        layer=layer,
                        class_name=left[0].owner.class_name,
                        reason=f"the new model has no place for {names}",
                    )
                )


def _fits(slot: Slot, shape: tuple[int, ...]) -> bool:
    if not slot.sizes:
        return True
    return len(shape) == len(slot.sizes) and all(
        known is None or known == length for known, length in zip(slot.sizes, shape)
    )
