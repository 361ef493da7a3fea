"""Which class a request belongs to, and which requests have no part in the semantic tier at all."""

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.classes import LONGEST, class_of, unlike
from gateway.config.cache import Cache, CacheClass, Semantic
from gateway.limits.keys import Principal
from gateway.wire.neutral import Audio, File, Image, Message, Request, Text, ToolCall, ToolResult

ASKED: Final = "What is the capital of Ruritania?"
PLAIN: Final = CacheClass(temperature=1.0)


def request(*parts: Any, **more: Any) -> Request:
    return Request(
        dialect="chat", model="demo", messages=[Message(role="user", parts=[*parts, Text(text=ASKED)])], **more
    )


@given(st.one_of(st.none(), st.floats(0, 2)), st.floats(0, 2))
def test_a_request_above_the_temperature_of_its_class_has_no_part_and_one_that_names_none_counts_as_one(
    named: float | None, most: float
) -> None:
    why = unlike(request(temperature=named), ASKED, CacheClass(temperature=most), "user")
    assert (why == "temperature") is ((1.0 if named is None else named) > most)


def test_by_default_a_request_that_names_no_temperature_has_no_part() -> None:
    assert unlike(request(), ASKED, CacheClass(), "user") == "temperature"
    assert unlike(request(temperature=0.2), ASKED, CacheClass(), "user") is None


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"n": 2}, "sampling"),
        ({"logprobs": True}, "sampling"),
        ({"top_logprobs": 3}, "sampling"),
        ({"logit_bias": {"50256": -100}}, "sampling"),
        ({"n": 1, "logprobs": False}, None),
    ],
)
def test_what_samples_or_asks_for_likelihoods_has_no_part(more: dict[str, Any], why: str | None) -> None:
    assert unlike(request(**more), ASKED, PLAIN, "user") == why


@pytest.mark.parametrize(
    "part",
    [
        ToolCall(id="c", name="look", arguments="{}"),
        ToolResult(call_id="c", parts=[]),
        Image(url="https://images.test/a.png"),
        Audio(data="", format="wav"),
        File(file_id="f"),
    ],
    ids=lambda part: type(part).__name__,
)
def test_what_is_not_text_in_any_turn_has_no_part(part: Any) -> None:
    earlier = Message(role="user", parts=[part])
    asked = Request(dialect="chat", model="demo", messages=[earlier, Message(role="user", parts=[Text(text=ASKED)])])
    assert unlike(asked, ASKED, PLAIN, "user") == "not_text"


@pytest.mark.parametrize(
    ("question", "share", "volatile", "why"),
    [
        ("What is the weather in Seoul today?", "user", False, "timely"),
        ("What is the weather in Seoul today?", "user", True, None),
        ("오늘 서울 날씨 어때?", "user", False, "timely"),
        ("When does my contract end?", "user", False, None),
        ("When does my contract end?", "key", False, "personal"),
        ("When does my contract end?", "global", True, "personal"),
        ("제 계약은 언제 끝나나요?", "team", False, "personal"),
        ("", "user", False, "no_question"),
        ("x" * LONGEST, "user", False, None),
        ("x" * (LONGEST + 1), "user", False, "no_question"),
    ],
)
def test_timely_and_personal_questions_have_no_part_where_they_may_not(
    question: str, share: str, volatile: bool, why: str | None
) -> None:
    assert unlike(request(), question, CacheClass(temperature=1.0, volatile=volatile), share) == why


def test_the_first_class_that_fits_counts_by_model_team_and_tag() -> None:
    classes = {
        "green": CacheClass(models=["fast*"], teams=["green"]),
        "web": CacheClass(models=["fast*"], tags=["web", "app"]),
        "rest": CacheClass(models=["fast"]),
    }
    settings = Cache(semantic=Semantic(classes=classes))

    def found(model: str, team: str | None = None, *tags: str) -> str | None:
        one = class_of(settings, model, Principal(id="k", name="k", team=team, tags=frozenset(tags)))
        return None if one is None else one[0]

    assert found("fast", "green", "web") == "green"
    assert found("fast-2", "blue", "app", "other") == "web"
    assert found("fast", "blue", "other") == "rest"
    assert found("fast-2", None) is None
    assert found("slow", "green") is None
    assert class_of(Cache(), "fast", Principal(id="k", name="k")) is None
