"""Finds texts that try to give a model orders, and says why it thinks so.

It knows phrases and forms, in English and Korean, not meanings: who paraphrases gets past it, and who quotes an attack to teach
about it may be found. The rates on a corpus of both are pinned by a test.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.guards.check import Said, whole
from gateway.guards.checks.injection_hidden import hidden
from gateway.guards.checks.injection_korean import KOREAN
from gateway.guards.checks.injection_phrases import ENGLISH, phrases
from gateway.guards.checks.injection_readings import plain, readings
from gateway.guards.checks.injection_signs import compile_all
from gateway.guards.checks.injection_structure import STRUCTURE, structure
from gateway.guards.finding import Finding

AT_ONCE: Final = 4_000
"""Characters that are looked at on the event loop: one or two milliseconds of prose, eight of text that is all trigger words."""
WINDOW: Final = 2_000
OVERLAP: Final = 300
"""A text is looked at in windows, so that weak signs far apart in a book do not add up. Their edges depend on the text alone."""

_WORTH_TELLING: Final = 0.35
"""What a disguised reading must score before the disguise itself counts."""
_DISGUISE: Final = 0.35


class InjectionCheck:
    """`threshold`: least score, between 0 and 1, that is found."""

    def __init__(self, threshold: float = 0.6) -> None:
        self._threshold = threshold
        compile_all((*ENGLISH, *KOREAN, *STRUCTURE))

    async def look(self, said: Said) -> Sequence[Finding]:
        reached = score(said.text) if len(said.text) <= AT_ONCE else await asyncio.to_thread(score, said.text)
        return [whole(said, "INJECTION", reached)] if reached and reached >= self._threshold else []


def score(text: str) -> float:
    """That of the worst window: the chance that none of its signals is right, from 1. Two decimals."""
    return max((_together(_signals(window)) for window in _windows(text)), default=0.0)


def explain(text: str) -> list[tuple[str, float]]:
    """The signals of the worst window with their weights, heaviest first. Names of signals hold nothing of the text."""
    worst = max((_signals(window) for window in _windows(text)), key=_together, default={})
    return sorted(worst.items(), key=lambda signal: (-signal[1], signal[0]))


def _windows(text: str) -> Iterator[str]:
    for start in range(0, max(len(text) - OVERLAP, 1), WINDOW - OVERLAP):
        yield text[start : start + WINDOW]


def _signals(raw: str) -> dict[str, float]:
    text = plain(raw)
    found = {**phrases(text), **structure(text), **hidden(raw)}
    for disguise, reading in readings(raw, text):
        inside = {**phrases(reading), **structure(reading)}
        if _together(inside) >= _WORTH_TELLING:
            found[disguise] = _DISGUISE
            for name, weight in inside.items():
                found[name] = max(weight, found.get(name, 0.0))
    return found


def _together(signals: dict[str, float]) -> float:
    none = 1.0
    for weight in signals.values():
        none *= 1.0 - weight
    return round(1.0 - none, 2)
