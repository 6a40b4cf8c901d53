"""Well-known recipes, as wishes: a name for what would take several options."""

from typing import Optional

import msgspec

from tfmac.schema.actions import Manager
from tfmac.schema.plans import StackKind, Wish


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """The wishes of a recipe, and the manager that it is known with."""

    python: str
    gpu: bool
    stack: StackKind
    keras: Optional[str]
    manager: Manager


PROFILES = {
    # The recipe of most tutorials for Apple silicon. The newest tensorflow-macos that has code of
    # its own is that of Keras 2; what came after it is an empty shell.
    "classic": Profile(
        python="3.9",
        gpu=True,
        stack=StackKind.TENSORFLOW_MACOS_METAL,
        keras="<3",
        manager=Manager.CONDA,
    ),
}


def with_profile(wish: Wish, name: str) -> Wish:
    """Add a recipe's wishes to a wish; what the user wishes goes before them."""
    profile = PROFILES[name]
    return msgspec.structs.replace(
        wish,
        python=wish.python or profile.python,
        gpu=profile.gpu if wish.gpu is None else wish.gpu,
        stack=wish.stack or profile.stack,
        keras=wish.keras or profile.keras,
    )
