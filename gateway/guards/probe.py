"""Whether a pattern takes too long on texts that are made against it: full of what its own repeats hold, and wrong at the end.

It tells the patterns apart on which an attacker could spend a detector's time with a few hundred characters. No such pattern
may be missed for its form alone, so what is not found here is still stopped when it happens (`Allowance`).
"""

import time
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

from gateway.guards.adverse import texts
from gateway.guards.allowance import Allowance
from gateway.guards.compiled import Compiled
from gateway.guards.pattern import Pattern
from gateway.guards.scanner import Scanner

MOST_TEXTS: Final = 40
PIECE: Final = 8
SECONDS: Final = 1.0
"""Of processor time, for all texts of a pattern."""


class Slow(NamedTuple):
    """The text on which a pattern was stopped."""

    text: str
    streamed: bool


@lru_cache(4_096)
def probe(written: str) -> Slow | None:
    """None for a pattern on which no time can be spent. Raises `Unbounded`. Takes some 2 ms, and 0.3 s for a bad one."""
    compiled = Compiled(Pattern("", written))
    until = time.thread_time() + SECONDS
    for text in islice(texts(written, compiled.bounds), MOST_TEXTS):
        if time.thread_time() > until:
            break
        if _is_late(compiled, text):
            return Slow(text, streamed=False)
        if compiled.risky and _is_late_in_pieces(compiled.pattern, text):
            return Slow(text, streamed=True)
    return None


def _is_late(compiled: Compiled, text: str) -> bool:
    allowance = Allowance()
    allowance.grow(len(text))
    try:
        allowance.spend(_all, compiled, text)
    except TimeoutError:
        return True
    return False


def _all(compiled: Compiled, text: str, timeout: float) -> None:
    """Others may go on meanwhile (`concurrent`): a configuration is read again in a thread beside the event loop."""
    for _ in compiled.finditer(text, overlapped=True, concurrent=True, timeout=timeout):
        pass


def _is_late_in_pieces(pattern: Pattern, text: str) -> bool:
    stream = Scanner([pattern]).filter()
    try:
        for at in range(0, len(text), PIECE):
            stream.feed(text[at : at + PIECE])
        stream.close()
    except TimeoutError:
        return True
    return False
