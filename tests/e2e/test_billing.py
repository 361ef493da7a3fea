"""What an exchange used up and cost: as reported, estimated where an answer was cut, and nothing where nothing was computed."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.rawclient import Answer, Line, ask
from tests.support.scripted import (
    DONE,
    HEAD,
    LAST,
    PATHS,
    Stage,
    asking,
    chat_body,
    chat_chunk,
    chunk,
    event,
    fresh,
    stage,
    target,
    whole,
)

_ALL: Final = ("chat", "messages", "responses", "count_tokens", "embeddings", "images", "files")
_PRICES: Final = {"input": 1000.0, "output": 1_000_000.0}
_DELTAS: Final = 40


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Everything has its price. `plain` is the first target of the provider that holds the files."""
    models = {
        "plain": {"targets": [target("first", "plain", prices=_PRICES)]},
        "one/*": {"targets": [target("first", prices=_PRICES)]},
        "two/*": {"targets": [target("first", prices=_PRICES), target("second", prices=_PRICES)]},
        "uncounted/*": {"targets": [target("chat", prices=_PRICES)]},
    }
    providers = {"first": _ALL, "second": ("chat", "messages", "responses"), "chat": ("chat",)}
    with stage(tmp_path_factory.mktemp("billing"), providers, models, breaker={"failures": 3}) as made:
        yield made


def billed(record: dict[str, Any]) -> tuple[Any, ...]:
    """Input, output, whether estimated, nano-dollars."""
    names = ("input_tokens", "output_tokens", "usage_estimated", "cost_nanodollars")
    return tuple(record[name] for name in names)


def priced(tokens_in: int, tokens_out: int) -> int:
    return tokens_in * 1_000_000 + tokens_out * 1_000_000_000


NOTHING: Final = (None, None, None, None)


# -- what is stored


@pytest.fixture
def file(play: Stage) -> str:
    """The caller's id of a file at the upstream."""
    play.upstreams.play("first", whole({"id": "file-1", "object": "file", "purpose": "batch", "filename": "a"}))
    form = b'--B\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n' + b"x" * 4000 + b"\r\n--B--\r\n"
    kind = {"content-type": "multipart/form-data; boundary=B"}
    made = ask(play.process.url, "/v1/files?model=plain", form, headers=kind)
    assert made.status == 200, made.body
    assert billed(play.record(made)) == NOTHING
    return str(made.json["id"])


def stored(play: Stage, path: str, method: str = "GET") -> Answer:
    return ask(play.process.url, path, b"", method=method, headers={"content-type": ""})


_FILE: Final = whole(b"word " * 4000, headers={"content-type": "application/octet-stream"})
STORED: Final = {
    "its content": ("GET", "/content", _FILE),
    "itself": ("GET", "", whole({"id": "file-1", "object": "file"})),
    "its end": ("DELETE", "", whole({"id": "file-1", "object": "file", "deleted": True})),
}


@pytest.mark.parametrize("operation", STORED)
def test_a_file_costs_nothing_to_look_at(operation: str, file: str, play: Stage) -> None:
    method, path, said = STORED[operation]
    play.upstreams.play("first", said)
    answer = stored(play, f"/v1/files/{file}{path}", method)
    assert answer.status == 200, answer.body
    record = play.record(answer)
    assert billed(record) == NOTHING
    assert record["served_by"] == "stored:first"
    assert [name for name, _ in record["attempts"]] == ["stored:first"]


def test_a_response_costs_nothing_to_look_at(play: Stage) -> None:
    usage = {"input_tokens": 7, "output_tokens": 5, "total_tokens": 12}
    response = {"id": "resp_1", "object": "response", "status": "completed", "model": "m", "output": [], "usage": usage}
    play.upstreams.play("first", whole(response))
    made = play.ask("plain", "responses")
    assert billed(play.record(made)) == (7, 5, False, priced(7, 5))
    again = stored(play, f"/v1/responses/{made.json['id']}")
    assert again.json["usage"] == usage
    record = play.record(again)
    assert (billed(record), record["served_by"]) == (NOTHING, "stored:first")


def test_files_that_fail_do_not_close_the_way_to_the_model(file: str, play: Stage) -> None:
    play.upstreams.play("first", whole({"error": {"message": "broken"}}, 500))
    assert {stored(play, f"/v1/files/{file}").status for _ in range(5)} == {500, 503}
    assert play.upstreams.count("first") == 3, "the breaker of what is stored has opened"
    play.upstreams.play("first", whole(chat_body("well")))
    assert play.ask("plain").status == 200
    assert play.upstreams.count("first") == 1


