"""What the judge has confirmed for one question serves it below the certificate: that question, that answer, in that scope, and no other."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from gateway.cache.books import Book, subject_of
from gateway.cache.certify import THRESHOLDS, Certificate, Tally
from gateway.cache.memory import Memory
from gateway.cache.stats import Stats
from gateway.cache.stats import told as told_of
from gateway.config.cache import CacheClass
from gateway.trying.calling import called
from tests.support.likeworld import KINDS, NEVER, World, id_of, world_of
from tests.support.simulation import Simulation

MEASURED: Final[dict[str, Any]] = {"temperature": 1.0, "reviewer": "judge", "judge": "judge", "models": ["demo"], "reviewer_missed": 3, "reviewer_of": 200, "promote": True, "one_caller": 1.0}  # fmt: skip
DECLARED: Final = CacheClass(**MEASURED, audit=NEVER)
ASKED: Final = "What is the capital of Ruritania?"
LIKE: Final = "Please tell me what the capital of Ruritania is."
RIVER: Final = "It lies on the river."
OTHER: Final = "You find it where the water runs."


def reviewed() -> Certificate:
    """Long enough for what is confirmed, and not for a certificate."""
    return Certificate(tallies=[Tally(60, 0) for _ in THRESHOLDS])


@pytest.fixture(params=KINDS)
async def world(request: pytest.FixtureRequest, simulation: Simulation, tmp_path: Path) -> AsyncIterator[World]:
    async with world_of(request.param, DECLARED, simulation, tmp_path) as made:
        await made.stands(reviewed())
        yield made


@pytest.fixture
async def here(simulation: Simulation, tmp_path: Path) -> AsyncIterator[World]:
    """In memory."""
    async with world_of("memory", DECLARED, simulation, tmp_path) as made:
        await made.stands(reviewed())
        yield made


async def confirmed(world: World, asked: str = ASKED, like: str = LIKE, **more: Any) -> None:
    """The second question was answered by the model, the judge has confirmed the first one's answer for it, and its own has left."""
    world.play([RIVER, OTHER], [True])
    await world.ask(asked, **more)
    answer = await world.ask(like, **more)
    assert world.trail(answer).status == "shadow"
    assert (world.asked("demo"), world.asked("judge")) == (2, 1)
    await world.forget(answer)


@pytest.mark.parametrize(
    ("api", "streamed"), [("chat", False), ("chat", True), ("messages", True), ("responses", False)]
)
async def test_it_serves_once_the_own_answer_has_left_through_every_api(world: World, api: str, streamed: bool) -> None:
    await confirmed(world)
    given = await world.ask(LIKE, api, stream=streamed)
    headers = dict(given.headers)
    assert headers[b"x-haechi-cache"] == b"semantic"
    assert 0.8 < float(headers[b"x-haechi-cache-similarity"]) < 1
    assert RIVER in given.body.decode() or streamed
    assert OTHER not in given.body.decode()
    assert world.trail(given).neighbours[-1].went == "confirmed"
    assert (world.asked("demo"), world.asked("judge")) == (2, 1)


async def test_in_korean_as_well(here: World) -> None:
    await confirmed(here, "루리타니아의 수도는 어디인가요?", "루리타니아의 수도는 어디예요?")
    assert await here.mark("루리타니아의 수도는 어디예요?") == "semantic"


async def test_its_own_answer_comes_first(world: World) -> None:
    world.play([RIVER, OTHER], [True])
    await world.ask(ASKED)
    await world.ask(LIKE)
    assert await world.mark(LIKE) == "hit"


async def test_what_the_judge_does_not_confirm_is_blocked(world: World) -> None:
    world.play([RIVER, OTHER], [False])
    await world.ask(ASKED)
    await world.forget(await world.ask(LIKE))
    status, went = await world.went(LIKE)
    assert (status, went[-1]) == ("miss", "complaints")
    assert world.asked("judge") == 1


async def test_a_judge_without_a_verdict_confirms_nothing(here: World) -> None:
    here.simulation.play({"models": {"demo": {"steps": [{"answer": RIVER}, {"answer": OTHER}], "then": "repeat"}, "judge": {"steps": [{"answer": "Perhaps."}], "then": "repeat"}}})  # fmt: skip
    await here.ask(ASKED)
    await here.forget(await here.ask(LIKE))
    assert await here.mark(LIKE) == "shadow"
    assert here.answers.semantic is not None
    assert here.answers.semantic.uncounted["no_verdict"] == 2


