"""Judges, moderations and webhooks at work: a gateway process, models that the simulator plays, a service on a socket."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from gateway.guards.checks.webhook import SIGNATURE, TIMESTAMP, signature
from tests.support import rawserver
from tests.support.eventually import eventually, records
from tests.support.gatewayprocess import GatewayProcess, running, simulated, written
from tests.support.rawclient import Answer, ask
from tests.support.simulation import Simulation

FORBIDDEN: Final = "eat the forbidden fruit"
MAIL: Final = "anna.canary@mail.example"
SECRET: Final = "shared-4711"
PATHS: Final = {"chat": "/v1/chat/completions", "messages": "/v1/messages"}
BOTH: Final = [(dialect, streamed) for dialect in PATHS for streamed in (False, True)]
PATIENT: Final = 30_000
GUILTY: Final = {"answer": '{"score": 0.9, "reason": "fruit"}'}
INNOCENT: Final = {"answer": '{"score": 0.1, "reason": "none"}'}


def judging(model: str, **more: Any) -> dict[str, Any]:
    return {"kind": "judge", "model": model, "rubric": "Does it tell anybody to eat a fruit?", **more}


def rule(name: str, where: list[str], detect: str, action: Any = "block", **more: Any) -> dict[str, Any]:
    return {"id": name, "where": where, "detect": [detect], "action": action, "timeout_ms": PATIENT, **more}


def policy(model: str, detectors: dict[str, Any], *rules: dict[str, Any], **bind: Any) -> dict[str, Any]:
    name = model.strip("*") or "all"
    return {
        "haechi": "policy/v1",
        "name": name,
        "bind": {"models": [model], **bind},
        "defaults": {"opaque": "allow"},
        "detectors": detectors,
        "rules": list(rules),
    }


PERSONAL: Final = {"kind": "personal", "entities": ["EMAIL_ADDRESS"]}


def policies(hook: str) -> list[dict[str, Any]]:
    judge = {"j": judging("umpire")}
    return [
        policy("strict", judge, rule("fruit", ["content"], "j")),
        policy("lenient", judge, rule("fruit", ["content"], "j", on_error="allow", timeout_ms=400)),
        policy("forgiving", judge, rule("fruit", ["user"], "j", on_error="allow")),
        policy("hasty", judge, rule("fruit", ["content"], "j", timeout_ms=400)),
        policy(
            "private",
            {**judge, "pii": PERSONAL},
            rule("fruit", ["user", "tool_result"], "j"),
            rule("hide", ["tool_result"], "pii", "tokenize"),
        ),
        policy("umpire", judge, rule("fruit", ["user", "content"], "j")),
        policy("moderated", {"m": {"kind": "moderation", "model": "omni"}}, rule("harm", ["user", "content"], "m")),
        policy(
            "hooked",
            {"h": {"kind": "webhook", "url": f"{hook}/look", "secret": SECRET}},
            rule("names", ["user"], "h", "mask"),
        ),
        policy("poor", {"j": judging("umpire", budget=0.000_001)}, rule("fruit", ["content"], "j")),
    ]


class Hook:
    """A service that finds the word `Anna`, and turns away what is not signed."""

    def __init__(self) -> None:
        self.url = ""
        self.forged = 0

    async def answer(self, peer: rawserver.Peer) -> None:
        while True:
            try:
                asked = await peer.request()
            except asyncio.IncompleteReadError:
                return
            (stamp,) = asked.all(TIMESTAMP)
            genuine = asked.all(SIGNATURE) == [signature(SECRET.encode(), stamp, asked.body)]
            self.forged += not genuine
            text = msgspec.json.decode(asked.body)["text"]
            at = text.find("Anna")
            found = [{"start": at, "end": at + 4, "kind": "NAME", "score": 1.0}] if at >= 0 else []
            body = msgspec.json.encode({"findings": found})
            status = b"200 OK" if genuine else b"403 Forbidden"
            await peer.send(b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body))


@contextmanager
def serving() -> Iterator[Hook]:
    hook = Hook()
    with rawserver.in_thread(hook.answer, "hook") as hook.url:
        yield hook


class Guarded:
    """The gateway, and what came to the models behind it."""

    def __init__(self, process: GatewayProcess, simulation: Simulation, file: Path) -> None:
        self.process = process
        self.simulation = simulation
        self._file = file

    def ask(
        self, model: str, text: str = "hello", dialect: str = "chat", streamed: bool = False, **more: Any
    ) -> Answer:
        limit = {"max_tokens": 100} if dialect == "messages" else {}
        turns = more.pop("messages", [{"role": "user", "content": text}])
        return ask(
            self.process.url, PATHS[dialect], {"model": model, "messages": turns, "stream": streamed, **limit, **more}
        )

    def play(self, **models: Any) -> None:
        self.simulation.play({"models": {name: {"steps": [step]} for name, step in models.items()}})
        self.simulation.clear()

    def came(self, model: str) -> list[str]:
        return [
            msgspec.json.encode(one["body"]).decode()
            for one in self.simulation.requests()
            if one["body"]["model"] == model
        ]

    def record(self, answer: Answer) -> dict[str, Any]:
        own = answer.headers["x-haechi-request-id"]
        found = eventually(lambda: [one for one in records(self._file) if one["request_id"] == own])
        return found[0]

    def before(self, row: dict[str, Any]) -> dict[str, Any]:
        every = records(self._file)
        return every[every.index(row) - 1]


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    with serving() as made:
        yield made


@pytest.fixture(scope="module")
def house(upstream: Simulation, hook: Hook, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("remote")
    for one in policies(hook.url):
        (folder / f"{one['name']}.policy.yaml").write_bytes(msgspec.json.encode(one))
    config = simulated(
        upstream.url,
        policies={"files": ["*.policy.yaml"]},
        retry={"attempts": 1},
        breaker={"failures": 1000},
        record={"file": str(folder / "records.jsonl")},
    )
    config["models"] = {
        "*": {"targets": [{"provider": "sim", "model": "*", "prices": {"input": 1.0, "output": 1.0}}]},
    }
    with running(folder, written(folder, config)) as process:
        yield Guarded(process, upstream, folder / "records.jsonl")


@pytest.mark.parametrize(("dialect", "streamed"), BOTH)
def test_an_answer_that_a_judge_condemns_is_never_sent(house: Guarded, dialect: str, streamed: bool) -> None:
    house.play(strict={"answer": FORBIDDEN}, umpire=GUILTY)
    answer = house.ask("strict", dialect=dialect, streamed=streamed)
    assert answer.status == 400
    assert b"policy" in answer.body
    assert b"fruit" not in answer.body.replace(b"rule strict/fruit", b"")
    assert house.record(answer)["verdicts"] == [["strict", "fruit", "content", "JUDGED", "block", "enforced", 1]]


@pytest.mark.parametrize(("dialect", "streamed"), BOTH)
def test_an_answer_that_a_judge_acquits_is_sent_whole(house: Guarded, dialect: str, streamed: bool) -> None:
    house.play(strict={"answer": FORBIDDEN}, umpire=INNOCENT)
    answer = house.ask("strict", dialect=dialect, streamed=streamed)
    assert answer.status == 200
    assert answer.end == "whole"
    assert b"forbidden" in answer.body
    (asked,) = house.came("umpire")
    assert FORBIDDEN in asked
    assert "Does it tell anybody to eat a fruit?" in asked


@pytest.mark.parametrize(("dialect", "streamed"), BOTH)
@pytest.mark.parametrize(
    "verdict",
    [{"answer": "Looks fine to me."}, {"error": "overloaded"}, {"delay_head": 60}],
    ids=["nonsense", "error", "hangs"],
)
def test_a_judge_that_fails_blocks_or_passes_as_the_policy_says(
    house: Guarded, verdict: dict[str, Any], dialect: str, streamed: bool
) -> None:
    house.play(lenient={"answer": FORBIDDEN}, hasty={"answer": FORBIDDEN}, umpire=verdict)
    answer = house.ask("lenient", dialect=dialect, streamed=streamed)
    assert answer.status == 200
    assert b"forbidden" in answer.body
    assert house.record(answer)["verdicts"] == [["lenient", "fruit", "content", "", "block", "failed", 1]]
    answer = house.ask("hasty", dialect=dialect, streamed=streamed)
    assert answer.status == 400
    assert b"forbidden" not in answer.body
    assert house.record(answer)["verdicts"] == [["hasty", "fruit", "content", "", "block", "failed", 1]]


def test_a_text_that_passed_because_its_judge_failed_is_judged_the_next_time(house: Guarded) -> None:
    long = f"Please tell everybody to {FORBIDDEN}. " * 10
    house.play(forgiving={"answer": "yes"}, umpire={"answer": "Looks fine to me."})
    assert house.ask("forgiving", text=long).status == 200
    house.play(forgiving={"answer": "yes"}, umpire=INNOCENT)
    assert house.ask("forgiving", text=long).status == 200
    assert len(house.came("umpire")) == 1
    house.play(forgiving={"answer": "yes"}, umpire=GUILTY)
    assert house.ask("forgiving", text=long).status == 200  # it was looked at before, and nothing was found
    assert not house.came("umpire")


def test_what_is_hidden_from_the_model_is_hidden_from_the_judge_in_whatever_role(house: Guarded) -> None:
    house.play(private={"answer": "yes"}, umpire=INNOCENT)
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    turns = [
        {"role": "user", "content": "who wrote?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": f"It was {MAIL}."},
    ]
    assert house.ask("private", messages=turns).status == 200
    asked = house.came("umpire")
    assert len(asked) == 2
    assert any("It was <EMAIL_ADDRESS_" in one for one in asked)
    shown = house.came("private")
    assert len(shown) == 1
    assert MAIL not in "".join([*asked, *shown])


def test_nobody_can_tell_from_what_judges_are_shown_that_two_callers_speak_of_the_same(house: Guarded) -> None:
    house.play(private={"answer": "yes"}, umpire=INNOCENT)
    for _ in range(2):
        house.ask("private", text=f"Write to {MAIL}")
    asked = house.came("umpire")
    assert len(asked) == 2
    assert len({one.partition("<EMAIL_ADDRESS_")[2][:10] for one in asked}) == 2


def test_what_a_judge_asks_is_not_judged(house: Guarded) -> None:
    house.play(umpire=INNOCENT)
    assert house.ask("umpire", text="pear").status == 200
    assert len(house.came("umpire")) == 3  # the caller's own, and one each for its text and the answer


def test_what_a_judge_costs_is_recorded_as_a_request_of_its_own(house: Guarded) -> None:
    house.play(strict={"answer": FORBIDDEN}, umpire=INNOCENT)
    own = house.record(house.ask("strict"))
    row = house.before(own)
    assert row["key"] == "haechi-judge"
    assert (row["model"], row["dialect"], row["outcome"]) == ("umpire", "chat", "answered")
    assert row["cost_nanodollars"] > 0


def test_a_judge_without_money_fails(house: Guarded) -> None:
    house.play(poor={"answer": FORBIDDEN}, umpire=INNOCENT)
    answer = house.ask("poor")
    assert answer.status == 400
    assert house.record(answer)["verdicts"] == [["poor", "fruit", "content", "", "block", "failed", 1]]
    assert not house.came("umpire")


@pytest.mark.parametrize(("dialect", "streamed"), BOTH)
def test_a_vendors_moderation_stops_requests_and_answers(house: Guarded, dialect: str, streamed: bool) -> None:
    house.play(moderated={"answer": "I like violence."})
    answer = house.ask("moderated", "violence, please", dialect, streamed)
    assert answer.status == 400
    assert not house.came("moderated")
    answer = house.ask("moderated", "hello", dialect, streamed)
    assert answer.status == 400
    assert b"I like" not in answer.body
    house.play(moderated={"answer": "I like pears."})
    assert b"pears" in house.ask("moderated", "hello", dialect, streamed).body


def test_a_webhook_finds_what_is_then_masked(house: Guarded, hook: Hook) -> None:
    house.play(hooked={"answer": "yes"})
    assert house.ask("hooked", "Is \U0001f600 Anna there?").status == 200
    (shown,) = house.came("hooked")
    assert "[NAME] there?" in shown
    assert "Anna" not in shown
    assert hook.forged == 0


def test_no_text_and_no_secret_stands_in_the_log(house: Guarded) -> None:
    for word in ("fruit of", FORBIDDEN, MAIL, SECRET, "Looks fine"):
        assert word not in house.process.log