# -- what an upstream reports nothing of


@pytest.mark.parametrize("route", ["one", "uncounted"], ids=["by the upstream", "by the gateway"])
def test_counting_tokens_is_free(route: str, play: Stage) -> None:
    play.upstreams.play("first", whole({"input_tokens": 9}))
    said = {"model": fresh(route), "messages": [{"role": "user", "content": "Hi " * 100}]}
    answer = ask(play.process.url, "/v1/messages/count_tokens", said)
    assert answer.status == 200, answer.body
    assert answer.json["input_tokens"] > 0
    assert billed(play.record(answer)) == NOTHING


def test_embeddings_without_usage_are_billed_for_their_input_alone(play: Stage) -> None:
    vector = {"object": "embedding", "index": 0, "embedding": [0.5] * 1000}
    play.upstreams.play("first", whole({"object": "list", "model": "m", "data": [vector]}))
    answer = ask(play.process.url, "/v1/embeddings", {"model": fresh("one"), "input": "Hi " * 100})
    assert answer.status == 200, answer.body
    tokens_in, tokens_out, estimated, cost = billed(play.record(answer))
    assert (tokens_in >= 75, tokens_out, estimated) == (True, 0, True)
    assert cost == priced(tokens_in, 0)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [(None, NOTHING), ({"input_tokens": 4, "output_tokens": 6}, (4, 6, False, priced(4, 6)))],
    ids=["nothing", "tokens"],
)
def test_of_images_only_what_is_reported_counts(usage: Any, expected: tuple[Any, ...], play: Stage) -> None:
    said = {"created": 1, "data": [{"b64_json": "A" * 4000}], **({"usage": usage} if usage else {})}
    play.upstreams.play("first", whole(said))
    answer = ask(play.process.url, "/v1/images/generations", {"model": fresh("one"), "prompt": "a stone beast"})
    assert answer.status == 200, answer.body
    assert billed(play.record(answer)) == expected


def test_a_chat_without_usage_is_estimated_both_ways(play: Stage) -> None:
    play.upstreams.play("first", whole(chat_body("word " * 100, usage=None)))
    tokens_in, tokens_out, estimated, cost = billed(play.record(play.ask(fresh("one"))))
    assert tokens_in > 0
    assert tokens_out >= 100
    assert (estimated, cost) == (True, priced(tokens_in, tokens_out))


# -- answers that are cut


def _message(*events: dict[str, Any]) -> list[bytes]:
    start: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
    }
    usage = {"input_tokens": 11, "output_tokens": 1}
    opening: list[dict[str, Any]] = [{"type": "message_start", "message": {**start, "usage": usage}}]
    if events and events[0]["type"] != "error":
        opening.append({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    return [event(one) for one in (*opening, *events)]


def _said(text: str) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}


_WORDS: Final = [_said(f"word{number} ") for number in range(_DELTAS)]
_END: Final[list[dict[str, Any]]] = [
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}},
    {"type": "message_stop"},
]