async def test_another_question_another_user_and_other_parameters_are_judged_by_themselves(world: World) -> None:
    await confirmed(world)
    assert await world.mark("Tell me, please, what the capital of Ruritania is.") == "shadow"
    for more in ({"user": "another"}, {"temperature": 0.3}):
        await world.ask(ASKED, **more)
        assert await world.mark(LIKE, **more) in ("shadow", "miss")


async def test_it_holds_for_the_same_words_kept_again_and_for_no_others(world: World) -> None:
    await confirmed(world)
    world.play([RIVER], [True])
    await world.ask(ASKED, headers={"x-haechi-cache": "refresh"})
    assert await world.mark(LIKE) == "semantic"
    world.play(["It lies by the sea."], [True])
    await world.ask(ASKED, headers={"x-haechi-cache": "refresh"})
    assert await world.mark(LIKE) == "shadow"


@pytest.mark.parametrize("purged", ["all", "model:demo"])
async def test_a_purge_ends_it(world: World, purged: str) -> None:
    await confirmed(world)
    await world.answers.store.next_epoch(purged)
    world.play([RIVER], [True])
    await world.ask(ASKED)
    assert await world.mark(LIKE) == "shadow", "though the same words are kept again"


async def test_a_complaint_ends_it(world: World) -> None:
    await confirmed(world)
    given = await world.ask(LIKE)
    name = world.answers.complaints._like[id_of(given)].confirmation
    assert await world.answers.store.get(name) is not None
    assert await world.answers.complain(id_of(given), "local")
    assert await world.answers.store.get(name) is None, (
        "also where a full Redis has let go of what was said of the pair"
    )
    status, went = await world.went(LIKE)
    assert (status, went[-1]) == ("miss", "complaints")
    assert sum((await world.book()).complaints.values()) == 1


async def test_what_the_veto_speaks_against_is_not_even_judged(here: World) -> None:
    here.play([RIVER, OTHER], [True])
    await here.ask("Is it safe to give a dog two grapes?")
    assert await here.mark("Is it not safe to give a dog two grapes?") == "miss"
    assert here.asked("judge") == 0


async def test_a_caller_can_ask_for_none_of_it(here: World) -> None:
    await confirmed(here)
    assert await here.mark(LIKE, headers={"x-haechi-cache": "exact"}) == "miss"


def confirmations(world: World) -> int:
    assert isinstance(world.answers.store, Memory)
    return sum(held.value == b"\1" for held in world.answers.store._held.values())


async def test_an_entry_that_was_ever_called_wrong_serves_by_certificate_alone(here: World) -> None:
    also = "Could you tell me what the capital of Ruritania is?"
    await confirmed(here)
    here.play([OTHER, "Nobody knows."], [True, False])
    await here.forget(await here.ask(also))
    given = await here.ask(also)
    assert dict(given.headers)[b"x-haechi-cache"] == b"semantic"
    assert await here.mark(LIKE) == "semantic"
    assert await here.answers.complain(id_of(given), "local")
    here.play([OTHER], [True])
    assert here.answers.semantic is not None
    await here.answers.semantic.marks.clear(
        here.answers.complaints._like.popitem()[1].key, 1
    )  # no longer in quarantine
    assert await here.mark(LIKE) == "shadow"


async def test_confirmed_answers_are_audited_and_wrong_ones_end_all_of_them(
    simulation: Simulation, tmp_path: Path
) -> None:
    declared = CacheClass(**MEASURED, audit=1.0)
    async with world_of("memory", declared, simulation, tmp_path) as made:
        await made.stands(reviewed())
        for number, city in enumerate(("Ruritania", "Syldavia", "Borduria")):
            asked, like = ASKED.replace("Ruritania", city), LIKE.replace("Ruritania", city)
            await confirmed(made, asked, like)
            assert confirmations(made) == 1
            made.play(["It lies by the sea."], [False])
            assert await made.went(like) == ("shadow", ["audited"])
            assert made.asked("judge") == 1
            assert confirmations(made) == 0
            book = await made.book()
            assert (book.certificate.audits, book.certificate.withdrawals) == (
                (number + 1, 0) if number < 2 else (0, 1)
            )
        assert [tally.reviews for tally in book.certificate.tallies] == [0] * len(THRESHOLDS)
        await confirmed(made, "What is the capital of Grand Fenwick?", "Please tell me what the capital of Grand Fenwick is.")  # fmt: skip
        assert await made.mark("Please tell me what the capital of Grand Fenwick is.") == "shadow"


