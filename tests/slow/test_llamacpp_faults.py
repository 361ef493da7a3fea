"""A real llama.cpp server whose client leaves, that is killed in the middle of an answer, and that is asked for what it has not."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from openai import APIError, OpenAI

from tests.slow.conftest import CONTEXT
from tests.slow.llamacpp import KEY, ModelServer, serving
from tests.support.eventually import eventually
from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.rawclient import Line, ask

pytestmark = pytest.mark.slow

_ENDLESS: Final[dict[str, Any]] = {"model": "tiny", "messages": [{"role": "user", "content": "0"}]}
_SHORT: Final = {"model": "tiny", "messages": [{"role": "user", "content": "say w"}]}
_PATHS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "chat": ("/v1/chat/completions", _ENDLESS),
    "messages": ("/v1/messages", {**_ENDLESS, "max_tokens": 2_000_000_000}),
    "responses": ("/v1/responses", {"model": "tiny", "input": "0"}),
}
_SOON: Final = 30.0
"""Seconds that the server may need to notice; it looks between two tokens."""

_ESTABLISHED: Final = "01"


@pytest.mark.parametrize("dialect", _PATHS)
def test_a_client_that_leaves_a_stream_frees_the_slot(
    server: ModelServer, gateway: GatewayProcess, dialect: str
) -> None:
    path, body = _PATHS[dialect]
    with Line(gateway.url) as line:
        line.ask(path, {**body, "stream": True})
        line.read_until(b"delta")
        assert server.busy() == 1
    eventually(lambda: server.busy() == 0, _SOON)


@pytest.fixture
def mortal(model: Path, tmp_path: Path) -> Iterator[ModelServer]:
    """A server to be killed."""
    with serving(tmp_path, model, CONTEXT) as running_server:
        yield running_server


@pytest.fixture
def front(mortal: ModelServer, tmp_path: Path) -> Iterator[GatewayProcess]:
    """A gateway that looks at the server's own `GET /health`."""
    config = {
        "providers": {
            "llama": {"kind": "llamacpp", "base_url": mortal.v1, "api_key": KEY, "health": {"every": 0.1}},
        },
        "models": {"tiny": {"targets": [{"provider": "llama", "model": "tiny"}]}},
        "retry": {"attempts": 1},
    }
    with running(tmp_path, written(tmp_path, config)) as process:
        yield process


def established(server: ModelServer) -> int:
    """Connections to the server that neither end has closed."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(f":{server.port:04X}") and row[3] == _ESTABLISHED for row in rows)


def test_a_client_that_does_not_wait_for_a_whole_answer_takes_the_connection_with_it(
    mortal: ModelServer, front: GatewayProcess
) -> None:
    """The gateway can do no more: between whole answers this server does not look whether anybody still listens."""
    with Line(front.url) as line:
        line.ask("/v1/chat/completions", _ENDLESS)
        eventually(lambda: mortal.busy() == 1)
        assert established(mortal) >= 1
    eventually(lambda: established(mortal) == 0)
    assert mortal.busy() == 1, "a fact about llama.cpp; should it end, then this server has learnt to look"


@pytest.mark.parametrize("dialect", _PATHS)
def test_a_server_killed_in_the_middle_of_an_answer_ends_it_with_an_error(
    mortal: ModelServer, front: GatewayProcess, dialect: str
) -> None:
    path, body = _PATHS[dialect]
    with Line(front.url) as line:
        line.ask(path, {**body, "stream": True})
        status, _ = line.head()
        assert status == 200
        line.read_until(b"delta")
        mortal.kill()
        last = line.read_until(b"stream_cut" if dialect != "messages" else b"event: error")
    for terminal in (b"[DONE]", b"message_stop", b"response.completed"):
        assert terminal not in last


def test_the_openai_client_raises_when_the_server_is_killed(mortal: ModelServer, front: GatewayProcess) -> None:
    with closing(OpenAI(base_url=front.v1, api_key="any", max_retries=0)) as client:
        stream = client.chat.completions.create(**_ENDLESS, stream=True)
        next(stream)
        mortal.kill()
        with pytest.raises(APIError) as caught:
            for _ in stream:
                pass
    assert caught.value.code == "stream_cut"


def test_the_servers_own_health_takes_it_out_and_in_again(
    mortal: ModelServer, front: GatewayProcess, model: Path, tmp_path: Path
) -> None:
    def is_up() -> bool | None:
        page = ask(front.url, "/metrics", b"", method="GET").body.decode()
        rows = [line for line in page.splitlines() if line.startswith("haechi_provider_up{")]
        return rows[0].endswith(" 1.0") if rows else None

    eventually(lambda: is_up() is True)
    assert ask(front.url, "/v1/chat/completions", _SHORT).json["choices"][0]["message"]["content"] == "xyz"
    mortal.kill()
    eventually(lambda: is_up() is False)
    assert ask(front.url, "/v1/chat/completions", _SHORT).status == 503
    again = tmp_path / "again"
    again.mkdir()
    with serving(again, model, CONTEXT, mortal.port):
        eventually(lambda: is_up() is True)
        assert ask(front.url, "/v1/chat/completions", _SHORT).status == 200


def test_its_health_needs_no_key(server: ModelServer) -> None:
    answer = ask(server.url, "/health", b"", method="GET")
    assert (answer.status, answer.json) == (200, {"status": "ok"})
    assert ask(server.url, "/v1/chat/completions", _SHORT).status == 401


_PICTURE: Final = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]
_NOT_HAD: Final[list[tuple[str, Any, int, str]]] = [
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": _PICTURE}]}, 500, "server_error"),
    ("/v1/rerank", {"query": "a", "documents": ["b"]}, 501, "not_supported_error"),
    ("/v1/embeddings", {"input": "a" * 5000}, 500, "server_error"),
    ("/v1/images/generations", {"prompt": "a"}, 404, "not_found_error"),
    ("/v1/chat/completions", {"messages": [], "max_tokens": -4}, 400, "invalid_request_error"),
]


@pytest.mark.parametrize(("path", "body", "status", "kind"), _NOT_HAD)
def test_what_it_says_to_requests_it_cannot_serve(
    server: ModelServer, path: str, body: Any, status: int, kind: str
) -> None:
    """Facts to configure by (`lacks: [images]`): some of the caller's faults come as the server's. Codes are the status again."""
    answer = server.ask(path, body)
    error = answer.json["error"]
    assert (answer.status, error["type"], error["code"]) == (status, kind, status)


def test_a_target_that_says_it_sees_no_images_never_hears_of_them(gateway: GatewayProcess) -> None:
    """Without `lacks`, each picture is a failure of the server: it is asked again, and its breaker counts."""
    messages = [{"role": "user", "content": _PICTURE}]
    answer = ask(gateway.url, "/v1/chat/completions", {"model": "blind", "messages": messages})
    assert (answer.status, answer.json["error"]["code"]) == (400, "unsupported_parameter")
