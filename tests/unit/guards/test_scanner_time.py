"""What searching may cost: no pattern keeps a text for long, whether in one search or in many."""

import contextlib
import time

import pytest

from gateway.guards.bounds import bounds
from gateway.guards.pattern import Pattern
from gateway.guards.scanner import SECONDS, Filter, Scanner

CREEPING = Pattern("X", "(?:[a-z]{1,3}-?){1,12}#")
"""Takes some 50 to 200 ms at each of many places: never too long by itself."""


@pytest.mark.parametrize("size", [1, 5, 1_000])
def test_searches_that_are_not_too_long_are_so_together(size: int) -> None:
    text = "a" * 300 + "!#"
    stream = Scanner([CREEPING]).filter()
    began = time.thread_time()
    with pytest.raises(TimeoutError):
        _feed(stream, text, size)
    assert time.thread_time() - began < SECONDS * 4
    assert stream.surrender() != ""


def test_a_whole_text_has_the_same_bound() -> None:
    began = time.thread_time()
    with pytest.raises(TimeoutError):
        Scanner([CREEPING, Pattern("Y", "(?:[a-z]{1,4}-?){1,12}#")]).scan("a" * 300 + "!#")
    assert time.thread_time() - began < SECONDS * 4


def test_long_ordinary_text_is_never_late() -> None:
    stream = Scanner([CREEPING]).filter()
    text = "It is a b-c, and 12 of them. # 가나다 " * 1_000
    assert _feed(stream, text, 4) == text


def _feed(stream: Filter, text: str, size: int) -> str:
    settled = [stream.feed(text[at : at + size]).text for at in range(0, len(text), size)]
    return "".join([*settled, stream.close().text])


@pytest.mark.parametrize(
    "written", ["(?:a|aa){30}#", "(?:[a-z]{1,9}){20}#", "[a-z]{1,999}[a-z]{1,999}#", "(?:a?){40}a{40}#"]
)
def test_every_shape_that_can_take_long_is_timed(written: str) -> None:
    scanner = Scanner([Pattern("X", written)])
    began = time.thread_time()
    with contextlib.suppress(TimeoutError):
        scanner.scan("a" * 3_000 + "!#")
    with contextlib.suppress(TimeoutError):
        _feed(scanner.filter(), "a" * 3_000 + "!#", 7)
    assert time.thread_time() - began < SECONDS * 8


@pytest.mark.parametrize(
    ("written", "many"),
    [
        ("INT-[0-9]{6}", False),
        ("[0-9]{1,4000}", False),
        ("(?:ab|cd|ef)[0-9]{2,9}", False),
        ("[0-9]{1,101}[0-9]{1,101}", True),
        ("(?:a|aa){14}", True),
        ("(?:[a-z]{1,9}){5}", True),
        ("(?:[a-z]{1,3}-?){1,12}#", True),
    ],
)
def test_what_can_match_in_many_ways_is_told(written: str, many: bool) -> None:
    assert bounds(written).many is many
