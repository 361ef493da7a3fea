"""Detectors that raise, hang or talk nonsense, and patterns that take too long: rules say what happens, and soon."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from tests.support import rawserver
from tests.support.eventually import eventually, records
from tests.support.gatewayprocess import GatewayProcess, running, simulated
from tests.support.policed import policed, policy
from tests.support.rawclient import Answer, ask, closed_port
from tests.support.rawserver import Peer
from tests.support.simulation import Simulation

TEXT: Final = "plum-canary-7731"
TIMEOUT: Final = 400
PATIENT: Final = 30_000
SLOWLY: Final = 8_000
"""Milliseconds: of what fails, of what does not, and of what hangs until others have been answered."""
SOON: Final = 25.0
"""Seconds: time for a busy machine, and far less than what hangs would take."""
PATHS: Final = {"chat": "/v1/chat/completions", "messages": "/v1/messages", "responses": "/v1/responses"}


def hidden(pattern: str) -> str:
    """The pattern among so many others that what is tried of them at load does not come to it; it is stopped when it happens."""
    others = "|".join(f"{chr(0xAC00 + 28 * place)}{{2,3}}=" for place in range(45))
    return f"(?:z{{80}}=|{others}|{pattern})"


SLOW: Final = hidden("(?:ab|a|b){1,40}#")
CREEPING: Final = hidden("(?:ab|a|b){1,25}#")
"""Takes as long in many searches, none of which is too long by itself."""
ALTERNATING: Final = hidden("(?:ab|a|b){30}#")
"""Has no repeat of varying length at all."""
SLOW_TEXT: Final = "ab" * 35 + "!#"

VALIDATORS: Final = """
import asyncio
import time
from guardrails.validator_base import FailResult, PassResult, Validator, register_validator


class House(Validator):
    def _validate(self, value, metadata):
        raise NotImplementedError


@register_validator(name="house/raises", data_type="string")
class Raises(House):
    def validate(self, value, metadata):
        raise ValueError(value)


@register_validator(name="house/exits", data_type="string")
class Exits(House):
    def validate(self, value, metadata):
        raise SystemExit(value)


@register_validator(name="house/interrupts", data_type="string")
class Interrupts(House):
    def validate(self, value, metadata):
        raise KeyboardInterrupt(value)


@register_validator(name="house/cancels", data_type="string")
class Cancels(House):
    def validate(self, value, metadata):
        raise asyncio.CancelledError(value)


@register_validator(name="house/recurs", data_type="string")
class Recurs(House):
    def validate(self, value, metadata):
        return self.validate(value, metadata)


@register_validator(name="house/hangs", data_type="string")
class Hangs(House):
    def validate(self, value, metadata):
        time.sleep(600)


@register_validator(name="house/nonsense", data_type="string")
class Nonsense(House):
    def validate(self, value, metadata):
        return {"valid": value}


@register_validator(name="house/nothing", data_type="string")
class Nothing(House):
    def validate(self, value, metadata):
        return None
