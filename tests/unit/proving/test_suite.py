"""The suite for detectors passes good ones, and says of each bad one which promise it breaks and what to do."""

import logging
import re
from typing import Any

import pytest

from gateway.detector import Secret
from gateway.proving import checks, patterns
from gateway.testing import DetectorUnfit, check_detector
from tests.unit.proving import asking, bad, good

POSITIVES = ["see ACME-123456, please", "ACME-000002입니다", "a\nACME-123458"]
NEGATIVES = ["ACME-12345", "XACME-123456", "nothing at all", ""]


def said_of(detector: Any, **more: Any) -> str:
    with pytest.raises(DetectorUnfit) as raised:
        check_detector(detector, **{"positives": POSITIVES, "negatives": NEGATIVES, **more})
    return str(raised.value)


@pytest.mark.parametrize(
    ("detector", "positives", "negatives"),
    [
        (good.Ticket(), POSITIVES, [*NEGATIVES, "ACME-123457"]),
        (good.Ticket(prefix="A+B"), ["A+B-123456", "사건 번호 12345678", "case 12345678"], ["AAB-123456", "12345678"]),
        (good.Staff(token=Secret("s3cr3t")), ["ask S12345", "S99999 and S99998"], ["S1234", "s12345"]),
        (good.Mood(), ["I am furious about it"], ["I am glad"]),
    ],
)
def test_good_detectors_pass(detector: Any, positives: list[str], negatives: list[str]) -> None:
    level = logging.getLogger().level
    check_detector(detector, positives=positives, negatives=negatives)
    assert logging.getLogger().level == level


@pytest.mark.parametrize(
    ("which", "promise", "what"),
    [
        ("nothing", "patterns", "its `patterns` gave something else than a list of patterns"),
        ("none", "patterns", "its `patterns` gave none, so it could never find anything"),
        ("texts", "patterns", "something else than a list of patterns"),
        ("unbounded", "patterns", "the pattern for TICKET: `+` has no upper limit; write `{1,64}`"),
        ("lower-case", "patterns", "must be written LIKE_THIS"),
        ("score", "patterns", "has a score that is not between 0 and 1"),
        ("context", "patterns", "has words of context that never match: they must be a tuple of texts, in lower case"),
        ("fails", "patterns", "its `patterns` failed (ZeroDivisionError)"),
        ("refuses", "patterns", "invalid literal for int()"),
        ("unstable", "patterns", "`patterns` gives something else every time"),
        ("unfolded", "positives", "nothing is found in positives[0]; patterns see folded text: ASCII digits and letters"),
        ("greedy", "negatives", "TICKET is found in negatives[0]; make the pattern narrower"),
        ("slow", "patterns", "the pattern for OTHER: takes too long: "),
        ("dawdling", "time|test", "takes too long"),
        ("remembering", "chunking", "the `check` of a pattern must depend on the match alone"),
        ("shared", "threads", "it finds something else when several threads use it; keep nothing between two matches"),
        ("shouting", "silence", "its log holds some of positives[0]; tell the kind, never the text"),
        ("hanging", "test", "the `check` of a pattern takes too long; it gets a match and gives True or False"),
        ("raising", "test", "the `check` of a pattern has raised ValueError"),
        ("no-bool", "test", "the `check` of a pattern gave no bool but a str"),
    ],
)  # fmt: skip
def test_a_bad_detector_by_patterns_is_told_its_promise(which: str, promise: str, what: str) -> None:
    said = said_of(bad.ByPatterns(which=which))
    assert re.search(f"\n  (?:{promise}): ", said), said
    assert what in said
    assert "ACME-0" not in said
    assert len(said.splitlines()) <= 4, said