@pytest.mark.parametrize(
    ("declared", "certificate"),
    [
        (CacheClass(**MEASURED, audit=NEVER), Certificate(tallies=[Tally(15, 0) for _ in THRESHOLDS])),
        (CacheClass(**MEASURED, audit=NEVER), Certificate(tallies=[Tally(60, 20) for _ in THRESHOLDS])),
        (CacheClass(**MEASURED, audit=NEVER), Certificate(tallies=[Tally(400, 0), *(Tally() for _ in THRESHOLDS[1:])])),
        (CacheClass(**{**MEASURED, "promote": False}, audit=NEVER), reviewed()),
        (CacheClass(**MEASURED, audit=NEVER, serve="shadow"), reviewed()),
    ],
    ids=[
        "too few reviews",
        "too many wrong ones",
        "reviews of others that are more alike",
        "not asked for",
        "only to report",
    ],
)
async def test_without_the_reviews_or_the_wish_nothing_is_promoted(
    declared: CacheClass,
    certificate: Certificate,
    simulation: Simulation,
    tmp_path: Path,
) -> None:
    async with world_of("memory", declared, simulation, tmp_path) as made:
        await made.stands(certificate)
        await confirmed(made)
        assert await made.mark(LIKE) == "shadow"


async def test_stats_and_explain_tell_it(here: World) -> None:
    await confirmed(here)
    given = await here.ask(LIKE)
    told = await called(here.gateway.app, "/haechi/cache/stats", b"", method="GET")
    found = msgspec.json.decode(told.body)
    assert found["confirmed"] == 1
    assert found["classes"]["capitals"]["confirming"] == list(THRESHOLDS)
    lines = [*told_of(msgspec.convert(found, Stats))]
    assert "  answers that the judge has confirmed serve in the bands from 0.95, 0.92, 0.89, 0.86, 0.83, 0.80" in lines
    assert "answers that the judge has confirmed for another question: 1" in lines
    told = await called(here.gateway.app, f"/haechi/cache/requests/{id_of(given)}", b"", method="GET")
    assert msgspec.json.decode(told.body)["neighbours"][0]["went"] == "confirmed"


@pytest.mark.parametrize(
    "step",
    [
        {"tool_calls": [{"name": "look", "arguments": {}}]},
        {"answer": "", "finish": "filter"},
    ],
)
async def test_where_the_model_acts_or_refuses_the_kept_answer_was_wrong(here: World, step: dict[str, Any]) -> None:
    """Only answers that are kept are compared by a reviewer: else the evidence would leave out the worst of them."""
    here.simulation.play({"models": {"demo": {"steps": [{"answer": RIVER}, step], "then": "repeat"}}})
    tools = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]
    await here.ask(ASKED, tools=tools)
    assert await here.mark(LIKE, tools=tools) == "shadow"
    assert sum(tally.wrong for tally in (await here.book()).certificate.tallies) == 1
    status, went = await here.went(LIKE, tools=tools)
    assert (status, went[-1]) == ("miss", "complaints")


async def test_what_is_remembered_of_answers_that_were_given_is_without_their_texts(here: World) -> None:
    """Ten thousand of them: their answers would be gigabytes."""
    await confirmed(here)
    await here.ask(LIKE)
    (given,) = here.answers.complaints._like.values()
    assert not any(word in repr(given) for word in (RIVER, ASKED, LIKE))
    assert not any(hasattr(one, "raw") for one in given)


async def test_a_pair_that_was_counted_is_not_judged_again_in_every_scope(
    simulation: Simulation, tmp_path: Path
) -> None:
    declared = CacheClass(**{**MEASURED, "promote": False})
    async with world_of("memory", declared, simulation, tmp_path) as made:
        for user in ("one", "two", "three"):
            made.play([RIVER, OTHER], [True])
            await made.ask(ASKED, user=user)
            assert await made.mark(LIKE, user=user) == "shadow"
            assert made.asked("judge") == (1 if user == "one" else 0)
        assert (await made.book()).reviews == 1
        assert made.answers.semantic is not None
        assert made.answers.semantic.uncounted == {"twice": 2}


async def test_stats_of_a_class_that_was_declared_anew_tell_nothing_of_the_certificate_of_before(here: World) -> None:
    book = Book(certificate=Certificate(certified=[0]), of=subject_of(DECLARED, "another"))
    before = await here.answers.store.load("class:capitals")
    assert await here.answers.store.save("class:capitals", msgspec.json.encode(book), before)
    told = await called(here.gateway.app, "/haechi/cache/stats", b"", method="GET")
    assert msgspec.json.decode(told.body)["classes"]["capitals"]["state"] == "shadow"
