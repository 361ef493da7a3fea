"""`POST /v1/feedback`: who may say what of which answer, how often, and what the same said twice is."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import pytest

from gateway.app import KNOWN_ENTITIES, Read
from gateway.config.feedback import Feedback as Settings
from gateway.config.structs import Config, Limits
from gateway.policy.load import load_files
from gateway.record.feedback import Feedback
from gateway.trying.calling import called
from tests.support.rated import ALICE, BOB, PAGE, ROOT, Rated, head, rated
from tests.support.simulation import Simulation

KOREAN = "답이 틀렸어요. 서울이 아니라 부산이에요."


@pytest.fixture
async def world(simulation: Simulation) -> AsyncIterator[Rated]:
    async with rated(simulation) as made:
        yield made


@pytest.mark.parametrize("api", ["chat", "messages", "responses"])
@pytest.mark.parametrize("streamed", [False, True])
async def test_whoever_asked_can_rate_the_answer(world: Rated, api: str, streamed: bool) -> None:
    own = head(await world.ask(api=api, stream=streamed))
    status, said = await world.say({"request_id": own, "value": False, "comment": KOREAN})
    assert status == 200
    assert said == {
        "id": said["id"],
        "object": "feedback",
        "created": said["created"],
        "request_id": own,
        "conversation_id": None,
        "metric": "thumbs",
        "value": False,
        "bad": True,
        "source": "user",
        "comment": KOREAN,
        "correction": None,
        "stored": False,
    }
    assert said["id"].startswith("fb_")
    page = await world.metrics()
    labels = 'metric="thumbs",model="demo",source="user",value="down",verdict="bad"'
    assert f"haechi_feedback_total{{{labels}}} 1.0" in page
    assert "부산" not in page


async def test_somebody_elses_request_is_as_unknown_as_one_that_never_was(world: Rated) -> None:
    own = head(await world.ask())
    others = await world.say({"request_id": own, "value": True}, BOB)
    nobodys = await world.say({"request_id": "req_" + "0" * 24, "value": True}, BOB)
    assert others[0] == nobodys[0] == 404
    others[1]["error"].pop("request_id", None)
    nobodys[1]["error"].pop("request_id", None)
    assert others[1] == nobodys[1]
    assert (await world.say({"request_id": own, "value": True}, ROOT))[0] == 200
    assert (await world.say({"request_id": own, "value": True}, None))[0] == 401


async def test_the_same_said_twice_is_one_and_another_thing_under_its_id_is_refused(world: Rated) -> None:
    own = head(await world.ask())
    said = {"request_id": own, "value": 2, "metric": "stars", "comment": KOREAN}
    first, again = await world.say(said), await world.say(said)
    assert first == again
    named = {"idempotency-key": "click 7"}
    one, two = await world.say(said, headers=named), await world.say(said, headers=named)
    assert one == two
    assert one[1]["id"] != first[1]["id"]
    assert (await world.say({**said, "id": "click 7"}))[1]["id"] == one[1]["id"]
    status, refused = await world.say({**said, "value": 3}, headers=named)
    assert (status, refused["error"]["code"]) == (409, "idempotency_conflict")
    assert 'haechi_feedback_score_count{metric="stars",model="demo"} 2.0' in await world.metrics()


async def test_of_many_at_once_one_counts(world: Rated) -> None:
    own = head(await world.ask())
    said = await asyncio.gather(*(world.say({"request_id": own, "value": True}) for _ in range(20)))
    assert len({msgspec.json.encode(one) for one in said}) == 1
    assert 'value="up",verdict="good"} 1.0' in await world.metrics()


@pytest.mark.parametrize(
    ("said", "param"),
    [
        ({"value": 7}, "value"),
        ({"value": "loud", "metric": "reason"}, "value"),
        ({"value": 9, "metric": "stars"}, "value"),
        ({"value": True, "metric": "nothing"}, "metric"),
        ({"value": True, "source": "me"}, "source"),
        ({"value": True, "comment": "가" * 51}, "comment"),
        ({"value": True, "id": "i" * 201}, "id"),
        ({"value": True, "conversation_id": "c", "request_id": None}, "conversation_id"),
        ({"value": True, "response_id": "r"}, None),
        ({"value": True, "coment": "x"}, None),
        ({"value": None}, None),
        ({}, None),
    ],
)
async def test_what_cannot_be_is_refused_and_says_what_would_do(
    world: Rated, said: dict[str, Any], param: str | None
) -> None:
    own = head(await world.ask())
    body = {name: value for name, value in ({"request_id": own} | said).items() if value is not None or name == "value"}
    status, refused = await world.say(body)
    assert (status, refused["error"]["code"], refused["error"]["param"]) == (400, "invalid_request", param)
    assert "haechi_feedback_total{" not in await world.metrics()


async def test_bodies_that_are_none(world: Rated) -> None:
    async def post(body: bytes, kind: str = "application/json") -> int:
        headers = {"authorization": f"Bearer {ALICE}", "content-type": kind}
        return (await called(world.gateway.app, "/v1/feedback", body, headers)).status

    assert await post(b"{") == 400
    assert await post(b'{"value": true, "value": false}') == 400
    assert await post(b'{"value": true}', "text/plain") == 415
    assert await post(b'{"value": true, "comment": "%s"}' % (b"x" * 70_000)) == 413
    assert await post(b'{"value": true, "comment": "\\ud800"}') == 400


async def test_who_sends_it_drop_by_drop_holds_no_place_for_long(simulation: Simulation) -> None:
    async def drops() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.02)

    async with rated(simulation, limits=Limits(body_seconds=1)) as world:
        transport = httpx.ASGITransport(world.gateway.app, client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            headers = {"authorization": f"Bearer {ALICE}", "content-type": "application/json"}
            sent = client.post("/v1/feedback", content=drops(), headers=headers)
            assert (await asyncio.wait_for(sent, 30)).status_code == 408


async def test_a_page_may_rate_the_answer_whose_token_it_has_and_nothing_else(world: Rated) -> None:
    mine, other = await world.ask(), await world.ask("something else")
    with_token = {"x-haechi-feedback-token": head(mine, "x-haechi-feedback-token"), "origin": PAGE}
    answer = await world.post({"value": False, "comment": "no"}, None, with_token)
    assert answer.status == 200
    assert msgspec.json.decode(answer.body)["request_id"] == head(mine)
    assert head(answer, "access-control-allow-origin") == PAGE
    assert (await world.say({"request_id": head(mine), "value": True}, None, with_token))[0] == 200
    assert (await world.say({"request_id": head(other), "value": True}, None, with_token))[0] == 404
    assert (await world.say({"conversation_id": "c", "metric": "solved", "value": True}, None, with_token))[0] == 404
    judged = await world.say({"value": True, "source": "judge"}, None, with_token)
    assert (judged[0], judged[1]["error"]["param"]) == (400, "source")
    read = await called(world.gateway.app, "/v1/feedback", b"", with_token, method="GET")
    assert read.status == 404


async def test_a_token_gives_so_much_and_no_more_and_the_same_again_is_not_more(world: Rated) -> None:
    with_token = {"x-haechi-feedback-token": head(await world.ask(), "x-haechi-feedback-token")}
    for stars in (1, 2, 2, 2, 3):
        assert (await world.say({"metric": "stars", "value": stars}, None, with_token))[0] == 200
    answer = await world.post({"metric": "stars", "value": 4}, None, with_token)
    assert answer.status == 429
    assert head(answer, "retry-after")
    assert (await world.say({"metric": "stars", "value": 1}, None, with_token))[0] == 200


async def test_a_token_that_is_forged_is_a_wrong_key(world: Rated) -> None:
    token = head(await world.ask(), "x-haechi-feedback-token")
    forged = token[:-1] + ("A" if token[-1] != "A" else "Q")
    assert (await world.say({"value": True}, None, {"x-haechi-feedback-token": forged}))[0] == 401


async def test_a_token_of_another_replica_is_good_here_before_the_row_is(simulation: Simulation) -> None:
    async with rated(simulation) as one, rated(simulation) as other:
        mine = await one.ask()
        with_token = {"x-haechi-feedback-token": head(mine, "x-haechi-feedback-token")}
        status, said = await other.say({"value": True}, None, with_token)
        assert (status, said["request_id"]) == (200, head(mine))
        assert (await other.say({"request_id": head(mine), "value": True}))[0] == 404


async def test_other_pages_get_no_leave(world: Rated) -> None:
    token = head(await world.ask(), "x-haechi-feedback-token")
    evil = await world.post({"value": True}, None, {"x-haechi-feedback-token": token, "origin": "https://evil.example"})
    assert evil.status == 403
    assert b"access-control-allow-origin" not in dict(evil.headers)
    asked = await called(world.gateway.app, "/v1/feedback", b"", {"origin": PAGE}, method="OPTIONS")
    assert asked.status == 204
    assert head(asked, "access-control-allow-origin") == PAGE
    assert "x-haechi-feedback-token" in head(asked, "access-control-allow-headers")
    refused = await called(world.gateway.app, "/v1/feedback", b"", {"origin": "https://evil.example"}, method="OPTIONS")
    assert b"access-control-allow-origin" not in dict(refused.headers)
    wrong = await world.post({"value": True}, None, {"x-haechi-feedback-token": "hft_x", "origin": PAGE})
    assert head(wrong, "access-control-allow-origin") == PAGE, "so that the page can read why"


async def test_other_methods_are_told_so(world: Rated) -> None:
    answer = await called(world.gateway.app, "/v1/feedback", b"", method="DELETE")
    assert (answer.status, head(answer, "allow")) == (405, "GET, OPTIONS, POST")


async def test_without_a_secret_and_without_tokens_there_are_none_on_answers(simulation: Simulation) -> None:
    async with rated(simulation, feedback=Settings(remembered=1)) as world:
        first, second = await world.ask(), await world.ask()
        assert b"x-haechi-feedback-token" not in dict(first.headers)
        assert (await world.say({"request_id": head(second), "value": True}))[0] == 200
        assert (await world.say({"request_id": head(first), "value": True}))[0] == 404, "it is not remembered"


async def test_traces_are_told_what_was_said_of_which_request_and_not_the_words(world: Rated) -> None:
    told: list[Feedback] = []
    world.gateway.gate.desk.tell = told.append
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    asked = await world.ask(headers={"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"})
    said = {"request_id": head(asked), "metric": "stars", "value": 2, "comment": KOREAN, "correction": KOREAN}
    assert (await world.say(said))[0] == (await world.say(said))[0] == 200
    (one,) = told
    assert (one.trace_id, one.score, one.bad, one.comment, one.correction) == (trace_id, 2.0, True, None, None)
    assert one.span_id is not None


BLOCKING: Final = """
haechi: policy/v1
name: no-codenames
version: 1
bind: {}
detectors:
  codename: {kind: keywords, words: [bluebird]}
rules:
  - id: block-codenames
    where: [user]
    detect: [codename]
    action: {block: {}}
"""


async def test_what_a_policy_would_block_is_withheld_and_the_thumb_counts(
    simulation: Simulation, tmp_path: Path
) -> None:
    file = tmp_path / "no-codenames.yaml"
    file.write_text(BLOCKING)
    found = load_files([file], {}, KNOWN_ENTITIES)
    async with rated(simulation, Read(Config(), found.policies)) as world:
        own = head(await world.ask())
        said = {"request_id": own, "value": False, "comment": "about Bluebird", "correction": "fine"}
        status, told = await world.say(said)
        assert (status, told["comment"], told["correction"]) == (200, "[withheld by a policy]", "fine")
        assert 'value="down",verdict="bad"} 1.0' in await world.metrics()
