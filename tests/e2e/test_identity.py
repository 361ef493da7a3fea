"""Who may ask: the open gateway serves this machine alone, the keyed one its keys; credentials end here."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.limits.keys import hashed
from tests.support.gatewayprocess import GatewayProcess, running, simulated, written
from tests.support.rawclient import Answer, Line, ask, request
from tests.support.simulation import Simulation

_CHAT: Final = "/v1/chat/completions"
_SAID: Final[dict[str, Any]] = {"model": "demo", "messages": [{"role": "user", "content": "Hi"}]}
_KEY: Final = "hk-caller-CANARY-0b1e"
_VENDOR: Final = "sk-vendor-CANARY-77aa"


@pytest.fixture(scope="module")
def keyed(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("keyed")
    config = {
        "keys": [
            {"name": "all", "hash": hashed(_KEY), "team": "red"},
            {"name": "one", "hash": hashed("hk-one"), "models": ["demo", "small-*"]},
        ],
        "providers": {
            "sim": {
                "kind": "openai_compatible",
                "base_url": f"{upstream.url}/v1",
                "dialects": ["chat", "messages", "responses"],
                "api_key": _VENDOR,
                "headers": {"x-api-key": _VENDOR},
            }
        },
        "models": {"*": {"targets": [{"provider": "sim", "model": "*"}]}},
        "record": {"file": str(folder / "records.jsonl")},
    }
    with running(folder, written(folder, config)) as process:
        yield process


OPEN: Final = {
    "a foreign host": {"host": "gateway.example.com"},
    "a host that begins well": {"host": "127.0.0.1.example.com"},
    "a host with credentials": {"host": "localhost@example.com"},
    "an address that is not this machine": {"host": "10.0.0.1:8080"},
    "no host": {"host": ""},
    "a foreign origin": {"origin": "https://example.com"},
    "an origin of nowhere": {"origin": "null"},
    "an origin that begins well": {"origin": "http://localhost.example.com"},
    "another site without an origin": {"sec-fetch-site": "cross-site"},
    "x-forwarded-for": {"x-forwarded-for": "10.0.0.1"},
    "x-forwarded-host": {"x-forwarded-host": "example.com"},
    "x-forwarded-proto": {"x-forwarded-proto": "https"},
    "x-real-ip": {"x-real-ip": "10.0.0.1"},
    "forwarded": {"forwarded": "for=10.0.0.1"},
    "via": {"via": "1.1 proxy"},
}


@pytest.mark.parametrize("headers", OPEN.values(), ids=OPEN.keys())
@pytest.mark.parametrize("path", [_CHAT, "/v1/messages", "/v1/models"])
def test_the_open_gateway_refuses_who_comes_from_elsewhere(
    headers: dict[str, str], path: str, gateway: GatewayProcess, simulation: Simulation
) -> None:
    answer = ask(gateway.url, path, b"" if path == "/v1/models" else _SAID, headers=headers, method=_method(path))
    if headers == {"host": ""} and answer.status == 400:  # HTTP/1.1 demands one
        return
    assert answer.status == 403, answer.body
    assert _code(path, answer) == "foreign_origin"
    assert simulation.requests() == []


def _method(path: str) -> str:
    return "GET" if path == "/v1/models" else "POST"


def _code(path: str, answer: Answer) -> str:
    error = answer.json["error"]
    return str(error["details"]["error_code"] if path == "/v1/messages" else error["code"])


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1", "127.8.8.8:1", "[::1]:8080", "LOCALHOST"])
def test_the_open_gateway_serves_this_machine_by_any_of_its_names(
    host: str, gateway: GatewayProcess, simulation: Simulation
) -> None:
    assert ask(gateway.url, _CHAT, _SAID, headers={"host": host, "origin": "http://localhost:3000"}).status == 200


KEYS: Final = {
    "none": {},
    "a wrong one": {"authorization": "Bearer hk-wrong"},
    "a wrong one as x-api-key": {"x-api-key": "hk-wrong"},
    "a wrong one as api-key": {"api-key": "hk-wrong"},
    "the hash itself": {"authorization": f"Bearer {hashed(_KEY)}"},
    "an empty one": {"authorization": "Bearer "},
    "another scheme": {"authorization": f"Basic {_KEY}"},
    "no scheme": {"authorization": _KEY},
    "one that is not ASCII": {"x-api-key": "schl\u00fcssel"},
}


@pytest.mark.parametrize("headers", KEYS.values(), ids=KEYS.keys())
@pytest.mark.parametrize("path", [_CHAT, "/v1/messages", "/v1/responses", "/v1/models"])
def test_without_a_good_key_nobody_is_served(
    headers: dict[str, str], path: str, keyed: GatewayProcess, simulation: Simulation
) -> None:
    answer = ask(keyed.url, path, b"" if path == "/v1/models" else _SAID, headers=headers, method=_method(path))
    assert answer.status == 401, answer.body
    assert _code(path, answer) == "invalid_api_key"
    assert b"CANARY" not in answer.body
    assert simulation.requests() == []


@pytest.mark.parametrize(
    ("name", "value"), [("authorization", f"Bearer {_KEY}"), ("x-api-key", _KEY), ("api-key", _KEY)]
)
def test_a_good_key_is_taken_wherever_the_sdks_put_it(
    name: str, value: str, keyed: GatewayProcess, simulation: Simulation
) -> None:
    """And one who has a key may come from anywhere."""
    came = {name: value, "host": "gateway.example.com", "x-forwarded-for": "10.0.0.1", "origin": "https://example.com"}
    assert ask(keyed.url, _CHAT, _SAID, headers=came).status == 200


@pytest.mark.parametrize(("model", "status"), [("demo", 200), ("small-1", 200), ("large", 403), ("demos", 403)])
def test_a_key_asks_for_its_models_alone(
    model: str, status: int, keyed: GatewayProcess, simulation: Simulation
) -> None:
    answer = ask(keyed.url, _CHAT, {**_SAID, "model": model}, headers={"authorization": "Bearer hk-one"})
    assert answer.status == status
    if status == 403:
        assert _code(_CHAT, answer) == "model_not_allowed"
        assert simulation.requests() == []


@pytest.mark.parametrize("path", [_CHAT, "/v1/messages", "/v1/responses"])
def test_what_a_caller_shows_us_goes_no_further(path: str, keyed: GatewayProcess, simulation: Simulation) -> None:
    shown = {
        "authorization": f"Bearer {_KEY}",
        "x-api-key": _KEY,
        "api-key": _KEY,
        "cookie": "session=CANARY-cookie",
        "proxy-authorization": "Basic CANARY-proxy",
        "x-forwarded-for": "10.9.8.7",
        "openai-organization": "org-CANARY",
        "openai-project": "proj-CANARY",
        "origin": "https://CANARY.example",
        "referer": "https://CANARY.example/page",
        "x-custom": "CANARY-custom",
    }
    said = {"model": "demo", "max_tokens": 9, **({"input": "Hi"} if path == "/v1/responses" else _SAID)}
    if path == "/v1/responses":
        del said["max_tokens"]
    answer = ask(keyed.url, f"{path}?key=CANARY-query", said, headers=shown)
    assert answer.status == 200, answer.body
    (arrived,) = simulation.requests()
    seen = {name: value.replace(_VENDOR, "the vendor's") for name, value in arrived["headers"].items()}
    assert "CANARY" not in str([seen, arrived["query"]])
    assert seen["authorization"] == "Bearer the vendor's"
    assert "10.9.8.7" not in str(seen)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_an_address_beyond_this_machine_needs_keys(host: str, upstream: Simulation, tmp_path: Path) -> None:
    """In the file, and on the command line, which replaces it."""
    for number, (listen, arguments) in enumerate([({"host": host}, []), ({}, ["--host", host])]):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = written(folder, simulated(upstream.url, listen=listen))
        command = [sys.executable, "-m", "gateway.cli", "serve", "--port", "0", "--config", str(path), *arguments]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
        assert ended.returncode == 1
        assert "key" in ended.stderr
        assert "anyone who reaches the port could" in ended.stderr


def test_two_hosts_are_one_too_many(gateway: GatewayProcess) -> None:
    with Line(gateway.url) as line:
        line.send(request("POST", _CHAT, line.host, b"{}").replace(b"\r\n", b"\r\nhost: example.com\r\n", 1))
        assert line.answer().status in (400, 403)
