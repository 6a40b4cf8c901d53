"""What a translation gives: the configuration for the wanted Keras, and what was done."""

from typing import Any, Optional

import msgspec

from tfmac.schema.migration import Change, Untranslated


class Translation(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration for another Keras, with what was done to it."""

    configuration: dict[str, Any]
    """What ``config.json`` holds, ``compile_config`` included; empty where there is no model."""
    training: Optional[dict[str, Any]] = None
    """``compile_config``; None where the model is written uncompiled."""
    sources: dict[str, str] = {}
    """Where a layer of the configuration takes its weights from: locations to locations."""
    changes: tuple[Change, ...] = ()
    untranslated: tuple[Untranslated, ...] = ()
