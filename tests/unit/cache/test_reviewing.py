"""The judge of two answers: what it is shown, for whom it is asked, and which of its answers is a verdict."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from gateway.cache.embedder import Embedding, Unembedded
from gateway.cache.reviewing import Reviewer
from gateway.cache.semantic import Compared
from gateway.config.cache import CacheClass
from gateway.errors import GatewayError

ONE: Final = CacheClass(reviewer="judge", judge="wise")
SAID: Final = Compared("a?", "It lies here.", "b?", "You find it there.", asker="of this caller")


class Asked:
    """A model that gives one answer after the other; an error is raised."""

    def __init__(self, *answers: str | GatewayError, finish: str = "stop") -> None:
        self.seen: list[tuple[str, Mapping[str, Any], Any]] = []
        self._answers = [*answers]
        self._finish = finish

    async def __call__(self, model: str, body: Mapping[str, Any], asker: Any) -> dict[str, Any]:
        self.seen.append((model, body, asker))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, GatewayError):
            raise answer
        return {"choices": [{"finish_reason": self._finish, "message": {"content": answer}}]}


class Blind:
    """An embedder that is never asked."""

    id = "blind"

    def at_hand(self, text: str, asker: Any) -> None:
        return None

    async def embed(self, text: str, asker: Any, *, hurried: bool = False) -> Any:
        raise Unembedded("there is none")

    def figures(self) -> Embedding:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ('{"serves": true}', False),
        (' {"serves": false}\n', True),
        ('```json\n{"serves": true}\n```', False),
        ('```\n{"serves": false}\n```', True),
        ('{"serves": "yes"}', None),
        ('{"serves": true} or {"serves": false}', None),
        ('The answer said {"serves": true}', None),
        ("true", None),
        ("", None),
        ("\ud800", None),
    ],
)
async def test_a_verdict_is_one_object_alone_fenced_or_not(answer: str, wrong: bool | None) -> None:
    assert await Reviewer(Blind(), Asked(answer))(ONE, SAID) is wrong


async def test_a_verdict_that_was_cut_off_is_none() -> None:
    assert await Reviewer(Blind(), Asked('{"serves": true}', finish="length"))(ONE, SAID) is None


async def test_the_judge_is_asked_under_the_rules_of_whoever_asked() -> None:
    asked = Asked('{"serves": true}')
    await Reviewer(Blind(), asked)(ONE, SAID)
    (model, _, asker) = asked.seen[0]
    assert (model, asker) == ("wise", "of this caller")


async def test_a_model_that_takes_no_temperature_is_asked_without_one_from_then_on() -> None:
    asked = Asked(GatewayError("unsupported_parameter", "It takes none."), '{"serves": true}')
    reviewer = Reviewer(Blind(), asked)
    assert [await reviewer(ONE, SAID) for _ in range(2)] == [False, False]
    assert ["temperature" in body for _, body, _ in asked.seen] == [True, False, False]


@pytest.mark.parametrize("code", ["upstream_error", "rate_limited", "unsupported_parameter"])
async def test_a_judge_that_cannot_be_asked_tells_nothing(code: str) -> None:
    asked = Asked(GatewayError(code, "No."))
    assert await Reviewer(Blind(), asked)(ONE, SAID) is None
    assert len(asked.seen) == (2 if code == "unsupported_parameter" else 1)


async def test_what_is_too_long_to_be_shown_whole_is_not_judged() -> None:
    """Two answers that differ at their ends alone would look the same."""
    asked = Asked('{"serves": true}')
    long = Compared("a?", "x" * 30_000, "b?", "It lies here.")
    assert await Reviewer(Blind(), asked)(ONE, long) is None
    assert asked.seen == []


async def test_the_same_words_need_no_judge() -> None:
    asked = Asked('{"serves": false}')
    assert await Reviewer(Blind(), asked)(ONE, Compared("a?", "Here. ", "b?", "Here.")) is False
    assert asked.seen == []


async def test_half_a_character_in_an_answer_is_shown_to_nobody() -> None:
    asked = Asked('{"serves": true}')
    assert await Reviewer(Blind(), asked)(ONE, Compared("a?", "\ud800", "b?", "Here.")) is None
