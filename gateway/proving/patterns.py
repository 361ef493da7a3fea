"""What a detector by patterns promises: the same whole and in pieces, whatever it is hidden behind, in time, on any thread."""

import random
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from gateway.guards.finding import Finding
from gateway.guards.guests import GuestFailed
from gateway.guards.pattern import Pattern
from gateway.guards.scanner import Scanner
from gateway.policy.detectors import Detector, Guest, kind_of
from gateway.policy.finding import patterns_of
from gateway.policy.guests import given
from gateway.policy.rule import Finder, digest_of
from gateway.proving.subject import Failure, Subject
from gateway.proving.texts import DISGUISES, ODD, chunked, mixed, slow

CASES: Final = 200
SLOW_CHARACTERS: Final = 4_096
SLOW_SECONDS: Final = 0.02
"""Of processor time, per kilobyte of the worst text; the slowest of ours takes a quarter of it."""
THREADS: Final = 4


def pattern_failures(subject: Subject) -> Iterator[Failure]:
    try:
        scanner = Scanner(_patterns(subject.detector))
    except ValueError as error:
        yield Failure("patterns", str(error))
        return
    if isinstance(subject.detector, Guest) and _shape(given(subject.detector)) != _shape(given(subject.detector)):
        yield Failure("patterns", "`patterns` gives something else every time; it must depend on the fields alone")
    try:
        wrong = list(_found(subject, scanner))
        yield from wrong
        if wrong:
            return  # the others would only say the same once more
        values = [value for text in subject.positives for value in _values(scanner, text)]
        wrong = list(_chunking(scanner, values + list(subject.positives)))
        yield from wrong
        if wrong:
            return
        if subject.disguises:
            yield from _folding(subject, scanner)
        yield from _slow(scanner, values)
        yield from _threads(subject, scanner)
    except GuestFailed as error:
        yield Failure(
            "test", f"the `check` of a pattern {error}; it gets a match and gives True or False, whatever the match"
        )
    except TimeoutError:
        yield Failure("time", _TOO_SLOW)


_TOO_SLOW: Final = (
    "it takes too long where much of a text matches, or almost does; write no repeat inside a repeat, give each a smaller upper limit, "
    "let alternatives begin with different characters, and let a `check` only compute"
)


def by_patterns(detector: Detector) -> bool:
    try:
        return bool(_patterns(detector))
    except ValueError:
        return True


def finder_of(detector: Detector) -> Finder:
    return Finder("it", kind_of(detector), digest_of(detector), detector)


def _patterns(detector: Detector) -> list[Pattern]:
    return patterns_of(finder_of(detector))


def _shape(patterns: Sequence[Pattern]) -> list[tuple[object, ...]]:
    return [(one.kind, one.regex, one.score, one.context) for one in patterns]


def _values(scanner: Scanner, text: str) -> list[str]:
    return [text[one.start : one.end] for one in scanner.scan(text)]


def _found(subject: Subject, scanner: Scanner) -> Iterator[Failure]:
    for index, text in enumerate(subject.positives):
        if not scanner.scan(text):
            yield Failure(
                "positives",
                f"nothing is found in positives[{index}]; patterns see folded text: ASCII digits and letters, `-` for every dash, one sort "
                "of space, nothing invisible",
            )
    for index, text in enumerate(subject.negatives):
        if found := scanner.scan(text):
            kinds = ", ".join(sorted({one.kind for one in found}))
            yield Failure(
                "negatives", f"{kinds} is found in negatives[{index}]; make the pattern narrower, or give it a `check`"
            )


def _chunking(scanner: Scanner, values: Sequence[str]) -> Iterator[Failure]:
    for seed in range(CASES):
        rng = random.Random(seed)
        text = rng.choice(ODD) + mixed(rng, values) + rng.choice(ODD)
        whole = scanner.scan(text)
        if any(not 0 <= one.start < one.end <= len(text) for one in whole):
            yield Failure("inside", f"a finding lies outside of its text (seed {seed})")
            return
        if (said := _differs(scanner, chunked(rng, text), text, whole)) is not None:
            yield Failure(
                "chunking",
                f"{said} (seed {seed}); the `check` of a pattern must depend on the match alone: no memory, no clock, no chance",
            )
            return


def _differs(scanner: Scanner, chunks: Sequence[str], text: str, whole: Sequence[Finding]) -> str | None:
    stream, out, found = scanner.filter(), "", list[Finding]()
    for chunk in chunks:
        settled = stream.feed(chunk)
        if any(one.start < len(out) for one in settled.findings):
            return "text had been let go that is part of a match"
        out += settled.text
        found += settled.findings
    settled = stream.close()
    if out + settled.text != text or found + settled.findings != whole:
        return "a text in chunks gives other findings than the same text whole"
    return None


def _folding(subject: Subject, scanner: Scanner) -> Iterator[Failure]:
    for index, text in enumerate(subject.positives):
        kinds = {one.kind for one in scanner.scan(text)}
        for name, disguise in DISGUISES.items():
            if not kinds <= {one.kind for one in scanner.scan(disguise(text))}:
                yield Failure(
                    "folding", f"positives[{index}] is not found with {name}; a `check` gets the folded match"
                )


def _slow(scanner: Scanner, values: Sequence[str]) -> Iterator[Failure]:
    for text in slow(values[:8], SLOW_CHARACTERS):
        began = time.thread_time()
        scanner.scan(text)
        stream = scanner.filter()
        for at in range(0, len(text), 64):
            stream.feed(text[at : at + 64])
        stream.close()
        if time.thread_time() - began > 2 * SLOW_SECONDS * len(text) / 1024:
            yield Failure("time", _TOO_SLOW)
            return


def _threads(subject: Subject, scanner: Scanner) -> Iterator[Failure]:
    expected = [scanner.scan(text) for text in subject.texts]
    begin = threading.Barrier(THREADS)

    def scanned(_: int) -> bool:
        begin.wait()
        return all([scanner.scan(text) for text in subject.texts] == expected for _ in range(20))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            same = all(pool.map(scanned, range(THREADS)))
    finally:
        sys.setswitchinterval(interval)
    if not same:
        yield Failure(
            "threads", "it finds something else when several threads use it; keep nothing between two matches"
        )
