"""What stands for the migration of a model where a test is about the zoo: workers import it."""

import os
import signal
import time
from pathlib import Path

from tfmac.migration.proving import Settings
from tfmac.migration.zoo_work import Task
from tfmac.schema.migration import MigratedModel
from tfmac.schema.model_content import Problem

QUICK = Settings(keras="3.15.1", verify=False)


def copies(task: Task) -> MigratedModel:
    """Write the source in capitals, and note beside it that this was done."""
    text = Path(task.source).read_text(encoding="utf-8")
    with open(f"{task.source}.log", "a", encoding="utf-8") as log:
        log.write(f"{os.getpid()}\n")
    if text == "damaged":
        problem = Problem(statement="it is damaged", cause="model-file-damaged")
        return MigratedModel(source=task.source, migrated=False, problems=(problem,))
    Path(task.output).write_text(text.upper(), encoding="utf-8")
    return MigratedModel(source=task.source, output=task.output, keras="3.15.1", migrated=True)


def copies_slowly(task: Task) -> MigratedModel:
    """Take a moment, so that a worker can be killed over it."""
    Path(f"{task.source}.begun").write_text(str(os.getpid()), encoding="utf-8")
    time.sleep(0.5)
    return copies(task)


def dies_once(task: Task) -> MigratedModel:
    """Die over a model the first time that anybody works on it."""
    mark = Path(f"{task.source}.died")
    if "mortal" in task.source and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return copies(task)


def dies_always(task: Task) -> MigratedModel:
    """Die over one model whoever works on it."""
    if "deadly" in task.source:
        os.kill(os.getpid(), signal.SIGKILL)
    return copies(task)
