"""Signed and encrypted blocks go back to the account they came from: no other takes them.

The simulators bind signatures and encrypted content to their text and to the API key, and refuse all others with 400.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any, Final

import anthropic
import openai
import pytest
from anthropic import Anthropic
from openai import OpenAI

from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.simulation import Simulation

_FEWEST, _MOST = 4, 40
_MESSAGES_TOOL: Final[Any] = {"name": "look", "input_schema": {"type": "object", "properties": {}}}
_RESPONSES_TOOL: Final[Any] = {"type": "function", "name": "look", "parameters": {"type": "object", "properties": {}}}
_MODELS: Final = ("weighted", "wild/card")


def accounts(one: Simulation, two: Simulation) -> dict[str, Any]:
    """Two accounts that speak everything, and the same two as upstreams of Messages alone."""
    return {
        f"{name}{suffix}": {"kind": "simulated", "base_url": f"{simulation.url}/v1", "api_key": f"sk-{name}", **more}
        for name, simulation in (("one", one), ("two", two))
        for suffix, more in (("", {}), ("-messages", {"dialects": ["messages"]}))
    }


def model(strategy: str, suffix: str = "", name: str = "demo") -> dict[str, Any]:
    targets = [{"provider": f"{account}{suffix}", "model": name} for account in ("one", "two")]
    return {"targets": targets, "strategy": strategy}


def config(one: Simulation, two: Simulation, **more: Any) -> dict[str, Any]:
    return {
        "providers": accounts(one, two),
        "models": {
            "weighted": model("weighted"),
            "least_busy": model("least_busy"),
            "ordered": model("ordered"),
            "wild/*": model("weighted", name="*"),
            "translated": model("weighted", "-messages"),
        },
        "retry": {"attempts": 3, "base_delay": 0.01},
        "breaker": {"failures": 1000},
        **more,
    }


@pytest.fixture(scope="module")
def gateway(
    upstream: Simulation, second: Simulation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("signed")
    with running(folder, written(folder, config(upstream, second))) as process:
        yield process


@pytest.fixture
def claude(gateway: GatewayProcess, simulation: Simulation, two: Simulation) -> Iterator[Anthropic]:
    with Anthropic(base_url=gateway.url, api_key="any", max_retries=0) as client:
        yield client


@pytest.fixture
def gpt(gateway: GatewayProcess, simulation: Simulation, two: Simulation) -> Iterator[OpenAI]:
    with OpenAI(base_url=gateway.v1, api_key="any", max_retries=0) as client:
        yield client


# --- conversations ---------------------------------------------------------------------------------------------------


def think(client: Anthropic, model: str, turns: list[Any], *, streamed: bool) -> Any:
    """One turn of a Messages conversation; its answer goes to the turns as it came."""
    asked: Any = {
        "model": model,
        "messages": turns,
        "max_tokens": 2000,
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "tools": [_MESSAGES_TOOL],
    }
    if streamed:
        with client.messages.stream(**asked) as stream:
            answer = stream.get_final_message()
    else:
        answer = client.messages.create(**asked)
    assert answer.content[0].type == "thinking"
    assert answer.content[0].signature
    turns.append({"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in answer.content]})
    return answer


def three_turns_of_thinking(client: Anthropic, model: str, *, streamed: bool) -> None:
    turns: list[Any] = [{"role": "user", "content": "Use the tool"}]
    call = think(client, model, turns, streamed=streamed).content[-1]
    assert call.type == "tool_use"
    turns.append({"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "42"}]})
    assert think(client, model, turns, streamed=streamed).content[-1].text == "The tool said: 42"
    turns.append({"role": "user", "content": "And now?"})
    assert client.messages.count_tokens(model=model, messages=turns).input_tokens > 0
    assert think(client, model, turns, streamed=streamed).content[-1].text == "You said: And now?"


def reason(client: OpenAI, model: str, items: list[Any], *, streamed: bool) -> Any:
    """One turn of a Responses conversation that nobody stores; its output goes to the items as it came."""
    asked: Any = {
        "model": model,
        "input": items,
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "reasoning": {"effort": "high"},
        "tools": [_RESPONSES_TOOL],
    }
    if streamed:
        # What is remembered must be what each item's own event says, as some callers read no further.
        output = [
            e.item for e in client.responses.create(**asked, stream=True) if e.type == "response.output_item.done"
        ]
    else:
        output = client.responses.create(**asked).output
    assert output[0].type == "reasoning"
    assert output[0].encrypted_content
    items += [item.model_dump(exclude_none=True) for item in output]
    return output


def three_turns_of_reasoning(client: OpenAI, model: str, *, streamed: bool) -> None:
    items: list[Any] = [{"role": "user", "content": "Use the tool"}]
    call = reason(client, model, items, streamed=streamed)[-1]
    assert call.type == "function_call"
    items.append({"type": "function_call_output", "call_id": call.call_id, "output": "42"})
    assert reason(client, model, items, streamed=streamed)[-1].content[0].text == "The tool said: 42"
    items.append({"role": "user", "content": "And now?"})
    assert reason(client, model, items, streamed=streamed)[-1].content[0].text == "You said: And now?"


def three_kept_turns(client: OpenAI, model: str, *, streamed: bool) -> None:
    """The gateway itself keeps the conversation, and with it what the upstream signed."""
    previous: str | None = None
    for said in ("One", "Two", "Three"):
        asked: Any = {"model": model, "input": said, "reasoning": {"effort": "high"}, "previous_response_id": previous}
        if streamed:
            (end,) = [e for e in client.responses.create(**asked, stream=True) if e.type == "response.completed"]
            response = end.response
        else:
            response = client.responses.create(**asked)
        assert response.output_text == f"You said: {said}"
        previous = response.id


def on_both_accounts(talk: Callable[[], None], one: Simulation, two: Simulation) -> None:
    """As often as it takes until each account has had a conversation, which no other account has heard a word of."""
    had: set[str] = set()
    for number in count(1):
        one.clear()
        two.clear()
        talk()
        heard = [name for name, simulation in (("one", one), ("two", two)) if simulation.requests()]
        assert len(heard) == 1, "a conversation stays in one account"
        had.update(heard)
        if len(had) == 2 and number >= _FEWEST:
            return
        assert number < _MOST, f"{number} conversations in a row went to {had}"


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("model", _MODELS)
def test_a_conversation_with_signed_thinking_stays_in_its_account(
    claude: Anthropic, simulation: Simulation, two: Simulation, model: str, streamed: bool
) -> None:
    on_both_accounts(lambda: three_turns_of_thinking(claude, model, streamed=streamed), simulation, two)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("model", [*_MODELS, "translated"])
def test_a_conversation_with_encrypted_reasoning_stays_in_its_account(
    gpt: OpenAI, simulation: Simulation, two: Simulation, model: str, streamed: bool
) -> None:
    """`translated`: the signatures of Messages upstreams travel in the encrypted content."""
    on_both_accounts(lambda: three_turns_of_reasoning(gpt, model, streamed=streamed), simulation, two)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_conversation_that_the_gateway_keeps_stays_in_its_account(
    gpt: OpenAI, simulation: Simulation, two: Simulation, streamed: bool
) -> None:
    on_both_accounts(lambda: three_kept_turns(gpt, "translated", streamed=streamed), simulation, two)


def test_conversations_side_by_side_each_stay_in_their_account(
    claude: Anthropic, gpt: OpenAI, simulation: Simulation, two: Simulation
) -> None:
    """Which account is the less busy changes with every request; the simulators refuse each that comes to the wrong one."""
    for one in (simulation, two):
        one.misbehave({"delay_head": 0.2})
    with ThreadPoolExecutor(8) as threads:
        talks = []
        for number in range(8):
            streamed = bool(number % 2)
            talks.append(threads.submit(three_turns_of_thinking, claude, "least_busy", streamed=streamed))
            talks.append(threads.submit(three_turns_of_reasoning, gpt, "least_busy", streamed=streamed))
    for talk in talks:
        talk.result()
    assert simulation.requests()
    assert two.requests()


# --- failures --------------------------------------------------------------------------------------------------------

_DOWN: Final = {"error": "overloaded"}


def test_an_answer_of_a_fallback_is_its_own(claude: Anthropic, simulation: Simulation, two: Simulation) -> None:
    """The first account failed once; the conversation stays with the second one when the first is back."""
    simulation.misbehave(_DOWN, then="normal")
    turns: list[Any] = [{"role": "user", "content": "Hi"}]
    think(claude, "ordered", turns, streamed=True)
    assert len(two.requests()) == 1
    for said in ("And?", "So?"):
        turns.append({"role": "user", "content": said})
        think(claude, "ordered", turns, streamed=True)
    assert (len(simulation.requests()), len(two.requests())) == (1, 3)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_no_retry_takes_a_signed_block_to_another_account(
    claude: Anthropic, gpt: OpenAI, simulation: Simulation, two: Simulation, streamed: bool
) -> None:
    turns: list[Any] = [{"role": "user", "content": "Hi"}]
    think(claude, "ordered", turns, streamed=streamed)
    items: list[Any] = [{"role": "user", "content": "Hi"}]
    reason(gpt, "ordered", items, streamed=streamed)
    simulation.misbehave(_DOWN)
    with pytest.raises(anthropic.APIStatusError) as caught:
        think(claude, "ordered", [*turns, {"role": "user", "content": "And?"}], streamed=streamed)
    assert caught.value.status_code in (503, 529)
    with pytest.raises(openai.APIStatusError):
        reason(gpt, "ordered", [*items, {"role": "user", "content": "And?"}], streamed=streamed)
    assert two.requests() == []
    fresh: list[Any] = [{"role": "user", "content": "Hi"}]
    think(claude, "ordered", fresh, streamed=streamed)
    assert len(two.requests()) == 1, "who brings nothing signed is served by the other account"


def test_when_the_account_is_out_the_error_says_so(
    upstream: Simulation, simulation: Simulation, two: Simulation, tmp_path: Path
) -> None:
    once = config(upstream, two, breaker={"failures": 1, "open_for": 600}, retry={"attempts": 1})
    with (
        running(tmp_path, written(tmp_path, once)) as gateway,
        Anthropic(base_url=gateway.url, api_key="any", max_retries=0) as client,
    ):
        turns: list[Any] = [{"role": "user", "content": "Hi"}]
        think(client, "ordered", turns, streamed=False)
        turns.append({"role": "user", "content": "And?"})
        simulation.misbehave({"status": 500})
        with pytest.raises(anthropic.InternalServerError):
            think(client, "ordered", turns, streamed=False)
        with pytest.raises(anthropic.APIStatusError) as caught:
            think(client, "ordered", turns, streamed=False)
        assert caught.value.status_code == 503
        assert "in the one account that holds what the request refers to, or signed blocks in it," in str(caught.value)
        assert two.requests() == []


def test_blocks_that_nobody_here_has_signed_change_nothing(
    claude: Anthropic, simulation: Simulation, two: Simulation
) -> None:
    """The vendor says what it thinks of them."""
    forged = {"type": "thinking", "thinking": "Hm", "signature": "Zm9yZ2Vk"}
    turns: Any = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [forged, {"type": "text", "text": "Ho"}]},
        {"role": "user", "content": "And?"},
    ]
    with pytest.raises(anthropic.BadRequestError, match="invalid signature"):
        think(claude, "ordered", turns, streamed=False)
    assert (len(simulation.requests()), len(two.requests())) == (1, 0)