"""


def _answer(body: bytes, status: bytes = b"200 OK") -> Callable[[Peer], Awaitable[None]]:
    async def send(peer: Peer) -> None:
        await peer.send(b"HTTP/1.1 %s\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body))

    return send


def _found(**finding: Any) -> Callable[[Peer], Awaitable[None]]:
    return _answer(msgspec.json.encode({"findings": [{"start": 0, "end": 4, "kind": "X", "score": 1.0, **finding}]}))


async def _drip(peer: Peer) -> None:
    await peer.send(b'HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n{"find')
    await peer.gone()


async def _reset(peer: Peer) -> None:
    peer.reset()


HOOKS: Final[dict[str, Callable[[Peer], Awaitable[None]]]] = {
    "fails": _answer(TEXT.encode(), b"500 Oops"),
    "redirects": _answer(b"", b"307 Elsewhere\r\nlocation: /passes"),
    "hangs": Peer.gone,
    "drips": _drip,
    "resets": _reset,
    "no-http": lambda peer: peer.send(b"what?\r\n\r\n"),
    "no-json": _answer(TEXT.encode()),
    "empty": _answer(b""),
    "another-shape": _answer(b'{"flagged": false}'),
    "a-list": _answer(b"[]"),
    "deep": _answer(b"[" * 100_000),
    "behind-the-end": _found(end=100_000),
    "backwards": _found(start=4, end=3),
    "certain": _found(score=7.0),
    "passes": _answer(b'{"findings": []}'),
    "finds": _found(),
}  # fmt: skip
GOOD: Final = ("passes", "finds")
FAILING_HOOKS: Final = [f"hook-{name}" for name in HOOKS if name not in GOOD]
FAILING_VALIDATORS: Final = [
    f"validator-{name}"
    for name in ("Raises", "Exits", "Interrupts", "Cancels", "Recurs", "Hangs", "Nonsense", "Nothing")
]
HANGING: Final = ("validator-Hangs", "hook-hangs", "hook-drips")
FAILING: Final = ["refused", *FAILING_HOOKS, *FAILING_VALIDATORS]


async def _serve_hook(peer: Peer) -> None:
    asked = await peer.request()
    await HOOKS[asked.line.split(" ")[1].strip("/")](peer)


@contextmanager
def hooks() -> Iterator[str]:
    """The address of a service that does under each path what `HOOKS` says."""
    ready, loop, end, found = threading.Event(), asyncio.new_event_loop(), asyncio.Event(), [""]

    async def serve() -> None:
        async with rawserver.serve(_serve_hook) as server:
            found[0] = server.url
            ready.set()
            await end.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="hooks")
    thread.start()
    try:
        assert ready.wait(30)
        yield found[0]
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(30)
        loop.close()


def _policies(hook: str, closed: int) -> list[dict[str, Any]]:
    """A policy for each detector, each side and each `on_error`, bound to the model of its name."""
    detectors: dict[str, Any] = {
        "refused": {"kind": "webhook", "url": f"http://127.0.0.1:{closed}/x", "secret": "s"},
        **{f"hook-{name}": {"kind": "webhook", "url": f"{hook}/{name}", "secret": "s"} for name in HOOKS},
        **{
            one: {"kind": "guardrails_ai", "validator": f"house_validators:{one.removeprefix('validator-')}"}
            for one in FAILING_VALIDATORS
        },
        "slow": {"kind": "pattern", "match": SLOW},
        "creeping": {"kind": "pattern", "match": CREEPING},
        "alternating": {"kind": "pattern", "match": ALTERNATING},
    }
    times = {f"hook-{name}": PATIENT for name in GOOD}
    made = [
        _policy(
            f"{name.lower()}-{side}-{on_error}",
            {"it": one},
            [_rule("watch", where, "it", on_error=on_error, timeout_ms=times.get(name, TIMEOUT))],
        )
        for name, one in detectors.items()
        for side, where in (("in", "user"), ("out", "content"))
        for on_error in ("block", "allow")
    ]
    plum = {"kind": "pattern", "match": "plum-[a-z]{6}"}
    for side, where in (("in", "user"), ("out", "content")):
        lenient = _rule("watch", where, "it", on_error="allow")
        for failing in ("hook-fails", "validator-Raises"):
            found = {"it": detectors[failing], "plum": plum}
            rules = [lenient, _rule("mask", where, "plum", action="mask")]
            made.append(_policy(f"besides-{failing.lower()}-{side}", found, rules))
        found = {"it": detectors["slow"], "finder": detectors["hook-finds"]}
        rules = [lenient, _rule("mask", where, "finder", action="mask", on_error="allow", timeout_ms=PATIENT)]
        made.append(_policy(f"besides-slow-{side}", found, rules))
    slowly = [_rule("watch", "user", "it", timeout_ms=SLOWLY)]
    return made + [_policy(f"{name.lower()}-slowly", {"it": detectors[name]}, slowly) for name in HANGING]


def _policy(name: str, detectors: dict[str, Any], rules: list[dict[str, Any]]) -> dict[str, Any]:
    return policy(name, detectors=detectors, rules=rules, bind={"models": [name]})


def _rule(
    name: str, where: str, detect: str, *, action: str = "block", on_error: str = "block", timeout_ms: int = TIMEOUT
) -> dict[str, Any]:
    return {
        "id": name, "where": [where], "detect": [detect], "action": action, "on_error": on_error, "timeout_ms": timeout_ms
    }  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("failures")


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, folder: Path) -> Iterator[GatewayProcess]:
    (folder / "house_validators.py").write_text(VALIDATORS)
    with hooks() as hook, closed_port() as closed:
        made = _policies(hook, closed)
        config = simulated(
            upstream.url,
            retry={"attempts": 1},
            breaker={"failures": 1000},
            record={"file": str(folder / "records.jsonl")},
        )
        config["models"] = {one["name"]: {"targets": [{"provider": "sim", "model": "demo"}]} for one in made}
        with running(folder, policed(folder, config, *made), {"PYTHONPATH": str(folder)}) as process:
            yield process


@pytest.mark.parametrize("on_error", ["block", "allow"])
@pytest.mark.parametrize("failing", FAILING)
def test_a_detector_that_fails_blocks_or_passes_as_the_rule_says_in_time(
    gateway: GatewayProcess, simulation: Simulation, folder: Path, failing: str, on_error: str
) -> None:
    simulation.misbehave({"chunks": ["The word ", "is ", TEXT[:6], TEXT[6:], "."]})
    every = [(dialect, streamed, side) for dialect in PATHS for streamed in (False, True) for side in ("in", "out")]

    def one(dialect: str, streamed: bool, side: str) -> Answer:
        said = TEXT if side == "in" else "What is the word?"
        return _in_time(gateway, f"{failing.lower()}-{side}-{on_error}", said, dialect, streamed)

    with ThreadPoolExecutor(max_workers=len(every)) as workers:
        answers = list(workers.map(one, *zip(*every, strict=True)))
    for how, answer in zip(every, answers, strict=True):
        if on_error == "block":
            assert answer.status == 400, how
            assert TEXT[:6] not in answer.body.decode(), how
        else:
            assert answer.status == 200, how
            assert _said(answer) == f"The word is {TEXT}.", how
        row = _record(folder, answer)
        assert row["outcome"] == ("blocked" if on_error == "block" else "answered"), how
        assert {(place, effect, said) for _, _, place, _, effect, said, _ in row["verdicts"]} == {
            ("user" if how[2] == "in" else "content", "block", "failed")
        }, how
    asked = sum(TEXT in str(one["body"]) for one in simulation.requests())
    assert asked == (0 if on_error == "block" else len(every) // 2), "what is blocked on its way in goes nowhere"
    assert TEXT not in gateway.log


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("dialect", PATHS)
@pytest.mark.parametrize("side", ["in", "out"])
@pytest.mark.parametrize("pattern", ["slow", "creeping", "alternating"])
def test_a_pattern_that_takes_too_long_blocks_or_passes_as_the_rule_says(
    gateway: GatewayProcess, simulation: Simulation, pattern: str, side: str, dialect: str, streamed: bool
) -> None:
    simulation.misbehave(
        {"chunks": ["First. ", *(SLOW_TEXT[at : at + 7] for at in range(0, len(SLOW_TEXT), 7)), " end"]}
    )
    said = SLOW_TEXT if side == "in" else "hello"
    blocked = _in_time(gateway, f"{pattern}-{side}-block", said, dialect, streamed)
    assert "ababab" not in blocked.body.decode()
    assert blocked.status == 400 or '"error"' in blocked.body.decode()
    assert len(simulation.requests()) == (0 if side == "in" else 1)
    passed = _in_time(gateway, f"{pattern}-{side}-allow", said, dialect, streamed)
    assert _said(passed) == f"First. {SLOW_TEXT} end"


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("failing", ["hook-fails", "validator-Raises"])
def test_other_rules_go_on_where_a_detector_fails_and_may(
    gateway: GatewayProcess, simulation: Simulation, failing: str, streamed: bool
) -> None:
    simulation.misbehave({"chunks": ["The word is ", TEXT[:3], TEXT[3:]]})
    answer = _in_time(gateway, f"besides-{failing.lower()}-out", "hello", "chat", streamed)
    assert _said(answer) == "The word is [MATCH]-7731"
    simulation.clear()
    _in_time(gateway, f"besides-{failing.lower()}-in", f"The word is {TEXT}", "chat", streamed)
    (seen,) = simulation.requests()
    assert seen["body"]["messages"][0]["content"] == "The word is [MATCH]-7731"


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_what_a_service_has_found_is_masked_though_a_pattern_takes_too_long_and_may(
    gateway: GatewayProcess, simulation: Simulation, streamed: bool
) -> None:
    simulation.misbehave({"chunks": ["plum ", SLOW_TEXT]})
    answer = _in_time(gateway, "besides-slow-out", "hello", "chat", streamed)
    assert _said(answer) == f"[X] {SLOW_TEXT}"
    simulation.clear()
    _in_time(gateway, "besides-slow-in", f"plum {SLOW_TEXT}", "chat", streamed)
    (seen,) = simulation.requests()
    assert seen["body"]["messages"][0]["content"] == f"[X] {SLOW_TEXT}"


def test_a_gateway_whose_detectors_hang_still_answers_others(gateway: GatewayProcess, simulation: Simulation) -> None:
    with ThreadPoolExecutor(max_workers=8) as workers:
        waiting = [
            workers.submit(_in_time, gateway, f"{one.lower()}-slowly", "hello", "chat", False)
            for one in HANGING
            for _ in "ab"
        ]
        answer = _in_time(gateway, "hook-passes-in-block", "hello", "chat", False)
        assert answer.status == 200
        assert not any(one.done() for one in waiting), "it waited for them"
        assert {one.result().status for one in waiting} == {400}


def _in_time(gateway: GatewayProcess, model: str, text: str, dialect: str, streamed: bool) -> Answer:
    asked: dict[str, Any] = {"model": model, "stream": streamed}
    if dialect == "responses":
        asked["input"] = text
    else:
        asked |= {"messages": [{"role": "user", "content": text}], "max_tokens": 500}
    began = time.monotonic()
    answer = ask(gateway.url, PATHS[dialect], asked)
    assert time.monotonic() - began < SOON
    return answer


def _said(answer: Answer) -> str:
    """The text of an answer in any of the three dialects, streamed or not."""
    if not answer.headers["content-type"].startswith("text/event-stream"):
        return _whole(answer.json)
    texts = []
    for _, data in answer.events:
        if data != "[DONE]":
            texts.append(_piece(msgspec.json.decode(data)))
    return "".join(texts)


def _whole(body: dict[str, Any]) -> str:
    if "choices" in body:
        return str(body["choices"][0]["message"]["content"])
    blocks = body["content"] if "content" in body else body["output"][0]["content"]
    return "".join(block["text"] for block in blocks)


def _piece(event: dict[str, Any]) -> str:
    if choices := event.get("choices"):
        return str(choices[0]["delta"].get("content") or "")
    delta = event.get("delta")
    if isinstance(delta, dict):
        return str(delta.get("text") or "")
    return str(delta or "") if event.get("type") == "response.output_text.delta" else ""


def _record(folder: Path, answer: Answer) -> dict[str, Any]:
    own = answer.headers["x-haechi-request-id"]
    found = eventually(lambda: [row for row in records(folder / "records.jsonl") if row["request_id"] == own])
    return found[0]
