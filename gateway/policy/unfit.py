"""Why a pattern cannot be taken: it has no longest match, or two engines read it differently.

A pattern is measured by one engine and matched by another. Where they disagree it would be searched for and never found, or be
let go too early, so the few constructs on which they do are refused.
"""

import re
import warnings
from typing import Final

from gateway.guards.bounds import Unbounded, bounds

_SKIPPED: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
"""What is escaped, and sets of characters."""
_BRACE: Final = re.compile(r"\{(?![0-9]+(?:,[0-9]*)?\}|,[0-9]+\})")


def unfit(pattern: str) -> str | None:
    """What is wrong with it and what to write instead; None where nothing is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)
            bounds(pattern)
    except Unbounded as error:
        return str(error)
    except FutureWarning:
        return "a `[`, `--`, `&&`, `~~` or `||` inside `[…]` is read in two ways; write a backslash before it, or list the characters"
    if _BRACE.search(_SKIPPED.sub("", pattern)):
        return "a `{` that begins no number of repeats is read in two ways; write `\\{`"
    return None
