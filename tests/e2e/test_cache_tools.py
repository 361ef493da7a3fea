"""`haechi cache`: against gateways that run, with and without keys, in memory and in Redis."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import httpx
import pytest

from gateway.limits.keys import hashed
from tests.support.gatewayprocess import GatewayProcess, running, simulated, written
from tests.support.redis_server import redis_server
from tests.support.simulation import Simulation

CANARY: Final = "kanarienvogel"
ADMIN: Final = "hk-admin"
KEYS: Final = [
    {"name": "ann", "hash": hashed("hk-ann")},
    {"name": "bob", "hash": hashed("hk-bob"), "team": "support"},
    {"name": "admin", "hash": hashed(ADMIN), "admin": True},
]


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("tools")
    with running(folder, written(folder, simulated(upstream.url, cache={}))) as process:
        yield process


@pytest.fixture(scope="module")
def locked(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """With keys."""
    folder = tmp_path_factory.mktemp("locked")
    with running(folder, written(folder, simulated(upstream.url, cache={}, keys=KEYS))) as process:
        yield process


def haechi(*arguments: str, key: str | None = None, folder: Path | None = None) -> tuple[int, str, str]:
    env = {name: value for name, value in os.environ.items() if name != "HAECHI_KEY"}
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-m", "gateway.cli", "cache", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=folder,
        env={**env, "PYTHONPATH": str(Path(__file__).parents[2]), **({"HAECHI_KEY": key} if key else {})},
        check=False,
    )
    return ran.returncode, ran.stdout, ran.stderr


def good(*arguments: str, key: str | None = None, folder: Path | None = None) -> str:
    status, said, wrong = haechi(*arguments, key=key, folder=folder)
    assert (status, wrong) == (0, ""), said + wrong
    return said


def ask(
    gateway: GatewayProcess, text: str, key: str = "any", system: str = "Be brief.", **headers: str
) -> tuple[str, str]:
    """What the cache did, and the id of the request."""
    turns = [{"role": "system", "content": system}, {"role": "user", "content": text}]
    answer = httpx.post(
        f"{gateway.v1}/chat/completions",
        json={"model": "demo", "messages": turns, "temperature": 0},
        headers={"authorization": f"Bearer {key}", **{name.replace("_", "-"): one for name, one in headers.items()}},
    )
    assert answer.status_code == 200, answer.text
    return answer.headers["x-haechi-cache"], answer.headers["x-haechi-request-id"]


def test_explain_tells_what_became_of_a_request_and_why(gateway: GatewayProcess) -> None:
    first, again = ask(gateway, "explain me"), ask(gateway, "explain me")
    past = ask(gateway, "explain me", x_haechi_cache="bypass")
    assert [one[0] for one in (first, again, past)] == ["miss", "hit", "bypass"]
    lived, given, passed = (good("explain", one[1], "--url", gateway.url) for one in (first, again, past))
    assert "decided: miss: answered by the model: no answer to an equal request is kept" in lived
    assert "its answer is kept" in lived
    assert "decided: hit" in given
    assert "system prompt" in given
    assert [line for line in lived.splitlines() if line.startswith("  ")] == [
        line for line in given.splitlines() if line.startswith("  ")
    ], "the same scope"
    assert "a header asked for it" in passed
    data = json.loads(good("explain", given.split(":")[0], "--url", gateway.v1, "--json"))
    assert (data["status"], data["mode"], data["model"]) == ("hit", "use", "demo")


def test_what_is_not_known_ends_with_status_1_and_says_why(gateway: GatewayProcess) -> None:
    status, said, wrong = haechi("explain", "req_nobody", "--url", gateway.url)
    assert (status, said) == (1, "")
    assert "Nothing is known of a request of this id" in wrong
    status, _, wrong = haechi("stats", "--url", "http://127.0.0.1:9")
    assert status == 1
    assert "--url" in wrong


@pytest.mark.parametrize("by", ["--tag", "--model", "--tenant", "--all"])
def test_what_was_purged_is_asked_again_and_the_rest_is_not(gateway: GatewayProcess, by: str) -> None:
    question = f"purge me {by}"
    value = {"--tag": ["spring"], "--model": ["demo"], "--tenant": ["local"], "--all": []}[by]
    ask(gateway, question, x_haechi_cache_tags="spring, summer")
    ask(gateway, f"{question}, not")
    assert ask(gateway, question, x_haechi_cache_tags="spring")[0] == "hit"
    assert good("purge", by, *value, "--url", gateway.url).startswith("purged: ")
    status, request_id = ask(gateway, question)
    assert status == "miss"
    assert "purged since" in good("explain", request_id, "--url", gateway.url)
    assert ask(gateway, question)[0] == "hit", "and is kept anew"
    assert ask(gateway, f"{question}, not")[0] == ("hit" if by == "--tag" else "miss")


def test_a_purge_of_something_else_purges_nothing(gateway: GatewayProcess) -> None:
    ask(gateway, "stay", x_haechi_cache_tags="winter")
    good("purge", "--tag", "wint", "--url", gateway.url)
    good("purge", "--model", "other", "--url", gateway.url)
    assert ask(gateway, "stay")[0] == "hit"


def test_stats_count_by_reason_and_name_what_splits_the_scopes(gateway: GatewayProcess) -> None:
    for day in range(12):
        ask(gateway, "What is new?", system=f"Today is day {day}. {CANARY}")
    said = good("stats", "--url", gateway.url)
    assert "store: memory: " in said
    assert "miss: no answer to an equal request is kept" in said
    assert "system prompt differs in" in said
    assert "is there a date" in said
    data = json.loads(good("stats", "--url", gateway.url, "--json"))
    assert data["held"]["entries"] > 12
    assert data["held"]["bytes"] > 0
    assert data["splits"][0]["part"] == "system prompt"
    assert data["splits"][0]["more"] >= 12


def test_no_text_of_a_request_is_told(gateway: GatewayProcess) -> None:
    body: dict[str, Any] = {
        "model": "demo",
        "messages": [{"role": "system", "content": CANARY}, {"role": "user", "content": CANARY}],
        "mood": CANARY,
        "temperature": 0,
    }
    headers = {"accept-language": CANARY}
    answer = httpx.post(f"{gateway.v1}/chat/completions", json=body, headers=headers, timeout=60)
    told = good("explain", answer.headers["x-haechi-request-id"], "--url", gateway.url, "--json")
    assert "field mood" in told
    assert CANARY not in told + good("stats", "--url", gateway.url, "--json")
    assert CANARY not in gateway.log


def test_only_an_administrator_looks_at_others(locked: GatewayProcess) -> None:
    _, own = ask(locked, "mine", "hk-ann")
    assert "decided: miss" in good("explain", own, "--url", locked.url, key="hk-ann")
    assert "decided: miss" in good("explain", own, "--url", locked.url, key=ADMIN)
    status, said, wrong = haechi("explain", own, "--url", locked.url, key="hk-bob")
    assert (status, said) == (1, "")
    assert "404" in wrong
    for command in (["stats"], ["purge", "--all"]):
        status, said, wrong = haechi(*command, "--url", locked.url, key="hk-ann")
        assert (status, said) == (1, "")
        assert "admin: true" in wrong
        status, _, wrong = haechi(*command, "--url", locked.url)
        assert status == 1
        assert "HAECHI_KEY" in wrong
    assert ask(locked, "mine", "hk-ann")[0] == "hit", "nobody has purged it"
    assert "store: memory" in good("stats", "--url", locked.url, key=ADMIN)


def test_a_tenant_is_a_team_or_a_key_without_one(locked: GatewayProcess) -> None:
    ask(locked, "whose", "hk-ann")
    ask(locked, "whose", "hk-bob")
    good("purge", "--tenant", "support", "--url", locked.url, key=ADMIN)
    assert (ask(locked, "whose", "hk-ann")[0], ask(locked, "whose", "hk-bob")[0]) == ("hit", "miss")
    good("purge", "--tenant", "ann", "--url", locked.url, key=ADMIN)
    assert (ask(locked, "whose", "hk-ann")[0], ask(locked, "whose", "hk-bob")[0]) == ("miss", "hit")
    status, _, wrong = haechi("purge", "--tenant", "bob", "--url", locked.url, key=ADMIN)
    assert status == 1
    assert "belongs to a team" in wrong


@pytest.mark.parametrize(
    ("body", "code"),
    [("{}", "invalid_request"), ("[", "invalid_request"), ('{"everything": true}', "invalid_request"), ("x" * 20_000, "body_too_large")],
    ids=["nothing", "no json", "unknown", "too long"],
)  # fmt: skip
def test_a_purge_of_nonsense_is_refused(gateway: GatewayProcess, body: str, code: str) -> None:
    answer = httpx.post(f"{gateway.url}/haechi/cache/purge", content=body, timeout=60)
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"host": "evil.example"}, {"x-forwarded-for": "1.2.3.4"}]
)
def test_without_keys_no_page_of_another_site_gets_in(gateway: GatewayProcess, headers: dict[str, str]) -> None:
    ask(gateway, "not for pages")
    answers = [
        httpx.get(f"{gateway.url}/haechi/cache/stats", headers=headers, timeout=60),
        httpx.post(f"{gateway.url}/haechi/cache/purge", json={"all": True}, headers=headers, timeout=60),
    ]
    assert [one.status_code for one in answers] == [403, 403]
    assert ask(gateway, "not for pages")[0] == "hit"


def test_a_gateway_without_a_cache_says_so(upstream: Simulation, tmp_path: Path) -> None:
    with running(tmp_path, written(tmp_path, simulated(upstream.url))) as process:
        status, _, wrong = haechi("stats", "--url", process.url)
        assert status == 1
        assert "has no cache" in wrong
        assert httpx.post(f"{process.url}/haechi/cache/stats", timeout=60).status_code == 405


def test_with_redis_the_configuration_is_enough(upstream: Simulation, tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        shared = {
            "cache": {"backend": "redis", "wait_ms": 5000},
            "redis": {"url": server.url, "timeout_ms": 5000},
            "secret": "one secret for all replicas",
        }
        path = written(tmp_path, simulated(upstream.url, **shared))
        with running(tmp_path, path) as process:
            seen = [ask(process, "shared", x_haechi_cache_tags="spring")[0] for _ in range(20)]
            assert "hit" in seen, "nobody waits for Redis for long, so it may take more than two"
            assert "5 keys of the server" in good("stats", folder=tmp_path)
            assert good("purge", "--tag", "spring", "--config", str(path)) == "purged: tag:spring\n"
            assert ask(process, "shared")[0] == "miss"
            assert "store: redis" in good("stats", "--url", process.url)
    status, _, wrong = haechi("purge", "--all", "--config", str(path))
    assert status == 1
    assert "nothing was purged" in wrong


def test_eval_chooses_on_one_half_and_judges_on_the_other(tmp_path: Path) -> None:
    pytest.importorskip("wordllama")
    pairs = [
        {"text_a": f"What is the capital of {one}?", "text_b": f"Tell me the capital of {other}", "duplicate": one == other, "lang": "en", "category": "entity", "similarity": 0.99 if one == other else 0.9}
        for one in map(str, range(40)) for other in (one, f"{one}5")
    ]  # fmt: skip
    log, plot = tmp_path / "pairs.jsonl", tmp_path / "curve.svg"
    log.write_text("".join(json.dumps(one) + "\n" for one in pairs))
    data = json.loads(good("eval", "--log", str(log), "--target", "0.2", "--json", "--plot", str(plot)))
    language = data["languages"][0]
    assert language["held"]["hits"] > 5
    assert language["held"]["wrong"] == 0
    assert language["held"]["traps"]["entity"]["pairs"] > 5
    assert ET.fromstring(plot.read_text()).tag.endswith("svg")
    said = good("eval", "--log", str(log))
    assert "held half" in said
    assert "more reviewed hits needed" in said
    assert "with veto" in said


@pytest.mark.parametrize(
    ("line", "says"),
    [('{"text_a": "a"}', "pairs.jsonl:2"), ("nonsense", "pairs.jsonl:2")],
    ids=["a field is missing", "no json"],
)
def test_a_file_that_cannot_be_used_is_named_with_its_line(tmp_path: Path, line: str, says: str) -> None:
    log = tmp_path / "pairs.jsonl"
    log.write_text(f'{{"text_a": "{CANARY}", "text_b": "b", "duplicate": true}}\n{line}\n')
    status, said, wrong = haechi("eval", "--log", str(log))
    assert (status, said) == (1, "")
    assert says in wrong
    assert CANARY not in wrong
