"""Feedback in a ledger: kept once, found again, and added up."""

import asyncio
from zoneinfo import ZoneInfo

import pytest

from gateway.ledger.ledger import Ledger
from gateway.ledger.views import OpinionFilter
from gateway.record.batch import Batch
from gateway.record.feedback import Feedback
from tests.support.ledgered import NOON, a_row, said


async def test_what_was_said_is_found_as_it_was_said(ledger: Ledger) -> None:
    one = said(comment="서울이 아니라 부산\0이에요 🙂", correction="부산", bad=True, score=0.0, label="down")
    assert await ledger.add_feedback(one) is one
    (found,) = await ledger.feedback_of(one.request_id or "")
    assert found == Feedback(
        **{
            **{name: getattr(one, name) for name in one.__struct_fields__},
            "comment": "서울이 아니라 부산\ufffd이에요 🙂",
        }
    )


async def test_what_is_there_under_an_id_stays_and_is_told(ledger: Ledger) -> None:
    await ledger.add_feedback(said(comment="first"))
    before = await ledger.add_feedback(said(comment="second", digest="other"))
    assert (before.comment, before.digest) == ("first", said().digest)
    (total,) = await ledger.scores(None, OpinionFilter(), NOON, NOON + 1)
    assert total.said == 1


async def test_of_many_at_once_one_is_kept_and_all_are_told_which(ledger: Ledger) -> None:
    every = [said(comment=f"number {number}") for number in range(8)]
    told = await asyncio.gather(*map(ledger.add_feedback, every))
    assert len({one.comment for one in told}) == 1
    (total,) = await ledger.scores(None, OpinionFilter(), NOON, NOON + 1)
    assert total.said == 1


async def test_what_the_row_of_a_request_knows_is_added_where_nobody_knew_it(ledger: Ledger) -> None:
    await ledger.write(Batch(NOON, [a_row(7, user="u_9", prompt="greeting@3", conversation="talk")]))
    await ledger.add_feedback(said(7, model=None, model_served=None, prompt=None, user=None))
    (found,) = await ledger.feedback_of(said(7).request_id or "")
    assert (found.model, found.model_served, found.prompt, found.user) == ("fast", "llama", "greeting@3", "u_9")
    assert found.conversation == "talk"
    (score,) = await ledger.scores("prompt", OpinionFilter(), NOON, NOON + 60)
    assert score.name == "greeting@3"


async def test_pages_go_on_where_they_ended(ledger: Ledger) -> None:
    for number in range(7):
        await ledger.add_feedback(said(number, bad=number % 2 == 0, comment="why" if number == 4 else None))
    first = await ledger.feedback_page(limit=3)
    assert [one.time - NOON for one in first.rows] == [6, 5, 4]
    second = await ledger.feedback_page(before=first.older, limit=3)
    assert [one.time - NOON for one in second.rows] == [3, 2, 1]
    assert (await ledger.feedback_page(before=second.older, limit=3)).older is None
    bad = await ledger.feedback_page(OpinionFilter(bad=True), since=NOON + 1, until=NOON + 6)
    assert [one.time - NOON for one in bad.rows] == [4, 2]
    assert len((await ledger.feedback_page(OpinionFilter(with_words=True))).rows) == 1
    assert (await ledger.feedback_page(OpinionFilter(model=("slow",)))).rows == []
    for cursor in ("", "1", "x-fb_", "1-2"):
        with pytest.raises(ValueError, match="cursor"):
            await ledger.feedback_page(before=cursor)


async def test_scores_over_time_by_model_and_prompt_agree_with_the_rows(ledger: Ledger) -> None:
    hour = 3600
    every = [
        said(number, time=NOON + number * 600, score=float(number % 2), bad=number % 2 == 0, prompt=f"p@{number % 3}")
        for number in range(24)
    ]
    for one in every:
        await ledger.add_feedback(one)
    await ledger.add_feedback(said(99, metric="reason", score=None, label="wrong", bad=True, model=None))
    series = await ledger.scores("prompt", OpinionFilter(metric=("thumbs",)), NOON, NOON + 4 * hour, "hour")
    for score in series:
        of = [one for one in every if one.prompt == score.name and score.since <= one.time < score.until]
        assert (score.said, score.bad) == (len(of), sum(one.bad for one in of))
        assert score.mean == pytest.approx(sum(one.score or 0 for one in of) / len(of))
    assert sum(one.said for one in series) == 24
    assert [
        (one.metric, one.name, one.said, one.mean)
        for one in await ledger.scores("model", OpinionFilter(), NOON, NOON + 4 * hour)
    ] == [
        ("reason", "", 1, None),
        ("thumbs", "fast", 24, 0.5),
    ]
    days = await ledger.scores(
        None, OpinionFilter(metric=("thumbs",)), NOON, NOON + 86_400, "day", ZoneInfo("Asia/Seoul")
    )
    assert [one.said for one in days] == [18, 6], "midnight in Seoul is three hours behind noon"


@pytest.mark.parametrize("which", [OpinionFilter(bad=True), OpinionFilter(with_words=True), OpinionFilter(key=("a",))])
async def test_what_sums_do_not_tell_is_refused(ledger: Ledger, which: OpinionFilter) -> None:
    with pytest.raises(ValueError, match="filter"):
        await ledger.scores(None, which, NOON, NOON + 1)


async def test_steps_below_a_quarter_of_an_hour_are_refused(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="quarter"):
        await ledger.scores(None, OpinionFilter(), NOON, NOON + 60, "minute")


async def test_what_is_old_goes_and_its_sums_stay_longer(ledger: Ledger) -> None:
    await ledger.add_feedback(said())
    assert (await ledger.tidy(NOON + 30 * 86_400))["feedback"] == 0
    gone = await ledger.tidy(NOON + 31 * 86_400)
    assert (gone["feedback"], gone["feedback_sums"]) == (1, 0)
    (total,) = await ledger.scores(None, OpinionFilter(), NOON, NOON + 1)
    assert total.said == 1
    assert (await ledger.tidy(NOON + 731 * 86_400))["feedback_sums"] == 1


async def test_what_an_end_user_said_is_forgotten_with_them_though_nobody_knew_who_it_was_then(ledger: Ledger) -> None:
    await ledger.add_feedback(said(1))
    await ledger.add_feedback(said(2, user=None, comment="of the user's request, before its row had come"))
    await ledger.add_feedback(said(3, user="u_2"))
    await ledger.write(Batch(NOON, [a_row(2, user="u_1"), a_row(3, user="u_2")]))
    assert await ledger.forget("u_1") == {"feedback": 2, "bodies": 0, "requests": 1}
    assert [one.id for one in (await ledger.feedback_page()).rows] == [said(3).id]
    (total,) = await ledger.scores(None, OpinionFilter(), NOON, NOON + 1)
    assert total.said == 3, "sums hold no end user"
