"""A program that stands for an interpreter with a framework: it answers ``parity --ops``.

Its cases are named for what happens in them, so the parent can be tried without a framework.
"""

import stat
import sys
from pathlib import Path

from tfmac.schema.operation_parity import OperationRun

_CODE = """
import json, os, signal, sys, time
folder, verb, asked, journal = sys.argv[1:5]
request = json.load(open(asked))
CASES = {cases!r}
LOG = {log!r}

def say(event, **values):
    with open(journal, "a") as file:
        file.write(json.dumps({{"event": event, **values}}) + "\\n")

def result(name, verdict="same"):
    say("case", case=name, seconds=0.1, verdict=verdict, way="forward")

def times(name):
    # How often a case was begun, over all children.
    with open(LOG, "a") as file:
        file.write(name + "\\n")
    return open(LOG).read().split().count(name)

if request.get("list"):
    device = {{"name": "GPU:0", "kind": "gpu", "described": "a GPU"}}
    cpu = {{"name": "CPU:0", "kind": "cpu", "described": "CPU"}}
    say("environment", framework="torch", framework_version="2.0", keras_version="3.0",
        plugin_version="", device=device, reference=cpu)
    say("planned", cases=[dict(name=name, operation=name.split()[0], variant="", dtype="float32",
                               shape="3") for name in CASES])
    sys.exit()
for name in request["cases"]:
    number = times(name)
    side = "reference" if "reference" in name else "tested"
    say("stage", stage="case", case=name, way="forward", side=side)
    if name.startswith("dies"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if name.startswith("hangs"):
        sys.stderr.write("Timeout (0:00:01)!\\n")
        sys.stderr.flush()
        os._exit(1)
    if name.startswith("waits"):
        while not os.path.exists(LOG + ".go"):
            time.sleep(0.01)
    if name.startswith("lost"):
        say("device-unusable", case=name, kind="device-lost", detail="device lost")
        sys.exit()
    if name.startswith("full_once") and number == 1 or name.startswith("full_always"):
        say("device-unusable", case=name, kind="out-of-memory", detail="out of memory")
        sys.exit()
    if name.startswith("gone"):
        say("failed", kind="no-such-device", error="no GPU any more", traceback="")
        sys.exit()
    if name.startswith("exits"):
        result(name)
        os._exit(3)
    result(name, "wrong" if name.startswith("wrong") else "same")
say("stage", stage="done")
"""


def stand_in(folder: Path, *cases: str) -> OperationRun:
    """Return what has these cases run by the stand-in; its log says which were begun."""
    path = folder / "python"
    code = _CODE.format(cases=list(cases), log=str(folder / "begun"))
    path.write_text(f"#!{sys.executable}\n{code}", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return OperationRun(interpreter=str(path), folder=str(folder / "runs"), case_seconds=1)


def begun(folder: Path) -> list[str]:
    """The cases that were begun, in their order."""
    log = folder / "begun"
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []
