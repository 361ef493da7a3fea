"""A gateway's life as a process: it drains, ends, outlives its upstream, and takes new configurations under load."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.eventually import eventually, records
from tests.support.gatewayprocess import GatewayProcess, running, simulated, written
from tests.support.rawclient import Answer, Line, ask
from tests.support.redis_server import free_port
from tests.support.simulation import Simulation

_CHAT: Final = "/v1/chat/completions"
_SAID: Final[dict[str, Any]] = {"model": "demo", "messages": [{"role": "user", "content": "Hi"}]}
_STREAMED: Final = {**_SAID, "stream": True}
_WORDS: Final = [f"word{number} " for number in range(16)]
_SECOND: Final = {"chunks": _WORDS, "tokens_per_second": 20}
_ENDLESS: Final = {"chunks": _WORDS, "stall_after": 9}


@contextmanager
def started(upstream: Simulation, folder: Path, **more: Any) -> Iterator[GatewayProcess]:
    config = simulated(upstream.url, record={"file": str(folder / "records.jsonl")}, **more)
    with running(folder, written(folder, config)) as process:
        yield process


# -- the end


def test_streams_under_way_finish_and_new_requests_are_refused(simulation: Simulation, tmp_path: Path) -> None:
    simulation.misbehave(_SECOND)
    with started(simulation, tmp_path) as process:
        lines = [Line(process.url) for _ in range(3)]
        for line in lines:
            line.ask(_CHAT, _STREAMED)
            line.read_until(b"word1")
        idle = Line(process.url)
        began = time.monotonic()
        process.signal(signal.SIGTERM)
        eventually(lambda: "draining" in process.log)
        _check_refused(idle)
        eventually(lambda: _refuses(process.url))
        for line in lines:
            text = line.answer_rest()
            assert text.count(b"word15") == 1
            assert text.endswith(b"data: [DONE]\n\n")
            line.close()
        assert process.wait(30) == 0
        assert time.monotonic() - began < 20
    assert [row["outcome"] for row in records(tmp_path / "records.jsonl") if row["served_by"]] == ["answered"] * 3


def _check_refused(line: Line) -> None:
    """A connection that stood before the signal: a 503 if it is quick, else it has been closed."""
    with line:
        if not line.send_some(b"") or line.is_closed(0.01):
            return
        line.ask(_CHAT, _SAID)
        answer = line.answer_or_end()
        if answer is not None:
            assert answer.status == 503
            assert answer.json["error"]["code"] == "draining"


def _refuses(url: str) -> bool:
    try:
        Line(url).close()
    except ConnectionRefusedError:
        return True
    return False


def test_what_outlasts_the_drain_is_told_so(simulation: Simulation, tmp_path: Path) -> None:
    """A stream by an event, a unary caller by a status; and the process ends well."""
    with started(simulation, tmp_path, limits={"drain": 0.5}) as process:
        simulation.play({"models": {"endless": [_ENDLESS], "silent": [{"delay_head": 60}]}})
        with Line(process.url) as streamed, Line(process.url) as unary:
            streamed.ask(_CHAT, {**_STREAMED, "model": "endless"})
            unary.ask(_CHAT, {**_SAID, "model": "silent"})
            streamed.read_until(b"word1")
            eventually(lambda: len(simulation.requests()) == 2)
            began = time.monotonic()
            process.signal(signal.SIGTERM)
            text = streamed.answer_rest()
            assert 0.475 <= time.monotonic() - began < 20
            assert b'"code":"draining"' in text
            assert b"[DONE]" not in text
            answer = unary.answer()
            assert (answer.status, answer.json["error"]["code"]) == (503, "draining")
            assert answer.headers["x-should-retry"] == "true"
        assert process.wait(30) == 0
        assert eventually(lambda: all(one["client_gone_after_ms"] for one in simulation.requests()))
    assert {(row["outcome"], row["code"]) for row in records(tmp_path / "records.jsonl")} == {("drained", "draining")}


def test_a_second_signal_ends_at_once(simulation: Simulation, tmp_path: Path) -> None:
    simulation.misbehave(_ENDLESS)
    with started(simulation, tmp_path, limits={"drain": 60}) as process, Line(process.url) as line:
        line.ask(_CHAT, _STREAMED)
        line.read_until(b"word1")
        process.signal(signal.SIGTERM)
        eventually(lambda: "draining" in process.log)
        began = time.monotonic()
        process.signal(signal.SIGINT)
        assert b"[DONE]" not in line.answer_rest()
        assert process.wait(30) == 0
        assert time.monotonic() - began < 20


def test_without_anything_under_way_it_ends_at_once(simulation: Simulation, tmp_path: Path) -> None:
    with started(simulation, tmp_path, limits={"drain": 60}) as process, Line(process.url) as line:
        line.ask(_CHAT, _SAID)
        assert line.answer().status == 200
        began = time.monotonic()
        process.signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert time.monotonic() - began < 20


# -- the upstream


@contextmanager
def _killable(port: int) -> Iterator[tuple[subprocess.Popen[str], Simulation]]:
    code = f"from gateway.simulator.serve import run; raise SystemExit(run('127.0.0.1', {port}, None, control=True))"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        yield process, Simulation(int(line.rsplit(":", 1)[1].split("/")[0]))
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()


def test_an_upstream_that_is_killed_in_a_stream_cuts_it_and_is_found_again(tmp_path: Path) -> None:
    with _killable(free_port()) as (victim, first):
        first.misbehave(_ENDLESS)
        more: dict[str, Any] = {"retry": {"attempts": 1}, "breaker": {"failures": 2, "open_for": 0.2}}
        with started(first, tmp_path, **more) as process:
            with Line(process.url) as line:
                line.ask(_CHAT, _STREAMED)
                line.read_until(b"word1")
                victim.kill()
                text = line.answer_rest()
            assert b'"code":"stream_cut"' in text
            assert b"[DONE]" not in text
            refused = ask(process.url, _CHAT, _SAID)
            assert (refused.status, refused.json["error"]["code"]) == (502, "upstream_unreachable")
            with _killable(first.port):
                assert eventually(lambda: ask(process.url, _CHAT, _SAID).status == 200, 40)


# -- new configurations


_KEYED: Final = "sk-CANARY-reload-51"


def _config(upstream: Simulation, connections: int, *models: str) -> dict[str, Any]:
    """Another number of connections makes another provider, with a pool of its own."""
    return {
        "providers": {
            "sim": {
                "kind": "simulated",
                "base_url": f"{upstream.url}/v1",
                "connections": connections,
                "api_key": _KEYED,
            }
        },
        "models": {name: {"targets": [{"provider": "sim", "model": name}]} for name in ("demo", *models)},
        "retry": {"attempts": 1},
        "breaker": {"failures": 1000},
    }


_BAD: Final = {
    "provders": {"sim": {"api_key": _KEYED}},
    "providers": {"sim": {"kind": "simulated", "base_url": _KEYED, "api_keey": _KEYED, "connections": _KEYED}},
    "models": {"demo": {"targets": [{"provider": "simm", "model": "demo"}], "strategie": "ordered"}},
}


def _reloads(process: GatewayProcess) -> int:
    return process.log.count("the configuration was reloaded")


@pytest.mark.parametrize("by_signal", [True, False], ids=["SIGHUP", "the file's change"])
def test_a_new_configuration_is_taken_and_a_bad_one_is_not(
    by_signal: bool, simulation: Simulation, tmp_path: Path
) -> None:
    with running(tmp_path, written(tmp_path, _config(simulation, 10))) as process:
        assert _status(process, "added") == 404
        written(tmp_path, _config(simulation, 10, "added"))
        if by_signal:
            process.signal(signal.SIGHUP)
        eventually(lambda: _reloads(process) == 1)
        assert _status(process, "added") == 200
        written(tmp_path, _BAD)
        if by_signal:
            process.signal(signal.SIGHUP)
        eventually(lambda: "the old one stays in force" in process.log)
        assert _status(process, "added") == 200
        for mistake in ("provders", "api_keey", "connections", "base_url", "simm", "strategie"):
            assert mistake in process.log
        assert "did you mean" in process.log
        assert "CANARY" not in process.log
        written(tmp_path, _config(simulation, 20))
        if by_signal:
            process.signal(signal.SIGHUP)
        eventually(lambda: _reloads(process) == 2)
        assert _status(process, "added") == 404


def _status(process: GatewayProcess, model: str) -> int:
    return ask(process.url, _CHAT, {**_SAID, "model": model}).status


def test_a_request_under_way_keeps_the_configuration_it_began_with(simulation: Simulation, tmp_path: Path) -> None:
    """Its provider is gone from the new file; its stream goes on to the end, and only then are the connections closed."""
    simulation.misbehave(_SECOND, model="old")
    with running(tmp_path, written(tmp_path, _config(simulation, 10, "old"))) as process, Line(process.url) as line:
        line.ask(_CHAT, {**_STREAMED, "model": "old"})
        line.read_until(b"word1")
        written(tmp_path, _config(simulation, 20))
        process.signal(signal.SIGHUP)
        eventually(lambda: _reloads(process) == 1)
        assert _status(process, "old") == 404
        text = line.answer_rest()
        assert b"word15" in text
        assert text.endswith(b"data: [DONE]\n\n")


def test_a_reload_cannot_open_the_gateway_to_other_machines(simulation: Simulation, tmp_path: Path) -> None:
    """Keys gone from the file, while the socket listens on more than loopback."""
    key = {"name": "one", "hash": "sha256:" + "0" * 64}
    open_config = _config(simulation, 10)
    path = written(tmp_path, {**open_config, "keys": [key], "listen": {"host": "0.0.0.0"}})
    with running(tmp_path, path) as process:
        url = process.url.replace("0.0.0.0", "127.0.0.1")
        assert ask(url, _CHAT, _SAID).status == 401
        written(tmp_path, open_config)
        process.signal(signal.SIGHUP)
        eventually(lambda: "the old one stays in force" in process.log)
        assert ask(url, _CHAT, _SAID).status == 401


def test_no_request_fails_while_the_configuration_changes(simulation: Simulation, tmp_path: Path) -> None:
    """Four callers without a pause, unary and streamed, while the file goes back and forth between two good ones and a bad one."""
    configs = [_config(simulation, 10), _BAD, _config(simulation, 20, "other"), _config(simulation, 30)]
    with running(tmp_path, written(tmp_path, configs[0])) as process:
        enough = threading.Event()
        answers: list[Answer] = []

        def call(number: int) -> None:
            with Line(process.url) as line:
                while not enough.is_set():
                    number += 1
                    line.ask(_CHAT, _STREAMED if number % 2 else _SAID)
                    answers.append(line.answer())

        with ThreadPoolExecutor(4) as pool:
            calling = [pool.submit(call, number) for number in range(4)]
            try:
                turns = count()
                while (turn := next(turns)) < 24 or len(answers) < 400:
                    seen = _reloads(process) + process.log.count("stays in force")
                    written(tmp_path, configs[(turn + 1) % len(configs)])
                    process.signal(signal.SIGHUP)
                    eventually(lambda seen=seen: _reloads(process) + process.log.count("stays in force") > seen)  # type: ignore[misc]
            finally:
                enough.set()
            for one in calling:
                one.result()
        assert {(answer.status, answer.end) for answer in answers} == {(200, "whole")}
        assert all(b"[DONE]" in one.body for one in answers if "event-stream" in one.headers["content-type"])
        assert _reloads(process) >= 18
        assert "CANARY" not in process.log
        assert "Traceback" not in process.log
