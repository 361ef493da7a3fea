"""Every fault of the simulator's script, in every dialect, native and translated, unary and streamed: the table holds.

All cases are asked at once when the first test needs them; each test then looks at one.
"""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import anthropic
import msgspec
import openai
import pytest

from gateway.errors import KINDS
from tests.e2e.faults_table import (
    FAULTS,
    FORMS,
    OPENING,
    TEXT,
    VENDOR_KEY,
    WAYS,
    WORDS,
    Fault,
    Form,
    Told,
    Way,
    outcome,
    raised,
    table,
)
from tests.support.eventually import eventually, in_flight
from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.rawclient import Answer, ask
from tests.support.simulation import Simulation, in_process

_PATHS: Final = {
    "chat": "/v1/chat/completions",
    "messages": "/v1/messages",
    "responses": "/v1/responses",
    "completions": "/v1/completions",
}
_TERMINALS: Final = ("[DONE]", "message_stop", "response.completed", "response.incomplete")
_SAID: Final = "Tell Hong Gildong of 1 Sejong-daero CANARY-text-77"


@dataclass(frozen=True, slots=True)
class Case:
    fault: Fault
    way: Way
    form: Form

    @property
    def told(self) -> Told:
        return self.fault.told_by(self.way.upstream)

    @property
    def played(self) -> str:
        """The model's name at the simulator: one script for each case."""
        return f"{self.fault.name}.{self.way.caller}.{self.form}".replace(" ", "-")

    @property
    def route(self) -> str:
        """What the name of its model begins with."""
        if not self.fault.is_silence:
            return self.way.upstream
        return f"{self.way.upstream}-{'stalling' if self.fault.after_text else 'hasty'}"

    def __str__(self) -> str:
        return f"{self.fault.name}, {self.way}, {self.form}"


CASES: Final = [
    Case(fault, way, form)
    for fault in FAULTS
    for way in WAYS
    for form in FORMS
    if form in fault.forms and not (way.caller == "completions" and fault.name.endswith(OPENING))
]


@dataclass(frozen=True, slots=True)
class Seen:
    answer: Answer
    record: dict[str, Any]
    sdk: Exception | None


_TIMES: Final[dict[str, dict[str, float]]] = {"": {}, "-hasty": {"first_token": 2}, "-stalling": {"between_tokens": 3}}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GatewayProcess, Simulation, Path]]:
    """A provider for each dialect that an upstream may speak; and for what falls silent one that has no patience with it."""
    folder = tmp_path_factory.mktemp("faults")
    with in_process() as simulation:
        config = {
            "providers": {
                name + suffix: {
                    "kind": "openai_compatible",
                    "base_url": f"{simulation.url}/v1",
                    "dialects": [name],
                    "api_key": VENDOR_KEY,
                    "headers": {"x-api-key": VENDOR_KEY},
                    "timeouts": {"connect": 20, "first_token": 60, "between_tokens": 60, "total": 90, **times},
                }
                for name in _PATHS
                for suffix, times in _TIMES.items()
            },
            "models": {
                f"{name}{suffix}/*": {"targets": [{"provider": name + suffix, "model": "*"}]}
                for name in _PATHS
                for suffix in _TIMES
            },
            "retry": {"attempts": 1},
            "breaker": {"failures": 1000},
            "record": {"file": str(folder / "records.jsonl")},
        }
        with running(folder, written(folder, config)) as process:
            yield process, simulation, folder / "records.jsonl"


@pytest.fixture(scope="module")
def seen(gateway: tuple[GatewayProcess, Simulation, Path]) -> dict[Case, Seen]:
    process, simulation, file = gateway
    simulation.play({"models": {case.played: {"steps": [_played(case)]} for case in CASES}})
    with ThreadPoolExecutor(48) as pool:
        answers = list(pool.map(lambda case: _asked(process, case), CASES))
        raising = _through_sdks(pool, process)
    records = _records(file, {answer.headers["x-haechi-request-id"] for answer in answers})
    return {
        case: Seen(answer, records[answer.headers["x-haechi-request-id"]], sdk)
        for case, answer, sdk in zip(CASES, answers, raising, strict=True)
    }


def _played(case: Case) -> dict[str, Any]:
    """What breaks after text comes seconds later, so that text is out before on a busy machine too."""
    pace = {"tokens_per_second": 2} if case.told.status is None else {}
    return {"chunks": TEXT, "message": WORDS, **pace, **case.fault.play}


def _asked(process: GatewayProcess, case: Case) -> Answer:
    return ask(process.url, _PATHS[case.way.caller], _body(case), timeout=60)


def _body(case: Case) -> dict[str, Any]:
    said: dict[str, Any] = {"model": f"{case.route}/{case.played}", "stream": case.form == "streamed"}
    if case.way.caller == "completions":
        return {**said, "prompt": _SAID}
    if case.way.caller == "responses":
        return {**said, "input": _SAID}
    return {**said, "messages": [{"role": "user", "content": _SAID}], "max_tokens": 100}


