"""Feedback on answers that the vendors' own SDKs asked for, in all three APIs; and the id that every answer tells, by which it is given."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import anthropic
import openai
import pytest
from anthropic import Anthropic
from openai import OpenAI

from tests.support.eventually import eventually
from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.rawclient import Line, ask, request
from tests.support.simulation import Simulation

ID: Final = "x-haechi-request-id"
TOKEN: Final = "x-haechi-feedback-token"
PHONE: Final = "010-1234-5678"
TURN: Final[Any] = [{"role": "user", "content": f"제 번호는 {PHONE}입니다"}]
CHAT: Final = "/v1/chat/completions"


@pytest.fixture(scope="module")
def rated(gateway_upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """Personal data comes to no model, and so to no ledger; answers come with tokens; all of it is kept."""
    folder = tmp_path_factory.mktemp("rated")
    config: dict[str, object] = {
        "secret": "one secret for all replicas",
        "providers": {"sim": {"kind": "simulated", "base_url": gateway_upstream.v1, "zone": "external"}},
        "models": {"*": {"targets": [{"provider": "sim", "model": "*"}]}},
        "policies": {"files": ["haechi:pii-korea"]},
        "feedback": {"tokens": {}, "metrics": {"thumbs": {}, "stars": {"kind": "score", "min": 1, "max": 5}}},
        "ledger": {"url": f"sqlite:///{folder}/ledger.db"},
        "record": {"spool": str(folder / "spool")},
        "retry": {"attempts": 1},
        "breaker": {"failures": 1000},
    }
    with running(folder, written(folder, config)) as process:
        yield process


@pytest.fixture
def client(rated: GatewayProcess, behind: Simulation) -> Iterator[OpenAI]:
    with OpenAI(base_url=rated.v1, api_key="any", max_retries=0) as made:
        yield made


@pytest.fixture
def other(rated: GatewayProcess, behind: Simulation) -> Iterator[Anthropic]:
    with Anthropic(base_url=rated.url, api_key="any", max_retries=0) as made:
        yield made


def say(client: OpenAI, **said: Any) -> Any:
    return client.post("/feedback", body=said, cast_to=object)


@pytest.mark.parametrize("streamed", [False, True])
def test_answers_of_chat(client: OpenAI, streamed: bool) -> None:
    raw = client.chat.completions.with_raw_response.create(model="demo", messages=TURN, stream=streamed)
    answer: Any = raw.parse()
    answer_id = answer.id if not streamed else list(answer)[-1].id
    by_request = say(client, request_id=raw.headers[ID], value=True)
    by_answer = say(client, response_id=answer_id, value=True)
    assert by_request == by_answer, "the same is said of the same answer"


@pytest.mark.parametrize("streamed", [False, True])
def test_answers_of_responses(client: OpenAI, streamed: bool) -> None:
    raw = client.responses.with_raw_response.create(model="demo", input="hi", stream=streamed)
    answer: Any = raw.parse()
    answer_id = answer.id if not streamed else list(answer)[-1].response.id
    assert say(client, response_id=answer_id, value=False)["request_id"] == raw.headers[ID]


@pytest.mark.parametrize("streamed", [False, True])
def test_answers_of_messages(client: OpenAI, other: Anthropic, streamed: bool) -> None:
    if streamed:
        with other.messages.stream(model="demo", messages=TURN, max_tokens=50) as stream:
            answer_id = stream.get_final_message().id
            own = stream.response.headers[ID]
    else:
        raw = other.messages.with_raw_response.create(model="demo", messages=TURN, max_tokens=50)
        own, answer_id = raw.headers[ID], raw.parse().id
    said: Any = other.post("/v1/feedback", body={"response_id": answer_id, "value": True}, cast_to=object)
    assert said["request_id"] == own
    assert say(client, request_id=own, value=True) == said


def test_what_people_write_is_kept_as_the_rules_for_the_request_leave_it(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model="demo", messages=TURN, user="u-1")
    said = say(
        client,
        request_id=raw.headers[ID],
        value=False,
        comment=f"{PHONE}로 전화해 주세요 🙂",
        correction="900101-1234568",
    )
    assert PHONE not in said["comment"]
    assert said["comment"].endswith("로 전화해 주세요 🙂")
    assert said["comment"].startswith("<KR_PHONE_")
    assert "900101-1234568" not in said["correction"]
    kept: Any = client.get("/feedback", options={"params": {"request_id": raw.headers[ID]}}, cast_to=object)
    assert [one["comment"] for one in kept["data"]] == [said["comment"]]


def test_the_errors_of_the_sdks_tell_what_is_wrong(client: OpenAI, other: Anthropic) -> None:
    with pytest.raises(openai.NotFoundError):
        say(client, request_id="req_" + "0" * 24, value=True)
    with pytest.raises(openai.BadRequestError, match="stars"):
        say(client, request_id="req_" + "0" * 24, metric="star", value=True)
    with pytest.raises(anthropic.NotFoundError):
        other.post("/v1/feedback", body={"request_id": "req_1", "value": True}, cast_to=object)
    own = client.chat.completions.with_raw_response.create(model="demo", messages=TURN).headers[ID]
    say(client, request_id=own, value=True, id="one")
    with pytest.raises(openai.ConflictError):
        say(client, request_id=own, value=False, id="one")


def test_answers_that_broke_off_and_requests_that_failed_can_be_rated(client: OpenAI, behind: Simulation) -> None:
    behind.play({"models": {"cut": {"steps": [{"cut": {"after_frames": 4}}]}, "bad": {"steps": [{"status": 500}]}}})
    raw = client.chat.completions.with_raw_response.create(model="cut", messages=TURN, stream=True)
    with pytest.raises(openai.APIError):
        list(raw.parse())
    assert say(client, request_id=raw.headers[ID], value=False)["stored"]
    with pytest.raises(openai.APIStatusError) as failed:
        client.chat.completions.create(model="bad", messages=TURN)
    assert say(client, request_id=failed.value.response.headers[ID], value=False)["stored"]


def test_a_stream_can_be_rated_while_it_flows_and_when_its_caller_has_gone(
    client: OpenAI, rated: GatewayProcess, behind: Simulation
) -> None:
    behind.play({"models": {"slow": {"steps": [{"stall_after": 4}]}}})
    body = {"model": "slow", "messages": TURN, "stream": True}
    with Line(rated.url) as line:
        line.ask(CHAT, body)
        status, headers = line.head()
        assert status == 200
        assert say(client, request_id=headers[ID], value=True, metric="thumbs")["stored"]
        line.reset()
    assert say(client, request_id=headers[ID], value=1, metric="stars")["stored"]
    page = eventually(lambda: 'outcome="client_gone"' in _metrics(rated) and _metrics(rated))
    assert page
    assert say(client, request_id=headers[ID], value=2, metric="stars")["stored"]


def test_tokens_stand_on_answers_of_every_api_also_on_streams_and_errors(
    client: OpenAI, other: Anthropic, rated: GatewayProcess, behind: Simulation
) -> None:
    behind.play({"models": {"bad": {"steps": [{"status": 500}]}}})
    heads = [
        client.chat.completions.with_raw_response.create(model="demo", messages=TURN).headers,
        client.chat.completions.with_raw_response.create(model="demo", messages=TURN, stream=True).headers,
        client.responses.with_raw_response.create(model="demo", input="hi").headers,
        other.messages.with_raw_response.create(model="demo", messages=TURN, max_tokens=9).headers,
    ]
    with pytest.raises(openai.APIStatusError) as failed:
        client.chat.completions.create(model="bad", messages=TURN)
    heads.append(failed.value.response.headers)
    for head in heads:
        answer = ask(rated.url, "/v1/feedback", {"value": True}, headers={TOKEN: head[TOKEN]})
        assert (answer.status, answer.json["request_id"]) == (200, head[ID])


def _metrics(gateway: GatewayProcess) -> str:
    return ask(gateway.url, "/metrics", b"", method="GET").body.decode()


def _head(gateway: GatewayProcess, method: str, path: str, body: Any) -> dict[str, str]:
    with Line(gateway.url) as line:
        line.ask(path, body, method=method)
        return line.head()[1]


PATHS: Final = [
    ("POST", CHAT, {"model": "demo", "messages": TURN}),
    ("POST", CHAT, {"model": "demo", "messages": TURN, "stream": True}),
    ("POST", CHAT, {"model": "demo"}),
    ("POST", CHAT, b"{"),
    ("POST", "/v1/messages", {"model": "demo", "messages": TURN, "max_tokens": 9, "stream": True}),
    ("POST", "/v1/messages", {"model": "demo", "messages": TURN}),
    ("POST", "/v1/responses", {"model": "demo", "input": "hi", "stream": True}),
    ("GET", "/v1/responses/resp_x", b""),
    ("POST", "/v1/embeddings", {"model": "demo", "input": "hi"}),
    ("POST", "/v1/audio/speech", {"model": "demo", "input": "hi", "voice": "alloy"}),
    ("GET", "/v1/files", b""),
    ("GET", "/v1/models", b""),
    ("GET", "/v1/models/none/of", b""),
    ("GET", "/v1/nothing", b""),
    ("DELETE", CHAT, b""),
    ("POST", "/v1/feedback", {"value": True}),
    ("OPTIONS", "/v1/feedback", b""),
    ("PUT", "/v1/feedback", b""),
    ("GET", "/v1/feedback", b""),
    ("GET", "/health", b""),
    ("HEAD", "/health", b""),
    ("GET", "/metrics", b""),
    ("GET", "/haechi/cache/stats", b""),
    ("POST", "/health", b""),
    ("GET", "/console", b""),
    ("GET", "/", b""),
    ("GET", "/no/such/place", b""),
]


@pytest.mark.parametrize(("method", "path", "body"), PATHS, ids=lambda one: one if isinstance(one, str) else "")
def test_every_answer_has_an_id_of_its_own(
    rated: GatewayProcess, behind: Simulation, method: str, path: str, body: Any
) -> None:
    first, second = (_head(rated, method, path, body)[ID] for _ in range(2))
    assert first.startswith("req_")
    assert len(first) == 28
    assert first != second


@pytest.mark.parametrize("raw", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nx: " + b"y" * 70_000 + b"\r\n\r\n"])
def test_what_is_no_request_is_answered_with_an_id_too(rated: GatewayProcess, raw: bytes) -> None:
    with Line(rated.url) as line:
        line.send_some(raw)
        answer = line.answer()
    assert answer.status in (400, 431)
    assert answer.headers[ID].startswith("req_")


def test_a_body_that_never_comes_is_no_feedback(rated: GatewayProcess) -> None:
    with Line(rated.url) as line:
        raw = request("POST", "/v1/feedback", "127.0.0.1", b"{" * 20, {"content-type": "application/json"})
        line.send(raw[:-10])
    assert "haechi_feedback" in _metrics(rated), "it is still there"


def test_the_ledger_holds_no_words_that_a_rule_took_away(rated: GatewayProcess) -> None:
    folder = Path(rated._log.parent)
    for file in (*folder.glob("ledger.db*"), *(one for one in (folder / "spool").rglob("*") if one.is_file())):
        assert PHONE.encode() not in file.read_bytes(), file.name
