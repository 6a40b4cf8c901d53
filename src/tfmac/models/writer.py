"""Who wrote a model file: what it states, what its content proves, and whether the two agree."""

from collections.abc import Iterator, Mapping
from typing import Optional

from packaging.version import Version

from tfmac.knowledge import writer_signs
from tfmac.models.signs import Subject, keys_of, signs_of
from tfmac.models.versions import Interval, version_of
from tfmac.schema.model_content import Content
from tfmac.schema.models import Writer, WriterSign
from tfmac.schema.writer_signs import Sign

_MEASURED = "files of real releases"
_HISTORY = "files of real releases, and the API history"
_MOST_SIGNS = 200
_KERAS_3 = "3.0"
# From here on the keras distribution is the Keras of the TensorFlow with the same number, up to
# the last one before Keras 3 (their own requirements say so: tensorflow 2.12 needs keras 2.12).
_FIRST_PAIRED, _FIRST_UNPAIRED = Version("2.6"), Version("2.16")


def writer_of(content: Content) -> Writer:
    """Tell who wrote a file."""
    subjects = signs_of(content)
    found = list(_present(subjects))
    # What is missing says "later" only of a file that is known not to be from before everything
    # that was measured.
    has_lower = any(interval.lower is not None for interval, _ in found)
    found += [
        (interval, one) for interval, one in _missing(subjects) if has_lower or not interval.lower
    ]
    proved = Interval()
    for interval, _ in found:
        proved = proved & interval
    stated = content.stated.get("keras_version")
    signs = tuple(sorted((one for _, one in found), key=_order))
    return Writer(
        keras=stated,
        tensorflow=_tensorflow(content),
        saved=content.stated.get("date_saved"),
        proved=(proved.written() or None) if not proved.is_empty else None,
        proved_tensorflow=_proved_tensorflow(proved, subjects),
        signs=signs[:_MOST_SIGNS],
        contradictions=tuple(_contradictions(stated, proved, found)),
    )


def _order(sign: WriterSign) -> tuple[str, str]:
    return sign.statement, sign.keras


def _tensorflow(content: Content) -> Optional[str]:
    if content.graph is not None and content.graph.tensorflow:
        return content.graph.tensorflow
    return content.stated.get("tensorflow_version")


def _present(subjects: Mapping[str, Subject]) -> Iterator[tuple[Interval, WriterSign]]:
    """Give what the keys that are there prove."""
    for subject, key, location in keys_of(subjects):
        sign = writer_signs.sign(subject, key)
        if sign is None:
            continue
        interval = _where_written(sign)
        if interval.written():
            yield (
                interval,
                WriterSign(
                    statement=_there(subject, key),
                    keras=interval.written(),
                    known_from=_MEASURED if sign.since in {None, _KERAS_3} else _HISTORY,
                    location=location or None,
                ),
            )


def _where_written(sign: Sign) -> Interval:
    lower = sign.since or sign.after
    return Interval(lower=lower, includes_lower=sign.since is not None, upper=sign.before)


def _missing(subjects: Mapping[str, Subject]) -> Iterator[tuple[Interval, WriterSign]]:
    """Give what the keys prove that are nowhere, though some releases always write them."""
    for subject, found in subjects.items():
        for key, sign in writer_signs.always_written(subject):
            if key in found.some:
                continue
            interval = _where_not_written(sign)
            if interval is not None:
                yield (
                    interval,
                    WriterSign(
                        statement=_missing_text(subject, key),
                        keras=interval.written(),
                        known_from=_MEASURED,
                        location=found.location or None,
                    ),
                )


def _where_not_written(sign: Sign) -> Optional[Interval]:
    """Turn a run of releases round; what is left on both sides of one is no interval."""
    if sign.always_to is None:
        return Interval(upper=sign.always_from)
    if sign.after is None:
        return Interval(lower=sign.always_to, includes_lower=False)
    return None


_PLACES = {
    "model": "the model",
    "layer": "its layers",
    "input": "its inputs",
    "training": "the training configuration",
    "weights by owners": "the weights",
    "weights by layers": "the names of the weights",
    "whole model": "the format",
    "weights layout": "the weights",
}


def _there(subject: str, key: str) -> str:
    place = _place(subject)
    return f"{subject} has {key}" if place is None else f"{place}: {key}"


def _missing_text(subject: str, key: str) -> str:
    place = _place(subject)
    return f"{subject} lacks {key}" if place is None else f"{place}: no {key}"


def _place(subject: str) -> Optional[str]:
    """Give the words for a place in a file; None for a class."""
    return _PLACES.get(subject) or _PLACES.get(subject.rpartition(" ")[2])


def _contradictions(
    stated: Optional[str], proved: Interval, found: "list[tuple[Interval, WriterSign]]"
) -> Iterator[str]:
    """Say where the file's own words and its content cannot both be true."""
    if stated is not None:
        against = sorted(
            {one.statement for interval, one in found if _excludes(interval, stated)},
        )
        if against:
            some = "; ".join(against[:3])
            yield f"it states Keras {stated}, which does not write so: {some}"
            return
    if proved.is_empty:
        yield "no release of Keras writes all of this: it was put together or changed"


def _excludes(interval: Interval, stated: str) -> bool:
    return version_of(stated) is not None and stated.partition("-tf")[0] not in interval


def _proved_tensorflow(proved: Interval, subjects: Mapping[str, Subject]) -> Optional[str]:
    """Name the TensorFlow that has the Keras, where the one decides the other."""
    if proved.lower is None or proved.upper is None or proved.is_empty:
        return None
    families = {key for subject in subjects.values() for key in subject.some if "tf_keras" in key}
    lower, upper = Version(proved.lower), Version(proved.upper)
    if families or lower < _FIRST_PAIRED or upper > _FIRST_UNPAIRED:
        return None
    # A bound that is a release's own number is one of the minor release's.
    first = f"{lower.major}.{lower.minor}"
    return f">={first},<{upper.major}.{upper.minor + (1 if upper.micro else 0)}"
