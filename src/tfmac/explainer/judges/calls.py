"""Whether a log quotes the user's own call of a layer, with the argument that was refused."""

from tfmac.explainer.expressions import expression
from tfmac.explainer.judges.case import Case, Judgement
from tfmac.schema.findings import Confidence

_IN_CODE = "layer-argument-dropped"

CAUSES = frozenset({_IN_CODE})

_NAME = expression(r"\w{1,100}")


def judge(case: Case) -> Judgement:
    """Tell the cause where ``layer(`` and ``argument=`` both stand in the log, as code has them.

    A message has a colon behind an argument's name, and a configuration no call of the layer.
    """
    layer, argument = case.captures.get("layer", ""), case.captures.get("argument", "")
    if not _NAME.fullmatch(layer) or not _NAME.fullmatch(argument):
        return {}
    call = case.whole.find(f"{layer}(")
    while call >= 0:
        if case.whole.find(f"{argument}=", call, call + _LONGEST_CALL) >= 0:
            return {_IN_CODE: Confidence.CERTAIN}
        call = case.whole.find(f"{layer}(", call + 1)
    return {}


_LONGEST_CALL = 400
