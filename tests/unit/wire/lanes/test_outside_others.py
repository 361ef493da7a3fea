"""Text in what images, rerank, files and batches answer."""

from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.wire import frames
from gateway.wire.frames import Frame
from gateway.wire.lanes.editing import editing
from gateway.wire.lanes.lane import Edit, Lane
from tests.support.edits import Pass, Redact

SECRET = "SECRET"


def edited(dialect: str, value: Any) -> Any:
    [shown] = editing(dialect, False, lambda lane: Redact()).feed([frames.body(value)])
    return frames.body(value) if shown.data is None else shown


@pytest.mark.parametrize(
    ("came", "made", "opaque"),
    [
        (
            {"created": 1, "data": [{"b64_json": SECRET, "revised_prompt": "a SECRET"}]},
            {"created": 1, "data": [{"b64_json": SECRET, "revised_prompt": "a ***"}]},
            {"image"},
        ),
        (
            {"data": [{"url": "https://x.example/SECRET"}, {"revised_prompt": SECRET, "made_up": [SECRET]}]},
            {"data": [{"url": "https://x.example/***"}, {"revised_prompt": "***", "made_up": ["***"]}]},
            {"image", "unknown"},
        ),
        ({"data": [], "other": SECRET}, {"data": [], "other": "***"}, {"unknown"}),
    ],
)
def test_pictures_are_told_and_what_they_were_made_from_is_read(came: Any, made: Any, opaque: set[str]) -> None:
    edits = editing("images", False, lambda lane: Redact())
    assert edits.feed([frames.body(came)])[0].json == made
    assert edits.opaque == opaque


@pytest.mark.parametrize(
    ("came", "made"),
    [
        (
            {"id": "r", "results": [{"index": 1, "document": {"text": SECRET}, "relevance_score": 0.5}]},
            {"id": "r", "results": [{"index": 1, "document": {"text": "***"}, "relevance_score": 0.5}]},
        ),
        (
            {"results": [{"document": {"title": SECRET, "deep": {"list": ["x", SECRET, 3]}}}]},
            {"results": [{"document": {"title": "***", "deep": {"list": ["x", "***", 3]}}}]},
        ),
        ({"data": [{"index": 0, "document": SECRET}]}, {"data": [{"index": 0, "document": "***"}]}),
        ([{"index": 0, "score": 0.1, "text": SECRET}], [{"index": 0, "score": 0.1, "text": "***"}]),
        ({"results": [{"made_up": SECRET}], "note": SECRET}, {"results": [{"made_up": "***"}], "note": "***"}),
        ({"results": [], "meta": {"warnings": [SECRET]}}, {"results": [], "meta": {"warnings": ["***"]}}),
    ],
)
def test_documents_of_a_rerank_are_read_in_every_form(came: Any, made: Any) -> None:
    [shown] = editing("rerank", False, lambda lane: Redact()).feed([frames.body(came)])
    assert shown.data == frames.body(made).data


def test_every_document_is_an_answer_of_its_own() -> None:
    asked: list[Lane] = []

    def edit_for(lane: Lane) -> Edit | None:
        asked.append(lane)
        return Pass()

    came = Frame(raw := b'{ "results": [{"document": {"text": "a"}}, {"document": "b"}]}', raw)
    edits = editing("rerank", False, edit_for)
    assert edits.feed([came]) == [came], "and an answer in which nothing changes leaves as the bytes that came"
    assert asked == [Lane(0, "content"), Lane(1, "content")]
    assert edits.opaque == set()


def test_a_document_without_a_bottom_is_refused() -> None:
    deep: Any = SECRET
    for _ in range(150):
        deep = [deep]
    with pytest.raises(GatewayError, match="nested too deeply"):
        edited("rerank", {"results": [{"document": {"deep": deep}}]})


@pytest.mark.parametrize(
    ("dialect", "frame", "what"),
    [
        ("images", Frame(b"event: x\n\n", None), "image"),
        ("images", Frame(b"[1]", b"[1]"), "image"),
        ("rerank", Frame(b"no JSON", b"no JSON"), "data"),
        ("files", Frame(b"SECRET", None), "file"),
        ("files", frames.body({"id": "file-1", "filename": "x"}), "unknown"),
        ("batches", frames.body({"id": "batch_1"}), "unknown"),
    ],
)
def test_what_is_not_read_passes_and_is_told(dialect: str, frame: Frame, what: str) -> None:
    edits = editing(dialect, False, lambda lane: Redact())
    assert edits.feed([frame]) == [frame]
    assert edits.opaque == {what}
    assert edits.released
