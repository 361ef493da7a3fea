"""Rules with `guarantee: segment`: streams flow, segment by segment, and nothing leaves that no check has seen."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from tests.support.eventually import eventually, records
from tests.support.gatewayprocess import GatewayProcess, running
from tests.support.hooked import Hook, hooked
from tests.support.matrix import BEGINS, CANARY, HIDDEN, PATTERNS, UPSTREAMS, joined, seen
from tests.support.matrix_answers import ASKING, TOLD, Told
from tests.support.matrix_requests import PATHS
from tests.support.policed import policed, policy
from tests.support.rawclient import Answer, Line, ask
from tests.support.simulation import Simulation

PLACES: Final = ("content", "reasoning", "tool_args", "refusal")
ACTIONS: Final[dict[str, Any]] = {"mask": {"mask": {"with": HIDDEN}}, "block": "block", "log": "log"}
FAILING: Final = ("hangs", "fails", "nonsense", "no-json", "resets")
SPOKEN: Final = ("chat", "messages", "responses")
FIRST: Final = "It rains today."


def _rule(name: str, where: str, detect: str, action: Any, **more: Any) -> dict[str, Any]:
    return {"id": name, "where": [where], "detect": [detect], "action": action, "guarantee": "segment", **more}


def _policies(hook: Hook) -> dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Detectors and rules by what follows the upstream in the name of a model."""
    finds = {"it": {"kind": "webhook", "url": f"{hook.url}/finds", "secret": "s"}}
    found: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
        f"{name}-{place}": (finds, [_rule("watch", place, "it", action)])
        for name, action in ACTIONS.items()
        for place in PLACES
    }
    for how in FAILING:
        failing = {"it": {"kind": "webhook", "url": f"{hook.url}/{how}", "secret": "s"}}
        for on_error in ("block", "allow"):
            rule = _rule("watch", "content", "it", "block", on_error=on_error, timeout_ms=400)
            found[f"{how}-{on_error}"] = failing, [rule]
    patient = {"it": {"kind": "webhook", "url": f"{hook.url}/hangs", "secret": "s"}}
    found["patient"] = patient, [_rule("watch", "content", "it", "block", timeout_ms=60_000)]
    whole = {**finds, "long": {"kind": "length", "max_chars": 1_000}}
    long = {"id": "long", "where": ["content"], "detect": ["long"], "action": "block"}
    found["whole-too"] = whole, [_rule("watch", "content", "it", ACTIONS["mask"]), long]
    pii = {**finds, "pii": {"kind": "personal", "entities": ["EMAIL_ADDRESS"]}}
    hide = {"id": "hide", "where": ["user"], "detect": ["pii"], "action": "tokenize"}
    found["restoring"] = pii, [_rule("watch", "content", "it", "log"), hide]
    return found


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    with hooked("|".join(PATTERNS)) as hook:
        yield hook


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("segments")


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, hook: Hook, folder: Path) -> Iterator[GatewayProcess]:
    made = _policies(hook)
    documents = [
        policy(
            name,
            detectors=detectors,
            rules=rules,
            bind={"models": [f"{one}.{name}" for one in UPSTREAMS]},
            defaults={"opaque": "allow", "timeout_ms": 30_000},
        )
        for name, (detectors, rules) in made.items()
    ]
    names = [f"{one}.{name}" for one in UPSTREAMS for name in ("bare", *made)]
    config: dict[str, Any] = {
        "providers": {
            one: {"kind": "simulated", "base_url": f"{upstream.url}/v1", **({} if one == "native" else {"dialects": [one]})}
            for one in UPSTREAMS
        },
        "models": {name: {"targets": [{"provider": name.partition(".")[0], "model": "demo"}]} for name in names},
        "timeouts": {"between_tokens": 4},
        "retry": {"attempts": 1},
        "breaker": {"failures": 100_000},
        "record": {"file": str(folder / "records.jsonl")},
    }  # fmt: skip
    with running(folder, policed(folder, config, *documents)) as process:
        yield process


