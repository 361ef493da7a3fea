from hypothesis import given
from hypothesis import strategies as st

from gateway.simulator.answer import Ask, Tool, reply
from gateway.simulator.script import NORMAL, Behaviour, Said

TOOLS = [Tool("one", {"type": "object"}), Tool("two", {"type": "object"})]


def names(ask: Ask) -> list[str]:
    return [use.name for use in reply(ask, NORMAL).tools]


def test_tools_are_called_by_word_choice_and_number() -> None:
    assert names(Ask("hello", 1, tools=TOOLS)) == []
    assert names(Ask("a tool", 1, tools=TOOLS)) == ["one"]
    assert names(Ask("the tools", 1, tools=TOOLS)) == ["one", "two"]
    assert names(Ask("the tools", 1, tools=TOOLS, parallel=False)) == ["one"]
    assert names(Ask("the tools", 1, tools=TOOLS, forbid_tools=True)) == []
    assert names(Ask("hello", 1, tools=TOOLS, force="*")) == ["one"]
    assert names(Ask("hello", 1, tools=TOOLS, force="two")) == ["two"]
    assert names(Ask("a tool", 1, tools=TOOLS, heard="sunny")) == []


def test_recall_brings_back_the_conversation() -> None:
    assert "".join(reply(Ask("recall", 1, before=["a", "b"]), NORMAL).text) == "You said: a | b | recall"


def test_the_script_gives_tool_calls_literally() -> None:
    said = reply(Ask("hello", 1), Behaviour(tool_calls=[Said(name="x", arguments='{"a": '), Said(name="y")]))
    assert [(use.name, use.arguments) for use in said.tools] == [("x", '{"a": '), ("y", "{}")]
    assert said.finish == "tools"


def test_each_choice_may_say_something_of_its_own() -> None:
    behaviour = Behaviour(answers=["one", "two"])
    said = ["".join(reply(Ask("hello", 1), behaviour, index).text) for index in range(3)]
    assert said == ["one", "two", "two"]
    assert reply(Ask("a tool", 1, tools=TOOLS), behaviour).tools == []


@given(st.text(min_size=1), st.integers(0, 30))
def test_a_limit_is_never_passed_and_what_is_left_is_a_beginning(text: str, limit: int) -> None:
    whole, short = reply(Ask(text, 1), NORMAL), reply(Ask(text, 1, limit=limit), NORMAL)
    assert short.tokens == min(limit, whole.tokens)
    assert "".join(whole.text).startswith("".join(short.text))
    assert short.finish == ("length" if limit < whole.tokens else "stop")


@given(st.text(alphabet="ab ", max_size=20), st.text(alphabet="ab ", min_size=1, max_size=3))
def test_text_ends_before_a_stop_sequence(text: str, stop: str) -> None:
    whole = f"You said: {text}"
    said = reply(Ask(text, 1, stops=[stop]), NORMAL)
    assert "".join(said.text) == whole.partition(stop)[0]
    assert said.finish == ("stop_sequence" if stop in whole else "stop")
