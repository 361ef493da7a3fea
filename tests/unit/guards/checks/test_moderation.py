"""A vendor's categories become findings, and a category that does not exist is not silently never found."""

from typing import Any

import pytest

from gateway.guards.check import Nonsense
from gateway.guards.checks.moderation import ModerationCheck
from tests.unit.guards.checks.ported import Model, ports, said, spans


def result(flagged: object = False, **scores: Any) -> dict[str, Any]:
    """Flagged from 0.5 on."""
    named = {name.replace("__", "/"): score for name, score in scores.items()}
    return {
        "id": "modr-1",
        "results": [
            {
                "flagged": flagged,
                "categories": {name: None if score is None else score >= 0.5 for name, score in named.items()},
                "category_scores": named,
            }
        ],
    }


ANSWER = result(True, hate=0.1, hate__threatening=0.7, violence=0.6)


@pytest.mark.parametrize(
    ("categories", "threshold", "kinds"),
    [
        (None, None, ["MODERATION_HATE_THREATENING", "MODERATION_VIOLENCE"]),
        (["violence"], None, ["MODERATION_VIOLENCE"]),
        (["hate"], None, []),
        (["hate"], 0.1, ["MODERATION_HATE"]),
        (None, 0.65, ["MODERATION_HATE_THREATENING"]),
        (None, 0.9, []),
    ],
)
async def test_what_counts_is_what_the_policy_says(
    categories: list[str] | None, threshold: float | None, kinds: list[str]
) -> None:
    model = Model(ANSWER)
    found = await ModerationCheck("mod", ports(model), categories, threshold).look(said("words"))
    assert [one.kind for one in found] == kinds
    assert all((one.start, one.end) == (0, 5) for one in found)
    assert model.asked == [("moderations", "mod", {"input": "words"})]
    assert model.askers == ["asker"]


async def test_the_vendors_score_is_the_findings() -> None:
    found = await ModerationCheck("mod", ports(Model(ANSWER)), ["violence"]).look(said("words"))
    assert spans(found) == [(0, 5, "MODERATION_VIOLENCE", 0.6)]


async def test_what_is_flagged_for_no_category_is_found_too() -> None:
    found = await ModerationCheck("mod", ports(Model(result(True, hate=0.1)))).look(said("words"))
    assert [one.kind for one in found] == ["MODERATION_FLAGGED"]


async def test_a_category_that_is_not_judged_for_this_model_is_not_found() -> None:
    assert not await ModerationCheck("mod", ports(Model(result(illicit=None))), ["illicit"], 0.0).look(said("words"))


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"results": []},
        {"results": ANSWER["results"] * 2},
        result("yes"),
        {"results": [{"flagged": False, "categories": {"hate": False}, "category_scores": {"hate": "much"}}]},
        result(hate=1.5),
        {"results": [{"flagged": False}]},
        result(False, violence=0.1),
    ],
    ids=repr,
)
async def test_nonsense_is_a_failure_and_so_is_a_category_that_the_vendor_does_not_have(answer: dict[str, Any]) -> None:
    with pytest.raises(Nonsense):
        await ModerationCheck("mod", ports(Model(answer)), ["hate"]).look(said("words"))


@pytest.mark.parametrize(("text", "depth"), [("words", 1), (" ", 0)])
async def test_what_a_judge_asks_is_not_moderated(text: str, depth: int) -> None:
    model = Model(ANSWER)
    assert not await ModerationCheck("mod", ports(model)).look(said(text, depth=depth))
    assert not model.asked