@pytest.fixture
def line(gateway: GatewayProcess) -> Iterator[Line]:
    with Line(gateway.url) as line:
        yield line


RUNS = [
    pytest.param(told, speaks, form, id=f"{told.surface}-{told.place}-{told.way}-{speaks}-{form}")
    for told in TOLD
    if told.canary == CANARY and told.surface in SPOKEN
    for speaks in told.upstreams
    for form in ("unary", "stream")
]


@pytest.mark.parametrize(("told", "speaks", "form"), RUNS)
def test_what_a_check_finds_in_segments_is_replaced_or_stops_the_answer_and_nothing_else_changes(
    line: Line, simulation: Simulation, told: Told, speaks: str, form: str
) -> None:
    simulation.misbehave(told.step)
    stream = {"stream": True} if form == "stream" else {}

    def got(rules: str) -> tuple[Answer, dict[str, str]]:
        line.ask(PATHS[told.surface], {**ASKING[told.surface], **told.more, **stream, "model": f"{speaks}.{rules}"})
        answer = line.answer()
        assert answer.end == "whole"
        return answer, joined(_events(answer))

    answer, found = got(f"log-{told.place}")
    assert answer.status == 200, answer.body
    there = {path for path, text in found.items() if CANARY in seen(text) or CANARY in seen(path)}
    for name in told.stream if form == "stream" else told.unary:
        assert any(name in path for path in there), f"{name} of {there or found}"
    answer, found = got(f"mask-{told.place}")
    if speaks in told.signed:
        _is_withheld(answer, found)
    else:
        assert answer.status == 200, answer.body
        assert any(HIDDEN in seen(text) or HIDDEN in path for path, text in found.items()), found
        assert BEGINS not in _all(found), found
    _is_withheld(*got(f"block-{told.place}"))


@pytest.mark.parametrize("caller", SPOKEN)
def test_a_stream_flows_by_segments_and_what_is_cut_off_half_way_is_never_sent(
    gateway: GatewayProcess, line: Line, simulation: Simulation, hook: Hook, folder: Path, caller: str
) -> None:
    """The model falls silent behind its first sentence and half of the second."""
    simulation.misbehave({"chunks": [FIRST, " The word", f" is {BEGINS}"], "stall_after": -_TRAILING[caller]})
    hook.shown.clear()
    line.ask(PATHS[caller], _asked("native.mask-content", caller, stream=True))
    status, headers = line.head()
    begun = line.read_until(FIRST.encode())
    assert status == 200
    rest = line.answer_rest()
    sent = (begun + rest).decode()
    assert "The word" not in sent
    assert BEGINS not in sent
    assert "error" in rest.decode()
    assert "[DONE]" not in sent
    assert [one["text"] for one in hook.shown] == [FIRST]
    row = _record(folder, headers)
    assert (row["outcome"], row["guarantee"]) == ("cut", "segment")
    waited = len(f" The word is {BEGINS}")
    assert waited <= row["held"] <= len(FIRST) + waited, (
        "the most at once: how much came together is the network's choice"
    )


# Events of a stream behind its last text.
_TRAILING: Final = {"chat": 3, "messages": 3, "responses": 4}


@pytest.mark.parametrize("caller", SPOKEN)
def test_a_rule_that_needs_all_of_the_answer_holds_all_of_it_back(
    line: Line, simulation: Simulation, folder: Path, caller: str
) -> None:
    simulation.misbehave({"chunks": [FIRST, f" The word is {CANARY[:4]}", CANARY[4:], "."]})
    line.ask(PATHS[caller], _asked("native.whole-too", caller, stream=True))
    answer = line.answer()
    assert _said(answer) == f"{FIRST} The word is {HIDDEN}."
    row = _record(folder, answer.headers)
    assert (row["guarantee"], row["held"]) == ("full", len(f"{FIRST} The word is {CANARY}."))
    simulation.misbehave({"chunks": [FIRST, " The word", " is"], "stall_after": -_TRAILING[caller]})
    line.ask(PATHS[caller], _asked("native.whole-too", caller, stream=True))
    assert line.answer().status == 504


