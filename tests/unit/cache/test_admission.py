"""Which answers may be kept, by what rules said of them."""

import pytest

from gateway.cache.admission import did_otherwise, may_keep
from gateway.guards.verdicts import Effect, Said, Verdict, Verdicts
from gateway.wire.neutral import Finish

RAW = b'{"choices": [{"finish_reason": "stop"}]}'


@pytest.mark.parametrize(
    ("place", "effect", "said", "kept"),
    [
        ("content", "mask", "enforced", False),
        ("content", "mask", "straddled", False),
        ("content", "mask", "failed", False),
        ("content", "log", "failed", False),
        ("content", "log", "enforced", True),
        ("content", "mask", "shadow", True),
        ("user", "tokenize", "enforced", True),
    ],
)
def test_an_answer_that_a_rule_changed_or_could_not_look_at_is_not_kept(
    place: str, effect: Effect, said: Said, kept: bool
) -> None:
    verdicts = Verdicts()
    verdicts.add(Verdict("p", "r", place, "CODE", effect, said))
    assert may_keep("chat", "stop", RAW, verdicts) == kept
    assert may_keep("chat", "stop", RAW, Verdicts())


@pytest.mark.parametrize(
    ("finish", "raw", "otherwise"),
    [
        ("stop", b'{"content": "yes"}', False),
        ("length", b'{"content": "yes"}', False),
        (None, b"", False),
        ("tool_calls", b"{}", True),
        ("content_filter", b"{}", True),
        ("refusal", b"{}", True),
        ("stop", b'{"refusal": "No."}', True),
    ],
)
def test_an_answer_that_acts_or_refuses_is_another_one_and_one_that_was_cut_off_says_nothing(
    finish: Finish | None, raw: bytes, otherwise: bool
) -> None:
    assert did_otherwise(finish, raw) is otherwise
