"""The lines to copy that the advice of causes has, as they are printed."""

import ast

import pytest

from tfmac.explainer.signatures import records
from tfmac.explainer.wording import worded

PROGRAMS = sorted(
    {
        (record.cause, "\n".join(worded(line, {}) for line in advice.code))
        for record in records()
        if record.log is not None
        for advice in record.log.advice
        if advice.code
    }
)


@pytest.mark.parametrize(("cause", "program"), PROGRAMS)
def test_lines_to_copy_are_python(cause: str, program: str) -> None:
    """They parse, and no brace that a signature has to double is left doubled."""
    tree = ast.parse(program, cause)

    sets = [node for node in ast.walk(tree) if isinstance(node, ast.Set)]
    assert not [one for one in sets if any(isinstance(part, ast.Dict) for part in one.elts)]
