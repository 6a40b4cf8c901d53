"""Pages of causes as text."""

from tfmac.report import layout
from tfmac.schema.reports import CauseList, CausePage


def render(page: CausePage, *, width: int) -> str:
    """Lay out one cause with the checks that find it."""
    failure = page.failure
    kind = f"{failure.category}; found by {', '.join(failure.found_by)}"
    lines = [f"{layout.strong(failure.cause)} ({kind})", ""]
    lines += layout.labelled("what", [failure.definition], width=width)
    lines += layout.labelled("sign", [failure.sign], width=width)
    lines += layout.labelled("change", [failure.remedy], width=width)
    lines += layout.labelled("see", failure.references, width=width)
    for check in page.checks:
        lines += ["", f"  check {check.check}: {check.question}"]
        lines += layout.labelled("looks at", [check.looks_at], width=width)
        lines += layout.labelled("matters", [check.why_it_matters], width=width)
        lines += layout.labelled("repair", [check.repair], width=width)
        lines += layout.labelled("sources", [check.sources], width=width)
    return "\n".join(lines) + "\n"


def render_list(listing: CauseList, *, width: int) -> str:
    """List all causes by category."""
    lines: list[str] = []
    for category in dict.fromkeys(one.category for one in listing.causes):
        lines.append(layout.strong(category))
        for one in listing.causes:
            if one.category == category:
                lines.append(f"  {one.cause}")
                lines += layout.labelled("", [one.definition], width=width, indent=0)
    return "\n".join(lines) + "\n"
