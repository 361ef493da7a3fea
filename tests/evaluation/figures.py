"""Precision and recall of detectors over labelled texts, and the time that they take."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from gateway.guards.finding import Finding
from gateway.guards.scanner import Scanner
from tests.support.corpus import Labelled, Span

ENGLISH: Final = (
    "The quick brown fox runs through the forest while the sun sets, and nobody knows where it will sleep tonight. "
)
KOREAN: Final = "가을이 오면 산길에는 낙엽이 쌓이고 사람들은 천천히 걸으며 지난 여름을 이야기한다. "
KILOBYTE: Final = 1024


@dataclass(slots=True)
class Tally:
    """Of one kind. A value counts as found if a finding of its kind touches it; a finding as right if it touches a value."""

    values: int = 0
    found: int = 0
    findings: int = 0
    right: int = 0
    missed: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return self.found / self.values if self.values else 1.0

    @property
    def precision(self) -> float:
        return self.right / self.findings if self.findings else 1.0


Find = Callable[[str], Sequence[Finding]]


def tallies(texts: Iterable[Labelled], find: Find, alike: Callable[[str, str], bool]) -> dict[str, Tally]:
    """By kind. `alike(found, labelled)`: whether two names of kinds mean the same, as a number may be of two kinds at once."""
    by_kind: dict[str, Tally] = {}
    for text, spans in texts:
        findings = find(text)
        for span in spans:
            tally = by_kind.setdefault(span.kind, Tally())
            tally.values += 1
            tally.found += any(alike(one.kind, span.kind) and _touch(one, span) for one in findings)
        for one in findings:
            tally = by_kind.setdefault(one.kind, Tally())
            tally.findings += 1
            tally.right += any(alike(one.kind, span.kind) and _touch(one, span) for span in spans)
    return by_kind


def _touch(one: Finding, span: Span) -> bool:
    return one.start < span.end and span.start < one.end


class Cost(NamedTuple):
    """CPU time in microseconds: of a clean kilobyte of each language, and of a chunk of four characters of it."""

    english: float
    korean: float
    english_chunk: float
    korean_chunk: float


def cost(scanner: Scanner) -> Cost:
    english, korean = (prose * (KILOBYTE // len(prose) + 1) for prose in (ENGLISH, KOREAN))
    return Cost(
        _best(partial(scanner.scan, english[:KILOBYTE])),
        _best(partial(scanner.scan, korean[:KILOBYTE])),
        _per_chunk(scanner, english),
        _per_chunk(scanner, korean),
    )


def _per_chunk(scanner: Scanner, text: str) -> float:
    chunks = [text[at : at + 4] for at in range(0, len(text), 4)]

    def stream() -> None:
        held = scanner.filter()
        for chunk in chunks:
            held.feed(chunk)

    return _best(stream) / len(chunks)


def _best(work: Callable[[], object], rounds: int = 9, times: int = 20) -> float:
    """The least of several rounds: others on this machine can only add to it."""
    least = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        for _ in range(times):
            work()
        least = min(least, (time.process_time() - began) / times)
    return least * 1e6


def external(path: Path) -> list[Labelled]:
    """JSON lines, each `{"text": …, "spans": [{"start": …, "end": …, "kind": …}]}`, in code points."""
    return [msgspec.json.decode(line, type=Labelled) for line in path.read_bytes().splitlines() if line.strip()]
