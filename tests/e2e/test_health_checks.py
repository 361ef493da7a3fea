"""Active checks of self-hosted servers, as processes: a server that dies or says it is unwell is left out, and comes back."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.support.eventually import eventually
from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.rawclient import Answer, Line, ask
from tests.support.redis_server import free_port
from tests.support.simulation import Simulation

_EVERY: Final = 0.1
_RARELY: Final = 3600
_PATIENT: Final = 20
_CHAT: Final = {"model": "demo", "messages": [{"role": "user", "content": "hi"}]}
_PATH: Final = "/v1/chat/completions"


@dataclass(slots=True)
class Server:
    """A simulator in a process of its own, which can be killed and come back on its port."""

    process: subprocess.Popen[str]
    simulation: Simulation

    @property
    def port(self) -> int:
        return self.simulation.port

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def answered(self) -> int:
        """How many requests for an answer came here, checks left out."""
        return sum(asked["path"] == _PATH for asked in self.simulation.requests())


@contextmanager
def server(port: int = 0) -> Iterator[Server]:
    port = port or free_port()
    code = f"from gateway.simulator.serve import run; raise SystemExit(run('127.0.0.1', {port}, None, control=True))"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        yield Server(process, Simulation(int(line.rsplit(":", 1)[1].split("/")[0])))
    finally:
        process.kill()
        process.wait(30)
        process.stdout.close()


def provider(of: Server | int, **more: object) -> dict[str, object]:
    port = of if isinstance(of, int) else of.port
    address = f"http://127.0.0.1:{port}/v1"
    return {
        "kind": "vllm",
        "base_url": address,
        "api_key": "k",
        "health": {"every": _EVERY, "timeout": _PATIENT},
    } | more


def config(**providers: dict[str, object]) -> dict[str, Any]:
    """The model `demo` leads to all of them, in their order; each request may make one attempt, so that a failed one shows."""
    targets = [{"provider": name, "model": "demo"} for name in providers]
    return {"providers": providers, "models": {"demo": {"targets": targets}}, "retry": {"attempts": 1}}


def metrics(gateway: GatewayProcess) -> list[str]:
    return ask(gateway.url, "/metrics", b"", method="GET").body.decode().splitlines()


def up(gateway: GatewayProcess) -> dict[str, bool]:
    """What the gateway holds of each provider that it checks."""
    rows = [line.split('"') for line in metrics(gateway) if line.startswith("haechi_provider_up{")]
    return {name: value.strip("} ") == "1.0" for _, name, value in rows}


def failed_attempts(gateway: GatewayProcess) -> list[str]:
    rows = [line for line in metrics(gateway) if line.startswith("haechi_attempts_total{")]
    return [row for row in rows if 'failure="-"' not in row]


def answer(gateway: GatewayProcess) -> Answer:
    return ask(gateway.url, _PATH, _CHAT)


def test_a_server_that_dies_is_left_out_without_a_failed_attempt_and_is_used_again_when_it_is_back(
    tmp_path: Path,
) -> None:
    with server() as second, server() as first:
        settings = written(tmp_path, config(first=provider(first), second=provider(second)))
        with running(tmp_path, settings) as gateway:
            eventually(lambda: up(gateway) == {"first": True, "second": True})
            assert answer(gateway).status == 200
            assert (first.answered(), second.answered()) == (1, 0)
            first.kill()
            eventually(lambda: up(gateway) == {"first": False, "second": True})
            assert [answer(gateway).status for _ in range(20)] == [200] * 20
            assert second.answered() == 20
            assert failed_attempts(gateway) == []
            with server(first.port) as back:
                eventually(lambda: up(gateway) == {"first": True, "second": True})
                assert answer(gateway).status == 200
                assert back.answered() == 1
            assert failed_attempts(gateway) == []
        assert "provider first is down" in gateway.log
        assert "provider first is up again" in gateway.log


def test_a_server_that_says_it_is_unwell_is_left_out_until_it_is_well(tmp_path: Path) -> None:
    with server() as first, server() as second:
        settings = written(tmp_path, config(first=provider(first), second=provider(second)))
        with running(tmp_path, settings) as gateway:
            eventually(lambda: up(gateway) == {"first": True, "second": True})
            first.simulation.misbehave({"status": 503}, model="/health")
            eventually(lambda: not up(gateway)["first"])
            first.simulation.clear()
            assert answer(gateway).status == 200
            assert (first.answered(), second.answered()) == (0, 1)
            first.simulation.reset()
            eventually(lambda: up(gateway)["first"])
            assert answer(gateway).status == 200
            assert first.answered() == 1


def test_one_failed_check_takes_nobody_out(tmp_path: Path) -> None:
    with server() as first:
        first.simulation.misbehave({"status": 503}, {"status": 200, "body": "{}", "repeat": 3}, model="/health")
        settings = written(tmp_path, config(first=provider(first)))
        with running(tmp_path, settings) as gateway:
            eventually(lambda: len(checks_of(first)) >= 8)
        assert "is down" not in gateway.log


def checks_of(one: Server) -> list[dict[str, Any]]:
    return [asked for asked in one.simulation.requests() if asked["path"] == "/health"]


def test_when_every_server_is_down_the_caller_hears_so_at_once(tmp_path: Path) -> None:
    with server() as first:
        first.simulation.misbehave({"status": 503}, model="/health")
        with running(tmp_path, written(tmp_path, config(first=provider(first)))) as gateway:
            eventually(lambda: up(gateway) == {"first": False})
            refused = answer(gateway)
            assert (refused.status, refused.json["error"]["code"]) == (503, "no_target_available")
            assert int(refused.headers["retry-after"]) >= 1
            assert first.answered() == 0


def test_the_first_check_goes_at_start_up_with_the_providers_key_and_path(tmp_path: Path) -> None:
    with server() as first:
        health = {"every": _RARELY, "path": "/v1/models"}
        with running(tmp_path, written(tmp_path, config(first=provider(first, health=health)))) as gateway:
            eventually(lambda: up(gateway) == {"first": True})
            (asked,) = first.simulation.requests()
            assert (asked["method"], asked["path"]) == ("GET", "/v1/models")
            assert asked["headers"]["authorization"] == "Bearer k"


def test_a_full_pool_is_no_illness(tmp_path: Path) -> None:
    """Every connection is taken by an answer that does not end, and the checks go on."""
    with server() as first:
        first.simulation.play({"models": {"demo": [{"stall_after": 2}]}})
        one = provider(first, connections=1, health={"every": _EVERY, "timeout": _PATIENT})
        with running(tmp_path, written(tmp_path, config(first=one))) as gateway, Line(gateway.url) as line:
            line.ask(_PATH, {**_CHAT, "stream": True})
            line.read_until(b'"content":')
            before = len(checks_of(first))
            eventually(lambda: len(checks_of(first)) >= before + 4)
            assert up(gateway) == {"first": True}


def test_a_reload_ends_the_checks_of_what_is_gone_and_lets_it_back_in(tmp_path: Path) -> None:
    with server() as first, server() as second:
        first.simulation.misbehave({"status": 503}, model="/health")
        settings = written(tmp_path, config(first=provider(first), second=provider(second)))
        with running(tmp_path, settings) as gateway:
            eventually(lambda: up(gateway) == {"first": False, "second": True})
            written(tmp_path, config(first=provider(first, health=None)))
            gateway.signal(signal.SIGHUP)
            eventually(lambda: up(gateway) == {})
            assert answer(gateway).status == 200
            assert first.answered() == 1
            seen = (len(checks_of(first)), len(checks_of(second)))
            written(tmp_path, config(first=provider(first, health=None), third=provider(second)))
            gateway.signal(signal.SIGHUP)
            eventually(lambda: len(checks_of(second)) >= seen[1] + 3)
            assert len(checks_of(first)) == seen[0]
