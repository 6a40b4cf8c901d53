"""The result file of a child: a JSON object a line, on its way to the disk at once.

Whatever kills the process, the last line names the stage that it was in.
"""

from __future__ import annotations

import json
from typing import Any


class Journal:
    """Appends events to a file; another process reads them while this one goes on."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "a", encoding="utf-8")  # noqa: SIM115 (open until the end)

    def stage(self, name: str, **values: Any) -> None:
        """Say what is done next, before it is begun."""
        self.write("stage", stage=name, **values)

    def write(self, event: str, **values: Any) -> None:
        """Append one event. What JSON does not know (NaN, infinity) has to be text already."""
        self._file.write(json.dumps({"event": event, **values}, allow_nan=False) + "\n")
        self._file.flush()
