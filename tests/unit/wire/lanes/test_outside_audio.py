"""Transcripts: as JSON with segments and words, as plain text, as events; and speech, which is sound."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire import frames
from gateway.wire.frames import Frame
from gateway.wire.lanes.editing import editing
from gateway.wire.lanes.lane import Edit, Lane
from tests.support.edits import Hold, Pass, Redact

SECRET = "SECRET"


def edited(value: Any) -> Any:
    return editing("audio", False, lambda lane: Redact()).feed([frames.body(value)])[0].json


def streamed(*events: dict[str, Any], edit: type[Redact] = Redact) -> list[dict[str, Any]]:
    edits = editing("audio", False, lambda lane: edit())
    return [frame.json for event in events for frame in edits.feed([frames.event(event)])]


def delta(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "transcript.text.delta", "delta": text, **more}


def done(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "transcript.text.done", "text": text, **more}


def test_a_transcript_is_one_lane_and_what_repeats_it_says_no_more() -> None:
    made = edited(
        {
            "text": "It is SECRET, yes.",
            "language": "english",
            "segments": [
                {"id": 0, "start": 0.0, "text": "It is SEC", "tokens": [1, 2]},
                {"id": 1, "start": 1.0, "text": "RET,", "tokens": [3]},
                {"id": 2, "start": 2.0, "text": " yes.", "tokens": [4]},
            ],
            "words": [{"word": one, "start": 0.0} for one in ("It", "is", "SECRET", "yes")],
            "logprobs": [{"token": "SEC", "logprob": -0.1}],
        }
    )
    assert made["text"] == "It is ***, yes."
    assert [one["text"] for one in made["segments"]] == ["It is ***,", "", " yes."]
    assert [one["tokens"] for one in made["segments"]] == [[], [], [4]]
    assert [one["word"] for one in made["words"]] == ["It", "is", "***,", "yes"]
    assert made["logprobs"] == []
    assert made["language"] == "english"


def test_what_the_text_does_not_tell_is_a_lane_of_its_own() -> None:
    made = edited({"text": "Nothing.", "segments": [{"text": "SECRET"}, {"text": "x"}], "words": [{"word": "SECRET"}]})
    assert [one["text"] for one in made["segments"]] == ["***", "x"]
    assert made["words"] == [{"word": "***"}]


def test_a_transcript_in_which_nothing_is_found_leaves_as_the_bytes_that_came() -> None:
    came = Frame(raw := b'{ "text": "Hi.", "segments": [{"text": " Hi.", "tokens": [1]}]}', raw)
    edits = editing("audio", False, lambda lane: Pass())
    assert edits.feed([came]) == [came]
    assert edits.opaque == set()
    assert edits.released


@pytest.mark.parametrize("field", ["speaker", "made_up"])
def test_no_field_of_a_transcript_is_passed_over(field: str) -> None:
    made = edited({"text": "a", "segments": [{"text": "a", field: SECRET}], "other": {"deep": [SECRET]}})
    assert made == {"text": "a", "segments": [{"text": "a", field: "***"}], "other": {"deep": ["***"]}}


def test_plain_text_is_one_lane() -> None:
    came = b"1\n00:00:00,000 --> 00:00:01,000\nIt is SECRET\n"
    [shown] = editing("audio", False, lambda lane: Redact()).feed([Frame(came, came)])
    assert shown.raw == shown.data == came.replace(b"SECRET", b"***")
    edits = editing("audio", False, lambda lane: Redact())
    broken = Frame(raw := b"\xff\xfe", raw)
    assert edits.feed([broken]) == [broken]
    assert edits.opaque == {"data"}


def test_sound_passes_and_is_told() -> None:
    edits = editing("audio", False, lambda lane: Redact())
    pieces = [Frame(b"ID3\x00SECRET", None), Frame(b"\x00", None)]
    assert edits.feed(pieces) == pieces
    assert edits.opaque == {"audio"}
    edits = editing("audio", True, lambda lane: Redact())
    sound = frames.event({"type": "speech.audio.delta", "audio": "U0VDUkVU"})
    assert edits.feed([frames.comment(), sound])[1:] == [sound]
    assert edits.opaque == {"audio"}


def test_a_value_over_deltas_is_held_until_it_is_known_and_the_end_repeats_what_went_out() -> None:
    shown = streamed(
        delta("It is SEC", logprobs=[{"token": "SEC"}]), delta("RE"), delta("T, yes. SE"), done("It is SECRET, yes. SE", logprobs=[{"token": "SEC"}])
    )  # fmt: skip
    assert shown == [
        delta("It is ", logprobs=[]),
        delta("***, yes. "),
        delta("SE"),
        done("It is ***, yes. SE", logprobs=[]),
    ]


@given(st.lists(st.sampled_from(["SECRET", "SEC", "RET", " ", "a", "12"]), max_size=8), st.integers(0, 99))
def test_streams_say_what_came_however_it_is_held(pieces: list[str], seed: int) -> None:
    edits = editing("audio", False, lambda lane: Hold(seed))
    events = [delta(one) for one in pieces] + [done("".join(pieces))]
    shown = [frame.json for event in events for frame in edits.feed([frames.event(event)])]
    assert "".join(one.get("delta", "") for one in shown) == "".join(pieces) == shown[-1]["text"]


@given(st.lists(st.sampled_from(["SECRET", "SEC", "RET", " ", "a", "12"]), max_size=8), st.data())
def test_segments_never_say_more_than_the_text_has(pieces: list[str], data: st.DataObject) -> None:
    """A segment behind any number of deltas: who said what, in order."""
    events: list[dict[str, Any]] = []
    begun = ""
    for piece in pieces:
        events.append(delta(piece))
        begun += piece
        if data.draw(st.booleans()):
            events.append({"type": "transcript.text.segment", "id": "s", "start": 0.0, "text": begun, "speaker": "A"})
            begun = ""
    shown = streamed(*events, done("".join(pieces)))
    said = "".join(one["text"] for one in shown if one["type"] == "transcript.text.segment")
    text = "".join(pieces).replace(SECRET, "***")
    assert shown[-1]["text"] == text
    assert "".join(text.split()).startswith("".join(said.split())), "white space at the seams may come twice"


def test_segments_without_deltas_and_an_end_without_any_are_looked_at() -> None:
    assert streamed({"type": "transcript.text.segment", "text": SECRET, "speaker": SECRET}) == [
        {"type": "transcript.text.segment", "text": "***", "speaker": "***"}
    ]
    assert streamed(done(SECRET)) == [done("***")]
    assert streamed(delta("a"), done(SECRET))[-1] == done("***"), "an end that says something else"


def test_chunks_as_vllm_sends_them_are_read_as_those_of_chat() -> None:
    def chunk(text: str, finish: str | None = None) -> dict[str, Any]:
        return {"object": "transcription.chunk", "choices": [{"delta": {"content": text}, "finish_reason": finish}]}

    edits = editing("audio", False, lambda lane: Redact())
    came = [chunk("a SEC"), chunk("RET"), chunk("", "stop")]
    shown = edits.feed([*map(frames.event, came), frames.done()])
    said = [frame.json["choices"][0]["delta"].get("content") for frame in shown[:-1]]
    assert "".join(one or "" for one in said) == "a ***"
    assert shown[-1].data == frames.DONE


def test_lanes_are_asked_for_by_what_they_are() -> None:
    asked: list[Lane] = []

    def edit_for(lane: Lane) -> Edit | None:
        asked.append(lane)
        return None

    value = {"text": "a b", "segments": [{"text": "a"}], "words": [{"word": "b"}]}
    edits = editing("audio", False, edit_for)
    raw = msgspec.json.encode(value)
    edits.feed([Frame(raw, raw)])
    assert asked == [Lane(0, "content")], "what repeats it is not looked at a second time"