@pytest.mark.parametrize("caller", SPOKEN)
def test_before_the_first_text_a_block_is_a_status_and_after_it_an_event(
    line: Line, simulation: Simulation, folder: Path, caller: str
) -> None:
    simulation.misbehave({"chunks": ["The word is ", CANARY, ". ", FIRST]})
    line.ask(PATHS[caller], _asked("native.block-content", caller, stream=True))
    answer = line.answer()
    assert answer.status == 400
    assert answer.json["error"]
    simulation.misbehave({"chunks": [FIRST, " The word is ", CANARY, ". Well."], "tokens_per_second": 0.5})
    line.ask(PATHS[caller], _asked("native.block-content", caller, stream=True))
    answer = line.answer()
    assert answer.status == 200
    assert _said(answer) == FIRST
    assert "policy_blocked" in answer.body.decode() or "policy" in answer.events[-1][1]
    assert "[DONE]" not in answer.body.decode()
    row = _record(folder, answer.headers)
    assert row["outcome"] == "cut"
    assert row["verdicts"] == [["block-content", "watch", "content", "CANARY", "block", "enforced", 1]]


@pytest.mark.parametrize("on_error", ["block", "allow"])
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("caller", SPOKEN)
@pytest.mark.parametrize("how", FAILING)
def test_a_check_that_fails_on_a_segment_never_lets_it_go_unless_the_rule_says_so(
    line: Line, simulation: Simulation, folder: Path, how: str, caller: str, streamed: bool, on_error: str
) -> None:
    simulation.misbehave({"chunks": [FIRST, " The word is ", CANARY[:5], CANARY[5:], ". Well.", " Yes."]})
    line.ask(PATHS[caller], _asked(f"native.{how}-{on_error}", caller, stream=streamed))
    answer = line.answer()
    text = answer.body.decode()
    if on_error == "allow":
        assert answer.status == 200
        assert _said(answer) == f"{FIRST} The word is {CANARY}. Well. Yes."
    else:
        assert BEGINS not in text
        assert "Well" not in text
        assert answer.status == 400 or (streamed and "error" in text and "[DONE]" not in text)
    row = _record(folder, answer.headers)
    assert {(effect, said) for _, _, _, _, effect, said, _ in row["verdicts"]} == {("block", "failed")}


def test_both_choices_are_looked_at_each_by_itself(line: Line, simulation: Simulation) -> None:
    simulation.misbehave({"answers": [f"{FIRST} It is {CANARY}.", f"{CANARY}? {FIRST}"]})
    line.ask(PATHS["chat"], {**_asked("native.mask-content", "chat", stream=True), "n": 2})
    texts = {0: "", 1: ""}
    for event in _events(line.answer()):
        for choice in event["choices"]:
            texts[choice["index"]] += choice["delta"].get("content") or ""
    assert texts == {0: f"{FIRST} It is {HIDDEN}.", 1: f"{HIDDEN}? {FIRST}"}


@pytest.mark.parametrize("caller", SPOKEN)
def test_a_caller_who_leaves_ends_the_check_that_is_under_way(
    gateway: GatewayProcess, simulation: Simulation, hook: Hook, folder: Path, caller: str
) -> None:
    hook.waiting.clear()
    hook.left.clear()
    simulation.misbehave({"chunks": [FIRST, f" The word is {CANARY}.", " Well."]})
    with Line(gateway.url) as line:
        line.ask(PATHS[caller], _asked("native.patient", caller, stream=True))
        assert hook.waiting.wait(30)
        line.reset()
    assert hook.left.wait(30), "the check goes on for nobody"
    eventually(lambda: records(folder / "records.jsonl")[-1]["outcome"] == "client_gone" or None)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("caller", SPOKEN)
