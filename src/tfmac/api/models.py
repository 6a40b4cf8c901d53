"""Model files: what they are, who wrote them, what comes with them, and who can load them."""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Optional, Union

from tfmac.models.loadability.readers import InvalidReader
from tfmac.observe.child import ChildCannotStart
from tfmac.observe.model_files import ModelsExtraMissing
from tfmac.schema.loadability import Loadability, Verdict
from tfmac.schema.model_content import Content
from tfmac.schema.models import ModelReport

__all__ = [
    "ChildCannotStart",
    "InvalidReader",
    "ModelsExtraMissing",
    "NoModels",
    "inspect_model",
    "read_model",
]

PathLike = Union[str, "os.PathLike[str]"]


class NoModels(Exception):
    """A path that is not there, or a folder without a model in it."""


def inspect_model(*paths: PathLike, readers: Iterable[str] = ()) -> ModelReport:
    """Read model files, and those in folders, without executing anything in them.

    ``readers`` are those to judge for, such as ``tensorflow==2.18.1,keras==3.8.0``; without any,
    those that matter. A file that cannot be read has ``problems``. Raises ``NoModels``,
    ``InvalidReader``, ``ModelsExtraMissing``, and ``ChildCannotStart`` when there is no process to
    read in.
    """
    from tfmac._version import __version__
    from tfmac.models.readers import readers_that_matter
    from tfmac.models.summary import summarise
    from tfmac.observe.model_files import read_model
    from tfmac.schema.codec import SCHEMA_VERSION

    asked = _understood(readers)
    chosen = asked or readers_that_matter()
    unfinished: list[str] = []
    models = []
    for path in _found(paths, unfinished):
        content = read_model(path)
        loadability = _judged(content, chosen)
        newest = None if asked else _newest(loadability)
        models.append(summarise(content, loadability, newest))
    return ModelReport(
        schema_version=SCHEMA_VERSION,
        tfmac=__version__,
        models=tuple(models),
        unfinished=tuple(unfinished),
    )


def read_model(path: PathLike) -> Content:
    """Read one model, to plan for it; raises as ``inspect_model`` does."""
    from tfmac.observe import model_files

    if not os.path.exists(path):
        raise NoModels(f"there is no {os.fspath(path)}")
    return model_files.read_model(path)


def _understood(readers: Iterable[str]) -> tuple[str, ...]:
    """Refuse what is no reader before any file is read."""
    from tfmac.models.loadability.readers import parse_reader

    asked = tuple(readers)
    for one in asked:
        parse_reader(one)
    return asked


def _found(paths: Sequence[PathLike], unfinished: list[str]) -> Iterator[str]:
    """Give each model of the paths once. Raises ``NoModels`` for a path without any."""
    from tfmac.observe.model_files import models_in
    from tfmac.observe.model_search import MoreThanSearched

    given: dict[str, None] = {}
    for path in paths:
        before = len(unfinished)
        models: list[str] = []
        try:
            models.extend(models_in(path))
        except FileNotFoundError as error:
            raise NoModels(f"there is no {os.fspath(path)}") from error
        except MoreThanSearched as error:
            unfinished.append(str(error))
        if not models and len(unfinished) == before:
            raise NoModels(f"there is no model in {os.fspath(path)}")
        given.update(dict.fromkeys(models))
    yield from given


def _judged(content: Content, readers: Sequence[str]) -> tuple[Loadability, ...]:
    from tfmac.models.loadability.verdict import judge

    return tuple(judge(content, one) for one in readers)


def _newest(loadability: Sequence[Loadability]) -> Optional[str]:
    loading = [one.reader for one in loadability if one.verdict is Verdict.LOADS]
    return loading[-1] if loading else None
