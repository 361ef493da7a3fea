"""What people write reaches no place where records are kept: planted in prompts and answers, it is looked for in all of them."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import pytest

from gateway.config.ledger import Ledger as Settings
from gateway.config.strict import Secret
from gateway.ledger.ledger import Ledger
from tests.support.eventually import eventually, records
from tests.support.gatewayprocess import GatewayProcess, running
from tests.support.otlp import Receiver, http_receiver
from tests.support.policed import policed, policy
from tests.support.rawclient import Line
from tests.support.simulation import Simulation

ASKED: Final = "canary-asked-5521"
ANSWERED: Final = "canary-answered-9914"
KOREAN: Final = "카나리아말뭉치"
PHONE: Final = "010-9182-7364"
CANARIES: Final = (ASKED, ANSWERED, KOREAN, PHONE, PHONE.replace("-", ""))
PATHS: Final = {"chat": "/v1/chat/completions", "messages": "/v1/messages", "responses": "/v1/responses"}
TRAILING: Final = {"chat": 3, "messages": 3, "responses": 4}
"""Events of a stream behind its last text."""
SAID: Final = f"{ASKED} {KOREAN} {PHONE}"


class World:
    def __init__(self, gateway: GatewayProcess, folder: Path, receiver: Receiver) -> None:
        self.gateway = gateway
        self.folder = folder
        self.receiver = receiver
        self.asked: list[str] = []

    def ask(self, dialect: str, body: dict[str, Any], *, leaves: bool = False) -> None:
        """All of it, or with a caller that leaves after the first words."""
        with Line(self.gateway.url) as line:
            line.ask(PATHS[dialect], body)
            if leaves:
                headers: Mapping[str, str] = line.head()[1]
                line.read_until(b"data:")
            else:
                headers = line.answer().headers
            self.asked.append(headers["x-haechi-request-id"])


@pytest.fixture(scope="module")
def world(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("canary")
    (folder / "kept").mkdir()
    rules = [
        {"id": "hide", "where": ["user"], "detect": ["phones"], "action": "tokenize"},
        {"id": "stop", "where": ["user", "content"], "detect": ["words"], "action": "block"},
    ]
    detectors = {
        "phones": {"kind": "personal", "entities": ["KR_PHONE"]},
        "words": {"kind": "pattern", "match": "forbidden"},
    }
    config = {
        "providers": {"sim": {"kind": "simulated", "base_url": f"{upstream.url}/v1"}},
        "models": {"demo": {"targets": [{"provider": "sim", "model": one} for one in ("demo", "other")]}},
        "cache": {},
        "retry": {"base_delay": 0.001, "attempts": 2},
        "breaker": {"failures": 100_000},
        "ledger": {"url": f"sqlite:///{folder}/kept/ledger.db"},
        "record": {"spool": str(folder / "kept" / "spool"), "file": str(folder / "kept" / "records.jsonl")},
    }
    made = policy("p", detectors=detectors, rules=rules)
    with http_receiver() as receiver:
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, "OTEL_METRIC_EXPORT_INTERVAL": "200"}
        with running(folder, policed(folder, config, made), env) as gateway:
            yield World(gateway, folder, receiver)


def _body(dialect: str, text: str, **more: Any) -> dict[str, Any]:
    """With the canary wherever a caller may write: system prompt, earlier turns, tools, names of end users and what nobody knows."""
    told: dict[str, Any] = {"model": "demo", "user": ASKED, "x_own": {"note": SAID}, **more}
    told["tools"] = [
        {"type": "function", "function": {"name": "look", "description": SAID, "parameters": {"type": "object"}}}
    ]
    if dialect == "responses":
        return told | {"instructions": SAID, "input": text, "tools": []}
    if dialect == "messages":
        system = {"system": SAID, "max_tokens": 64, "metadata": {"user_id": ASKED}, "tools": []}
        return {"model": "demo", **more, **system, "messages": [{"role": "user", "content": text}]}
    turns = [{"role": "system", "content": SAID}, {"role": "user", "content": SAID}]
    return told | {"messages": [*turns, {"role": "assistant", "content": SAID}, {"role": "user", "content": text}]}


def test_what_people_write_is_kept_nowhere(world: World, simulation: Simulation) -> None:
    for dialect in PATHS:
        for streamed in (False, True):
            text = f"{SAID} {dialect} {streamed}"
            simulation.misbehave({"status": 503, "message": SAID}, {"chunks": [ANSWERED, " ", KOREAN]}, model="demo")
            world.ask(dialect, _body(dialect, text, stream=streamed))
            simulation.reset()
            world.ask(dialect, _body(dialect, text, stream=streamed))  # a hit, where it was kept
            world.ask(dialect, _body(dialect, f"{text} forbidden", stream=streamed))
            simulation.misbehave({"chunks": [ANSWERED, " forbidden ", KOREAN]})
            world.ask(dialect, _body(dialect, f"{text} blocked behind", stream=streamed))
        simulation.misbehave({"chunks": [f"{ANSWERED} "] * 9, "stall_after": 6})
        world.ask(dialect, _body(dialect, f"{SAID} {dialect} left", stream=True), leaves=True)
        simulation.misbehave({"chunks": [f"{ANSWERED} "] * 6, "end_after": -TRAILING[dialect]})
        world.ask(dialect, _body(dialect, f"{SAID} {dialect} cut", stream=True))
    simulation.reset()
    kept = _kept(world)
    eventually(lambda: {one["request_id"] for one in records(world.folder / "kept/records.jsonl")} >= set(world.asked))
    for request_id in world.asked:
        world.receiver.trace(next(row.trace_id for row in kept if row.request_id == request_id))
    pages = [f"/console/{one}" for one in ("", "requests", "requests/tail", "cost", "policies", "cache", "feedback")]
    pages += [f"/console/requests/{one}" for one in world.asked]
    shown = {page: _shown(world, page) for page in (*pages, "/metrics")}
    places = {
        **shown,
        "rows": msgspec.json.encode(kept),
        "spans": world.receiver.raw,
        "log": world.gateway.log.encode(),
        **{str(one): one.read_bytes() for one in (world.folder / "kept").rglob("*") if one.is_file()},
    }
    assert {row.outcome for row in kept} >= {"answered", "blocked", "cut", "client_gone"}
    assert all(b"demo" in places[page] for page in ("rows", "spans", "/metrics", pages[1], pages[-1]))
    for canary in CANARIES:
        for form in (canary.encode(), msgspec.json.encode(canary)[1:-1], canary.encode("unicode_escape")):
            assert [place for place, what in places.items() if form in what] == []


def _shown(world: World, page: str) -> bytes:
    return httpx.get(f"{world.gateway.url}{page}", timeout=60, follow_redirects=True).raise_for_status().content


def _kept(world: World) -> list[Any]:
    async def read() -> list[Any]:
        ledger = await Ledger.open(Settings(url=Secret(f"sqlite:///{world.folder}/kept/ledger.db")))
        try:
            return [row for one in world.asked if (row := await ledger.find(one)) is not None]
        finally:
            await ledger.aclose()

    return eventually(lambda: found if len(found := asyncio.run(read())) == len(world.asked) else [], 60)