def test_checks_see_placeholders_and_the_caller_gets_the_values(
    line: Line, simulation: Simulation, hook: Hook, caller: str, streamed: bool
) -> None:
    hook.shown.clear()
    body = _asked("native.restoring", caller, stream=streamed)
    asked = "Write to anna@example.org. Do it today."
    body.update({"input": asked} if caller == "responses" else {"messages": [{"role": "user", "content": asked}]})
    line.ask(PATHS[caller], body)
    answer = line.answer()
    assert _said(answer) == f"You said: {asked}", answer.body
    shown = "".join(one["text"] for one in hook.shown)
    assert "anna" not in shown
    assert "<EMAIL_ADDRESS_" in shown


def test_a_finding_over_an_edge_is_hidden_from_there_on_and_the_record_says_so(
    line: Line, simulation: Simulation, folder: Path
) -> None:
    """It has no space at which it could be cut, and is longer than a segment may be."""
    simulation.misbehave({"chunks": ["x" * 395, CANARY, "y" * 20]})
    line.ask(PATHS["chat"], _asked("native.mask-content", "chat", stream=True))
    answer = line.answer()
    assert _said(answer) == "x" * 395 + CANARY[:5] + HIDDEN + "y" * 20
    row = _record(folder, answer.headers)
    assert row["verdicts"] == [["mask-content", "watch", "content", "CANARY", "mask", "straddled", 1]]


def test_an_answer_of_many_segments_whole_is_what_it_is_streamed(
    gateway: GatewayProcess, simulation: Simulation
) -> None:
    text = "".join(f"This is sentence {number}. " + (f"{CANARY} " if number % 3 == 0 else "") for number in range(60))
    simulation.misbehave({"answer": text})
    one, other = (
        ask(gateway.url, PATHS["chat"], _asked("native.mask-content", "chat", stream=streamed))
        for streamed in (True, False)
    )
    assert _said(one) == _said(other) == text.replace(CANARY, HIDDEN)


def _asked(model: str, caller: str, *, stream: bool) -> dict[str, Any]:
    said: dict[str, Any] = (
        {"input": "Hi"} if caller == "responses" else {"messages": [{"role": "user", "content": "Hi"}]}
    )
    return {"model": model, "stream": stream, **said, **({"max_tokens": 900} if caller == "messages" else {})}


def _events(answer: Answer) -> list[Any]:
    if not answer.headers["content-type"].startswith("text/event-stream"):
        return [answer.json]
    return [msgspec.json.decode(data) for _, data in answer.events if data != "[DONE]"]


def _said(answer: Answer) -> str:
    """Content of the first choice, in any of the three dialects."""
    return "".join(map(_piece, _events(answer)))


def _piece(event: dict[str, Any]) -> str:
    if choices := event.get("choices"):
        return str((choices[0].get("delta") or choices[0].get("message") or {}).get("content") or "")
    if event.get("type") == "message":
        return "".join(block["text"] for block in event["content"])
    if event.get("object") == "response":
        return str(event["output"][0]["content"][0]["text"])
    delta = event.get("delta")
    if isinstance(delta, dict):
        return str(delta.get("text") or "")
    return str(delta or "") if event.get("type") == "response.output_text.delta" else ""


def _is_withheld(answer: Answer, found: dict[str, str]) -> None:
    assert b"policy" in answer.body
    assert answer.status == 400 or b"error" in answer.body
    assert b"[DONE]" not in answer.body
    assert BEGINS not in _all(found), found
    assert not any("behind" in seen(text) for text in found.values()), "what follows a finding is not sent either"


def _all(found: dict[str, str]) -> str:
    return "\n".join(f"{seen(path)}\n{seen(text)}" for path, text in found.items())


def _record(folder: Path, headers: Any) -> dict[str, Any]:
    own = headers["x-haechi-request-id"]
    found = eventually(lambda: [row for row in records(folder / "records.jsonl") if row["request_id"] == own])
    return found[0]