@pytest.mark.parametrize("caller", PATHS)
def test_a_complete_stream_is_billed_exactly_as_reported(caller: str, play: Stage) -> None:
    """However many deltas there were."""
    play.upstreams.play("chat", HEAD, chunk(chat_chunk("word0")), LAST)
    play.upstreams.play("first", HEAD, chunk(*_message(*_WORDS, *_END)), LAST)
    if caller != "messages":
        usage = {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
        words = [chat_chunk(f"word{number} ") for number in range(_DELTAS)]
        last = event({"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [], "usage": usage})
        play.upstreams.play("chat", HEAD, chunk(*words, chat_chunk(finish="stop"), last, DONE), LAST)
    answer = play.ask(fresh("one" if caller == "messages" else "uncounted"), caller, streamed=True)
    record = play.record(answer)
    assert (record["outcome"], billed(record)) == ("answered", (11, 3, False, priced(11, 3)))


def cut_after(caller: str, upstream: str, events: list[bytes], play: Stage) -> dict[str, Any]:
    """The record of a stream that ends behind these events, when the caller has had them."""
    gate = threading.Event()
    play.upstreams.play(upstream, HEAD, chunk(*events), gate, LAST)
    model = fresh("one" if upstream == "first" else "uncounted")
    try:
        with Line(play.process.url) as line:
            line.ask(PATHS[caller], asking(model, caller, streamed=True))
            line.read_until(f"word{_DELTAS - 1}".encode())
            gate.set()
            line.answer_rest()
    finally:
        gate.set()
    (record,) = play.records_of(model)
    assert (record["outcome"], record["code"]) == ("cut", "stream_cut")
    return record


def test_a_cut_message_is_billed_for_what_has_come(play: Stage) -> None:
    """Its first event reports one token of output; that was before it said anything."""
    record = cut_after("messages", "first", _message(*_WORDS), play)
    tokens_in, tokens_out, estimated, cost = billed(record)
    assert (tokens_in, estimated) == (11, True)
    assert tokens_out >= _DELTAS
    assert cost == priced(tokens_in, tokens_out)


@pytest.mark.parametrize("caller", PATHS)
def test_a_cut_chat_is_billed_for_what_has_come(caller: str, play: Stage) -> None:
    words = [chat_chunk(f"word{number} ") for number in range(_DELTAS)]
    tokens_in, tokens_out, estimated, cost = billed(cut_after(caller, "chat", words, play))
    assert tokens_in > 0
    assert tokens_out >= _DELTAS
    assert (estimated, cost) == (True, priced(tokens_in, tokens_out))


def test_a_caller_that_leaves_pays_for_what_has_come(play: Stage) -> None:
    gate = threading.Event()
    play.upstreams.play("first", HEAD, chunk(*_message(*_WORDS)), gate, LAST)
    model = fresh("one")
    try:
        with Line(play.process.url) as line:
            line.ask(PATHS["messages"], asking(model, "messages", streamed=True))
            line.read_until(f"word{_DELTAS - 1}".encode())
        (record,) = play.records_of(model)
    finally:
        gate.set()
    assert record["outcome"] == "client_gone"
    tokens_in, tokens_out, estimated, cost = billed(record)
    assert (tokens_in, tokens_out >= _DELTAS, estimated) == (11, True, True)
    assert cost == priced(tokens_in, tokens_out)


# -- more than one attempt


def test_an_attempt_that_failed_after_it_reported_is_paid_for_too(play: Stage) -> None:
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    play.upstreams.play("first", HEAD, chunk(*_message(overloaded)), LAST)
    play.upstreams.play("second", HEAD, chunk(*_message(*_WORDS, *_END)), LAST)
    answer = play.ask(fresh("two"), "messages", streamed=True)
    record = play.record(answer)
    assert record["outcome"] == "answered"
    assert [failure is None for _, failure in record["attempts"]] == [False, True]
    assert billed(record) == (22, 4, False, priced(22, 4))


def test_an_attempt_that_reported_nothing_before_it_failed_costs_nothing(play: Stage) -> None:
    play.upstreams.play("first", whole({"error": {"message": "broken"}}, 500))
    play.upstreams.play("second", whole(chat_body("well", (5, 6))))
    assert billed(play.record(play.ask(fresh("two")))) == (5, 6, False, priced(5, 6))


def test_a_failed_response_is_paid_for_where_nobody_else_answers(play: Stage) -> None:
    """Both attempts reported what they used."""
    usage = {"input_tokens": 7, "output_tokens": 2, "total_tokens": 9}
    failed = {"id": "resp_1", "object": "response", "status": "failed", "model": "m", "output": [], "usage": usage}
    for name in ("first", "second"):
        play.upstreams.play(name, whole({**failed, "error": {"code": "server_error", "message": "broken"}}))
    record = play.record(play.ask(fresh("two"), "responses"))
    assert record["outcome"] == "failed"
    assert billed(record) == (14, 4, False, priced(14, 4))


def test_metrics_count_what_the_records_say(tmp_path: Path) -> None:
    models = {"m": {"targets": [target("first", "m", prices=_PRICES)]}}
    with stage(tmp_path, {"first": ("chat",)}, models) as made:
        made.upstreams.play("first", whole(chat_body("well", (5, 6))))
        made.ask("m")
        page = ask(made.process.url, "/metrics", b"", method="GET").body.decode()
    assert 'haechi_tokens_total{dialect="chat",kind="output",model="m"} 6.0' in page
    assert f'haechi_cost_dollars_total{{dialect="chat",model="m"}} {priced(5, 6) / 1e9}' in page
