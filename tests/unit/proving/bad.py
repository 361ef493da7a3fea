"""Detectors that break one promise each."""

import asyncio
import itertools
import logging
import re
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from gateway.detector import Detector, Finding, Pattern, Said, Secret, fold, whole

TICKET = "(?<![A-Za-z0-9])ACME-[0-9]{6}(?![0-9])"
log = logging.getLogger("acme")


class ByPatterns(Detector, frozen=True, tag="acme_bad"):
    """Gives what it is told to."""

    which: str

    def patterns(self) -> Any:
        return PATTERNS[self.which]()


def unstable() -> Callable[[], list[Pattern]]:
    number = itertools.count()
    return lambda: [Pattern("TICKET", TICKET.replace("6", str(6 + next(number) % 2)))]


def remembering(match: str) -> bool:
    """Finds what it has not found a moment ago."""
    SEEN.append(match)
    return SEEN[-5:].count(match) < 3


def shared(match: str) -> bool:
    """Fine as long as nobody else comes in between."""
    CURRENT[0] = match
    time.sleep(0.0001)
    return CURRENT[0] == match


def shouting(match: str) -> bool:
    log.info("is %s one?", match)
    return True


def hanging(match: str) -> bool:
    return bool(threading.Event().wait(2) or match)


def dawdling(match: str) -> bool:
    time.sleep(0.005)
    return bool(match)


def raising(match: str) -> bool:
    return int(match) > 0


SEEN: list[str] = []
CURRENT = [""]
PATTERNS: dict[str, Callable[[], Any]] = {
    "nothing": lambda: None,
    "none": list,
    "texts": lambda: [TICKET],
    "unbounded": lambda: [Pattern("TICKET", "ACME-[0-9]+")],
    "lower-case": lambda: [Pattern("ticket", TICKET)],
    "score": lambda: [Pattern("TICKET", TICKET, score=2)],
    "context": lambda: [Pattern("TICKET", TICKET, context=("Ticket",))],
    "fails": lambda: 1 / 0,
    "refuses": lambda: int("a prefix is missing"),
    "unstable": unstable(),
    "unfolded": lambda: [Pattern("TICKET", "ACME–[0-9]{6}")],
    "greedy": lambda: [Pattern("TICKET", "[0-9]{2}")],
    "dawdling": lambda: [Pattern("TICKET", TICKET, dawdling)],
    "slow": lambda: [Pattern("TICKET", TICKET), Pattern("OTHER", "(?:[A-Z0-9-]{1,6}){1,12}#")],
    "remembering": lambda: [Pattern("TICKET", TICKET, remembering)],
    "shared": lambda: [Pattern("TICKET", TICKET, shared)],
    "shouting": lambda: [Pattern("TICKET", TICKET, shouting)],
    "hanging": lambda: [Pattern("TICKET", TICKET, hanging)],
    "raising": lambda: [Pattern("TICKET", TICKET, raising)],
    "no-bool": lambda: [Pattern("TICKET", TICKET, lambda match: match)],  # type: ignore[arg-type,return-value]
}


class ByCheck(Detector, frozen=True, tag="acme_bad"):
    """Looks as it is told to."""

    which: str

    def check(self) -> Any:
        return CHECKS[self.which]()


class Check:
    """Finds tickets, and does something besides."""

    def __init__(self, besides: Callable[["Check", Said], Iterable[Finding] | None]) -> None:
        self._besides = besides
        self.count = 0
        self.seen: list[str] = []
        self.lock = asyncio.Lock()

    async def look(self, said: Said) -> Any:
        more = self._besides(self, said)
        return tickets(said.text) if more is None else more

    def __repr__(self) -> str:
        return f"Check({self.seen})"


def tickets(text: str) -> list[Finding]:
    folded = fold(text)
    return [
        Finding(folded.start(one.start()), folded.end(one.end()), "TICKET") for one in re.finditer(TICKET, folded.text)
    ]


def every_second(check: Check, said: Said) -> list[Finding] | None:
    check.count += 1
    return None if check.count % 2 else [whole(said, "TICKET")] if tickets(said.text) else [Finding(0, 1, "ODD")][:0]


def keeping(check: Check, said: Said) -> None:
    check.seen.append(said.text)


def warning(_: Check, said: Said) -> None:
    warnings.warn(said.text, stacklevel=1)


