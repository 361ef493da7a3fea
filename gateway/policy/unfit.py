"""Why a pattern cannot be taken: it has no longest match, two engines read it differently, or it takes too long.

A pattern is measured by one engine and matched by another. Where they disagree it would be searched for and never found, or be
let go too early, so the few constructs on which they do are refused.
"""

import re
import warnings
from typing import Final

import regex

from gateway.guards.bounds import Unbounded, bounds
from gateway.guards.probe import Slow, probe

_SKIPPED: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
"""What is escaped, and sets of characters."""
_SHOWN: Final = 24
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
    try:
        slow = probe(pattern)
    except regex.error as error:
        return f"the pattern cannot be read: {error}"
    return None if slow is None else _of_slow(slow)


def _of_slow(slow: Slow) -> str:
    begin = "".join(char if char.isprintable() else " " for char in slow.text[:_SHOWN])
    return (
        f"takes too long: {len(slow.text):,} characters that begin with `{begin}` keep it for more than 0.25 s, as repeats or alternatives "
        "share them in many ways; let each part begin with a character that the one before it cannot hold, write `(?>…)` around what "
        "never has to be given back, or lower the counts"
    )
