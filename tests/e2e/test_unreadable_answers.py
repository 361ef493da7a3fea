"""Parts of an answer that no rule can read, where a policy refuses that: before text is out and behind it, in every API."""

from collections.abc import Iterator
from threading import Event
from typing import Any, Final

import msgspec
import pytest

from tests.support import scripted
from tests.support.policed import policy
from tests.support.rawclient import Answer, Line
from tests.support.scripted import DONE, HEAD, LAST, Stage, chunk, target
from tests.unit.policy.documents import rule

_DETECTORS: Final = {"d": {"kind": "pattern", "match": "[0-9]{9}"}}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("unreadable")
    for name, where in (("content", ["content"]), ("reasoning", ["reasoning"]), ("calls", ["tool_args"])):
        document = policy(name, detectors=_DETECTORS, rules=[rule(where=where)], bind={"models": [name]})
        (folder / f"{name}.policy.yaml").write_bytes(msgspec.json.encode(document))
    models = {name: {"targets": [target("u", "m")]} for name in ("content", "reasoning", "calls")}
    files = {"files": ["*.policy.yaml"]}
    with scripted.stage(folder, {"u": ["chat", "responses", "messages"]}, models, policies=files) as made:
        yield made


def _chat(delta: dict[str, Any]) -> bytes:
    return scripted.event({"id": "c", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]})


_PICTURE: Final = _chat({"content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGFlY2hp"}}]})
_SOUND: Final = _chat({"audio": {"data": "aGFlY2hp"}})
_END: Final = scripted.event({"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}) + DONE


@pytest.mark.parametrize("part", [_PICTURE, _SOUND], ids=["picture", "sound"])
def test_before_text_is_out_it_is_a_refusal_and_nobody_else_is_asked(stage: Stage, part: bytes) -> None:
    stage.upstreams.play("u", HEAD + chunk(part, _END) + LAST)
    answer = stage.ask("content", streamed=True)
    assert answer.status == 400
    assert "This answer holds what no policy can read" in answer.json["error"]["message"]
    assert stage.upstreams.count("u") == 1
    assert stage.record(answer)["outcome"] == "blocked"


@pytest.mark.parametrize("part", [_PICTURE, _SOUND], ids=["picture", "sound"])
def test_behind_text_it_is_a_cut_with_an_error_event(stage: Stage, part: bytes) -> None:
    told = Event()
    stage.upstreams.play("u", HEAD + chunk(_chat({"content": "Look here: "})), told, chunk(part, _END) + LAST)
    with Line(stage.process.url) as line:
        line.ask("/v1/chat/completions", scripted.asking("content", streamed=True))
        status, headers = line.head()
        begun = line.read_until(b"Look here")
        told.set()
        answer = Answer(status, headers, begun + line.answer_rest(), "whole")
    assert b"aGFlY2hp" not in answer.body
    assert b"[DONE]" not in answer.body
    assert b"policy_blocked" in answer.body
    assert stage.record(answer)["outcome"] == "cut"


def test_rules_of_other_places_let_it_pass(stage: Stage) -> None:
    for model in ("reasoning", "calls"):
        stage.upstreams.play("u", HEAD + chunk(_PICTURE, _END) + LAST)
        answer = stage.ask(model, streamed=True)
        assert (answer.status, stage.record(answer)["unscanned"]) == (200, {"image": 1})
        assert b"aGFlY2hp" in answer.body


@pytest.mark.parametrize(("model", "status"), [("content", 400), ("calls", 400), ("reasoning", 200)])
def test_what_a_tool_of_the_vendor_did_belongs_to_the_content_and_to_calls(
    stage: Stage, model: str, status: int
) -> None:
    items = [
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "x"}}
    ]
    body = {"id": "resp_1", "object": "response", "status": "completed", "model": "m", "output": items}
    stage.upstreams.play("u", scripted.whole(body))
    assert stage.ask(model, "responses").status == status


def test_fields_that_nobody_knows_are_read_as_text_and_never_refused(stage: Stage) -> None:
    body = {"id": "c", "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}], "new": "x"}
    stage.upstreams.play("u", scripted.whole(body))
    answer = stage.ask("content")
    assert (answer.status, stage.record(answer)["unscanned"]) == (200, {"unknown": 1})
