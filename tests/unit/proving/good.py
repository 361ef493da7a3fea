"""Detectors as their authors should write them."""

import asyncio
import re
from typing import ClassVar

from gateway.detector import Detector, Finding, Pattern, Said, Secret, fold, whole


def is_even(match: str) -> bool:
    return int(match[-1]) % 2 == 0


class Ticket(Detector, frozen=True, tag="acme_ticket"):
    """Ticket numbers."""

    prefix: str = "ACME"

    def patterns(self) -> list[Pattern]:
        regex = rf"(?<![A-Za-z0-9]){re.escape(self.prefix)}-[0-9]{{6}}(?![0-9])"
        return [
            Pattern("TICKET", regex, is_even),
            Pattern("CASE", "(?<![0-9])[0-9]{8}(?![0-9])", context=("case", "사건")),
        ]


class Staff(Detector, frozen=True, tag="acme_staff"):
    """Numbers of staff, looked for in a thread."""

    token: Secret | None = None
    version: ClassVar[str] = "3"

    def check(self) -> "StaffCheck":
        return StaffCheck()


class StaffCheck:
    def look(self, said: Said) -> list[Finding]:
        folded = fold(said.text)
        return [
            Finding(folded.start(match.start()), folded.end(match.end()), "STAFF")
            for match in re.finditer("S[0-9]{5}", folded.text)
        ]


class Mood(Detector, frozen=True, tag="acme_mood"):
    """What somebody else would call angry."""

    places: ClassVar = ("user", "content")
    spans: ClassVar = False
    segments: ClassVar = True
    words: tuple[str, ...] = ("furious",)

    def check(self) -> "MoodCheck":
        return MoodCheck(self.words)


class MoodCheck:
    def __init__(self, words: tuple[str, ...]) -> None:
        self._words = words

    async def look(self, said: Said) -> list[Finding]:
        await asyncio.sleep(0.001)
        text = fold(said.text).text
        return [whole(said, "ANGRY", 0.9)] if any(word in text for word in self._words) else []
