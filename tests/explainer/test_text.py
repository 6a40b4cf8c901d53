"""The text of a log without what terminals, boxes, quoting and loggers put around it."""

import pytest

from tfmac.explainer.patterns import compile_pattern, find
from tfmac.explainer.text import read

ERROR = "ValueError: Unknown layer: 'TFOpLambda'"
PATTERN = compile_pattern("ValueError: Unknown layer: '{layer:word}'")


@pytest.mark.parametrize(
    "line",
    [
        ERROR,
        f"\x1b[0;31m{ERROR}\x1b[0m",
        f"[0;31m{ERROR}[0m",
        f"E       {ERROR}",
        f"> > {ERROR}",
        f"│ {ERROR} │",
        f"2024-05-01 12:00:00,123 ERROR - {ERROR}",
        f"[2024-05-01, 12:00:00 UTC] {{task.py:12}} ERROR - {ERROR}",
        f"2024-05-01T12:00:00.1234567Z {ERROR}",
        f"web-1  | {ERROR}",
        f"2024-05-01T12:00:00.123456789Z stderr F {ERROR}",
        f"[rank0]: {ERROR}",
        "ValueError: Unknown layer: \u2018TFOpLambda\u2019",
        "ValueError: Unknown layer: &#39;TFOpLambda&#39;",
        'ValueError: Unknown layer: "TFOpLambda"',
        "ValueError: Unknown\n  layer: 'TFOp\nLambda'",
        f"Jan  5 12:34:56 box python[12]: {ERROR}",
        f"12:34:56 {ERROR}",
        f"(train pid=12) {ERROR}",
        f"{{worker.py:3}} {ERROR}",
        f"[ERROR] {ERROR}",
        f"ERROR - {ERROR}",
        f"CRITICAL:trainer:{ERROR}",
        f"stderr: {ERROR}",
        f"DEBUG    | {ERROR}",
        f"{ERROR} |",
        f"^[[1m{ERROR}^[[0m",
        f"\\x1b[31m{ERROR}\\x1b[0m",
        "| ValueError: Unknown layer: 'TFOp |\n| Lambda' |",
        "10%|#   |\r100%|####|\r" + ERROR,
        f"#12 3.456 {ERROR}",
        f" => => # {ERROR}",
        f"12.3s\t7\t{ERROR}",
        f"build\tRun tests\t2024-05-01T12:00:00.1234567Z {ERROR}",
        f"py311: {ERROR}",
        f"2024-05-01T12:00:00.123456+00:00 app[web.1]: {ERROR}",
        f"2024-05-01 12:00:00,123 - root - ERROR - {ERROR}",
        f"2024-05-01 12:00:00.123 | ERROR    | app.main:run:12 - {ERROR}",
        f"# {ERROR}",
        f"2024-05-01 12:00:00,123 ERROR [trainer] {ERROR}",
        f"ERROR    root:train.py:12 {ERROR}",
        f"<code>{ERROR}</code><br>",
        "\u9519\u8bef\uff1aValueError\uff1a Unknown layer\uff1a\u201cTFOpLambda\u201d",
        "ValueError: Unknown layer: \\'TFOpLambda\\'",
        "**ValueError**: Unknown layer: '**TFOpLambda**'",
        "ValueError: Unknown layer: TFOpLambda",
    ],
)
def test_decoration_does_not_hide_an_error(line: str) -> None:
    """The same pattern fits however the line was printed, wrapped, quoted or logged."""
    log = read(f"before\n{line}\nafter")

    found = find(PATTERN, log, 0, len(log.squeezed))

    assert found is not None
    assert found.captures == {"layer": "TFOpLambda"}


def test_a_place_leads_back_to_its_line() -> None:
    """What is quoted is the very line of the log, with its number."""
    log = read(f"one\n\n\n> \x1b[31m{ERROR}\x1b[0m\nlast")

    line = log.lines[log.line_at(log.squeezed.find("Unknownlayer"))]

    assert (line.number, line.raw) == (4, f"> {ERROR}")


def test_a_long_log_keeps_its_beginning_and_end() -> None:
    """Lines that differ in their digits alone are taken twice; what is between them stays."""
    training = [f"step {step} loss 0.{step}" + " " * 40 for step in range(20_000)]
    log = read("\n".join(["first", *training[:10_000], ERROR, *training[10_000:], "last"]))

    contents = [line.content for line in log.lines]

    assert len(contents) < 3_000
    assert contents[0] == "first"
    assert contents[-1] == "last"
    assert ERROR in contents


def test_a_traceback_in_json_is_split_into_its_lines() -> None:
    """A record of a log collector holds the whole traceback in one string."""
    before = '{"message": "Traceback (most recent call last):\\n  File \\"a.py\\", line 1\\n'
    text = f'{before}{ERROR}"}}'

    contents = [line.content for line in read(text).lines]

    assert ERROR in "\n".join(contents)
    assert any(content.startswith('File "a.py"') for content in contents)
