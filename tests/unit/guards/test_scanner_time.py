"""What searching may cost: no pattern keeps a text for long, whether in one search or in many."""

import contextlib
import time

import pytest

from gateway.guards.allowance import SECONDS
from gateway.guards.bounds import bounds
from gateway.guards.catalogue import ENTITIES, patterns
from gateway.guards.pattern import Pattern
from gateway.guards.scanner import PATIENCE, Filter, Scanner

CREEPING = Pattern("X", "(?:[a-z]{1,3}-?){1,12}#")
"""Takes some 50 to 200 ms at each of many places: never too long by itself."""
LONG_KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQD\n" * 62


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


def test_many_long_matches_in_one_text_are_timed_too() -> None:
    """Each is found at once, but one begins at every character and goes on for thousands."""
    began = time.thread_time()
    with pytest.raises(TimeoutError):
        Scanner([Pattern("X", "[0-9]{1,9000}")]).scan("1" * 100_000)
    assert time.thread_time() - began < SECONDS * 2


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


def test_a_long_key_in_small_chunks_is_not_searched_again_at_each() -> None:
    """It takes 8 ms; it took 1.3 s when every chunk had all that was held searched, and 75 ms with only one of two remedies."""
    scanner = Scanner(patterns(ENTITIES, "d"))
    scanner.warm()
    assert min(_seconds(scanner, LONG_KEY) for _ in range(3)) < 0.04


def _seconds(scanner: Scanner, text: str) -> float:
    began = time.thread_time()
    assert _feed(scanner.filter(), text, 4) == text
    return time.thread_time() - began


def test_what_is_held_is_looked_at_again_once_it_has_grown_by_a_little() -> None:
    stream = Scanner(patterns(["PRIVATE_KEY"], "d")).filter()
    assert stream.feed(LONG_KEY).text == ""
    assert stream.feed("!").text == "", "one character more is no reason to search three thousand"
    assert stream.feed("!" * (len(LONG_KEY) // PATIENCE)).text != ""


def test_what_is_held_is_looked_at_again_at_once_while_it_is_short() -> None:
    stream = Scanner([Pattern("X", "INT-[0-9]{6}")]).filter()
    assert [stream.feed(char).text for char in "INT-12345x"] == [""] * 9 + ["INT-12345x"]


def test_a_search_looks_no_further_back_than_a_match_can_reach() -> None:
    """Each of these letters may begin a match, and nothing but the width tells that it is over."""
    scanner = Scanner([Pattern("X", "[a-z][a-z ]{0,40}!")])
    scanner.warm()
    began = time.thread_time()
    assert scanner.filter().feed("a b " * 250_000).text.endswith("a b ")
    assert time.thread_time() - began < 0.25
