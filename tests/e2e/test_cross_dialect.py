"""Each SDK against an upstream that speaks each API: what a caller gets is what the upstream said, in the caller's own words."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple

import anthropic
import msgspec
import openai
import pytest
from openai import OpenAI

from tests.support.callers import CALLERS, PIXEL, image_turn, said, tool_turns
from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.simulation import Simulation

SPOKEN: Final = ("chat", "messages", "responses")
PAIRS: Final = [(caller, model) for caller in SPOKEN for model in SPOKEN]
STREAMED: Final = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """The model `chat` leads to an upstream that only speaks chat, and so on."""
    folder = tmp_path_factory.mktemp("crossing")
    config = {
        "providers": {name: {"kind": "simulated", "base_url": upstream.v1, "dialects": [name]} for name in SPOKEN},
        "models": {name: {"targets": [{"provider": name, "model": "demo"}]} for name in SPOKEN}
        | {f"{name}/*": {"targets": [{"provider": name, "model": "*"}]} for name in SPOKEN},
        "retry": {"attempts": 1},
        "breaker": {"failures": 1000},
    }
    with running(folder, written(folder, config)) as process:
        yield process


@STREAMED
@pytest.mark.parametrize(("caller", "model"), PAIRS)
def test_text_arrives_piece_by_piece_however_it_was_cut(
    gateway: GatewayProcess, simulation: Simulation, caller: str, model: str, streamed: bool
) -> None:
    chunks = ["안", "녕하", "", "세요 ", "👩‍", "👧 ", '"\\', "n\n\t", "\u2028끝", "🙂"]
    simulation.misbehave({"chunks": chunks})
    heard = CALLERS[caller].ask(gateway, model, said("hi"), streamed=streamed)
    assert heard.text == "".join(chunks)
    assert heard.finish == "stop"
    if streamed:
        assert heard.pieces >= len([chunk for chunk in chunks if chunk]), "pieces are not gathered on the way"


@STREAMED
@pytest.mark.parametrize(("caller", "model"), PAIRS)
def test_parallel_tool_calls_and_their_results_go_there_and_back(
    gateway: GatewayProcess, simulation: Simulation, caller: str, model: str, streamed: bool
) -> None:
    calls: list[Any] = [{"name": "weather", "arguments": {"city": city}} for city in ("서울 🙂", 'Bus"an\\', "")]
    simulation.misbehave({"tool_calls": calls, "answer": "먼저"}, {}, then="repeat")
    ask = CALLERS[caller].ask
    first = ask(gateway, model, said("weather?"), tools=["weather", "other"], streamed=streamed)
    assert first.text == "먼저"
    assert [(name, msgspec.json.decode(given)) for name, given in first.calls] == [
        ("weather", call["arguments"]) for call in calls
    ]
    assert first.finish == "tool_calls"
    assert len(set(first.ids)) == 3
    results = [
        (own, call["arguments"]["city"], f"맑음 {at}")
        for at, (own, call) in enumerate(zip(first.ids, calls, strict=True))
    ]
    again = ask(
        gateway, model, [*said("weather?"), *tool_turns(caller, results)], tools=["weather", "other"], streamed=streamed
    )
    assert again.finish == "stop"
    assert "맑음 2" in again.text
    sent = msgspec.json.encode(simulation.requests()[-1]["body"]).decode()
    assert all(f"맑음 {at}" in sent and sent.count(own) >= 2 for at, own in enumerate(first.ids))


@STREAMED
@pytest.mark.parametrize(("caller", "model"), PAIRS)
def test_usage_is_what_the_upstream_reported(
    gateway: GatewayProcess, simulation: Simulation, caller: str, model: str, streamed: bool
) -> None:
    simulation.misbehave({"chunks": ["a", "b", "c"], "cached_tokens": 2})
    heard = CALLERS[caller].ask(gateway, model, said("one two three four five six seven"), streamed=streamed)
    direct = CALLERS[model].ask(simulation, "demo", _sent(simulation, model), streamed=streamed)
    assert heard.usage == direct.usage
    assert heard.usage is not None
    assert heard.usage[1] == 3


def _sent(simulation: Simulation, model: str) -> list[Any]:
    body = simulation.requests()[0]["body"]
    turns: list[Any] = body["input"] if model == "responses" else body["messages"]
    return turns


_ENDS: Final[list[tuple[dict[str, Any], str]]] = [
    ({"answer": "x"}, "stop"),
    ({"answer": "x", "finish": "length"}, "length"),
    ({"tool_calls": [{"name": "weather", "arguments": {"city": "a"}}]}, "tool_calls"),
]


@STREAMED
@pytest.mark.parametrize(("step", "finish"), _ENDS, ids=[finish for _, finish in _ENDS])
@pytest.mark.parametrize(("caller", "model"), PAIRS)
def test_an_answer_ends_for_the_reason_it_ended(
    gateway: GatewayProcess,
    simulation: Simulation,
    caller: str,
    model: str,
    step: dict[str, Any],
    finish: str,
    streamed: bool,
) -> None:
    simulation.misbehave(step)
    assert CALLERS[caller].ask(gateway, model, said("x"), tools=["weather"], streamed=streamed).finish == finish


@STREAMED
@pytest.mark.parametrize(("caller", "model"), PAIRS)
def test_reasoning_is_shown(
    gateway: GatewayProcess, simulation: Simulation, caller: str, model: str, streamed: bool
) -> None:
    simulation.misbehave({"reasoning": "먼저 생각한다 🙂", "answer": "그래서"})
    heard = CALLERS[caller].ask(gateway, model, said("x"), think=True, streamed=streamed)
    assert (heard.reasoning, heard.text) == ("먼저 생각한다 🙂", "그래서")


@pytest.mark.parametrize(("caller", "model"), PAIRS)
def test_images_system_prompts_and_limits_arrive(
    gateway: GatewayProcess, simulation: Simulation, caller: str, model: str
) -> None:
    heard = CALLERS[caller].ask(gateway, model, image_turn(caller, "무엇?"), system="짧게 답해", limit=32)
    assert heard.text == "You said: 무엇?"
    body = simulation.requests()[-1]["body"]
    encoded = msgspec.json.encode(body).decode()
    assert encoded.count(PIXEL) == 1
    assert encoded.count("짧게 답해") == 1
    limits = {
        "chat": ("max_tokens", "max_completion_tokens"),
        "messages": ("max_tokens",),
        "responses": ("max_output_tokens",),
    }
    assert [body[name] for name in limits[model] if name in body] == [32]
    if model == "messages":
        assert "짧게 답해" in str(body["system"])
        assert all(turn["role"] in ("user", "assistant") for turn in body["messages"])


@STREAMED
@pytest.mark.parametrize(("caller", "model"), PAIRS)
def test_a_limit_cuts_the_answer_and_says_so(
    gateway: GatewayProcess, simulation: Simulation, caller: str, model: str, streamed: bool
) -> None:
    heard = CALLERS[caller].ask(gateway, model, said("one two three " * 20), limit=16, streamed=streamed)
    assert heard.finish == "length"
    assert heard.text.startswith("You said: one")


@pytest.mark.parametrize("caller", ["chat", "messages"])
@pytest.mark.parametrize("model", ["chat", "messages"])
def test_stop_sequences_arrive(gateway: GatewayProcess, simulation: Simulation, caller: str, model: str) -> None:
    heard = CALLERS[caller].ask(gateway, model, said("one two 셋 four"), stops=["셋", "never"])
    assert (heard.text.rstrip(), heard.finish) == ("You said: one two", "stop")
    body = simulation.requests()[-1]["body"]
    assert body["stop_sequences" if model == "messages" else "stop"] == ["셋", "never"]


@pytest.mark.parametrize("caller", ["chat", "responses"])
def test_a_temperature_beyond_what_messages_takes_is_its_highest(
    gateway: GatewayProcess, simulation: Simulation, caller: str
) -> None:
    for asked, told in ((1.7, 1), (0.3, 0.3), (0, 0)):
        CALLERS[caller].ask(gateway, "messages", said("x"), temperature=asked)
        assert simulation.requests()[-1]["body"]["temperature"] == told


_FAULTS: Final[dict[str, dict[str, Any]]] = {
    "cut": {"cut": {"after_frames": -3}},
    "closed": {"cut": {"after_frames": -3, "how": "fin"}},
    "early-end": {"end_after": -3},
    "malformed": {"malformed_after": -4},
    "error": {"error_after": -4},
}


_BREAKS: Final = [(fault, *pair) for fault in _FAULTS for pair in PAIRS]


class Broke(NamedTuple):
    """What came over the line, and what the SDK raised."""

    raw: str
    error: Exception | None


@pytest.fixture(scope="module")
def broken(gateway: GatewayProcess, upstream: Simulation) -> dict[tuple[str, str, str], Broke]:
    """All at once, as each takes seconds: on a busy machine too, text comes in another piece than what goes wrong behind it."""
    slowly = {"chunks": [f"piece {number} " for number in range(5)], "tokens_per_second": 1}
    upstream.play({"models": {name: {"steps": [slowly | fault]} for name, fault in _FAULTS.items()}})

    def one(fault: str, caller: str, model: str) -> Broke:
        with OpenAI(base_url=gateway.v1, api_key="any", max_retries=0) as plain:
            raw = _raw_stream(plain, caller, f"{model}/{fault}")
        try:
            _consume(gateway, caller, f"{model}/{fault}")
        except CALLERS[caller].error as error:
            return Broke(raw, error)
        return Broke(raw, None)

    with ThreadPoolExecutor(len(_BREAKS)) as pool:
        return dict(zip(_BREAKS, pool.map(one, *zip(*_BREAKS, strict=True)), strict=True))


@pytest.mark.parametrize("fault", _FAULTS)
@pytest.mark.parametrize(("caller", "model"), PAIRS)
def test_a_stream_that_breaks_in_the_middle_never_ends_well(
    broken: dict[tuple[str, str, str], Broke], caller: str, model: str, fault: str
) -> None:
    raw, error = broken[fault, caller, model]
    assert "piece 0" in raw, "what came before is shown"
    ends = {
        "chat": ("[DONE]", '"finish_reason":"stop"'),
        "messages": ("message_stop", '"stop_reason":"end_turn"'),
        "responses": ("response.completed", '"status":"completed"'),
    }
    assert not any(end in raw for end in ends[caller])
    assert {"chat": '"error":', "messages": "event: error", "responses": "event: error"}[caller] in raw
    assert error is not None


def _raw_stream(client: OpenAI, caller: str, model: str) -> str:
    path = {"chat": "chat/completions", "messages": "messages", "responses": "responses"}[caller]
    body: dict[str, Any] = {"model": model, "stream": True, "max_tokens": 500, "messages": said("x")}
    if caller == "responses":
        body = {"model": model, "stream": True, "input": "x"}
    return client._client.post(str(client.base_url.join(path)), json=body, headers={"x-api-key": "any"}).text


def _consume(gateway: GatewayProcess, caller: str, model: str) -> None:
    """The SDK reads to the end. That of OpenAI gives the error of a Responses stream as an event."""
    if caller == "responses":
        with OpenAI(base_url=gateway.v1, api_key="any", max_retries=0) as client:
            kinds = [event.type for event in client.responses.create(model=model, input="x", stream=True)]
        assert "response.completed" not in kinds
        assert "error" in kinds
        raise openai.APIError("told as an event", request=None, body=None)  # type: ignore[arg-type]
    CALLERS[caller].ask(gateway, model, said("x"), streamed=True)


_REFUSED: Final[list[tuple[str, str, dict[str, Any], str]]] = [
    ("chat", "messages", {"n": 2}, "n"),
    ("chat", "responses", {"n": 2}, "n"),
    ("chat", "messages", {"logprobs": True}, "logprobs"),
    ("chat", "messages", {"extra_body": {"zeta": 1}}, "zeta"),
    ("chat", "responses", {"extra_body": {"zeta": 1}}, "zeta"),
    ("messages", "chat", {"zeta": 1}, "zeta"),
    ("messages", "responses", {"zeta": 1}, "zeta"),
    ("messages", "responses", {"stop_sequences": ["x"]}, "stop_sequences"),
    ("responses", "chat", {"extra_body": {"zeta": 1}}, "zeta"),
    ("responses", "messages", {"extra_body": {"zeta": 1}}, "zeta"),
    ("responses", "chat", {"background": True}, "background"),
    ("responses", "chat", {"truncation": "auto"}, "truncation"),
]


@STREAMED
@pytest.mark.parametrize(("caller", "model", "more", "name"), _REFUSED)
def test_what_the_other_api_cannot_say_is_refused_by_name(
    gateway: GatewayProcess,
    simulation: Simulation,
    caller: str,
    model: str,
    more: dict[str, Any],
    name: str,
    streamed: bool,
) -> None:
    with pytest.raises((openai.BadRequestError, anthropic.BadRequestError), match=rf"\b{name}\b") as caught:
        CALLERS[caller].ask(gateway, model, said("x"), streamed=streamed, **more)
    body: Any = getattr(caught.value, "body", None)
    assert body.get("error", body).get("message")
    if caller != "messages":
        assert (body["code"], body["param"]) == ("unsupported_parameter", name)
    assert simulation.requests() == [], "nothing was sent"


@pytest.mark.parametrize(("caller", "model"), [pair for pair in PAIRS if pair[0] != pair[1]])
def test_a_conversation_of_several_turns_keeps_its_order(
    gateway: GatewayProcess, simulation: Simulation, caller: str, model: str
) -> None:
    turns = [*said("하나"), {"role": "assistant", "content": "둘"}, *said("recall 셋")]
    assert CALLERS[caller].ask(gateway, model, turns).text == "You said: 하나 | recall 셋"
    sent = msgspec.json.encode(simulation.requests()[-1]["body"]).decode()
    assert sent.index("하나") < sent.index("둘") < sent.index("recall 셋")
