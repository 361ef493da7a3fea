"""What no rule can read is told as unscanned, in requests and answers, and refused where a policy says so; never passed over."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support import rawclient
from tests.support.eventually import eventually, records
from tests.support.gatewayprocess import running, written
from tests.support.matrix_requests import PATHS
from tests.support.rawclient import Answer, Line
from tests.support.simulation import Simulation
from tests.unit.policy.documents import rule

PIXEL = "data:image/png;base64,aGFlY2hp"
IN = ["system", "developer", "user", "assistant", "tool_result", "tool_definition"]
OUT = ["content", "reasoning", "tool_args", "refusal"]
MULTIPART = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'


def chat(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}, *parts]}], **more}


def messages(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"max_tokens": 100, **chat(*parts), **more}


def responses(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"input": [{"role": "user", "content": [{"type": "input_text", "text": "Hi"}, *parts]}], **more}


HISTORY = [
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": [{"type": "thinking", "thinking": "x", "signature": "s"}, {"type": "text", "text": "x"}]},
    {"role": "user", "content": "Hi"},
]  # fmt: skip
REQUESTS: list[tuple[str, str, dict[str, Any], dict[str, int]]] = [
    ("chat", "image", chat({"type": "image_url", "image_url": {"url": PIXEL}}), {"image": 1}),
    ("chat", "images", chat(*[{"type": "image_url", "image_url": {"url": PIXEL}}] * 2), {"image": 2}),
    ("chat", "address of an image", chat({"type": "image_url", "image_url": {"url": "https://a.example/x"}}), {"url": 1}),
    ("chat", "sound", chat({"type": "input_audio", "input_audio": {"data": "aGFlY2hp", "format": "wav"}}), {"audio": 1}),
    ("chat", "file", chat({"type": "file", "file": {"file_data": "data:application/pdf;base64,aGFlY2hp"}}), {"file": 1}),
    ("chat", "a part nobody knows", chat({"type": "made_up", "x": "y"}), {"unknown": 1}),
    ("chat", "search of the vendor", chat(web_search_options={}), {"hosted_tool": 1}),
    ("messages", "image", messages({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGFlY2hp"}}), {"image": 1}),
    ("messages", "address of an image", messages({"type": "image", "source": {"type": "url", "url": "https://a.example/x"}}), {"url": 1}),
    ("messages", "tool of the vendor", messages(tools=[{"type": "web_search_20250305", "name": "web_search"}]), {"hosted_tool": 1}),
    ("count_tokens", "image", messages({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGFlY2hp"}}), {"image": 1}),
    ("responses", "image", responses({"type": "input_image", "image_url": PIXEL}), {"image": 1}),
    ("responses", "prompt", responses(prompt={"id": "pmpt_1"}), {"prompt_id": 1}),
    ("responses", "tool of the vendor", responses(tools=[{"type": "web_search"}]), {"hosted_tool": 1}),
    ("completions", "tokens", {"prompt": [1, 2, 3]}, {"tokens": 1}),
    ("completions", "lists of tokens", {"prompt": [[1, 2], [3]]}, {"tokens": 2}),
    ("embeddings", "tokens", {"input": [1, 2, 3]}, {"tokens": 1}),
    ("moderations", "image", {"input": [{"type": "image_url", "image_url": {"url": PIXEL}}]}, {"image": 1}),
]  # fmt: skip
PASSED: list[tuple[str, str, dict[str, Any], dict[str, int]]] = [
    ("messages", "signed reasoning", {"max_tokens": 100, "messages": HISTORY}, {"signed": 2}),
    ("chat", "nothing", chat(), {}),
    ("messages", "nothing", messages(), {}),
    ("responses", "nothing", responses(), {}),
    ("embeddings", "nothing", {"input": "Hi"}, {}),
    ("rerank", "nothing", {"query": "Hi", "documents": ["x"]}, {}),
    ("responses", "encrypted reasoning of the answer", responses(include=["reasoning.encrypted_content"], reasoning={"effort": "high"}, store=False), {"encrypted": 1}),
]  # fmt: skip
"""Not refused, by whatever policy: what the vendor signed or encrypted itself."""
ANSWERS: list[tuple[str, str, dict[str, Any], dict[str, int]]] = [
    ("images", "picture", {"prompt": "Hi"}, {"image": 1}),
    ("audio", "sound", {"input": "Hi", "voice": "alloy"}, {"audio": 1}),
]
"""What comes back, and is refused then."""


@dataclass
class Gateway:
    """`came` are the requests of the upstream since the last one was asked."""

    url: str
    simulation: Simulation
    file: Path

    def ask(self, surface: str, model: str, body: dict[str, Any]) -> tuple[Answer, dict[str, Any], int]:
        self.simulation.clear()
        with Line(self.url) as line:
            line.ask(PATHS[surface], {**body, "model": model})
            answer = line.answer()
        return answer, self.row(answer), len(self.simulation.requests())

    def row(self, answer: Answer) -> dict[str, Any]:
        wanted = answer.headers["x-haechi-request-id"]
        return eventually(lambda: [row for row in records(self.file) if row["request_id"] == wanted])[0]


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    upstream.reset()
    folder = tmp_path_factory.mktemp("unscanned")
    for model, where, opaque in (
        ("allow", IN + OUT, "allow"),
        ("refuse", IN + OUT, "refuse"),
        ("system", ["system"], "refuse"),
        ("shadow", IN + OUT, "refuse"),
    ):
        document = {
            "haechi": "policy/v1",
            "name": model,
            "bind": {"models": [model]},
            "defaults": {"opaque": opaque},
            "detectors": {"d": {"kind": "pattern", "match": "[0-9]{9}"}},
            "rules": [rule(where=where, mode="shadow" if model == "shadow" else "enforce")],
        }
        (folder / f"{model}.policy.yaml").write_bytes(msgspec.json.encode(document))
    long = {"d": {"kind": "length", "max_chars": 9}}
    check = {
        "haechi": "policy/v1",
        "name": "check",
        "bind": {"models": ["check"]},
        "defaults": {"opaque": "allow", "timeout_ms": 30_000},
        "detectors": long,
        "rules": [rule(where=["content"])],
    }
    (folder / "check.policy.yaml").write_bytes(msgspec.json.encode(check))
    config = {
        "providers": {"sim": {"kind": "simulated", "base_url": upstream.v1}},
        "models": {
            name: {"targets": [{"provider": "sim", "model": "demo"}]}
            for name in ("allow", "refuse", "system", "shadow", "check", "bare")
        },
        "policies": {"files": ["*.policy.yaml"]},
        "retry": {"attempts": 1},
        "record": {"file": str(folder / "records.jsonl")},
    }
    with running(folder, written(folder, config)) as process:
        yield Gateway(process.url, upstream, folder / "records.jsonl")


def _ids(rows: list[tuple[str, str, dict[str, Any], dict[str, int]]]) -> list[str]:
    return [f"{surface}-{what}" for surface, what, *_ in rows]


@pytest.mark.parametrize(("surface", "_what", "body", "unscanned"), REQUESTS, ids=_ids(REQUESTS))
def test_what_cannot_be_read_is_told_or_refused(
    gateway: Gateway, surface: str, _what: str, body: dict[str, Any], unscanned: dict[str, int]
) -> None:
    _, row, came = gateway.ask(surface, "allow", body)
    assert (row["unscanned"], came) == (unscanned, 1)
    answer, row, came = gateway.ask(surface, "refuse", body)
    assert (answer.status, row["outcome"], came) == (400, "blocked", 0)
    assert next(iter(unscanned)) in answer.json["error"]["message"]
    assert _place_named(answer).partition(".")[0] in body
    _, row, came = gateway.ask(surface, "system", body)
    assert (row["unscanned"], came) == ({}, 1), "a rule that looks elsewhere refuses nothing, and says nothing of it"
    _, row, came = gateway.ask(surface, "bare", body)
    assert (row["unscanned"], row["policies"], came) == (None, None, 1)


def _place_named(answer: Answer) -> str:
    error = answer.json["error"]
    return str(error["details"]["param"] if "details" in error else error["param"])


@pytest.mark.parametrize("model", ["allow", "refuse"])
@pytest.mark.parametrize(("surface", "_what", "body", "unscanned"), PASSED, ids=_ids(PASSED))
def test_what_is_not_refused_is_told(
    gateway: Gateway, surface: str, _what: str, body: dict[str, Any], unscanned: dict[str, int], model: str
) -> None:
    _, row, came = gateway.ask(surface, model, body)
    assert (row["unscanned"], came) == (unscanned, 1)


@pytest.mark.parametrize(("surface", "what", "body", "unscanned"), ANSWERS, ids=_ids(ANSWERS))
def test_what_cannot_be_read_in_an_answer_is_told_or_refused(
    gateway: Gateway, surface: str, what: str, body: dict[str, Any], unscanned: dict[str, int]
) -> None:
    answer, row, came = gateway.ask(surface, "allow", body)
    assert (answer.status, row["unscanned"], came) == (200, unscanned, 1)
    assert answer.body
    answer, row, came = gateway.ask(surface, "refuse", body)
    assert (answer.status, row["outcome"], came) == (400, "blocked", 1)
    assert f"This answer holds what no policy can read ({next(iter(unscanned))})" in answer.json["error"]["message"]
    for model, told in (("system", {}), ("shadow", unscanned)):
        answer, row, _ = gateway.ask(surface, model, body)
        assert (answer.status, row["outcome"], row["unscanned"]) == (200, "answered", told), f"{model}: {what}"


def test_a_check_that_wants_all_of_an_answer_does_not_keep_sound_back(gateway: Gateway) -> None:
    answer, row, _ = gateway.ask("audio", "check", {"input": "Hi there", "voice": "alloy"})
    assert (answer.status, row["outcome"], row["unscanned"]) == (200, "answered", {"audio": 1})
    assert b"Hi" in answer.body


@pytest.mark.parametrize("surface", ["chat", "messages", "responses", "completions"])
def test_a_stream_tells_what_a_body_does(gateway: Gateway, surface: str) -> None:
    body = (
        {"prompt": [1, 2]}
        if surface == "completions"
        else {"chat": chat, "messages": messages, "responses": responses}[surface]()
    )
    _, row, _ = gateway.ask(surface, "allow", {**body, "stream": True})
    assert row["unscanned"] == ({"tokens": 1} if surface == "completions" else {})


@pytest.mark.parametrize(
    ("path", "part", "what"),
    [("/v1/images/edits", b"image", "images"), ("/v1/audio/transcriptions", b"file", "audio")],
)
def test_an_upload_is_told_or_refused(gateway: Gateway, path: str, part: bytes, what: str) -> None:
    def asked(model: bytes) -> tuple[Answer, dict[str, Any]]:
        file = MULTIPART.replace(b'"\r\n', b'"; filename="x.bin"\r\nContent-Type: application/octet-stream\r\n') % (
            part,
            b"abc",
        )
        form = MULTIPART % (b"model", model) + MULTIPART % (b"prompt", b"Hi") + file + b"--x--\r\n"
        answer = rawclient.ask(gateway.url, path, form, headers={"content-type": "multipart/form-data; boundary=x"})
        return answer, gateway.row(answer)

    answer, row = asked(b"allow")
    assert answer.status == 200, answer.body
    assert row["unscanned"].get(what), row
    answer, row = asked(b"refuse")
    assert (answer.status, row["outcome"]) == (400, "blocked")


def test_what_is_kept_elsewhere_and_never_read_is_refused(gateway: Gateway) -> None:
    """Neither names a model, so the strictest of all policies applies."""
    file = MULTIPART.replace(b'"\r\n', b'"; filename="x.jsonl"\r\n') % (b"file", b"{}") + MULTIPART % (
        b"purpose",
        b"user_data",
    )
    form = file + b"--x--\r\n"
    answer = rawclient.ask(gateway.url, "/v1/files", form, headers={"content-type": "multipart/form-data; boundary=x"})
    assert (answer.status, gateway.row(answer)["outcome"]) == (400, "blocked"), answer.body


@pytest.mark.parametrize("stream", [{}, {"stream": True}], ids=["unary", "stream"])
def test_a_rule_in_shadow_tells_what_it_would_have_done_and_does_nothing(
    gateway: Gateway, stream: dict[str, Any]
) -> None:
    image = {"type": "image_url", "image_url": {"url": PIXEL}}
    body = {
        "messages": [{"role": "user", "content": [{"type": "text", "text": "call 123456789 now"}, image]}],
        **stream,
    }
    answer, row, came = gateway.ask("chat", "shadow", body)
    assert (answer.status, row["outcome"], came, row["unscanned"]) == (200, "answered", 1, {"image": 1})
    assert b"123456789" in answer.body
    told = {(place, effect, said) for _, _, place, _, effect, said, _ in row["verdicts"]}
    assert told == {("user", "block", "shadow"), ("content", "block", "shadow")}
