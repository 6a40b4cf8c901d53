"""Plans as files for other tools: one module a format, and the table of them."""

import re
from typing import Callable, Optional

import msgspec

from tfmac.planner.emit.conda import environment_yml
from tfmac.planner.emit.constraints import constraints_txt
from tfmac.planner.emit.pixi import pixi_toml
from tfmac.planner.emit.pylock import pylock_toml
from tfmac.planner.emit.pyproject import pyproject_toml
from tfmac.planner.emit.requirements import requirements_txt
from tfmac.schema.plans import Plan


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """A form of file, and what a plan has to carry to be written in it."""

    write: Callable[[Plan], str]
    file_names: str
    """A regular expression for the names by which other tools know such a file."""
    hashes: bool = False
    """Whether the pins should have their hashes."""
    artifacts: bool = False
    """Whether the plan has to have ``artifacts``."""
    by_hand: bool = False
    """Whether people write such files themselves, so that one that is there has to be kept."""


FORMATS = {
    "requirements": Format(
        write=requirements_txt, file_names=r"requirements[\w.-]*\.txt", hashes=True
    ),
    "constraints": Format(write=constraints_txt, file_names=r"constraints[\w.-]*\.txt"),
    # By PEP 751 a name may stand between, without a dot in it.
    "pylock": Format(write=pylock_toml, file_names=r"pylock(\.[^.]+)?\.toml", artifacts=True),
    "conda": Format(write=environment_yml, file_names=r"environment[\w.-]*\.ya?ml", by_hand=True),
    "pixi": Format(write=pixi_toml, file_names=r"pixi\.toml", by_hand=True),
    "pyproject": Format(write=pyproject_toml, file_names=r"pyproject\.toml", by_hand=True),
}


def format_of_file(name: str) -> Optional[str]:
    """Tell the format from a file's name without its folder; None for any other name."""
    return next((key for key, one in FORMATS.items() if re.fullmatch(one.file_names, name)), None)
