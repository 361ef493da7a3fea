"""Planted secrets and personal text, searched for in every sink: log, records, metrics, and what callers are told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.limits.keys import hashed
from tests.support.eventually import eventually, records
from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.rawclient import Answer, Line, ask, request
from tests.support.simulation import Simulation

_CALLER_KEY: Final = "hk-CANARY-caller-83c1"
_VENDOR_KEY: Final = "sk-CANARY-vendor-20fe"
_SEAL: Final = "CANARY-seal-99aa"
_TEXT: Final = "CANARY-text Hong Gildong, 010-1234-5678"
_SAID: Final = "CANARY-upstream quota of account 4711"
_PATHS: Final = {"chat": "/v1/chat/completions", "messages": "/v1/messages", "responses": "/v1/responses"}
_KEYED: Final = {"authorization": f"Bearer {_CALLER_KEY}"}

PLAYS: Final[dict[str, dict[str, Any]]] = {
    "an answer": {"answer": _TEXT},
    "a refusal": {"status": 400, "message": _SAID},
    "a failure": {"status": 500, "message": _SAID},
    "a refused key": {"status": 401, "message": f"Incorrect key {_VENDOR_KEY}: {_SAID}"},
    "a refused key in a 400": {"error": "invalid_api_key", "status": 400, "message": f"Incorrect key {_VENDOR_KEY}"},
    "a refused key in a 200": {"error": "invalid_api_key", "status": 200, "message": f"Incorrect key {_VENDOR_KEY}"},
    "a refused key in a stream": {"error": "invalid_api_key", "error_after": 3, "message": f"Bad key {_VENDOR_KEY}"},
    "an echo of our key": {"status": 422, "message": f"You sent {_VENDOR_KEY}."},
    "an HTML page": {"body": f"<p>{_SAID} {_VENDOR_KEY}</p>", "content_type": "text/html"},
    "a malformed answer": {"malformed_after": 0, "answer": _TEXT},
    "a cut": {"cut": {"half": True}, "answer": _TEXT},
    "a head that is none": {"headers": {"x-odd": f"a{_VENDOR_KEY}"}, "cut": {"before_head": True}},
    "tool arguments": {"tool_calls": [{"name": "mail", "arguments": {"to": _TEXT}}]},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("canary")


@pytest.fixture(scope="module")
def keyed(upstream: Simulation, folder: Path) -> Iterator[GatewayProcess]:
    config = {
        "keys": [{"name": "one", "hash": hashed(_CALLER_KEY)}],
        "secret": "${CANARY_SEAL}",
        "providers": {
            name: {
                "kind": "openai_compatible",
                "base_url": f"{upstream.url}/v1",
                "dialects": [name],
                "api_key": "${CANARY_VENDOR}",
                "headers": {"x-api-key": "${CANARY_VENDOR}"},
            }
            for name in _PATHS
        },
        "models": {f"{name}/*": {"targets": [{"provider": name, "model": "*"}]} for name in _PATHS},
        "retry": {"attempts": 1},
        "breaker": {"failures": 1000},
        "record": {"file": str(folder / "records.jsonl")},
    }
    env = {"CANARY_VENDOR": _VENDOR_KEY, "CANARY_SEAL": _SEAL}
    with running(folder, written(folder, config), env) as process:
        yield process


def _asking(caller: str, upstream: str, *, streamed: bool) -> dict[str, Any]:
    said: dict[str, Any] = {"model": f"{upstream}/m", "stream": streamed, "metadata": {"user_id": _TEXT}}
    if caller == "responses":
        return {**said, "input": _TEXT, "instructions": _TEXT}
    return {**said, "messages": [{"role": "user", "content": _TEXT}], "max_tokens": 100}


@pytest.mark.parametrize("play", PLAYS.values(), ids=PLAYS.keys())
def test_no_error_shows_a_key_and_no_sink_shows_anything(
    play: dict[str, Any], keyed: GatewayProcess, simulation: Simulation, folder: Path
) -> None:
    simulation.misbehave(play)
    wanted = set()
    for caller in _PATHS:
        for upstream in _PATHS:
            for streamed in (False, True):
                asked = _asking(caller, upstream, streamed=streamed)
                answer = ask(keyed.url, _PATHS[caller], asked, headers=_KEYED)
                wanted.add(answer.headers["x-haechi-request-id"])
                told = str(answer.headers) + answer.body.decode()
                for key in (_VENDOR_KEY, _CALLER_KEY, _SEAL):
                    assert key not in told
    eventually(lambda: wanted <= {row["request_id"] for row in records(folder / "records.jsonl")})
    _check_sinks(keyed, folder)


BORDER: Final = {
    "not JSON": f'{{"model": "{_TEXT}'.encode(),
    "a key twice": f'{{"model": "a", "{_TEXT}": 1, "x": {{"b": 1, "b": 2}}}}'.encode(),
    "no such model": b'{"model": "nobody", "messages": [{"role": "user", "content": "' + _TEXT.encode() + b'"}]}',
    "a wrong type": b'{"model": 7, "messages": "' + _TEXT.encode() + b'"}',
    "what cannot be translated": b'{"model": "messages/m", "messages": [{"role": "' + _TEXT.encode() + b'"}]}',
    "messages that are text": b'{"model": "messages/m", "messages": "' + _TEXT.encode() + b'"}',
}


@pytest.mark.parametrize("raw", BORDER.values(), ids=BORDER.keys())
def test_what_the_border_refuses_is_not_repeated(
    raw: bytes, keyed: GatewayProcess, simulation: Simulation, folder: Path
) -> None:
    answers: list[Answer] = [ask(keyed.url, path, raw, headers=_KEYED) for path in _PATHS.values()]
    assert all(400 <= answer.status < 500 for answer in answers)
    assert all(b"Hong Gildong" not in answer.body for answer in answers)
    _check_sinks(keyed, folder)


def test_a_head_that_is_refused_is_not_repeated(keyed: GatewayProcess, folder: Path) -> None:
    heads = [f"GET /{_CALLER_KEY}\x00 HTTP/1.1\r\n\r\n", f"{_TEXT}\r\n\r\n", f"GET /v1/{_CALLER_KEY} HTTP/9.9\r\n\r\n"]
    for head in heads:
        with Line(keyed.url) as line:
            line.send(head.encode())
            assert b"CANARY" not in line.answer().body
    with Line(keyed.url) as line:
        line.send(request("GET", "/v1/models", line.host, b"", {"authorization": f"Bearer {_CALLER_KEY}x"}))
        assert b"CANARY" not in line.answer().body
    _check_sinks(keyed, folder)


def _check_sinks(keyed: GatewayProcess, folder: Path) -> None:
    sinks = {
        "log": keyed.log,
        "greeting": keyed.greeting,
        "records": (folder / "records.jsonl").read_text(),
        "metrics": ask(keyed.url, "/metrics", b"", method="GET").body.decode(),
        "command line": Path(f"/proc/{keyed.process.pid}/cmdline").read_text(),
    }
    for name, text in sinks.items():
        assert "CANARY" not in text, name
        assert "Gildong" not in text, name