class Unfolded(Check):
    async def look(self, said: Said) -> list[Finding]:
        return [Finding(*one.span(), "TICKET") for one in re.finditer(TICKET, said.text)]


class Overlapping(Check):
    """Keeps the text in itself while it waits."""

    async def look(self, said: Said) -> list[Finding]:
        self.current = said.text
        await asyncio.sleep(0.001)
        return tickets(self.current)[: len(said.text)] if self.current == said.text else []


class Stubborn(Check):
    """Goes on when it is cancelled."""

    async def look(self, said: Said) -> list[Finding]:
        try:
            await asyncio.sleep(0.02 if len(said.text) > 10_000 else 0)
        except asyncio.CancelledError:
            await asyncio.sleep(5)
        return tickets(said.text)


class Locked(Check):
    """Does not give back what it holds when it is cancelled."""

    async def look(self, said: Said) -> list[Finding]:
        await self.lock.acquire()
        await asyncio.sleep(0.01 if len(said.text) > 10_000 else 0)
        self.lock.release()
        return tickets(said.text)


class Hanging(Check):
    async def look(self, said: Said) -> list[Finding]:
        await asyncio.sleep(600)
        return tickets(said.text)


class NoLook:
    pass


def _blocking(_: Check, said: Said) -> None:
    time.sleep(0.04 if len(said.text) > 10_000 else 0)


def _connecting() -> Check:
    try:
        socket.create_connection(("127.0.0.1", 9), 0.1).close()
    except OSError:
        log.debug("nobody is there")
    return Check(lambda _, __: None)


def _refusing(_: Check, said: Said) -> None:
    said.text.encode("ascii")


CHECKS: dict[str, Callable[[], Any]] = {
    "no-look": NoLook,
    "fails": lambda: 1 / 0,
    "nothing": lambda: Check(lambda _, __: []),
    "everything": lambda: Check(lambda _, said: [whole(said, "TICKET")]),
    "a-word": lambda: Check(lambda _, __: "TICKET"),  # type: ignore[arg-type,return-value]
    "outside": lambda: Check(lambda _, said: [Finding(0, len(said.text) + 5, "TICKET")]),
    "kind": lambda: Check(lambda _, said: [whole(said, said.text)]),
    "raises": lambda: Check(_refusing),
    "every-second": lambda: Check(every_second),
    "keeping": lambda: Check(keeping),
    "warning": lambda: Check(warning),
    "printing": lambda: Check(lambda _, said: print(said.text)),  # noqa: T201
    "blocking": lambda: Check(_blocking),
    "connecting": _connecting,
    "unfolded": lambda: Unfolded(keeping),
    "overlapping": lambda: Overlapping(keeping),
    "stubborn": lambda: Stubborn(keeping),
    "locked": lambda: Locked(keeping),
    "hanging": lambda: Hanging(keeping),
}


class Nothing(Detector, frozen=True, tag="acme_nothing"):
    """Has neither method."""


class Both(Detector, frozen=True, tag="acme_both"):
    """Has both methods."""

    def patterns(self) -> list[Pattern]:
        return []

    def check(self) -> None: ...


class Ours(Detector, frozen=True, tag="pattern"):
    """Is called like one of ours."""

    def patterns(self) -> list[Pattern]:
        return []


class Untagged(Detector, frozen=True):
    """Has no tag."""

    def patterns(self) -> list[Pattern]:
        return []


class Undescribed(Detector, frozen=True, tag="acme_undescribed"):
    def patterns(self) -> list[Pattern]:
        return []


class Loose(Detector, frozen=True, tag="acme_loose", forbid_unknown_fields=False):
    """Takes any key."""

    def patterns(self) -> list[Pattern]:
        return []


class Elsewhere(Detector, frozen=True, tag="acme_elsewhere"):
    """Looks where nothing is."""

    places: ClassVar = ("answers",)

    def patterns(self) -> list[Pattern]:
        return []


class Unwritten(Detector, frozen=True, tag="acme_unwritten"):
    """Has a setting that no file holds."""

    kept: Check | None = None

    def patterns(self) -> list[Pattern]:
        return []


class Telling(Detector, frozen=True, tag="acme_telling"):
    """Shows its secret."""

    token: Secret

    def patterns(self) -> list[Pattern]:
        return []

    def __repr__(self) -> str:
        return f"Telling({self.token.reveal()})"
