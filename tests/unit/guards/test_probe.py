"""A pattern on which somebody can spend a detector's time is told before any text has come; others are not."""

import pytest

from gateway.guards.adverse import texts
from gateway.guards.bounds import bounds
from gateway.guards.catalogue import ENTITIES
from gateway.guards.pattern import Pattern
from gateway.guards.probe import probe
from gateway.guards.scanner import Scanner

SLOW = [
    r"(?:\w{1,3}-?){1,12}#",
    "(?:a|aa){30}#",
    "(?:a?){40}a{40}#",
    "[a-z]{1,999}[a-z]{1,999}#",
    r"<(?:[^>]{1,50}\s?){1,20}>",
    "INT-(?:[0-9]{1,4}|[0-9a-f]{1,4}){1,16}!",
    "(?:(?:ab){1,9}-?){1,20}#",
    "key: (?:[A-Za-z ]{1,20} ?){1,20};",
    "(?:.{0,20},){20}P",
    "(?:가{1,9}나?){1,20}다",
    "(?i:(?:x{1,5}X{1,5}){1,10}y)",
    "(?:[a-z]{1,9}){1,20}(?![a-z])",
    "(?:a{0,50}b{0,50}){0,50}c",
]
QUICK = [
    "INT-[0-9]{6}",
    "(?<![0-9])01[016789]-?[0-9]{3,4}-?[0-9]{4}(?![0-9])",
    r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,12}",
    "(?:[a-z]{1,3}-?){1,4}#",
    "(?:(?>[a-z]{1,3})-?){1,12}#",
    "[0-9]{1,4000}",
    "계좌.{0,12}[0-9]{6}",
    "<!--.{0,4000}-->",
    "project (?:zebra|yak){1,3}",
]


@pytest.mark.parametrize("written", SLOW)
def test_a_pattern_that_can_be_kept_busy_is_told_with_a_text_that_does(written: str) -> None:
    slow = probe(written)
    assert slow is not None
    with pytest.raises(TimeoutError):
        Scanner([Pattern("X", written)]).scan(slow.text)


@pytest.mark.parametrize("written", QUICK)
def test_others_are_taken(written: str) -> None:
    assert probe(written) is None


def test_what_ships_and_is_not_timed_is_taken() -> None:
    """`measured` says that somebody has seen it; this is who."""
    assert [kind for kind, every in ENTITIES.items() if any(probe(one.regex) for one in every)] == []


def test_one_that_only_a_stream_keeps_busy_is_told() -> None:
    """Held text is searched again and again, and then it is too much."""
    slow = probe("(?:[a-z]{1,2}-?){1,12}")
    assert slow is not None
    assert slow.streamed


@pytest.mark.parametrize(
    ("written", "begins"),
    [
        ("[a-z]{1,9}#", "aaaa"),
        ("INT-[0-9]{1,9}!", "INT-000000000"),
        ("x(?:가나|다){1,3}[0-9]", "x가나가나가나"),
        ("(?:ab-?){1,3}#", "ababab"),
        ("(?:ab-?){1,3}#", "ab-ab-ab-"),
    ],
)
def test_texts_are_full_of_what_a_pattern_repeats(written: str, begins: str) -> None:
    assert any(text.startswith(begins) for text in texts(written, bounds(written)))


def test_texts_hold_what_a_match_needs_behind_what_spoils_it() -> None:
    assert all(text.endswith("~a#") for text in texts("[!a-z]{1,9}#", bounds("[!a-z]{1,9}#")))
