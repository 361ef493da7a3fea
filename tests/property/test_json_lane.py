"""The text inside JSON that comes in pieces, and blocks of one lane: nothing is lost, and all stays in its place."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.lanes.json_lane import JSONEdit
from gateway.wire.lanes.lane import Edit, Lane, Run
from gateway.wire.lanes.row import Later, Row, Said
from tests.support import neutral_strategies as neutral
from tests.support.edits import PIECES, SECRET, Hold, Pass, Redact, values, words

# --- the text inside JSON --------------------------------------------------------------------------------------------


def _through(text: str, edit: Edit, cuts: list[int]) -> str:
    lane = JSONEdit(edit)
    places = sorted(cut % (len(text) + 1) for cut in cuts)
    pieces = [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]
    return "".join([*map(lane.feed, pieces), lane.close()])


_CUTS = st.lists(st.integers(0, 10_000), max_size=12)


@given(neutral.json_objects() | values(), st.booleans(), _CUTS, st.integers())
def test_json_stays_the_same_value_however_it_comes(value: Any, ascii_only: bool, cuts: list[int], seed: int) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    for edit in (Pass(), Hold(seed)):
        assert json.loads(_through(text, edit, cuts)) == value


@given(values(), st.booleans(), _CUTS)
def test_exactly_the_strings_of_json_change(value: Any, ascii_only: bool, cuts: list[int]) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    changed = json.loads(_through(text, Redact(), cuts), object_pairs_hook=list)
    wanted = json.loads(text, object_pairs_hook=list)
    assert changed == _pairs(wanted)


def _pairs(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_pairs(held) for held in value)
    return value.replace(SECRET, "***") if isinstance(value, str) else value


@given(
    st.lists(st.sampled_from((*PIECES, "{", "}", "[", ",", ":", "\\u", "d83e", "\\udd81", "tru", "1e", "\\q"))), _CUTS
)
def test_what_is_not_json_keeps_its_text(pieces: list[str], cuts: list[int]) -> None:
    text = "".join(pieces)
    once = _through(text, Pass(), cuts)
    assert _through(once, Pass(), []) == once == _through(text, Pass(), [])
    if "\\" not in text and "\n" not in text:
        assert once == text


# --- blocks of one lane ----------------------------------------------------------------------------------------------


@given(st.lists(st.lists(words(), max_size=3), min_size=1, max_size=4), st.integers())
def test_a_row_keeps_its_order_and_all_of_its_text(blocks: list[list[str]], seed: int) -> None:
    for edit in (Hold(seed), Redact()):
        run = Run(Lane(0, "content"), edit)
        row = Row(run)
        steps: list[Said | Later] = []
        for place, pieces in enumerate(blocks):
            steps += row.later(("start", place), end=False)
            for piece in pieces:
                steps += row.feed(place, piece)
            steps += row.later(("stop", place), end=True)
        steps += row.close(run.close())
        later = [step.value for step in steps if isinstance(step, Later)]
        assert later == [(what, place) for place in range(len(blocks)) for what in ("start", "stop")]
        current = -1
        for step in steps:
            if isinstance(step, Later):
                current = step.value[1] if step.value[0] == "start" else -1
            else:
                assert step.place == current
        came = "".join("".join(pieces) for pieces in blocks)
        said = "".join(step.text for step in steps if isinstance(step, Said))
        assert said == (came if isinstance(edit, Hold) else came.replace(SECRET, "***"))
