"""The running interpreter is asked for its instructions, as every other one is."""

import json
import opcode
import sys
from pathlib import Path

from tools.build_byte_code import asked, main

RUNNING = f"{sys.version_info[0]}.{sys.version_info[1]}"


def test_what_an_interpreter_says() -> None:
    """Its own numbers, and which of them take names from around a function."""
    known = asked(sys.executable)

    assert known.python.startswith(RUNNING)
    assert known.extended == opcode.opmap["EXTENDED_ARG"]
    assert opcode.opmap["LOAD_GLOBAL"] in known.free
    assert set(known.names) <= set(opcode.hasname)
    assert known.resume == opcode.opmap.get("RESUME", -1)


def test_the_table(tmp_path: Path) -> None:
    """One record for each minor release."""
    output = tmp_path / "byte_code.json"

    assert main([sys.executable, sys.executable, "--output", str(output)]) == 0
    table = json.loads(output.read_text())
    assert list(table["releases"]) == [RUNNING]
