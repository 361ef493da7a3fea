"""The id that an answer gives itself, taken from the first bytes of it: nothing is decoded for it."""

import re
from collections.abc import Sequence
from typing import Final

from gateway.wire.frames import Frame

_LOOKED_AT: Final = 1024
_FRAMES: Final = 3
_ID: Final = re.compile(
    rb'\{\s*(?:(?!"(?:choices|output|content|data|item|delta|error|results)"\s*:).)*?"id"\s*:\s*"([!#-\[\]-~]{1,128})"',
    re.DOTALL,
)
"""Of the answer itself: it stands before all that has ids of its own. Printable, and without escapes."""


def id_of(shown: Sequence[Frame]) -> str | None:
    """Of the answer that begins with these frames. None where it says none, or only behind what it says."""
    for frame in shown[:_FRAMES]:
        if frame.data is not None:
            found = _ID.match(frame.data[:_LOOKED_AT])
            return found[1].decode() if found is not None else None
    return None