@pytest.mark.parametrize(
    ("which", "promise", "what"),
    [
        ("no-look", "check", "`check` gives a NoLook without `look`"),
        ("fails", "check", "`check` raises ZeroDivisionError; a setting that is wrong is a ValueError"),
        ("nothing", "positives", "nothing is found in positives[0]"),
        ("everything", "negatives", "TICKET is found in negatives[0]"),
        ("a-word", "findings", "a check gave a str; it must give a list of findings"),
        ("outside", "findings", "a check gave a finding outside of the text; count code points from its beginning"),
        ("kind", "findings", "whose kind is not written LIKE_THIS"),
        ("raises", "raises", "it raises UnicodeEncodeError; whatever the text is, it must give findings"),
        ("every-second", "again", "the same text gives other findings the second time; keep nothing between two texts"),
        ("keeping", "silence", "its repr holds some of positives[0]; tell the kind, never the text, and keep none of it"),
        ("warning", "silence", "a warning holds some of positives[0]"),
        ("printing", "silence", "what it prints holds some of positives[0]"),
        ("blocking", "blocking", " ms while it looks at 16 KB; await what waits, and write a plain `def look`"),
        ("connecting", "network", "it asks somebody when it is made (socket.getaddrinfo); take models from a path"),
        ("unfolded", "folding", "nothing is found in positives[0] with full-width letters and digits; look at `fold(said.text).text`"),
        ("overlapping", "together", "it finds something else when it looks at several texts at once"),
        ("stubborn", "stopping", "it goes on for 2 s after it was cancelled; let CancelledError through"),
        ("locked", "stopping", "it finds nothing any more after it was cancelled once; free in `finally` what it holds"),
        ("hanging", "time", "it has not done with found within 1 s; look at a text in bounded time"),
    ],
)  # fmt: skip
def test_a_bad_check_is_told_its_promise(which: str, promise: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if which == "hanging":
        monkeypatch.setattr(checks, "SECONDS", 1.0)
    said = said_of(bad.ByCheck(which=which))
    assert f"\n  {promise}: " in said
    assert what in said
    assert "ACME-0" not in said


def test_patterns_that_take_long_together_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "SLOW_SECONDS", 0.0)
    assert "\n  time: it takes too long where much of a text matches" in said_of(good.Ticket())


def test_a_check_of_meaning_need_not_see_through_disguises() -> None:
    check_detector(bad.ByCheck(which="unfolded"), positives=["ACME-123456"], disguises=False)


@pytest.mark.parametrize(
    ("detector", "what"),
    [
        (bad.Nothing(), "it must have one of the methods `patterns` and `check`, and not both"),
        (bad.Both(), "it must have one of the methods `patterns` and `check`, and not both"),
        (bad.Ours(), "its kind `pattern` is one of the gateway's own; begin it with the name of whose it is"),
        (bad.Untagged(), "its tag is 'Untagged'; write it like_this"),
        (bad.Undescribed(), "it has no docstring; write one sentence"),
        (bad.Loose(), "it must be frozen and know all its fields"),
        (bad.Elsewhere(), "its `places` do not all exist; there are assistant, content"),
        (bad.Unwritten(), "its fields cannot be written in a file"),
        (bad.Telling(token=Secret("canary-4711")), "its repr shows the secret `token`"),
    ],
)
def test_a_bad_struct_is_told_its_promise(detector: Any, what: str) -> None:
    said = said_of(detector)
    assert f"the detector `{type(detector).__struct_config__.tag}` breaks a promise:\n  struct: " in said
    assert what in said
    assert "canary" not in said


def test_a_detector_that_asks_somebody_at_import_is_caught() -> None:
    assert "it asks somebody when it is imported (socket.getaddrinfo)" in said_of(asking.Asking(), negatives=[])


def test_a_detector_of_a_test_is_made_without_importing_it_anew() -> None:
    class Local(good.Ticket, frozen=True, tag="acme_local"):
        """Nobody else can import it."""

    check_detector(Local(), positives=POSITIVES)


def test_there_has_to_be_something_to_find() -> None:
    with pytest.raises(ValueError, match="at least one text"):
        check_detector(good.Ticket(), positives=[])
