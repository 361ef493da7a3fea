"""Files of recorded requests: what a line may be, and that each mistake is named by its line without a word of it."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.mistakes import ConfigError
from gateway.trying.traffic import Line, answered, read_one, read_traffic

FILE = Path("traffic.jsonl")
CANARY = "seol.canary@planted.co.kr"
CHAT: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": CANARY}]}


def lines(*given: Any) -> list[Line]:
    return read_traffic(FILE, b"\n".join(msgspec.json.encode(one) for one in given))


def test_a_line_says_who_asked_what_and_what_came_of_it() -> None:
    said = {
        "id": 7, "surface": "messages", "key": "desk", "team": "hr", "tags": ["a"], "zones": ["external"], "model": "other",
        "headers": {"X-Haechi-Policy": "secrets", "Content-Length": "3"}, "request": CHAT, "answer": "fine",
    }  # fmt: skip
    (line,) = lines(said)
    assert (line.number, line.id, line.surface, line.key, line.team) == (1, "7", "messages", "desk", "hr")
    assert [*line.tags, *line.zones] == ["a", "external"]
    assert line.headers == {"x-haechi-policy": "secrets"}
    assert line.request == {**CHAT, "model": "other"}
    assert line.answer == "fine"


BODIES = [
    ({"messages": []}, "chat"),
    ({"messages": [], "system": "s", "max_tokens": 1}, "messages"),
    ({"messages": [], "stop_sequences": ["x"]}, "messages"),
    ({"input": "x"}, "responses"),
    ({"prompt": "x"}, "completions"),
    ({"query": "x", "documents": []}, "rerank"),
]


@pytest.mark.parametrize(("body", "surface"), BODIES)
def test_a_body_alone_is_a_line_whose_api_is_told_by_its_fields(body: dict[str, Any], surface: str) -> None:
    assert [one.surface for one in lines(body, {"request": body})] == [surface] * 2


def test_the_path_says_the_api_as_well() -> None:
    said = {"path": "/v1/embeddings?x=1", "request": {"input": "x"}}
    assert [one.surface for one in lines(said)] == ["embeddings"]


def test_streamed_is_what_came_as_a_stream() -> None:
    asked = {**CHAT, "stream": True}
    whole, streamed, unknown = lines(
        {"request": asked, "answer": {"choices": []}}, {"request": CHAT, "answer": [{}]}, {"request": asked}
    )
    assert [one.request["stream"] for one in (whole, streamed, unknown)] == [False, True, False]


def test_empty_lines_count_and_are_no_requests() -> None:
    assert [one.number for one in read_traffic(FILE, b"\n" + msgspec.json.encode(CHAT) + b"\r\n\n")] == [2]


MISTAKES: list[tuple[bytes, str]] = [
    (CANARY.encode(), "is no JSON; write one object on one line"),
    (b"\xff", "is no JSON; write one object on one line"),
    (b"[" * 100_000, "is no JSON; write one object on one line"),
    (b"[]", "is no object; write {"),
    (msgspec.json.encode({"request": CHAT, "taggs": []}), "field 2 is none of a line, which has `id`, `surface`"),
    (msgspec.json.encode({"request": CHAT, "taggs": []}), "did you mean 'tags'?"),
    (msgspec.json.encode({"request": CHAT, CANARY: 1}), "field 2 is none of a line"),
    (msgspec.json.encode({"id": "x"}), "request: must be there, as an object"),
    (msgspec.json.encode({"request": {"a": CANARY}}), "request: has none of `input`, `messages`, `prompt`, `query`"),
    (msgspec.json.encode({"request": CHAT, "surface": "chats"}), "surface: is none of chat, completions"),
    (msgspec.json.encode({"request": CHAT, "surface": "files"}), "surface: files cannot be judged"),
    (
        msgspec.json.encode({"request": CHAT, "path": "/v1/chat"}),
        "path: cannot be judged; paths are /v1/chat/completions",
    ),
    (
        msgspec.json.encode({"request": CHAT, "path": "/v1/messages", "surface": "chat"}),
        "path: is that of messages, but `surface` says chat; leave one of them out",
    ),
    (msgspec.json.encode({"request": {**CHAT, "model": [CANARY]}}), "request.model: must be a string"),
    (msgspec.json.encode({"request": CHAT, "id": [CANARY]}), "id: must be a string or a number"),
    (msgspec.json.encode({"request": CHAT, "id": "a\nb"}), "id: holds what cannot be printed"),
    (msgspec.json.encode({"request": CHAT, "team": 1}), "team: must be a string"),
    (msgspec.json.encode({"request": CHAT, "tags": CANARY}), "tags: must be a list of strings"),
    (msgspec.json.encode({"request": CHAT, "zones": [CANARY]}), "zones: must be a list of internal and external"),
    (msgspec.json.encode({"request": CHAT, "headers": [CANARY]}), "headers: must be an object of strings"),
    (msgspec.json.encode({"request": CHAT, "headers": {"x": "a\r\nb: c"}}), "headers: holds what no header can hold"),
    (msgspec.json.encode({"request": CHAT, "answer": [CANARY]}), "answer: must be the body of an answer"),
    (
        msgspec.json.encode({"surface": "embeddings", "request": {"input": CANARY}, "answer": []}),
        "answer: is a list of events, but embeddings has no streams",
    ),
]


@pytest.mark.parametrize(("raw", "said"), MISTAKES, ids=[str(number) for number in range(len(MISTAKES))])
def test_each_mistake_is_named_by_its_line_and_quotes_nothing(raw: bytes, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_traffic(FILE, msgspec.json.encode(CHAT) + b"\n" + raw)
    assert str(error.value).startswith("traffic.jsonl:2: ")
    assert said in str(error.value)
    assert CANARY not in str(error.value)


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        read_traffic(FILE, b"x\n" + msgspec.json.encode(CHAT) + b"\ny\n")
    assert [one.line for one in error.value.mistakes] == [1, 3]
    with pytest.raises(ConfigError) as error:
        read_traffic(FILE, b"x\n" * 1_000)
    assert len(error.value.mistakes) == 50


def test_a_file_without_requests_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match=r"^traffic.jsonl: has no requests in it"):
        read_traffic(FILE, b"\n\n")


@given(st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["request", "messages", "input", "answer", "id", "tags", "zones", "headers", "path", "surface", "model", "team"]),
        inner, max_size=5,
    ), max_leaves=12,
).map(msgspec.json.encode))  # fmt: skip
def test_whatever_a_line_is_it_is_a_line_or_a_mistake(raw: bytes) -> None:
    try:
        found = read_traffic(FILE, raw)
    except ConfigError:
        found = []
    assert all(isinstance(one.model, str) for one in found)


def test_one_request_may_be_written_over_many_lines() -> None:
    assert read_one(FILE, msgspec.json.format(msgspec.json.encode(CHAT)), None).request == CHAT


def test_of_many_requests_one_is_asked_for_by_its_line() -> None:
    raw = msgspec.json.encode({"id": "a", "request": CHAT}) + b"\n" + msgspec.json.encode({"id": "b", "request": CHAT})
    assert read_one(FILE, raw, 2).id == "b"
    with pytest.raises(ConfigError, match=r"has 2 requests in it; say which by `--line`"):
        read_one(FILE, raw, None)
    with pytest.raises(ConfigError, match=r"has no request on line 3"):
        read_one(FILE, raw, 3)


def test_a_mistake_in_the_only_request_is_named() -> None:
    with pytest.raises(ConfigError, match=r"surface: is none of"):
        read_one(FILE, msgspec.json.encode({"surface": "x", "request": CHAT}), None)


def test_an_answer_is_a_body_or_events_in_a_list_or_on_lines() -> None:
    (line,) = lines(CHAT)
    for raw in (b'[{"a": 1}, {"b": 2}]', b'{"a": 1}\n{"b": 2}\n'):
        with_answer = answered(line, FILE, raw)
        assert with_answer.answer == [{"a": 1}, {"b": 2}]
        assert with_answer.request["stream"] is True
    assert answered(line, FILE, b'{"a": 1}').answer == {"a": 1}
    with pytest.raises(ConfigError, match="is no JSON"):
        answered(line, FILE, b"nothing")
    with pytest.raises(ConfigError, match="must be the body of an answer"):
        answered(line, FILE, b"[1]")
