"""An embedder of the gateway's own routes as an operator meets it: `haechi check`, two replicas over Redis, `haechi cache stats`."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.e2e.test_cache_tools import ask, good, haechi
from tests.support.gatewayprocess import GatewayProcess, running, simulated, written
from tests.support.redis_server import program_of, redis_server
from tests.support.simulation import Simulation

SECRET: Final = "0123456789abcdef" * 4
CLASSES: Final = {"faq": {"models": ["demo"], "temperature": 1.0}}


def config(url: str, **more: Any) -> dict[str, Any]:
    models = {name: {"targets": [{"provider": "sim", "model": name}]} for name in ("demo", "vectors")}
    return {**simulated(url, **more), "models": models}


def semantic(**more: Any) -> dict[str, Any]:
    return {"embedder": "model:vectors", "classes": CLASSES, "deadline_ms": 1000, **more}


def checked(path: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "gateway.cli", "check", str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def until(said: Callable[[], str], part: str) -> str:
    for _ in range(40):
        if part in (last := said()):
            return last
    raise AssertionError(last)


def stats(gateway: GatewayProcess) -> str:
    return good("stats", "--url", gateway.url)


@pytest.mark.parametrize("dimensions", [None, 64])
def test_two_replicas_share_what_a_model_embeds(upstream: Simulation, tmp_path: Path, dimensions: int | None) -> None:
    program = program_of("redis8")
    with redis_server(tmp_path, program=program) as server:
        cache = {"backend": "redis", "wait_ms": 5000, "semantic": semantic(dimensions=dimensions)}
        shared = {"cache": cache, "redis": {"url": server.url, "timeout_ms": 5000}, "secret": SECRET}
        path = written(tmp_path, config(upstream.url, **shared))
        status, said = checked(path)
        assert status == 0, said
        folders = [tmp_path / name for name in ("one", "two")]
        for folder in folders:
            folder.mkdir()
        with running(folders[0], path) as one, running(folders[1], path) as two:
            size = dimensions or 1536
            for replica in (one, two):
                until(lambda replica=replica: stats(replica), f"embedder model:vectors-{size}-")  # type: ignore[misc]
            ask(one, "What is the capital of Ruritania?")
            until(lambda: stats(one), "1 vectors made")
            assert ask(two, "what is the capital of ruritania ?")[0] == "shadow"
            figures = stats(two)
            assert "ready" in figures
            assert "0 late, 0 failed" in figures


def test_a_gateway_whose_embedder_is_down_answers_all_the_same(upstream: Simulation, tmp_path: Path) -> None:
    made = config(upstream.url, cache={"semantic": semantic(dimensions=64)})
    made["providers"]["nowhere"] = {"kind": "openai_compatible", "base_url": "http://127.0.0.1:9/v1"}
    made["models"]["vectors"]["targets"][0]["provider"] = "nowhere"
    with running(tmp_path, written(tmp_path, made)) as gateway:
        for number in range(10):
            assert ask(gateway, f"What is the capital of Ruritania {number}?")[0] == "miss"
        assert ask(gateway, "What is the capital of Ruritania 3?")[0] == "hit"
        figures = until(lambda: stats(gateway), ": away")
        assert "answers kept without a vector of their question" in figures
        explained = good("explain", ask(gateway, "What about Syldavia?")[1], "--url", gateway.url)
        assert "its answer is kept" in explained
        log = gateway.log
    assert 1 <= log.count("gives no vector in time") <= 2, "once for each reason: the route has a breaker of its own"
    assert "Ruritania" not in log


def test_check_says_what_an_embedder_needs(upstream: Simulation, tmp_path: Path) -> None:
    for name, said in (
        ("fastembed:BAAI/bge-small-en-v1.5", "not installed: pip install fastembed"),
        ("sentence-transformers:/models/e5", "not installed: pip install sentence-transformers"),
        ("model:vektors", "'vektors' is no model of this file; did you mean 'vectors'?"),
        ("openai", "must be `wordllama`, `model:NAME`, `fastembed:NAME` or `sentence-transformers:NAME`"),
    ):
        path = written(tmp_path, config(upstream.url, cache={"semantic": semantic(embedder=name)}))
        status, told = checked(path)
        assert status == 1
        assert said in told
    status, _, told = haechi("eval", "--log", str(tmp_path / "none"), "--embedder", "fastembed:x")
    assert status == 1
    assert "pip install fastembed" in told


APIS: Final[dict[str, Callable[[str], dict[str, Any]]]] = {
    "/messages": lambda text: {"max_tokens": 50, "messages": [{"role": "user", "content": text}]},
    "/responses": lambda text: {"input": text},
    "/chat/completions": lambda text: {"messages": [{"role": "user", "content": text}]},
}


def test_every_api_is_embedded_for(upstream: Simulation, tmp_path: Path) -> None:
    made = config(upstream.url, cache={"semantic": semantic(dimensions=64)})
    with running(tmp_path, written(tmp_path, made)) as gateway:
        count = 0
        for path, body in APIS.items():
            for streamed in (False, True):
                count += 1
                seen = []
                for text in (f"이케아 {count}호점은 어디예요?", f"이케아 {count}호점은 어디예요 ?"):
                    asked = {**body(text), "model": "demo", "stream": streamed}
                    answer = httpx.post(f"{gateway.v1}{path}", json=asked, headers={"authorization": "Bearer any"})
                    assert answer.status_code == 200
                    seen.append(answer.headers["x-haechi-cache"])
                assert seen == ["miss", "shadow"], (path, streamed, stats(gateway))
