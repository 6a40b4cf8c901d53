"""What a verification says: of two models that ran, and of one that did not."""

from collections.abc import Sequence
from typing import Any

import msgspec

from tfmac.migration.verify_comparison import Difference, Tolerance, compare, worst
from tfmac.schema.migration import MigratedModel, OutputDifference, Verified


class Answer(Exception):
    """The verification has ended without a comparison."""

    def __init__(self, verified: Verified, reason: str) -> None:
        super().__init__(reason)
        self.verified = verified
        self.reason = reason


class Outputs(msgspec.Struct, frozen=True, kw_only=True):
    """What a model gave for one draw."""

    names: tuple[str, ...]
    types: tuple[str, ...]
    arrays: tuple[Any, ...]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """How far the outputs of two models are from each other for one draw."""

    kind: str
    """Of the draw."""
    names: tuple[str, ...]
    differences: tuple[Difference, ...]
    tolerance: Tolerance

    @property
    def within(self) -> bool:
        """Whether they agree."""
        return all(one.within for one in self.differences)


def compared(old: Outputs, new: Outputs, tolerance: Tolerance, kind: str) -> Comparison:
    """Compare outputs by their names where these are the same, else in their order."""
    if len(old.arrays) != len(new.arrays):
        reason = f"the new model has {len(new.arrays)} outputs instead of {len(old.arrays)}"
        raise Answer(Verified.NO, reason)
    pairs = list(zip(old.arrays, new.arrays))
    if set(old.names) == set(new.names) and len(set(new.names)) == len(new.names):
        by_name = dict(zip(old.names, old.arrays))
        pairs = [(by_name[name], array) for name, array in zip(new.names, new.arrays)]
    return Comparison(
        kind=kind,
        names=new.names,
        differences=tuple(compare(left, right, tolerance) for left, right in pairs),
        tolerance=tolerance,
    )


def filled_in(migrated: MigratedModel, found: Sequence[Comparison]) -> MigratedModel:
    """Say of a model how far each output is from the original's, on all draws together."""
    outputs: tuple[OutputDifference, ...] = tuple(
        worst(name, [one.differences[place] for one in found])
        for place, name in enumerate(found[0].names)
    )
    return msgspec.structs.replace(
        migrated,
        verified=Verified.YES if all(one.within for one in outputs) else Verified.NO,
        outputs=outputs,
        max_abs=max((one.max_abs for one in outputs), default=0.0),
        max_rel=max((one.max_rel for one in outputs), default=0.0),
    )


def worded(wrong: Comparison) -> str:
    """Say which output differs, by how much or in what."""
    pairs = zip(wrong.names, wrong.differences)
    name, difference = next(pair for pair in pairs if not pair[1].within)
    how = difference.reason or f"by up to {difference.max_abs:.3g}"
    return f"output {name} differs: {how}"
