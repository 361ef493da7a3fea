"""What holds for every dialect: recorded answers pass, answers without text pass, and the commit point is text."""

import re
from pathlib import Path
from typing import Any

import pytest

from gateway.dialects import DIALECTS
from gateway.wire import frames
from gateway.wire.fold import fold
from gateway.wire.frames import Frame
from gateway.wire.lanes.editing import editing
from gateway.wire.lanes.json_lane import JSONEdit, edited_value
from gateway.wire.lanes.lane import Lane
from gateway.wire.sse import Parser
from tests.support.edits import Hold, Pass, Redact

GOLDEN = Path(__file__).parents[3] / "golden"
RECORDED = [
    ("messages", "messages_tool_stream", 0),
    ("messages", "messages_interleaved_calls", 0),
    ("responses", "responses_from_chat_text", 1),
    ("responses", "responses_from_chat_tools", 1),
    ("chat", "responses_from_chat_tools", 0),
    ("chat", "responses_to_chat_tools", 1),
    ("responses", "responses_to_chat_tools", 0),
    ("responses", "responses_to_chat_without_deltas", 0),
]


def recorded(name: str, half: int) -> list[Frame]:
    text = (GOLDEN / f"{name}.txt").read_text()
    return Parser(1 << 20).feed(re.split(r"(?m)^=+\n", text)[half].encode())


@pytest.mark.parametrize(("dialect", "name", "half"), RECORDED)
def test_a_recorded_answer_passes_and_says_the_same_when_it_is_held(dialect: str, name: str, half: int) -> None:
    came = recorded(name, half)
    assert len(came) > 3
    untouched = editing(dialect, True, lambda lane: None)
    assert [id(frame) for frame in untouched.feed(came)] == [id(frame) for frame in came]
    for seed in range(20):
        edits = editing(dialect, True, lambda lane, seed=seed: Hold(seed))  # type: ignore[misc]
        shown = edits.feed(came)
        assert _lanes(dialect, shown) == _lanes(dialect, came)
        assert shown[-1].data == came[-1].data or dialect == "responses"


def _lanes(dialect: str, shown: list[Frame]) -> dict[Any, str]:
    made = DIALECTS[dialect].stream_reader
    assert made is not None
    reader = made()
    answer = fold([event for frame in shown for event in reader.feed(frame)], dialect)
    said: dict[Any, str] = {}
    for choice in answer.choices:
        for part in choice.parts:
            key = (choice.index, type(part).__name__, getattr(part, "id", None))
            said[key] = said.get(key, "") + str(getattr(part, "text", getattr(part, "arguments", "")))
    return said


WITHOUT_TEXT = ("embeddings", "moderations", "count_tokens")


@pytest.mark.parametrize("dialect", WITHOUT_TEXT)
def test_answers_without_text_pass_as_they_are(dialect: str) -> None:
    edits = editing(dialect, False, lambda lane: Redact())
    came = [frames.body({"data": [{"embedding": [1.0], "text": "SECRET"}]})]
    assert edits.feed(came) is came
    assert edits.released
    assert edits.finish() == []
    assert edits.opaque == set()


def test_every_small_dialect_looks_into_fields_that_nobody_knows_or_says_that_it_does_not() -> None:
    for dialect in DIALECTS.keys() - {*WITHOUT_TEXT, "chat", "completions", "messages", "responses"}:
        edits = editing(dialect, False, lambda lane: Redact())
        [shown] = edits.feed([frames.body({"made_up": "SECRET"})])
        assert (shown.json["made_up"] == "***") == (dialect not in ("files", "batches")), dialect
        assert edits.opaque == {"unknown"}, dialect


def test_an_edit_is_made_when_its_lane_first_says_something() -> None:
    asked: list[Lane] = []

    def edit_for(lane: Lane) -> Pass:
        asked.append(lane)
        return Pass()

    edits = editing("chat", True, edit_for)
    edits.feed([frames.event({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]})])
    assert asked == []
    assert not edits.released
    for _ in range(2):
        edits.feed([frames.event({"choices": [{"index": 0, "delta": {"content": "a"}}]})])
    assert asked == [Lane(0, "content")]
    assert edits.released


# --- arguments -------------------------------------------------------------------------------------------------------


class Numbers:
    """Takes out one number."""

    def feed(self, text: str) -> str:
        return text.replace("12345", "<N>")

    def close(self) -> str:
        return ""


def test_a_number_that_changes_becomes_a_string_and_others_stay_numbers() -> None:
    assert edited_value(Numbers(), {"a": 12345, "b": 1.50, "c": "12345"}) == ({"a": "<N>", "b": 1.5, "c": "<N>"}, True)
    value = {"a": [1, "x\n\u2028"], "b": {}}
    assert edited_value(Numbers(), value) == (value, False)
    assert edited_value(Numbers(), value)[0] is value


def test_a_word_split_over_escapes_and_pieces_is_found() -> None:
    lane = JSONEdit(Redact())
    said = "".join(map(lane.feed, ['{"a":"\\u00', "53E\\u0043", "RE", 'T", "b', '": "SEC', '", "c": "RET"}']))
    assert said + lane.close() == '{"a":"***", "b": "SEC", "c": "RET"}'


def test_what_is_let_go_is_escaped_again() -> None:
    class Loud(Pass):
        def feed(self, text: str) -> str:
            return text.replace("x", 'a"\\\n\x01가')

    assert "".join([(lane := JSONEdit(Loud())).feed('{"k":"x"}'), lane.close()]) == '{"k":"a\\"\\\\\\n\\u0001가"}'


def test_an_edit_that_swallows_everything_leaves_whole_json() -> None:
    class Swallow(Pass):
        def feed(self, text: str) -> str:
            return ""

        def close(self) -> str:
            return "[gone]"

    assert edited_value(Swallow(), {"a": "b", "c": [1, True]}) == ({"[gone]": "", "": ["", ""]}, True)


def test_a_leaf_is_let_go_at_its_end_and_not_with_the_next() -> None:
    lane = JSONEdit(Redact())
    assert lane.feed('{"a": "SEC') == '{"a": "'
    assert lane.feed('"') == 'SEC"'
    assert lane.feed(', "b": 1') == ', "b": '
    assert lane.feed("}") == "1}"


def test_plain_text_in_the_place_of_arguments_is_looked_at_as_text() -> None:
    lane = JSONEdit(Redact())
    assert lane.feed("please SEC") + lane.feed('RET, "x" {') + lane.close() == 'please ***, "x" {'
    lane = JSONEdit(Redact())
    assert (
        lane.feed('{"a": 1} and SECRET{"b": "S\\u0045CRET"}') + lane.close() == '{"a": 1} and ***{"b": "S\\u0045CRET"}'
    )
    lane = JSONEdit(Redact())
    assert lane.feed('{"a": 1}{"b": "S\\u0045CRET"}') + lane.close() == '{"a": 1}{"b": "***"}'


def test_an_edit_that_cuts_a_mark_in_two_still_leaves_json() -> None:
    class Cutting(Pass):
        def feed(self, text: str) -> str:
            return text.replace("\ufdd0\ufdd2", '\ufdd0"')

    assert edited_value(Cutting(), {"a": "x\ufdd0y"}) == ({"a": 'x"y'}, True)
