"""The process apart: asked, asked again, ended and started anew."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gateway.drafts.apart import Drafts, Unanswered, _environment
from gateway.drafts.asked import Box, Job

TEXT = "haechi: policy/v1\nname: one\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def drafts() -> AsyncIterator[Drafts]:
    drafts = Drafts()
    yield drafts
    await drafts.aclose()


@pytest.mark.asyncio(loop_scope="module")
async def test_it_answers_whoever_asks(drafts: Drafts) -> None:
    found, tried = await asyncio.gather(
        drafts.check(Job("check", text=TEXT)), drafts.try_box(Job("try", text="name: x", box=Box()))
    )
    assert found.name == "one"
    assert tried.mistakes


@pytest.mark.asyncio(loop_scope="module")
async def test_of_one_page_only_the_newest_question_is_answered(drafts: Drafts) -> None:
    said = await asyncio.gather(
        *(drafts.check(Job("check", text=f"{TEXT}version: {number}\n"), "page") for number in (1, 2, 3)),
        return_exceptions=True,
    )
    assert [one.why if isinstance(one, Unanswered) else "answered" for one in said] == ["answered", "newer", "answered"]


@pytest.mark.asyncio(loop_scope="module")
async def test_more_than_some_at_once_are_sent_away(drafts: Drafts) -> None:
    said = await asyncio.gather(*(drafts.check(Job("check", text=TEXT)) for _ in range(12)), return_exceptions=True)
    assert [one.why for one in said if isinstance(one, Unanswered)] == ["busy"] * 4


@pytest.mark.asyncio(loop_scope="module")
async def test_one_that_dies_is_started_anew(drafts: Drafts) -> None:
    await drafts.check(Job("check", text=TEXT))
    assert drafts._process is not None
    drafts._process.kill()
    await drafts._process.wait()
    assert (await drafts.check(Job("check", text=TEXT))).name == "one"


@pytest.mark.asyncio(loop_scope="module")
async def test_who_goes_away_does_not_leave_the_answer_to_the_next(drafts: Drafts) -> None:
    gone = asyncio.create_task(drafts.check(Job("check", text="name: other")))
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert (await drafts.check(Job("check", text=TEXT))).name == "one"


def test_it_is_told_nothing_of_the_environment() -> None:
    env = _environment({"OPENAI_API_KEY": "swordfish", "PATH": "/bin", "HOME": "/root"})
    assert set(env) == {"PATH", "PYTHONPATH"}
