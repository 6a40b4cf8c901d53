"""Sets in which a model file loads, by the rules of its formats."""

from collections.abc import Iterator
from typing import Optional

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from tfmac.knowledge import releases
from tfmac.models.loadability.verdict import judge
from tfmac.planner.declared import declared
from tfmac.planner.stacks import Candidate
from tfmac.schema.loadability import Verdict
from tfmac.schema.model_content import Content
from tfmac.schema.platform import Target

_FIRST_KERAS_3 = Version("2.16")


def loading_requirements(
    candidate: Candidate, model: Content, keras: SpecifierSet, target: Target
) -> Optional[tuple[str, ...]]:
    """Say what to ask for beside a candidate so that a model loads; None where nothing helps.

    ``keras`` is the Keras that is wished for. Only what is known to load counts.
    """
    for reader, requirements in _readers(candidate, keras, target):
        verdict = _VERDICTS.of(model, reader)
        if verdict is Verdict.UNKNOWN:
            # Byte code in a file is for one Python.
            verdict = _VERDICTS.of(model, f"{reader},python=={candidate.python}")
        if verdict is Verdict.LOADS:
            return requirements
    return None


class _Verdicts:
    """What was judged of the model that was asked about last: many candidates are one reader."""

    def __init__(self) -> None:
        self._model: Optional[Content] = None
        self._known: dict[str, Verdict] = {}

    def of(self, model: Content, reader: str) -> Verdict:
        """Judge a model once for each reader."""
        if self._model is not model:
            self._model, self._known = model, {}
        if reader not in self._known:
            self._known[reader] = judge(model, reader).verdict
        return self._known[reader]


_VERDICTS = _Verdicts()


def _readers(
    candidate: Candidate, keras: SpecifierSet, target: Target
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give the readers that a candidate can be, the newest Keras first, with what each needs."""
    core = f"{candidate.core.name}=={candidate.core.version}"
    if candidate.tensorflow is not None:
        core = f"tensorflow=={candidate.tensorflow}"
        if candidate.keras is not None:
            yield f"{core},{candidate.keras}", ()
            return
        if Version(candidate.tensorflow) < _FIRST_KERAS_3:
            yield core, ()
            return
    for version in _keras_versions(candidate, keras, target):
        yield f"{core},keras=={version}", (f"keras=={version}",)


def _keras_versions(candidate: Candidate, wished: SpecifierSet, target: Target) -> Iterator[str]:
    """Give the newest Keras of each minor that goes with a candidate."""
    said = declared(candidate.requirements, "keras", target)
    allowed = wished & (said or Requirement("keras")).specifier
    seen = set()
    for version in releases.versions("keras"):
        minor = Version(version).release[:2]
        release = releases.release("keras", version)
        if minor in seen or release is None or not allowed.contains(version):
            continue
        if releases.has_wheel(release, target, candidate.python):
            seen.add(minor)
            yield version
