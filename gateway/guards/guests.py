"""Detectors that somebody else wrote, at arm's length: beside the event loop, within time, and believed as far as they make sense.

    GuestCheck   a check of theirs, in threads (`def look`) or in an event loop beside the gateway's (`async def look`)
    GuestTest    the `check` of a pattern of theirs

What a thread does cannot be stopped. What hangs keeps its thread, and once all of them hang the detector fails at once: bounded,
and the rules' `on_error` decides.
"""

import inspect
import logging
import queue
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.guards.check import Check, Nonsense, Said
from gateway.guards.finding import Finding
from gateway.guards.libraries.beside import Beside
from gateway.guards.libraries.workers import IDLE, Workers

log = logging.getLogger("haechi")

_KIND: Final = re.compile("[A-Z][A-Z0-9_]{0,31}")
MOST_FINDINGS: Final = 10_000
SECONDS: Final = 0.25
"""Within which a test of a match has to answer."""
THREADS: Final = 2
"""Of one `GuestTest`. Texts are searched by few threads at once, so more of them only help once some hang."""


class GuestFailed(TimeoutError):
    """The test of a match has raised, is late or gave no bool: the search has failed, as one that takes too long has."""


class GuestCheck:
    """`spec` is what it was made from, so that who keeps it knows whether it is still the same."""

    def __init__(self, name: str, check: Check, spec: object) -> None:
        self.spec = spec
        self._look: Callable[[Said], Any] = check.look
        self._away = Beside(name) if inspect.iscoroutinefunction(check.look) else Workers(name)

    async def look(self, said: Said) -> Sequence[Finding]:
        """Raises `Overloaded`, `LibraryFailed` or `Nonsense`."""
        return believed(await self._away.run(lambda: self._look(said)), said.text)


def believed(found: object, text: str) -> list[Finding]:
    """The findings as they are meant. Raises `Nonsense`, quoting nothing: a kind goes into records, so it is a name and no text."""
    if not isinstance(found, list | tuple):
        raise Nonsense(f"a check gave a {type(found).__name__}; it must give a list of findings")
    if len(found) > MOST_FINDINGS:
        raise Nonsense(f"a check gave more than {MOST_FINDINGS} findings")
    return [_believed(one, text) for one in found]


def _believed(one: object, text: str) -> Finding:
    if not isinstance(one, Finding):
        raise Nonsense(f"a check gave a {type(one).__name__} among its findings")
    start, end, kind, score = one.start, one.end, one.kind, one.score
    if not (_is_number(start, int) and _is_number(end, int) and _is_number(score, int | float)):
        raise Nonsense("a check gave a finding whose start, end or score is no number")
    if not 0 <= start < end <= max(1, len(text)):
        raise Nonsense("a check gave a finding outside of the text; count code points from its beginning")
    if not is_kind(kind) or not 0 <= score <= 1:
        raise Nonsense(
            "a check gave a finding whose kind is not written LIKE_THIS, or whose score is not between 0 and 1"
        )
    return Finding(int(start), int(end), str(kind), "", float(score))


def is_kind(name: object) -> bool:
    """Whether findings may be called this: a name, which goes into records and placeholders, and no text."""
    return isinstance(name, str) and _KIND.fullmatch(name) is not None


def _is_number(value: object, sort: Any) -> bool:
    return isinstance(value, sort) and not isinstance(value, bool)


@dataclass(slots=True, repr=False)
class _Asked:
    """`wrong` says what came instead of a bool, quoting nothing. `late`: nobody waits any more."""

    match: str
    done: threading.Event = field(default_factory=threading.Event)
    answer: bool | None = None
    wrong: str = ""
    begun: bool = False
    late: bool = False


class GuestTest:
    """Decides over matches. Two with one `key` are the same test. Asking costs some 50 µs, for the way into a thread and back."""

    def __init__(self, test: Callable[[str], bool], key: tuple[str, int], name: str) -> None:
        self._test = test
        self._key = key
        self._name = name
        self._asked: queue.SimpleQueue[_Asked] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._free = 0
        self._hung = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GuestTest) and other._key == self._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __call__(self, match: str, timeout: float = SECONDS) -> bool:
        """Raises `GuestFailed`, at the latest after so many seconds; at once while all threads hang."""
        if self._hung == THREADS:
            raise GuestFailed("hangs on all its threads")
        asked = _Asked(match)
        self._asked.put(asked)
        self._enlist()
        if not asked.done.wait(timeout):
            self._leave(asked)
        if asked.answer is None:
            log.warning("%s: the test of a match %s", self._name, asked.wrong)
            raise GuestFailed(asked.wrong)
        return asked.answer

    def _enlist(self) -> None:
        with self._lock:
            if self._threads == THREADS or self._free >= self._asked.qsize():
                return
            self._threads += 1
            self._free += 1
        threading.Thread(target=self._serve, name=self._name, daemon=True).start()

    def _leave(self, asked: _Asked) -> None:
        with self._lock:
            if asked.answer is None and not asked.wrong:
                asked.late, asked.wrong = True, "takes too long"
                self._hung += asked.begun

    def _serve(self) -> None:
        while (asked := self._next()) is not None:
            answer, wrong = (None, "") if asked.late else _answered(self._test, asked.match)
            with self._lock:
                self._free += 1
                self._hung -= asked.late and asked.begun
                if not asked.late:
                    asked.answer, asked.wrong = answer, wrong
            asked.done.set()
            del asked

    def _next(self) -> _Asked | None:
        """None when there was nothing for a while: the thread ends."""
        while True:
            try:
                asked = self._asked.get(timeout=IDLE)
            except queue.Empty:
                with self._lock:
                    if self._asked.empty():
                        self._free -= 1
                        self._threads -= 1
                        return None
                continue
            with self._lock:
                self._free -= 1
                asked.begun = not asked.late
            return asked


def _answered(test: Callable[[str], object], match: str) -> tuple[bool | None, str]:
    """What it says, or what came instead."""
    try:
        answer = test(match)
    except BaseException as error:  # noqa: BLE001 - whatever it raises, even SystemExit: else nobody would ever be told
        return None, f"has raised {type(error).__name__}"
    return (answer, "") if isinstance(answer, bool) else (None, f"gave no bool but a {type(answer).__name__}")
