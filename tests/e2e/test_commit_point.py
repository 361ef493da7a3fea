"""Before the first text another target answers and the caller sees nothing of it; after it, never. And what each time-out is."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count, cycle
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.faults_table import FAULTS, TEXT, Fault
from tests.support.eventually import eventually, records
from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.rawclient import Answer, Line, ask, closed_port, deaf_port
from tests.support.simulation import Simulation, in_process

_PATHS: Final = {"chat": "/v1/chat/completions", "messages": "/v1/messages", "responses": "/v1/responses"}
_TERMINAL: Final = {"chat": "[DONE]", "messages": "message_stop", "responses": "response.completed"}
_PATIENT: Final = {"connect": 20, "first_token": 60, "between_tokens": 60, "total": 90}
"""For upstreams that answer: a machine that others share may let each of them wait for seconds."""
_CONNECT: Final = 0.4
_FIRST_TOKEN: Final = 0.6
_BETWEEN_TOKENS: Final = 2
_SOON: Final = 15
"""Seconds: a wait that is over by then was not for what comes after a minute, however busy the machine is."""
_GOOD: Final = "Zweitens"


@dataclass(frozen=True, slots=True)
class Pair:
    """A gateway with two upstreams: what the first is asked, the second is asked if it fails.

    `hasty/*` waits for the first one's first text no longer than `_FIRST_TOKEN`, `stalling/*` for its next one `_BETWEEN_TOKENS`.
    """

    process: GatewayProcess
    first: Simulation
    second: Simulation
    file: Path

    def ask(self, model: str, caller: str = "chat", *, streamed: bool = False) -> Answer:
        return ask(self.process.url, _PATHS[caller], asking(model, caller, streamed=streamed), timeout=50)

    def record(self, answer: Answer) -> dict[str, Any]:
        wanted = answer.headers["x-haechi-request-id"]
        return eventually(lambda: [row for row in records(self.file) if row["request_id"] == wanted])[0]


def asking(model: str, caller: str, *, streamed: bool) -> dict[str, Any]:
    said: dict[str, Any] = {"model": model, "stream": streamed}
    if caller == "responses":
        return {**said, "input": "Hi"}
    return {**said, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 100}


@contextmanager
def pair(folder: Path, first_token: float = _FIRST_TOKEN, **more: Any) -> Iterator[Pair]:
    with ExitStack() as stack:
        first, second = stack.enter_context(in_process()), stack.enter_context(in_process())
        deaf, closed = stack.enter_context(deaf_port()), stack.enter_context(closed_port())
        ports = dict.fromkeys(("first", "hasty", "stalling"), first.port)
        ports |= {"second": second.port, "deaf": deaf, "closed": closed}
        times: dict[str, dict[str, float]] = {
            "hasty": {"first_token": first_token},
            "stalling": {"between_tokens": _BETWEEN_TOKENS},
            "deaf": {"connect": _CONNECT},
        }
        config: dict[str, Any] = {
            "providers": {
                name: {
                    "kind": "openai_compatible",
                    "base_url": f"http://127.0.0.1:{port}/v1",
                    "dialects": ["chat", "messages", "responses"],
                    "headers": {"x-api-key": "k"},
                    "timeouts": {**_PATIENT, **times.get(name, {})},
                }
                for name, port in ports.items()
            },
            "models": {
                "two/*": {"targets": [_target("first"), _target("second")]},
                "hasty/*": {"targets": [_target("hasty"), _target("second")]},
                "stalling/*": {"targets": [_target("stalling"), _target("second")]},
                "deaf/*": {"targets": [_target("deaf"), _target("second")]},
                "closed/*": {"targets": [_target("closed"), _target("second")]},
                "one/*": {"targets": [_target("first")]},
                "late/*": {"targets": [_target("hasty")]},
                "stalled/*": {"targets": [_target("stalling")]},
                "deaf": {"targets": [_target("deaf", "m")]},
                "closed": {"targets": [_target("closed", "m")]},
                "short": {
                    "targets": [_target("first", "short")],
                    "fallbacks": {"context_length": ["long"], "content_filter": ["free"]},
                },
                "long": {"targets": [_target("second", "long")]},
                "free": {"targets": [_target("second", "free")]},
            },
            "timeouts": _PATIENT,
            "retry": {"attempts": 2, "base_delay": 0.01, "max_delay": 2, "budget": 1},
            "breaker": {"failures": 1000},
            "record": {"file": str(folder / "records.jsonl")},
            **more,
        }
        process = stack.enter_context(running(folder, written(folder, config)))
        yield Pair(process, first, second, folder / "records.jsonl")


_NUMBERS: Final = count()


def _fresh_model(route: str) -> str:
    """A name that no test has asked for, so that no `Retry-After` of another still runs."""
    return f"{route}/m{next(_NUMBERS)}"


def _target(provider: str, model: str = "*") -> Mapping[str, str]:
    return {"provider": provider, "model": model}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair(tmp_path_factory.mktemp("pair")) as made:
        yield made


@pytest.fixture(autouse=True)
def fresh(two: Pair) -> None:
    two.first.reset()
    two.second.reset()
    two.second.misbehave({"answer": _GOOD})


def _route(fault: Fault) -> str:
    """Nobody is in a hurry but where time is the fault."""
    if not fault.is_silence:
        return "two"
    return "stalling" if fault.after_text else "hasty"


# Faults before text after which somebody else is worth asking: all but those that say that the request is wrong.
_WORTH: Final = [
    fault for fault in FAULTS if not fault.after_text and (fault.told.status or 0) in (429, 500, 502, 503, 504, 529)
]
_OPENING: Final = [
    (fault, form, caller)
    for (fault, form), caller in zip([(fault, form) for fault in _WORTH for form in fault.forms], cycle(_PATHS))
]


@pytest.mark.parametrize(
    ("fault", "form", "caller"), _OPENING, ids=[f"{fault.name}, {form}, {caller}" for fault, form, caller in _OPENING]
)
def test_before_the_first_text_another_target_answers(fault: Fault, form: str, caller: str, two: Pair) -> None:
    two.first.misbehave({"chunks": TEXT, **fault.play})
    streamed = form == "streamed"
    answer = two.ask(_fresh_model(_route(fault)), caller, streamed=streamed)
    assert answer.status == 200, answer.body
    assert answer.end == "whole"
    text = answer.body.decode()
    assert _GOOD in text
    assert "word0" not in text
    assert "error" not in text.replace('"error":null', "").replace('"incomplete_details":null,', "")
    if streamed:
        assert _TERMINAL[caller] in text
    assert len(two.second.requests()) == 1
    record = two.record(answer)
    assert record["outcome"] == "answered"
    assert ":second/" in record["served_by"]
    assert [failure is None for _, failure in record["attempts"]] == [False, True]


_LATER: Final = [fault for fault in FAULTS if fault.after_text]


def test_after_the_first_text_nobody_else_is_asked(two: Pair) -> None:
    """What goes wrong comes seconds behind the first text, so that it does not come together with it on a busy machine."""
    slowly: dict[str, Any] = {"chunks": TEXT, "tokens_per_second": 2}
    models = [_fresh_model(_route(fault)) for fault in _LATER]
    played = [{"steps": [{**slowly, **fault.play}]} for fault in _LATER]
    two.first.play({"models": {one.partition("/")[2]: step for one, step in zip(models, played, strict=True)}})
    callers = [caller for caller, _ in zip(cycle(_PATHS), _LATER)]
    with ThreadPoolExecutor(len(_LATER)) as pool:
        answers = list(pool.map(lambda model, caller: two.ask(model, caller, streamed=True), models, callers))
    for fault, caller, answer in zip(_LATER, callers, answers, strict=True):
        text = answer.body.decode()
        assert "word0" in text, fault.name
        assert _GOOD not in text, fault.name
        assert _TERMINAL[caller] not in text, fault.name
        assert "error" in text, fault.name
    assert two.second.requests() == []


@pytest.mark.parametrize("fault", ["status 400", "status 404", "status 422"])
def test_a_request_that_is_wrong_is_not_asked_elsewhere(fault: str, two: Pair) -> None:
    two.first.misbehave({"status": int(fault.split()[1])})
    assert two.ask(f"two/{fault}").status == int(fault.split()[1])
    assert two.second.requests() == []


@pytest.mark.parametrize(("error", "model"), [("context_length_exceeded", "long"), ("content_filter", "free")])
def test_a_refusal_leads_to_the_fallback_for_its_reason(error: str, model: str, two: Pair) -> None:
    two.first.misbehave({"error": error})
    assert _GOOD in two.ask("short").body.decode()
    (asked,) = two.second.requests()
    assert asked["body"]["model"] == model


@pytest.mark.parametrize("model", ["deaf/x", "closed/x"])
@pytest.mark.parametrize("streamed", [False, True], ids=["unary", "streamed"])
def test_who_cannot_be_reached_is_passed_over(model: str, streamed: bool, two: Pair) -> None:
    answer = two.ask(model, streamed=streamed)
    assert answer.status == 200
    assert _GOOD in answer.body.decode()


def test_a_short_retry_after_is_waited_for(two: Pair) -> None:
    two.first.play({"models": {"*": [{"status": 429, "retry_after": 1}, {"answer": "at last"}]}})
    began = time.monotonic()
    answer = two.ask("one/patience")
    assert answer.status == 200
    assert 0.95 <= time.monotonic() - began < _SOON
    assert len(two.first.requests()) == 2


def test_a_long_retry_after_is_not_waited_for(two: Pair) -> None:
    two.first.misbehave({"status": 429, "retry_after": 30})
    began = time.monotonic()
    answer = two.ask("one/hurry")
    assert (answer.status, answer.headers["retry-after"]) == (429, "30")
    assert two.ask("one/hurry").status == 429, "and until then it is not even asked"
    assert time.monotonic() - began < _SOON
    assert len(two.first.requests()) == 1


def test_a_long_retry_after_is_passed_over_where_another_can_answer(two: Pair) -> None:
    two.first.misbehave({"status": 429, "retry_after": 30})
    began = time.monotonic()
    assert _GOOD in two.ask("two/hurry").body.decode()
    assert time.monotonic() - began < _SOON


# -- times


@dataclass(frozen=True, slots=True)
class Late:
    """Which time runs out, and after how many seconds."""

    model: str
    play: Mapping[str, Any]
    code: str
    kind: str
    seconds: float
    streamed: bool = True


LATE: Final = {
    "connect": Late("deaf", {}, "upstream_timeout", "timeout_connect", _CONNECT),
    "first token, before the head": Late(
        "late/a", {"delay_head": 60}, "upstream_timeout", "timeout_first_token", _FIRST_TOKEN
    ),
    "first token, after the head": Late(
        "late/b", {"delay_first_token": 60}, "upstream_timeout", "timeout_first_token", _FIRST_TOKEN
    ),
    "first token, unary": Late(
        "late/c", {"delay_first_token": 60}, "upstream_timeout", "timeout_first_token", _FIRST_TOKEN, streamed=False
    ),
    "between tokens": Late(
        "stalled/d", {"chunks": TEXT, "stall_after": 4}, "stream_stalled", "stalled", _BETWEEN_TOKENS
    ),
}


@pytest.mark.parametrize("late", LATE.values(), ids=LATE.keys())
def test_each_time_out_has_its_name_and_its_bound(late: Late, two: Pair) -> None:
    two.first.misbehave(late.play)
    began = time.monotonic()
    answer = two.ask(late.model, streamed=late.streamed)
    took = time.monotonic() - began
    record = two.record(answer)
    assert record["code"] == late.code
    assert {failure for _, failure in record["attempts"]} == {late.kind}
    attempts = len(record["attempts"])
    assert late.seconds * attempts * 0.95 <= took < _SOON


def test_the_head_does_not_make_the_first_text_come_in_time(tmp_path: Path) -> None:
    """Half of the wait before it, half after it: each alone would be in time, by seconds."""
    with pair(tmp_path, first_token=6, retry={"attempts": 1}) as slow:
        slow.first.misbehave({"delay_head": 5, "delay_first_token": 5})
        answer = slow.ask("late/halves", streamed=True)
        assert answer.status == 504, answer.body
        assert [failure for _, failure in slow.record(answer)["attempts"]] == ["timeout_first_token"]


@pytest.mark.parametrize("streamed", [False, True], ids=["unary", "streamed"])
def test_the_whole_exchange_has_an_end(streamed: bool, tmp_path: Path) -> None:
    """Text that drips for ever, and a head that never comes; whatever else has been set."""
    with pair(tmp_path, timeouts={**_PATIENT, "total": 5}) as short:
        short.first.misbehave({"chunks": TEXT * 50, "tokens_per_second": 10} if streamed else {"delay_head": 60})
        began = time.monotonic()
        answer = short.ask("one/drip", streamed=streamed)
        assert 4.75 <= time.monotonic() - began < 30
        assert answer.end == "whole"
        assert "[DONE]" not in answer.body.decode()
        assert "upstream_timeout" in answer.body.decode()
        assert answer.status == (200 if streamed else 504)
        record = short.record(answer)
        assert (record["outcome"], record["code"]) == ("cut" if streamed else "failed", "upstream_timeout")
        assert eventually(lambda: [one for one in short.first.requests() if one["client_gone_after_ms"]])


# -- heartbeats


@pytest.fixture(scope="module")
def beating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair(tmp_path_factory.mktemp("beating"), first_token=2, limits={"heartbeat": 0.2}) as made:
        yield made


_BEAT: Final = b": heartbeat\n\n"


@pytest.mark.parametrize("caller", _PATHS)
@pytest.mark.parametrize("play", [{"delay_head": 60}, {"delay_first_token": 60}], ids=["no head", "no text"])
def test_a_silent_upstream_gets_heartbeats_and_another_may_still_answer(
    play: Mapping[str, Any], caller: str, beating: Pair
) -> None:
    beating.first.misbehave(play)
    beating.second.misbehave({"answer": _GOOD})
    began = time.monotonic()
    with Line(beating.process.url) as line:
        line.ask(_PATHS[caller], asking(_fresh_model("two"), caller, streamed=True))
        line.read_until(_BEAT)
        assert 0.19 <= time.monotonic() - began < _SOON
    answer = beating.ask(_fresh_model("hasty"), caller, streamed=True)
    text = answer.body.decode()
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.body.startswith(_BEAT)
    assert _GOOD in text
    assert _TERMINAL[caller] in text
    assert beating.record(answer)["outcome"] == "answered"


@pytest.mark.parametrize("caller", _PATHS)
def test_after_a_heartbeat_an_error_is_an_event(caller: str, beating: Pair) -> None:
    beating.first.misbehave({"delay_head": 60})
    answer = beating.ask(_fresh_model("late"), caller, streamed=True)
    assert answer.status == 200
    assert answer.end == "whole"
    assert answer.body.count(_BEAT) >= 2
    (event,) = answer.events
    assert "upstream_timeout" in event[1]
    record = beating.record(answer)
    assert (record["outcome"], record["code"]) == ("failed", "upstream_timeout")


def test_a_stall_within_the_text_is_filled_with_heartbeats(beating: Pair) -> None:
    beating.first.misbehave({"chunks": TEXT, "stall_after": 4})
    answer = beating.ask("stalled/stall", streamed=True)
    assert _BEAT in answer.body
    assert "stream_stalled" in answer.events[-1][1]


def test_a_unary_caller_gets_no_heartbeat(beating: Pair) -> None:
    beating.first.misbehave({"delay_head": 0.5})
    assert beating.ask("one/unary").json["choices"]


# -- the breaker


def test_the_breaker_opens_lets_one_probe_through_and_closes(tmp_path: Path) -> None:
    with pair(tmp_path, breaker={"failures": 3, "open_for": 4}, retry={"attempts": 1}) as broken:
        broken.first.misbehave({"status": 500})
        assert [broken.ask("one/m").status for _ in range(3)] == [500] * 3
        assert len(broken.first.requests()) == 3
        refused = broken.ask("one/m")
        assert refused.status in (429, 503)
        assert refused.json["error"]["code"] in ("no_target_available", "rate_limited")
        assert len(broken.first.requests()) == 3, "an open breaker lets nobody through"
        probed: Callable[[], bool] = lambda: broken.ask("one/m").status == 500  # noqa: E731
        assert eventually(probed)
        assert len(broken.first.requests()) == 4, "the probe"
        assert broken.ask("one/m").status in (429, 503)
        assert len(broken.first.requests()) == 4, "which failed"
        broken.first.reset()
        answered: Callable[[], bool] = lambda: broken.ask("one/m").status == 200  # noqa: E731
        assert eventually(answered, 40)
        assert [broken.ask("one/m").status for _ in range(5)] == [200] * 5
