"""Rules that have an exchange started over, and those that refuse in the model's own voice."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.callers import CALLERS, Said, said
from tests.support.eventually import eventually, records
from tests.support.gatewayprocess import GatewayProcess, running
from tests.support.policed import SPOKEN, by_dialect, policed, policy, seen
from tests.support.simulation import Simulation

STREAMED: Final = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
EVERY: Final = pytest.mark.parametrize("name", SPOKEN)
CODE: Final = "INT-123456"
CODES: Final = {"codes": {"kind": "pattern", "match": "INT-[0-9]{6}", "name": "CODE"}}


def rule(id_: str, where: str, action: dict[str, Any]) -> dict[str, Any]:
    return {"id": id_, "where": [where], "detect": ["codes"], "action": action}


def model(name: str, target: str = "demo") -> dict[str, Any]:
    return {"targets": [{"provider": name, "model": target}]}


POLICIES: Final = [
    policy("reasking", detectors=CODES, rules=[rule("again", "content", {"reask": {"times": 2}})], bind={"models": ["reask-*"]}),
    policy("falling", detectors=CODES, rules=[rule("other", "content", {"fallback": {"model": "quiet"}})], bind={"models": ["fall-*", "quiet"]}),
    policy("routing", detectors=CODES, rules=[rule("house", "user", {"route": {"model": "quiet"}})], bind={"models": ["route-*", "quiet"]}),
    policy(
        "polite",
        detectors=CODES,
        rules=[rule("no", "content", {"block": {"message": "그 내용은 말씀드릴 수 없습니다.", "refuse": True}}), rule("nor", "user", {"block": {"message": "묻지 마세요.", "refuse": True}})],
        bind={"models": ["polite-*"]},
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("starting-over")


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, folder: Path) -> Iterator[GatewayProcess]:
    named = by_dialect(upstream.url, record={"file": str(folder / "records.jsonl")})
    models = {f"{kind}-{name}": model(name) for kind in ("reask", "fall", "route", "polite") for name in SPOKEN}
    with running(
        folder, policed(folder, {**named, "models": {**models, "quiet": model("chat", "quiet")}}, *POLICIES)
    ) as process:
        yield process


def ask(gateway: GatewayProcess, kind: str, name: str, text: str, *, streamed: bool) -> Said:
    return CALLERS[name].ask(gateway, f"{kind}-{name}", said(text), streamed=streamed)


def newest(folder: Path, began: float) -> dict[str, Any]:
    """The record of the first request since then. It is written a moment after the answer."""
    return eventually(lambda: [row for row in records(folder / "records.jsonl") if row["time"] >= began])[0]


@STREAMED
@EVERY
def test_the_model_is_told_what_was_found_and_tries_again(
    gateway: GatewayProcess, simulation: Simulation, name: str, streamed: bool
) -> None:
    simulation.play(
        {
            "models": {
                "demo": {"steps": [{"chunks": ["코드는 INT-", "123456"]}, {"answer": "모릅니다"}], "then": "repeat"}
            }
        }
    )
    heard = ask(gateway, "reask", name, "코드?", streamed=streamed)
    assert heard.text == "모릅니다"
    first, second = seen(simulation)
    assert CODE not in first
    assert f"코드는 {CODE}" in second
    assert "CODE was found" in second


@STREAMED
@EVERY
def test_what_is_found_each_time_is_blocked_in_the_end_and_never_sent(
    gateway: GatewayProcess, simulation: Simulation, name: str, streamed: bool
) -> None:
    simulation.misbehave({"answer": CODE})
    with pytest.raises(CALLERS[name].error) as caught:
        ask(gateway, "reask", name, "코드?", streamed=streamed)
    assert "reasking/again" in str(caught.value)
    assert CODE not in str(caught.value)
    assert len(seen(simulation)) == 3


@STREAMED
@EVERY
def test_another_model_answers_what_this_one_may_not(
    gateway: GatewayProcess, simulation: Simulation, folder: Path, name: str, streamed: bool
) -> None:
    simulation.play(
        {
            "models": {
                "demo": {"steps": [{"answer": CODE}], "then": "repeat"},
                "quiet": {"steps": [{"answer": "조용"}], "then": "repeat"},
            }
        }
    )
    began = time.time()
    assert ask(gateway, "fall", name, "코드?", streamed=streamed).text == "조용"
    row = newest(folder, began)
    assert row["outcome"] == "answered"
    assert row["served_by"].startswith("quiet/")
    assert len(row["attempts"]) == 2
    simulation.misbehave({"answer": CODE})
    with pytest.raises(CALLERS[name].error):
        ask(gateway, "fall", name, "코드?", streamed=streamed)


@STREAMED
@EVERY
def test_a_request_goes_elsewhere_before_anybody_sees_it(
    gateway: GatewayProcess, simulation: Simulation, name: str, streamed: bool
) -> None:
    simulation.misbehave({"answer": "네"})
    assert ask(gateway, "route", name, f"이 코드: {CODE}", streamed=streamed).text == "네"
    (only,) = simulation.requests()
    assert only["body"]["model"] == "quiet"


@STREAMED
@EVERY
@pytest.mark.parametrize(("question", "answer"), [("코드?", "그 내용은 말씀드릴 수 없습니다."), (CODE, "묻지 마세요.")])
def test_a_polite_refusal_is_an_answer_of_the_model(
    gateway: GatewayProcess, simulation: Simulation, folder: Path, name: str, streamed: bool, question: str, answer: str
) -> None:
    simulation.misbehave({"answer": CODE})
    began = time.time()
    heard = ask(gateway, "polite", name, question, streamed=streamed)
    assert heard.text == answer
    row = newest(folder, began)
    assert (row["outcome"], row["code"], row["status"]) == ("blocked", "policy_blocked", 200)