def _through_sdks(pool: ThreadPoolExecutor, process: GatewayProcess) -> list[Exception | None]:
    """What the vendors' SDKs make of the native cases; None for the others."""
    with (
        anthropic.Anthropic(base_url=process.url, api_key="any", max_retries=0) as messages,
        openai.OpenAI(base_url=process.v1, api_key="any", max_retries=0) as other,
    ):
        create: dict[str, Any] = {
            "messages": messages.messages.create,
            "chat": other.chat.completions.create,
            "responses": other.responses.create,
            "completions": other.completions.create,
        }

        def ask_one(case: Case) -> Exception | None:
            try:
                answer = create[case.way.caller](**_body(case))
                for _ in answer if case.form == "streamed" else ():
                    pass
            except (openai.APIError, anthropic.APIError) as error:
                return error
            return None

        return list(pool.map(lambda case: ask_one(case) if case.way.native else None, CASES))


def _records(file: Path, wanted: set[str]) -> dict[str, dict[str, Any]]:
    """The records of these requests; they are written from a thread of their own, so a moment later."""
    ends = time.monotonic() + 30
    while True:
        rows = [msgspec.json.decode(line) for line in file.read_bytes().splitlines()]
        found = {row["request_id"]: row for row in rows if row["request_id"] in wanted}
        if len(found) == len(wanted):
            return found
        assert time.monotonic() < ends, f"{len(wanted - found.keys())} exchanges were never recorded"
        time.sleep(0.02)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault_gives_what_the_table_says(case: Case, seen: dict[Case, Seen]) -> None:
    answer, record, told = seen[case].answer, seen[case].record, case.told
    if told.status is None:
        assert answer.status == 200, answer.body
        _check_event(case, answer)
    else:
        assert answer.status == told.status, answer.body
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.end == "whole"
        _check_body(case, answer)
        assert answer.headers.get("retry-after") == told.retry_after
    assert (record["outcome"], record["code"]) == (outcome(told), told.code)
    assert record["status"] == (told.status or 200)
    for secret in (VENDOR_KEY, "CANARY"):
        assert secret.encode() not in answer.body


@pytest.mark.parametrize("case", [case for case in CASES if case.told.status is not None], ids=str)
def test_the_words_are_whose_the_table_says(case: Case, seen: dict[Case, Seen]) -> None:
    """What the caller did wrong is told in the upstream's words, in translation too; all else never is."""
    assert (WORDS in seen[case].answer.json["error"]["message"]) == case.told.passed


@pytest.mark.parametrize("case", [case for case in CASES if case.way.native], ids=str)
def test_the_vendors_sdk_raises_what_the_table_says(case: Case, seen: dict[Case, Seen]) -> None:
    error = seen[case].sdk
    assert error is not None, "the SDK took it for a clean end"
    assert type(error).__name__ == raised(case.way.caller, case.told)


def _check_body(case: Case, answer: Answer) -> None:
    passed = case.told.passed and case.way.native
    code = _code(case.way.caller, answer.json, answer.headers["x-haechi-request-id"], passed)
    if not passed:
        assert code == case.told.code
        assert answer.headers["x-should-retry"] == str(KINDS[code].retryable).lower()


def _check_event(case: Case, answer: Answer) -> None:
    """Text, then one error, then nothing; and never what could be taken for a proper end."""
    assert answer.end == "whole", "the error is followed by the end of the body"
    events = answer.events
    name, data = events[-1]
    assert name == (None if case.way.caller in ("chat", "completions") else "error")
    assert _code(case.way.caller, msgspec.json.decode(data), answer.headers["x-haechi-request-id"]) == case.told.code
    if case.way.caller == "responses":
        assert [msgspec.json.decode(data)["sequence_number"] for _, data in events] == list(range(len(events)))
    text = answer.body.decode()
    assert TEXT[0].strip() in text
    for terminal in _TERMINALS:
        assert terminal not in text


def _code(caller: str, body: Any, request_id: str, passed: bool = False) -> str:
    """Our code in a body or event of this dialect, whose shape is checked."""
    error = body["error"]
    assert error["message"]
    if caller == "messages":
        assert body["type"] == "error"
        assert error["type"]
        if passed:
            assert body["request_id"]
            return ""
        assert body["request_id"] == request_id
        return str(error["details"]["error_code"])
    assert {"message", "type", "param", "code"} <= error.keys()
    assert error["request_id"] == request_id
    return str(error["code"])


def test_the_table_is_printed(seen: dict[Case, Seen], capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{table()}\nasked in {len(seen)} cases: every dialect, native and translated.\n")


def test_nothing_is_left_of_the_faults(
    seen: dict[Case, Seen], gateway: tuple[GatewayProcess, Simulation, Path]
) -> None:
    """No secret in any sink, no attempt still counted as under way."""
    process, _, file = gateway

    def metrics() -> str:
        return ask(process.url, "/metrics", b"", method="GET").body.decode()

    eventually(lambda: in_flight(metrics()) == 0)
    page = metrics()
    for sink, text in {"log": process.log, "records": file.read_text(), "metrics": page}.items():
        assert "CANARY" not in text, sink
