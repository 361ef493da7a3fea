"""A distribution of somebody else's with detectors that work, and such that fail in every way, to be installed into a folder."""

from pathlib import Path
from typing import Final

from tests.support.distribution import installed

SOURCE: Final = '''
import asyncio
import threading
import time
from typing import ClassVar

from gateway.detector import Detector, Finding, Pattern, Said, fold, whole


class Ticket(Detector, frozen=True, tag="acme_ticket"):
    """Ticket numbers of Acme, whose last digit is even."""

    prefix: str = "ACME"

    def patterns(self) -> list[Pattern]:
        return [Pattern("TICKET", rf"(?<![A-Za-z0-9]){self.prefix}-[0-9]{{6}}(?![0-9])", is_even)]


def is_even(match: str) -> bool:
    return int(match[-1]) % 2 == 0


class Staff(Detector, frozen=True, tag="acme_staff"):
    """Names of staff, from a list."""

    names: tuple[str, ...]
    segments: ClassVar = True

    def check(self) -> "StaffCheck":
        return StaffCheck(self.names)


class StaffCheck:
    """Computes, so it looks in a thread."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def look(self, said: Said) -> list[Finding]:
        folded = fold(said.text)
        found = []
        for name in self._names:
            if (at := folded.text.find(name)) >= 0:
                found.append(Finding(folded.start(at), folded.end(at + len(name)), "STAFF"))
        return found


class Mood(Detector, frozen=True, tag="acme_mood"):
    """Texts that shout."""

    spans: ClassVar = False

    def check(self) -> "MoodCheck":
        return MoodCheck()


class MoodCheck:
    """Waits, so it looks in a coroutine."""

    async def look(self, said: Said) -> list[Finding]:
        await asyncio.sleep(0.001)
        return [whole(said, "SHOUTING", 0.9)] if said.text.isupper() else []


class Failing(Detector, frozen=True, tag="acme_failing"):
    """Fails as it is told to."""

    how: str

    def check(self) -> "FailingCheck | FailingInThread":
        how = self.how.removeprefix("thread-")
        return FailingCheck(how) if how == self.how else FailingInThread(how)


class FailingInThread:
    def __init__(self, how: str) -> None:
        self._how = how

    def look(self, said: Said) -> object:
        return fail(self._how, said.text)


class FailingCheck(FailingInThread):
    async def look(self, said: Said) -> object:
        if self._how == "waits":
            await asyncio.sleep(600)
        if self._how == "stays":
            while True:
                try:
                    await asyncio.sleep(600)
                except asyncio.CancelledError:
                    continue
        return fail(self._how, said.text)


class FailingTest(Detector, frozen=True, tag="acme_failing_test"):
    """Fails with every match."""

    how: str

    def patterns(self) -> list[Pattern]:
        return [Pattern("PLUM", "plum-[a-z]{6}", lambda match: fail(self.how, match))]


def fail(how: str, text: str) -> object:
    if how == "raises":
        raise ValueError(text)
    if how == "exits":
        raise SystemExit(text)
    if how == "interrupts":
        raise KeyboardInterrupt(text)
    if how == "cancels":
        raise asyncio.CancelledError(text)
    if how == "recurs":
        return fail(how, text)
    if how == "hangs":
        time.sleep(600)
    if how == "spins":
        while True:
            pass
    return {
        "nothing": None,
        "a-word": text,
        "texts": [text],
        "outside": [Finding(0, len(text) + 1, "PLUM")],
        "fractions": [Finding(0.5, 3.5, "PLUM")],
        "its-kind-is-text": [Finding(0, 4, text)],
        "endless": iter(int, 1),
    }[how]
'''
KINDS: Final = {
    "acme_ticket": "acme:Ticket",
    "acme_staff": "acme:Staff",
    "acme_mood": "acme:Mood",
    "acme_failing": "acme:Failing",
    "acme_failing_test": "acme:FailingTest",
}


def acme(folder: Path) -> Path:
    """The folder to be put on the path."""
    return installed(folder, "acme-haechi", {"acme": SOURCE}, KINDS)
