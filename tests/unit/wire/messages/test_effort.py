from typing import Any

import pytest

from gateway.wire.messages.effort import BUDGETS, effort_of, model_of
from gateway.wire.neutral import Message, Reasoning, Request, Text, Thinking, ToolCall, ToolChoice, ToolResult

OLD = "claude-3-7-sonnet-20250219"
NEW = "claude-opus-4-7"


def asked(model: str, thinking: Thinking | None, **fields: Any) -> Request:
    return Request(dialect="chat", model=model, messages=fields.pop("messages", []), thinking=thinking, **fields)


def decided(model: str, thinking: Thinking | None, **fields: Any) -> tuple[dict[str, Any] | None, str | None, int]:
    effort = effort_of(asked(model, thinking, **fields), model_of(model))
    return effort.thinking, effort.effort, effort.max_tokens


@pytest.mark.parametrize(
    ("name", "adaptive", "sampling"),
    [
        ("claude-3-opus-20240229", False, True),
        ("claude-opus-4-20250514", False, True),
        ("claude-4-opus-20250514", False, True),
        ("claude-haiku-4-5-20251001", False, True),
        ("claude-sonnet-4-6", True, True),
        ("us.anthropic.claude-opus-4-6-v1:0", True, True),
        ("claude-opus-4-7", True, False),
        ("anthropic/claude-opus-4.8", True, False),
        ("claude-haiku-5-5", True, False),
        ("claude-mythos-preview", True, False),
        ("llama-4-7", False, True),
    ],
)
def test_what_a_model_takes_stands_in_its_name(name: str, adaptive: bool, sampling: bool) -> None:
    model = model_of(name)
    assert (model.adaptive, model.sampling) == (adaptive, sampling)


@pytest.mark.parametrize("model", [OLD, NEW])
@pytest.mark.parametrize("wish", [None, Thinking(), Thinking(summary="auto")])
def test_asked_for_nothing_the_model_does_as_it_does(model: str, wish: Thinking | None) -> None:
    thinking, effort, _ = decided(model, wish)
    assert (thinking, effort) == (None, None)


@pytest.mark.parametrize(("word", "budget"), list(BUDGETS.items()))
def test_an_older_model_gets_a_budget_and_room_for_it(word: str, budget: int) -> None:
    thinking, effort, room = decided(OLD, Thinking(effort=word))
    assert thinking is not None
    assert thinking["budget_tokens"] == min(budget, room // 2)
    assert room == budget + model_of(OLD).max_tokens
    assert effort is None


@pytest.mark.parametrize("most", [2048, 3000, 5000, 100_000])
def test_a_budget_stays_below_what_the_caller_allows(most: int) -> None:
    thinking, _, room = decided(OLD, Thinking(effort="high"), max_tokens=most)
    assert room == most
    assert thinking is not None
    assert 1024 <= thinking["budget_tokens"] < most


def test_where_too_little_is_left_nothing_is_thought() -> None:
    assert decided(OLD, Thinking(effort="high"), max_tokens=2047) == (None, None, 2047)


@pytest.mark.parametrize(
    ("wish", "word"),
    [
        (Thinking(effort="minimal"), "low"),
        (Thinking(effort="xhigh"), "xhigh"),
        (Thinking(budget_tokens=1500), "low"),
        (Thinking(budget_tokens=9000), "high"),
        (Thinking(budget_tokens=10**6), "max"),
        (Thinking(enabled=True), None),
    ],
)
def test_a_newer_model_decides_itself(wish: Thinking, word: str | None) -> None:
    assert decided(NEW, wish, max_tokens=10) == ({"type": "adaptive"}, word, 10)


def test_a_wish_for_a_summary_is_told() -> None:
    assert decided(NEW, Thinking(effort="low", summary="detailed"))[0] == {"type": "adaptive", "display": "summarized"}


@pytest.mark.parametrize("wish", [Thinking(effort="none"), Thinking(enabled=False)])
def test_no_thinking_is_said_where_thinking_may_be_the_default(wish: Thinking) -> None:
    assert decided(NEW, wish)[0] == {"type": "disabled"}
    assert decided(OLD, wish)[0] is None


@pytest.mark.parametrize("choice", [ToolChoice(mode="required"), ToolChoice(mode="tool", name="f")])
def test_a_tool_that_must_be_called_wins(choice: ToolChoice) -> None:
    assert decided(OLD, Thinking(effort="low"), tool_choice=choice)[0] is None
    assert decided(NEW, Thinking(effort="low"), tool_choice=choice)[:2] == (None, "low")


@pytest.mark.parametrize(("signed", "thinks"), [(False, False), (True, True)])
def test_inside_a_tool_loop_only_signed_thinking_goes_on(signed: bool, thinks: bool) -> None:
    thought = [Reasoning(text="hm", signature="s", origin="messages")] if signed else []
    messages = [
        Message(role="user", parts=[Text(text="a")]),
        Message(role="assistant", parts=[*thought, ToolCall(id="t", name="f", arguments="{}")]),
        Message(role="user", parts=[ToolResult(call_id="t", parts=[])]),
    ]
    assert (decided(OLD, Thinking(effort="low"), messages=messages)[0] is not None) is thinks
    assert decided(NEW, Thinking(effort="low"), messages=messages)[0] is not None
