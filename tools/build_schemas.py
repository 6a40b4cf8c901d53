"""Write the JSON Schema of every document into the package: ``python tools/build_schemas.py``.

``--check`` writes nothing and ends with 1 when a file is not what the types say. Needs Python 3.11
or later: before, msgspec cannot name generic types.
"""

import inspect
import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from tfmac.schema import documents
from tfmac.schema.abi import AbiAnswer, AbiMatrix, StackMatrix
from tfmac.schema.api_history import ApiPage
from tfmac.schema.bench import BenchReport
from tfmac.schema.device_check import CheckReport
from tfmac.schema.explanations import ExplanationReport
from tfmac.schema.facts import Facts
from tfmac.schema.knowledge_reports import (
    BuildReport,
    KnowledgeCheck,
    KnowledgeStatus,
    PackageKnowledge,
)
from tfmac.schema.migration import MigrationReport
from tfmac.schema.models import ModelReport
from tfmac.schema.operation_parity import OperationParityReport
from tfmac.schema.parity import ParityReport
from tfmac.schema.repairs import RepairReport, UndoReport
from tfmac.schema.reports import (
    CauseList,
    CausePage,
    CheckList,
    CreationReport,
    Diagnosis,
    NoPlanDocument,
    PlanDocument,
    SetupReport,
    Versions,
)

FOLDER = Path(documents.__file__).parent
DOCUMENTS: dict[str, Any] = {
    "abi": AbiAnswer,
    "abi-matrix": AbiMatrix,
    "api": ApiPage,
    "bench": BenchReport,
    "cause": CausePage,
    "causes": CauseList,
    "check": CheckReport,
    "checks": CheckList,
    "creation": CreationReport,
    "diagnosis": Diagnosis,
    "explanation": ExplanationReport,
    "facts": Facts,
    "knowledge-build": BuildReport,
    "knowledge-check": KnowledgeCheck,
    "knowledge-package": PackageKnowledge,
    "knowledge-status": KnowledgeStatus,
    "migration": MigrationReport,
    "models": ModelReport,
    "no-plan": NoPlanDocument,
    "operation-parity": OperationParityReport,
    "parity": ParityReport,
    "plan": PlanDocument,
    "repair": RepairReport,
    "setup": SetupReport,
    "stack-matrix": StackMatrix,
    "undo": UndoReport,
    "versions": Versions,
}


def schema_text(kind: Any) -> str:  # noqa: ANN401 - any of the frozen types
    """Give the schema of a type (JSON Schema 2020-12), in a stable order."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema.update(msgspec.json.schema(kind))
    return json.dumps(_cleaned(schema), indent=2, sort_keys=True) + "\n"


def _cleaned(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Take the indentation out of docstrings, as Python 3.13 and later do themselves."""
    if isinstance(value, dict):
        return {
            key: inspect.cleandoc(one) if key == "description" else _cleaned(one)
            for key, one in value.items()
        }
    return [_cleaned(one) for one in value] if isinstance(value, list) else value


def main() -> None:
    """Write all schemas, or compare them."""
    stale = []
    for name, kind in DOCUMENTS.items():
        path = FOLDER / f"{name}.schema.json"
        text = schema_text(kind)
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
    if stale:
        sys.exit(f"not up to date: {', '.join(stale)}; run python tools/build_schemas.py")


if __name__ == "__main__":
    main()
